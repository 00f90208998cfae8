#include "docsearch/sample.h"

#include <algorithm>

namespace docsearch {
namespace {

size_t Given(std::span<const size_t> wanted, size_t level) {
  size_t given = 0;
  for (const size_t want : wanted) given += std::min(want, level);
  return given;
}

// The highest level that gives out at most `total`.
size_t HighestLevel(std::span<const size_t> wanted, size_t total) {
  size_t low = 0;
  size_t high = wanted.empty() ? 0 : *std::max_element(wanted.begin(), wanted.end());
  while (low < high) {
    const size_t middle = low + (high - low + 1) / 2;
    if (Given(wanted, middle) <= total) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

}  // namespace

std::vector<size_t> FairShares(std::span<const size_t> wanted, size_t total) {
  const size_t level = HighestLevel(wanted, total);
  size_t remainder = total - Given(wanted, level);
  std::vector<size_t> shares;
  for (const size_t want : wanted) {
    const bool more = want > level && remainder > 0;
    shares.push_back(std::min(want, level) + (more ? 1 : 0));
    if (more) --remainder;
  }
  return shares;
}

}  // namespace docsearch
