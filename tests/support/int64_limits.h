#ifndef VECDB_SUPPORT_INT64_LIMITS_H_
#define VECDB_SUPPORT_INT64_LIMITS_H_

#include <cstdint>
#include <limits>

namespace vecdb::support {

inline constexpr int64_t kMinInt64 = std::numeric_limits<int64_t>::min();
inline constexpr int64_t kMaxInt64 = std::numeric_limits<int64_t>::max();

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_INT64_LIMITS_H_
