#ifndef VECDB_ENGINE_COUNTED_CALL_H_
#define VECDB_ENGINE_COUNTED_CALL_H_

#include <chrono>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/out_of_memory.h"

namespace vecdb::engine {

inline const absl::Status& StatusOfCall(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOfCall(const absl::StatusOr<T>& result) {
  return result.status();
}

/// Makes a call of a user's, which ends here when there is no memory for it, and counts in
/// `metrics`, of a collection or a database, how it ends and how long it takes.
template <typename Metrics, typename Operation, typename Call>
auto CountedCall(Metrics& metrics, Operation operation, Call call) {
  const auto begun = std::chrono::steady_clock::now();
  auto result = base::OrOutOfMemory(call);
  const auto duration = std::chrono::steady_clock::now() - begun;
  base::OrOutOfMemory([&] {
    metrics.NoteCall(operation, StatusOfCall(result), duration);
  }).IgnoreError();
  return result;
}

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COUNTED_CALL_H_
