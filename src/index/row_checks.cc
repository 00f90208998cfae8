#include "index/row_checks.h"

#include <algorithm>
#include <cstring>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/finite.h"

namespace vecdb::index {

absl::Status CheckFinite(std::span<const float> values, int32_t dim, const char* what,
                         const Context& context) {
  for (size_t begin = 0; begin < values.size(); begin += kCheckedFloats) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto chunk = values.subspan(begin, std::min(kCheckedFloats, values.size() - begin));
    if (const auto bad = schema::FindNonFinite(chunk)) {
      const size_t at = begin + *bad;
      return absl::InvalidArgumentError(base::StrFormat("%s %d has NaN or Inf at dimension %d",
                                                        what, at / static_cast<size_t>(dim),
                                                        at % static_cast<size_t>(dim)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> FindDifferentRow(std::span<const float> a, std::span<const float> b,
                                        int32_t dim, const Context& context) {
  const auto floats = static_cast<size_t>(dim);
  const size_t piece = std::max<size_t>(1, kCheckedFloats / floats) * floats;
  for (size_t begin = 0; begin < a.size(); begin += piece) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const size_t end = std::min(begin + piece, a.size());
    if (std::memcmp(&a[begin], &b[begin], (end - begin) * sizeof(float)) == 0) continue;
    for (size_t at = begin; at < end; at += floats) {
      if (std::memcmp(&a[at], &b[at], floats * sizeof(float)) != 0) return at / floats;
    }
  }
  return a.size() / floats;
}

}  // namespace vecdb::index
