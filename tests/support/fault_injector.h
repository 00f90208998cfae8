#ifndef VECDB_SUPPORT_FAULT_INJECTOR_H_
#define VECDB_SUPPORT_FAULT_INJECTOR_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"
#include "support/seeded_random.h"

namespace vecdb::support {

enum class FaultMode {
  kFailBefore,   // nothing happens, and an error comes back
  kFailAfter,    // it happens, and an error comes back all the same
  kShortAppend,  // an append writes half of its bytes; every other call fails before
  kSlow,         // `on_slow` is called first, and then it happens: no error
};

struct Fault {
  std::string call{};           ///< the name of the method, such as "Link"; empty: any
  std::string path_contains{};  ///< part of the path, or of either path of Link; empty: any
  int nth = 1;                  ///< of the calls that the two above match, counted from Arm on
  bool sticky = false;          ///< from the nth on all that match
  uint64_t one_in = 0;          ///< when set, takes the place of nth: the odds of each that match
  uint64_t seed = 0;            ///< of those odds
  FaultMode mode = FaultMode::kFailBefore;
  absl::Status error = absl::UnknownError("injected fault");
  std::function<void()> on_slow{};  ///< called with no lock held
};

/// Counts calls by name and says which one is to fail. Shared by the fault doubles and the files
/// that they hand out, each of which keeps the path that it was opened by. Thread-safe.
class FaultInjector {
 public:
  void Arm(Fault fault);
  void Disarm();

  /// Lets every call fail with the odds of 1 in `one_in`. For a filter, set Fault::one_in and Arm.
  void ArmOdds(uint64_t seed, uint64_t one_in, FaultMode mode = FaultMode::kFailBefore,
               absl::Status error = absl::UnknownError("injected fault"));

  /// The names of all calls since Arm or Disarm, in their order.
  std::vector<std::string> calls() const;
  /// How many calls those are, and how many of them the fault's filters match (all, after Disarm):
  /// the range of `nth`.
  int numbered() const;
  int num_matched() const;

  /// Notes a call, and gives the fault when it is to fail or to be slow.
  std::optional<Fault> Next(std::string_view call, std::string_view path);

  /// Does `body`, which returns a Status or a StatusOr, unless it is to fail.
  template <typename Body>
  auto Run(std::string_view call, std::string_view path, Body body) -> decltype(body()) {
    const std::optional<Fault> fault = Next(call, path);
    if (!fault.has_value()) return body();
    if (IsSlow(*fault)) return body();
    if (fault->mode != FaultMode::kFailAfter) return fault->error;
    body().IgnoreError();
    return fault->error;
  }

  /// Does `append(bytes)` unless it is to fail.
  template <typename Bytes, typename Append>
  absl::Status RunAppend(std::string_view path, Bytes bytes, Append append) {
    const std::optional<Fault> fault = Next("Append", path);
    if (!fault.has_value() || IsSlow(*fault)) return append(bytes);
    if (fault->mode == FaultMode::kShortAppend) bytes = bytes.first(bytes.size() / 2);
    if (fault->mode != FaultMode::kFailBefore) append(bytes).IgnoreError();
    return fault->error;
  }

 private:
  // True of a slow call, after its wait.
  static bool IsSlow(const Fault& fault);

  bool IsDue(const Fault& fault) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable base::Mutex mutex_;  // a leaf of the lock order
  std::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
  SeededRandom random_ ABSL_GUARDED_BY(mutex_){0};
  int num_matched_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAULT_INJECTOR_H_
