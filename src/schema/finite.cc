#include "schema/finite.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace vecdb::schema {
namespace {

constexpr size_t kBlock = 256;

// NaN and Inf are the numbers whose exponent bits are all ones: adding one to the exponent carries
// into the place of the sign. Three integer operations and no branch, so that compilers use
// vectors.
bool BlockIsFinite(const float* numbers) {
  uint32_t carries = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    carries |= (std::bit_cast<uint32_t>(numbers[i]) & 0x7FFFFFFFU) + 0x00800000U;
  }
  return (carries >> 31) == 0;
}

bool BlockIsFinite(const double* numbers) {
  uint64_t carries = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    carries |= (std::bit_cast<uint64_t>(numbers[i]) & ~(1ULL << 63)) + (1ULL << 52);
  }
  return (carries >> 63) == 0;
}

template <typename T>
std::optional<size_t> Find(std::span<const T> numbers) {
  size_t at = 0;
  while (at + kBlock <= numbers.size() && BlockIsFinite(numbers.data() + at)) at += kBlock;
  for (; at < numbers.size(); ++at) {
    if (!std::isfinite(numbers[at])) return at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<size_t> FindNonFinite(std::span<const float> numbers) { return Find(numbers); }
std::optional<size_t> FindNonFinite(std::span<const double> numbers) { return Find(numbers); }

}  // namespace vecdb::schema
