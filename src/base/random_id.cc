#include "base/random_id.h"

#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <chrono>
#include <type_traits>

#include "base/str_format.h"
#include "vecdb/clock.h"

namespace vecdb::base {
namespace {

// Constant-initialised and trivially destroyed. Relaxed: only the value itself has to be unique.
uint64_t NextCount() {
  static constinit std::atomic<uint64_t> count{0};
  return count.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

IdEntropy GatherIdEntropy() {
  IdEntropy entropy;
  // An error or a short answer leaves zeros, for which the other members are there.
  (void)!::getrandom(entropy.random.data(), sizeof(entropy.random), GRND_NONBLOCK);
  entropy.process = static_cast<uint64_t>(::getpid());
  entropy.wall_clock = static_cast<uint64_t>(SystemClock().NowMillis());
  entropy.steady_clock =
      static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  entropy.counter = NextCount();
  entropy.address = reinterpret_cast<uintptr_t>(&entropy);
  return entropy;
}

std::string MakeId(const IdEntropy& entropy) {
  static_assert(std::has_unique_object_representations_v<IdEntropy>);
  const XXH128_hash_t hash = XXH3_128bits(&entropy, sizeof(entropy));
  return base::StrFormat("%016x%016x", hash.high64, hash.low64);
}

std::string RandomId() { return MakeId(GatherIdEntropy()); }

}  // namespace vecdb::base
