#ifndef DOCSEARCH_SAMPLE_H_
#define DOCSEARCH_SAMPLE_H_

#include <cstddef>
#include <span>
#include <vector>

namespace docsearch {

/// Divides `total` among groups that want `wanted[i]` each: all get what they want up to one common
/// level, the highest that fits. {10, 2, 100} sharing 50 get {10, 2, 38}. When the common level
/// leaves a remainder it goes to the first groups that want more.
std::vector<size_t> FairShares(std::span<const size_t> wanted, size_t total);

}  // namespace docsearch

#endif  // DOCSEARCH_SAMPLE_H_
