#include "codec/codec_spec.h"

#include "base/status_macros.h"
#include "base/str_format.h"
#include "vecdb/schema.h"

namespace vecdb::codec {
namespace {

absl::Status CheckRange(std::string_view name, int64_t value, int64_t least, int64_t greatest) {
  if (value >= least && value <= greatest) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("%s is %d; the range is %d to %d", name, value, least, greatest));
}

absl::Status CheckProduct(const CodecSpec& spec) {
  VECDB_RETURN_IF_ERROR(CheckRange("m", spec.pq_m, 1, spec.dim));
  if (spec.dim % spec.pq_m != 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("m is %d, which does not divide dim %d", spec.pq_m, spec.dim));
  }
  return CheckRange("nbits", spec.pq_bits, 1, 8);
}

}  // namespace

std::string_view CodecName(CodecKind kind) {
  switch (kind) {
    case CodecKind::kFloat32:
      return "FLOAT32";
    case CodecKind::kFloat16:
      return "FLOAT16";
    case CodecKind::kSq8:
      return "SQ8";
    case CodecKind::kSq4:
      return "SQ4";
    case CodecKind::kPq:
      return "PQ";
    case CodecKind::kRabitq:
      return "RABITQ";
  }
  return "unknown";
}

absl::Status CodecSpec::Validate() const {
  VECDB_RETURN_IF_ERROR(CheckRange("dim", dim, 1, kMaxDim));
  VECDB_RETURN_IF_ERROR(CheckRange("metric", static_cast<int64_t>(metric), 1, 3));
  switch (kind) {
    case CodecKind::kFloat32:
    case CodecKind::kFloat16:
    case CodecKind::kSq4:
      return absl::OkStatus();
    case CodecKind::kSq8:
      return CheckRange("range", static_cast<int64_t>(range), 0, 2);
    case CodecKind::kPq:
      return CheckProduct(*this);
    case CodecKind::kRabitq:
      return CheckRange("bits", rabitq_bits, 1, 8);
  }
  return absl::InvalidArgumentError(
      base::StrFormat("the codec is %d; the range is 1 to 6", static_cast<uint32_t>(kind)));
}

}  // namespace vecdb::codec
