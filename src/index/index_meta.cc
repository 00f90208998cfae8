#include "index/index_meta.h"

#include <optional>
#include <string>
#include <variant>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "vecdb/schema.h"

namespace vecdb::index {
namespace {

// Never reused for another type; 3 and 4 are indexes of scalar fields.
enum class TypeCode : uint32_t {
  kFlat = 1,
  kHnsw = 2,
  kIvfFlat = 5,
  kIvfSq8 = 6,
  kIvfPq = 7,
  kDiskann = 8,
};

constexpr uint64_t kMaxMetaBytes = 4096;

bool IsMetric(uint32_t value) {
  return value == static_cast<uint32_t>(Metric::kL2) ||
         value == static_cast<uint32_t>(Metric::kIp) ||
         value == static_cast<uint32_t>(Metric::kCosine);
}

TypeCode CodeOf(const IndexParams& params) {
  if (std::holds_alternative<HnswParams>(params)) return TypeCode::kHnsw;
  if (std::holds_alternative<DiskannParams>(params)) return TypeCode::kDiskann;
  if (std::holds_alternative<IvfFlatParams>(params)) return TypeCode::kIvfFlat;
  if (std::holds_alternative<IvfSq8Params>(params)) return TypeCode::kIvfSq8;
  return std::holds_alternative<IvfPqParams>(params) ? TypeCode::kIvfPq : TypeCode::kFlat;
}

void PutParams(const IndexParams& params, base::ByteWriter* bytes) {
  if (const auto* hnsw = std::get_if<HnswParams>(&params)) {
    bytes->Put(hnsw->m);
    bytes->Put(hnsw->ef_construction);
    bytes->Put(hnsw->seed);
    bytes->Put(hnsw->codec);
    bytes->Put(hnsw->refine);
  } else if (const auto* flat = std::get_if<IvfFlatParams>(&params)) {
    bytes->Put(flat->nlist);
    bytes->Put(uint32_t{0});
    bytes->Put(flat->seed);
  } else if (const auto* sq8 = std::get_if<IvfSq8Params>(&params)) {
    bytes->Put(sq8->nlist);
    bytes->Put(static_cast<uint32_t>(sq8->refine));
    bytes->Put(sq8->seed);
  } else if (const auto* pq = std::get_if<IvfPqParams>(&params)) {
    bytes->Put(pq->nlist);
    bytes->Put(pq->m);
    bytes->Put(pq->nbits);
    bytes->Put(static_cast<uint32_t>(pq->refine));
    bytes->Put(pq->seed);
  } else if (const auto* diskann = std::get_if<DiskannParams>(&params)) {
    bytes->Put(diskann->max_degree);
    bytes->Put(diskann->search_list_size);
    bytes->Put(diskann->pq_code_budget);
    bytes->Put(diskann->search_cache_budget);
    bytes->Put(diskann->seed);
  }
}

HnswParams ReadHnswParams(base::ByteReader& reader) {
  HnswParams params;
  params.m = reader.Get<int32_t>();
  params.ef_construction = reader.Get<int32_t>();
  params.seed = reader.Get<uint64_t>();
  if (reader.remaining() == 0) return params;  // from before there were codes
  params.codec = static_cast<HnswCodec>(reader.Get<int32_t>());
  params.refine = static_cast<Refine>(reader.Get<int32_t>());
  return params;
}

IvfFlatParams ReadIvfFlatParams(base::ByteReader& reader) {
  IvfFlatParams params;
  params.nlist = reader.Get<int32_t>();
  reader.Get<uint32_t>();  // reserved
  params.seed = reader.Get<uint64_t>();
  return params;
}

IvfSq8Params ReadIvfSq8Params(base::ByteReader& reader) {
  IvfSq8Params params;
  params.nlist = reader.Get<int32_t>();
  params.refine = static_cast<Refine>(reader.Get<int32_t>());
  params.seed = reader.Get<uint64_t>();
  return params;
}

IvfPqParams ReadIvfPqParams(base::ByteReader& reader) {
  IvfPqParams params;
  params.nlist = reader.Get<int32_t>();
  params.m = reader.Get<int32_t>();
  params.nbits = reader.Get<int32_t>();
  params.refine = static_cast<Refine>(reader.Get<int32_t>());
  params.seed = reader.Get<uint64_t>();
  return params;
}

DiskannParams ReadDiskannParams(base::ByteReader& reader) {
  DiskannParams params;
  params.max_degree = reader.Get<int32_t>();
  params.search_list_size = reader.Get<int32_t>();
  params.pq_code_budget = reader.Get<double>();
  params.search_cache_budget = reader.Get<double>();
  params.seed = reader.Get<uint64_t>();
  return params;
}

// Nothing for a type that is unknown here.
std::optional<IndexParams> ReadParams(uint32_t type, base::ByteReader& reader) {
  switch (static_cast<TypeCode>(type)) {
    case TypeCode::kFlat:
      return FlatParams{};
    case TypeCode::kHnsw:
      return ReadHnswParams(reader);
    case TypeCode::kIvfFlat:
      return ReadIvfFlatParams(reader);
    case TypeCode::kIvfSq8:
      return ReadIvfSq8Params(reader);
    case TypeCode::kIvfPq:
      return ReadIvfPqParams(reader);
    case TypeCode::kDiskann:
      return ReadDiskannParams(reader);
  }
  return std::nullopt;
}

}  // namespace

absl::Status WriteIndexMeta(const IndexMeta& meta, format::SectionWriter& writer,
                            const Context& context) {
  base::ByteWriter bytes;
  bytes.Put(CodeOf(meta.spec.params));
  bytes.Put(static_cast<uint32_t>(meta.spec.metric));
  bytes.Put(static_cast<uint32_t>(meta.dim));
  bytes.Put(meta.num_rows);
  PutParams(meta.spec.params, &bytes);
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
  const std::optional<IndexParams> params = ReadParams(type, reader);
  if (!params.has_value()) {
    return absl::FailedPreconditionError(base::StrFormat(
        "%s: index type %d is unknown here: a newer version wrote it", file.path(), type));
  }
  meta.spec.params = *params;
  if (!reader.ok() || reader.remaining() != 0) return file.Damaged("META has a wrong length");
  if (!IsMetric(metric)) return file.Damaged(base::StrFormat("metric %d", metric));
  if (dim < 1 || dim > static_cast<uint32_t>(kMaxDim) || meta.num_rows > kMaxRows) {
    return file.Damaged(base::StrFormat("%d rows of dim %d", meta.num_rows, dim));
  }
  meta.dim = static_cast<int32_t>(dim);
  meta.spec.metric = static_cast<Metric>(metric);
  if (const absl::Status status = meta.spec.Validate(meta.dim); !status.ok()) {
    return file.Damaged(std::string(status.message()));
  }
  return meta;
}

}  // namespace vecdb::index
