#ifndef VECDB_ENGINE_COUNTED_CALL_H_
#define VECDB_ENGINE_COUNTED_CALL_H_

#include <chrono>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb::engine {

inline const absl::Status& StatusOfCall(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOfCall(const absl::StatusOr<T>& result) {
  return result.status();
}

/// Makes a call of a user's and counts in `metrics`, of a collection or a database, how it ends and
/// how long it takes.
template <typename Metrics, typename Operation, typename Call>
auto CountedCall(Metrics& metrics, Operation operation, Call call) {
  const auto begun = std::chrono::steady_clock::now();
  auto result = call();
  metrics.NoteCall(operation, StatusOfCall(result), std::chrono::steady_clock::now() - begun);
  return result;
}

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COUNTED_CALL_H_
