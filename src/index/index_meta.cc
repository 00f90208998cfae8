#include "index/index_meta.h"

#include <string>
#include <variant>

#include "absl/strings/str_format.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "vecdb/schema.h"

namespace vecdb::index {
namespace {

// Never reused for another type; 3 and 4 are indexes of scalar fields.
enum class TypeCode : uint32_t { kFlat = 1, kHnsw = 2 };

constexpr uint64_t kMaxMetaBytes = 4096;

bool IsMetric(uint32_t value) {
  return value == static_cast<uint32_t>(Metric::kL2) ||
         value == static_cast<uint32_t>(Metric::kIp) ||
         value == static_cast<uint32_t>(Metric::kCosine);
}

HnswParams ReadHnswParams(base::ByteReader& reader) {
  HnswParams params;
  params.m = reader.Get<int32_t>();
  params.ef_construction = reader.Get<int32_t>();
  params.seed = reader.Get<uint64_t>();
  return params;
}

}  // namespace

absl::Status WriteIndexMeta(const IndexMeta& meta, format::SectionWriter& writer,
                            const Context& context) {
  const auto* hnsw = std::get_if<HnswParams>(&meta.spec.params);
  base::ByteWriter bytes;
  bytes.Put(hnsw == nullptr ? TypeCode::kFlat : TypeCode::kHnsw);
  bytes.Put(static_cast<uint32_t>(meta.spec.metric));
  bytes.Put(static_cast<uint32_t>(meta.dim));
  bytes.Put(meta.num_rows);
  if (hnsw != nullptr) {
    bytes.Put(hnsw->m);
    bytes.Put(hnsw->ef_construction);
    bytes.Put(hnsw->seed);
  }
  return writer.AddSection(kMetaTag, base::AsBytes(bytes.str()), context);
}

absl::StatusOr<IndexMeta> ReadIndexMeta(const format::SectionFile& file, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::string bytes, file.ReadSmall(kMetaTag, kMaxMetaBytes, context));
  base::ByteReader reader(bytes);
  const auto type = reader.Get<uint32_t>();
  const auto metric = reader.Get<uint32_t>();
  const auto dim = reader.Get<uint32_t>();
  IndexMeta meta;
  meta.num_rows = reader.Get<uint32_t>();
  if (!reader.ok()) return file.Damaged("META is too short");
  if (type == static_cast<uint32_t>(TypeCode::kHnsw)) {
    meta.spec.params = ReadHnswParams(reader);
  } else if (type != static_cast<uint32_t>(TypeCode::kFlat)) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%s: index type %d is unknown here: a newer version wrote it", file.path(), type));
  }
  if (!reader.ok() || reader.remaining() != 0) return file.Damaged("META has a wrong length");
  if (!IsMetric(metric)) return file.Damaged(absl::StrFormat("metric %d", metric));
  if (dim < 1 || dim > static_cast<uint32_t>(kMaxDim) || meta.num_rows > kMaxRows) {
    return file.Damaged(absl::StrFormat("%d rows of dim %d", meta.num_rows, dim));
  }
  meta.dim = static_cast<int32_t>(dim);
  meta.spec.metric = static_cast<Metric>(metric);
  if (const absl::Status status = meta.spec.Validate(); !status.ok()) {
    return file.Damaged(std::string(status.message()));
  }
  return meta;
}

}  // namespace vecdb::index
