#ifndef VECDB_BASE_OUT_OF_MEMORY_H_
#define VECDB_BASE_OUT_OF_MEMORY_H_

#include <new>
#include <string>
#include <type_traits>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace vecdb::base {

/// ResourceExhausted: an allocation of the process's own has failed. Does not throw.
absl::Status OutOfMemory();

/// An error with a message, or without one where there is no memory for it. Does not throw.
absl::Status ErrorOrCode(absl::StatusCode code, absl::string_view message);

/// The same with a message that is made here.
absl::Status ErrorOrCode(absl::StatusCode code, absl::FunctionRef<std::string()> message);

/// What a call returns, or OK when that is nothing.
template <typename Call>
auto ResultOf(Call& call) {
  if constexpr (std::is_void_v<std::invoke_result_t<Call&>>) {
    call();
    return absl::OkStatus();
  } else {
    return call();
  }
}

/// Makes a call and returns its absl::Status or StatusOr, OK when it returns nothing, OutOfMemory()
/// when it throws std::bad_alloc. It stands where code that may run out of memory ends: in the
/// public classes, in tasks of the executor, and around what is to change nothing when it fails.
template <typename Call>
auto OrOutOfMemory(Call&& call) {
  try {
    return ResultOf(call);
  } catch (const std::bad_alloc&) {
    return decltype(ResultOf(call))(OutOfMemory());
  }
}

/// The same for what has to follow a step that cannot be taken back: it is begun anew some times,
/// in the hope that memory has been given back meanwhile. `call` may be cut short anywhere.
template <typename Call>
auto TryForMemory(Call&& call) {
  constexpr int kTries = 4;
  for (int i = 1; i < kTries; ++i) {
    try {
      return ResultOf(call);
    } catch (const std::bad_alloc&) {
      continue;
    }
  }
  return OrOutOfMemory(call);
}

}  // namespace vecdb::base

#endif  // VECDB_BASE_OUT_OF_MEMORY_H_
