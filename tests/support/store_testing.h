#ifndef VECDB_SUPPORT_STORE_TESTING_H_
#define VECDB_SUPPORT_STORE_TESTING_H_

#include <cstdint>
#include <string_view>

#include "vecdb/object_store.h"

namespace vecdb::support {

/// For GetObject, where the size does not matter.
constexpr uint64_t kNoLimit = uint64_t{1} << 40;

inline ObjectPath PathOf(std::string_view text) { return ObjectPath::Parse(text).value(); }

inline Context CancelledContext() {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  return context;
}

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_STORE_TESTING_H_
