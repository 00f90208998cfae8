#include "format/vector_file.h"

#include "absl/strings/str_format.h"
#include "base/byte_io.h"
#include "base/status_macros.h"
#include "schema/finite.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kVectorMetaTag = Tag("META");
constexpr uint32_t kVectorRowsTag = Tag("ROWS");
constexpr uint32_t kNormTag = Tag("NORM");
constexpr uint32_t kVectorTags[] = {kVectorMetaTag, kVectorRowsTag, kNormTag};

}  // namespace

absl::StatusOr<VectorFileWriter> VectorFileWriter::Create(ObjectStore& store,
                                                          const ObjectPath& path, int32_t dim,
                                                          uint64_t num_rows,
                                                          const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto writer,
                         SectionWriter::Create(store, path, FileKind::kVectors, context));
  base::ByteWriter meta;
  meta.Put(dim);
  meta.Put(uint32_t{0});
  meta.Put(num_rows);
  VECDB_RETURN_IF_ERROR(writer->AddSection(kVectorMetaTag, base::AsBytes(meta.str()), context));
  VECDB_RETURN_IF_ERROR(writer->BeginSection(kVectorRowsTag, context));
  return VectorFileWriter(std::move(writer));
}

absl::Status VectorFileWriter::AddRows(std::span<const float> rows, const Context& context) {
  return writer_->Append(base::AsBytes(rows), context);
}

absl::StatusOr<FileSummary> VectorFileWriter::Finish(std::span<const float> inverse_norms,
                                                     const Context& context) {
  VECDB_RETURN_IF_ERROR(writer_->AddSection(kNormTag, base::AsBytes(inverse_norms), context));
  return writer_->Finish(context);
}

absl::StatusOr<std::unique_ptr<VectorFile>> VectorFile::Open(
    ObjectStore& store, const ObjectPath& path, const std::optional<FileSummary>& expected,
    int32_t dim, uint64_t num_rows, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto file,
                         SectionFile::Open(store, path, FileKind::kVectors, expected, context));
  VECDB_RETURN_IF_ERROR(file->CheckKnown(kVectorTags));
  VECDB_ASSIGN_OR_RETURN(const std::string meta, file->ReadSmall(kVectorMetaTag, 64, context));
  base::ByteReader reader(meta);
  const auto stored_dim = reader.Get<int32_t>();
  reader.Get<uint32_t>();
  const auto stored_rows = reader.Get<uint64_t>();
  if (!reader.ok() || stored_dim != dim || dim < 1 || stored_rows != num_rows ||
      num_rows > kMaxFileRows) {
    return file->Damaged(absl::StrFormat("has %d vectors of dim %d, its segment %d of %d",
                                         stored_rows, stored_dim, num_rows, dim));
  }
  const auto rows = file->Find(kVectorRowsTag);
  const uint64_t row_bytes = rows.ok() ? rows->size_bytes : 0;  // who reads them is told
  return std::unique_ptr<VectorFile>(new VectorFile(std::move(file), dim, num_rows, row_bytes));
}

// Searches order rows by distance, which NaN would upset.
absl::Status VectorFile::CheckFinite(std::span<const float> numbers, uint64_t first_row) const {
  const std::optional<size_t> at = schema::FindNonFinite(numbers);
  if (!at.has_value()) return absl::OkStatus();
  const uint64_t row = first_row + *at / static_cast<size_t>(dim_);
  return file_->Damaged(absl::StrFormat("vector %d holds NaN or infinity", row));
}

absl::StatusOr<base::LargeBuffer> VectorFile::ReadRows(const Host& host,
                                                       const Context& context) const {
  const uint64_t bytes = num_rows_ * static_cast<uint64_t>(dim_) * sizeof(float);
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer rows,
                         file_->ReadLarge(kVectorRowsTag, bytes, host, MemoryUse::kVectors,
                                          "vectors of a segment", context));
  VECDB_RETURN_IF_ERROR(CheckFinite(rows.as<float>(), 0));
  return rows;
}

absl::StatusOr<base::LargeBuffer> VectorFile::ReadInverseNorms(const Host& host,
                                                               const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer norms,
                         file_->ReadLarge(kNormTag, num_rows_ * sizeof(float), host,
                                          MemoryUse::kVectors, "norms of a segment", context));
  if (schema::FindNonFinite(std::span<const float>(norms.as<float>())).has_value()) {
    return file_->Damaged("a norm is NaN or infinity");
  }
  return norms;
}

absl::Status VectorFile::GatherRows(std::span<const uint32_t> rows, std::span<float> out,
                                    const Context& context) const {
  const auto dim = static_cast<size_t>(dim_);
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    const std::span<float> part = out.subspan(begin * dim, (end - begin) * dim);
    VECDB_RETURN_IF_ERROR(file_->ReadPart(kVectorRowsTag,
                                          rows[begin] * uint64_t{dim} * sizeof(float),
                                          std::as_writable_bytes(part), &checked_, context));
    VECDB_RETURN_IF_ERROR(CheckFinite(part, rows[begin]));
    begin = end;
  }
  return absl::OkStatus();
}

}  // namespace vecdb::format
