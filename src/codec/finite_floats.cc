#include "codec/finite_floats.h"

#include <cmath>
#include <cstring>
#include <span>

#include "base/str_format.h"

namespace vecdb::codec {

absl::StatusOr<std::vector<float>> TakeFloats(base::ByteReader& reader, uint64_t count,
                                              std::string_view what) {
  const std::span<const std::byte> bytes = reader.GetBytes(count * sizeof(float));
  if (bytes.size() != count * sizeof(float)) {
    return absl::DataLossError(
        base::StrFormat("a codec ends before its %s of %d numbers", what, count));
  }
  std::vector<float> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
  for (const float value : values) {
    if (!std::isfinite(value)) {
      return absl::DataLossError(base::StrFormat("a number of a codec's %s is not finite", what));
    }
  }
  return values;
}

}  // namespace vecdb::codec
