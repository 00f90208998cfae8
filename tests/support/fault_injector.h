#ifndef VECDB_SUPPORT_FAULT_INJECTOR_H_
#define VECDB_SUPPORT_FAULT_INJECTOR_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "base/mutex.h"

namespace vecdb::support {

enum class FaultMode {
  kFailBefore,   // nothing happens, and an error comes back
  kFailAfter,    // it happens, and an error comes back all the same
  kShortAppend,  // an append writes half of its bytes; every other call fails before
};

struct Fault {
  std::string call{};  ///< the name of the method, such as "Link"; empty: any
  int nth = 1;         ///< of the calls that `call` matches, counted from Arm on
  FaultMode mode = FaultMode::kFailBefore;
  absl::Status error = absl::UnknownError("injected fault");
};

/// Counts calls by name and says which one is to fail. Shared by the fault doubles and the files
/// that they hand out. Thread-safe.
class FaultInjector {
 public:
  void Arm(Fault fault);
  void Disarm();

  /// The names of all calls since Arm or Disarm, in their order.
  std::vector<std::string> calls() const;

  /// Notes a call, and gives the fault when it is to fail.
  std::optional<Fault> Next(std::string_view call);

  /// Does `body`, which returns a Status or a StatusOr, unless it is to fail.
  template <typename Body>
  auto Run(std::string_view call, Body body) -> decltype(body()) {
    const std::optional<Fault> fault = Next(call);
    if (fault.has_value() && fault->mode != FaultMode::kFailAfter) return fault->error;
    auto result = body();
    if (fault.has_value()) return fault->error;
    return result;
  }

  /// Does `append(bytes)` unless it is to fail.
  template <typename Bytes, typename Append>
  absl::Status RunAppend(Bytes bytes, Append append) {
    const std::optional<Fault> fault = Next("Append");
    if (!fault.has_value()) return append(bytes);
    if (fault->mode == FaultMode::kShortAppend) bytes = bytes.first(bytes.size() / 2);
    if (fault->mode != FaultMode::kFailBefore) append(bytes).IgnoreError();
    return fault->error;
  }

 private:
  mutable base::Mutex mutex_;  // a leaf of the lock order
  std::optional<Fault> fault_ ABSL_GUARDED_BY(mutex_);
  int matched_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::string> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAULT_INJECTOR_H_
