#include "base/out_of_memory.h"

namespace vecdb::base {

absl::Status OutOfMemory() {
  return ErrorOrCode(absl::StatusCode::kResourceExhausted, "the process has run out of memory");
}

absl::Status ErrorOrCode(absl::StatusCode code, absl::string_view message) {
  try {
    return absl::Status(code, message);
  } catch (const std::bad_alloc&) {
    return absl::Status(code, "");  // which is no allocation
  }
}

absl::Status ErrorOrCode(absl::StatusCode code, absl::FunctionRef<std::string()> message) {
  try {
    return absl::Status(code, message());
  } catch (const std::bad_alloc&) {
    return absl::Status(code, "");
  }
}

}  // namespace vecdb::base
