#ifndef VECDB_S3_CHAOS_H_
#define VECDB_S3_CHAOS_H_

#include <cstdint>
#include <functional>
#include <iterator>

#include "base/split_mix.h"
#include "support/fault_proxy.h"

namespace vecdb::s3 {

/// A plan for a FaultProxy: one request in `one_in` goes wrong, by a seed in one of all ways.
inline std::function<support::ProxyFault(size_t)> Chaos(uint64_t seed, uint64_t one_in) {
  return [seed, one_in](size_t nth) {
    const uint64_t number = base::MixBits(seed + nth);
    if (number % one_in != 0) return support::ProxyFault::kNone;
    return support::kAllProxyFaults[(number >> 32) % std::size(support::kAllProxyFaults)];
  };
}

}  // namespace vecdb::s3

#endif  // VECDB_S3_CHAOS_H_
