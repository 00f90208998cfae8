#include "format/delete_file.h"

#include "base/byte_io.h"
#include "base/status_macros.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kRowsTag = Tag("ROWS");
constexpr uint32_t kTimeTag = Tag("TIME");
constexpr uint32_t kDeleteTags[] = {kRowsTag, kTimeTag};

}  // namespace

absl::StatusOr<FileSummary> WriteDeleteFile(ObjectStore& store, const ObjectPath& path,
                                            const std::vector<RowDelete>& deletes,
                                            const Context& context) {
  std::vector<uint32_t> rows;
  std::vector<uint64_t> times;
  rows.reserve(deletes.size());
  times.reserve(deletes.size());
  for (const RowDelete& deleted : deletes) {
    rows.push_back(deleted.row);
    times.push_back(deleted.timestamp);
  }
  VECDB_ASSIGN_OR_RETURN(auto writer,
                         SectionWriter::Create(store, path, FileKind::kDeletes, context));
  VECDB_RETURN_IF_ERROR(
      writer->AddSection(kRowsTag, base::AsBytes(std::span<const uint32_t>(rows)), context));
  VECDB_RETURN_IF_ERROR(
      writer->AddSection(kTimeTag, base::AsBytes(std::span<const uint64_t>(times)), context));
  return writer->Finish(context);
}

absl::StatusOr<std::vector<RowDelete>> ReadDeleteFile(ObjectStore& store, const ObjectPath& path,
                                                      const std::optional<FileSummary>& expected,
                                                      uint64_t num_rows, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto file,
                         SectionFile::Open(store, path, FileKind::kDeletes, expected, context));
  VECDB_RETURN_IF_ERROR(file->CheckKnown(kDeleteTags));
  VECDB_ASSIGN_OR_RETURN(const std::string rows,
                         file->ReadSmall(kRowsTag, num_rows * sizeof(uint32_t), context));
  if (rows.size() % sizeof(uint32_t) != 0) return file->Damaged("row numbers are cut off");
  const size_t count = rows.size() / sizeof(uint32_t);
  std::string times(count * sizeof(uint64_t), '\0');
  VECDB_RETURN_IF_ERROR(file->Read(kTimeTag, std::as_writable_bytes(std::span(times)), context));
  base::ByteReader row_reader(rows);
  base::ByteReader time_reader(times);
  std::vector<RowDelete> deletes(count);
  for (size_t i = 0; i < count; ++i) {
    deletes[i] = {.row = row_reader.Get<uint32_t>(), .timestamp = time_reader.Get<uint64_t>()};
    if (deletes[i].row >= num_rows || deletes[i].timestamp == 0 ||
        (i > 0 && deletes[i].row <= deletes[i - 1].row)) {
      return file->Damaged("impossible delete");
    }
  }
  return deletes;
}

}  // namespace vecdb::format
