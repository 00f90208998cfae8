#ifndef VECDB_INDEX_ROW_CHECKS_H_
#define VECDB_INDEX_ROW_CHECKS_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"

namespace vecdb::index {

/// Floats looked at between two looks at the deadline: 16 MiB, a few milliseconds.
inline constexpr size_t kCheckedFloats = 4 << 20;

/// InvalidArgument, naming row and dimension, when a value is NaN or infinite; `what` is "row" or
/// what else the vectors are. Cancelled, DeadlineExceeded.
absl::Status CheckFinite(std::span<const float> values, int32_t dim, const char* what,
                         const Context& context);

/// The first row of which `a` and `b`, of as many floats, differ in a bit; as many as there are
/// rows when there is none. Cancelled, DeadlineExceeded.
absl::StatusOr<size_t> FindDifferentRow(std::span<const float> a, std::span<const float> b,
                                        int32_t dim, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROW_CHECKS_H_
