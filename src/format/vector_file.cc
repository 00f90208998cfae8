#include "format/vector_file.h"

#include <optional>
#include <string>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/finite.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kVectorMetaTag = Tag("META");
constexpr uint32_t kVectorRowsTag = Tag("ROWS");
constexpr uint32_t kNormTag = Tag("NORM");
constexpr uint32_t kVectorTags[] = {kVectorMetaTag, kVectorRowsTag, kNormTag};

std::span<const float> FloatsIn(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float)};
}

// Searches order rows by distance, which NaN would upset. `first` is the place of the first number
// among those of all rows.
absl::Status CheckVectors(const std::string& path, size_t dim, uint64_t first,
                          std::span<const float> numbers) {
  const std::optional<size_t> at = schema::FindNonFinite(numbers);
  if (!at.has_value()) return absl::OkStatus();
  return absl::DataLossError(
      base::StrFormat("object %s: vector %d holds NaN or infinity", path, (first + *at) / dim));
}

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
    return file->Damaged(base::StrFormat("has %d vectors of dim %d, its segment %d of %d",
                                         stored_rows, stored_dim, num_rows, dim));
  }
  const auto rows = file->Find(kVectorRowsTag);
  const uint64_t row_bytes = rows.ok() ? rows->size_bytes : 0;  // who reads them is told
  return std::unique_ptr<VectorFile>(new VectorFile(std::move(file), dim, num_rows, row_bytes));
}

absl::StatusOr<base::LargeBuffer> VectorFile::ReadRows(const Host& host, const Context& context,
                                                       const SectionReading& reading) const {
  const uint64_t bytes = num_rows_ * static_cast<uint64_t>(dim_) * sizeof(float);
  VECDB_ASSIGN_OR_RETURN(const auto file, file_->WithReading(reading));
  return file->ReadLarge(
      kVectorRowsTag, bytes, host, MemoryUse::kVectors, "vectors of a segment", context,
      SectionUse::kContent,
      [path = file_->path(), dim = dim()](uint64_t offset, std::span<const std::byte> piece) {
        return CheckVectors(path, dim, offset / sizeof(float), FloatsIn(piece));
      });
}

absl::StatusOr<base::LargeBuffer> VectorFile::ReadInverseNorms(
    const Host& host, const Context& context, const SectionReading& reading) const {
  VECDB_ASSIGN_OR_RETURN(const auto file, file_->WithReading(reading));
  return file->ReadLarge(
      kNormTag, num_rows_ * sizeof(float), host, MemoryUse::kVectors, "norms of a segment", context,
      SectionUse::kContent, [path = file_->path()](uint64_t, std::span<const std::byte> piece) {
        if (!schema::FindNonFinite(FloatsIn(piece)).has_value()) return absl::OkStatus();
        return absl::DataLossError(base::StrFormat("object %s: a norm is NaN or infinity", path));
      });
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
    VECDB_RETURN_IF_ERROR(CheckVectors(file_->path(), dim, rows[begin] * uint64_t{dim}, part));
    begin = end;
  }
  return absl::OkStatus();
}

}  // namespace vecdb::format
