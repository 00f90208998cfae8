#include "index/packed_candidate.h"

#include <algorithm>

namespace vecdb::index {
namespace {

PackedCandidate MedianOf(PackedCandidate a, PackedCandidate b, PackedCandidate c) {
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

// Puts those below `pivot` in front; returns how many.
size_t PartitionBelow(PackedCandidate* numbers, size_t count, PackedCandidate pivot) {
  size_t below = 0;
  for (size_t i = 0; i < count; ++i) {
    const PackedCandidate number = numbers[i];
    numbers[i] = numbers[below];
    numbers[below] = number;
    below += number < pivot;
  }
  return below;
}

}  // namespace

size_t SelectSmallest(PackedCandidate* numbers, size_t count, size_t least, size_t most) {
  // All before `begin` belong to the smallest, none from `end` on is needed.
  size_t begin = 0;
  size_t end = count;
  while (end > most) {
    const size_t length = end - begin;
    PackedCandidate* const first = numbers + begin;
    if (length < 8) {
      std::nth_element(first, numbers + least - 1, numbers + end);
      return least;
    }
    const PackedCandidate pivot = MedianOf(first[length / 4], first[length / 2], first[length - 1]);
    const size_t below = begin + PartitionBelow(first, length, pivot);
    if (below >= least) {
      end = below;
    } else if (below > begin) {
      begin = below;
    } else {  // the pivot is the smallest
      std::swap(*first, *std::min_element(first, numbers + end));
      ++begin;
      if (begin >= least) end = begin;
    }
  }
  return end;
}

void UnpackSorted(const std::vector<PackedCandidate>& packed, std::vector<Candidate>* out) {
  out->clear();
  for (const PackedCandidate one : packed) out->push_back(UnpackCandidate(one));
  std::sort(out->begin(), out->end(),
            [](const Candidate& a, const Candidate& b) { return IsNearer(a, b, nullptr); });
}

}  // namespace vecdb::index
