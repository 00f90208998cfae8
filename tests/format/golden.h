#ifndef VECDB_FORMAT_GOLDEN_H_
#define VECDB_FORMAT_GOLDEN_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "catalog/version_document.h"
#include "format/column_file.h"
#include "format/delete_file.h"
#include "format/format_testing.h"
#include "format/log_file.h"
#include "format/manifest.h"
#include "format/sealed_json.h"
#include "format/vector_file.h"
#include "format/write_record.h"
#include "index/vector_index.h"
#include "vecdb/index.h"
#include "vecdb/object_store.h"

namespace vecdb::format {

// The golden files: a database of one collection of one segment and a journal, and an index on its
// own, as version 0.1 wrote them. tests/golden/v1 never changes; tests/golden/v2 has what is
// written in another form since then, and takes the place of the same file of v1.

inline constexpr uint64_t kGoldenRows = 6;
inline constexpr int32_t kGoldenDim = 4;
inline constexpr const char* kGoldenCollection = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf";
inline constexpr const char* kGoldenSegment =
    "collections/c0c1c2c3c4c5c6c7c8c9cacbcccdcecf/segments/s1";
inline constexpr const char* kGoldenManifest =
    "collections/c0c1c2c3c4c5c6c7c8c9cacbcccdcecf/manifest/00000000000000000002.json";
inline constexpr const char* kGoldenLogId = "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf";
inline constexpr const char* kGoldenLog =
    "collections/c0c1c2c3c4c5c6c7c8c9cacbcccdcecf/journal/d0d1d2d3d4d5d6d7d8d9dadbdcdddedf/"
    "00000000000000000001.log";
inline constexpr const char* kGoldenCatalog = "catalog/00000000000000000003.json";
inline constexpr const char* kGoldenBoundary = "catalog/boundary-00000000000000000003.json";

inline Schema GoldenSchema() {
  return {.description = "golden",
          .fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "vector", .type = DataType::kFloatVector, .dim = kGoldenDim},
                     {.name = "bool", .type = DataType::kBool},
                     {.name = "int8", .type = DataType::kInt8},
                     {.name = "int16", .type = DataType::kInt16},
                     {.name = "int32", .type = DataType::kInt32},
                     {.name = "float", .type = DataType::kFloat},
                     {.name = "double", .type = DataType::kDouble},
                     {.name = "text", .type = DataType::kVarChar, .max_length = 16},
                     {.name = "json", .type = DataType::kJson}},
          .enable_dynamic_field = true};
}

inline constexpr const char* kGoldenVersions[] = {"v1", "v2"};

/// A file of columns in every encoding.
inline constexpr const char* kGoldenEncodings = "encodings.vseg";
inline constexpr uint64_t kGoldenEncodingRows = 100;
inline constexpr DataType kGoldenEncodingTypes[] = {
    DataType::kInt64,   DataType::kInt32, DataType::kDouble,  DataType::kBool,
    DataType::kVarChar, DataType::kFloat, DataType::kVarChar, DataType::kVarChar,
    DataType::kVarChar, DataType::kJson};

/// The files in one folder by their path.
inline std::map<std::string, std::string> FilesBelow(const std::string& folder) {
  const std::filesystem::path root = std::filesystem::path(VECDB_GOLDEN_DIR) / folder;
  std::map<std::string, std::string> files;
  if (!std::filesystem::exists(root)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().lexically_relative(root).generic_string()] =
        std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

/// The files as a version wrote them.
inline std::map<std::string, std::string> GoldenFiles(const std::string& version) {
  std::map<std::string, std::string> files = FilesBelow(version);
  if (version != "v1") files.merge(FilesBelow("v1"));
  return files;
}

inline std::shared_ptr<ObjectStore> StoreOf(const std::map<std::string, std::string>& files) {
  const auto store = MakeMemoryObjectStore();
  for (const auto& [path, bytes] : files) EXPECT_OK(PutObject(*store, PathOf(path), bytes));
  return store;
}

inline std::string ToText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The strings of a column, each with its length.
inline std::string TextsOf(const Column& column) {
  std::string text;
  if (column.type() != DataType::kVarChar && column.type() != DataType::kJson) return text;
  for (size_t row = 0; row < column.num_rows(); ++row) {
    absl::StrAppend(&text, column.string(row).size(), ":");
    text += column.string(row);
  }
  return text;
}

inline std::string StatsText(const schema::ColumnStats& stats) {
  return absl::StrCat(stats.has_bounds, " ", stats.min_integer, " ", stats.max_integer, " ",
                      stats.min_real, " ", stats.max_real, " ", stats.min_string, " ",
                      stats.max_string, " ", stats.max_string_known, " ", stats.num_rows, " ",
                      stats.distinct, "\n");
}

/// A column, read as a whole and by its blocks, and what is known of it.
inline absl::StatusOr<std::string> ReadColumnText(const ColumnFile& file, int32_t id,
                                                  DataType type) {
  VECDB_ASSIGN_OR_RETURN(const auto summary, file.ReadSummary(id, type, {}));
  std::string text = StatsText(summary->segment);
  for (uint32_t block = 0; block < summary->blocks.size(); ++block) {
    text += StatsText(summary->blocks[block]);
    VECDB_ASSIGN_OR_RETURN(const DecodedBlock decoded, file.ReadBlock(id, type, block, {}));
    absl::StrAppend(&text, decoded.block.constant, decoded.block.codes != nullptr, "\n");
  }
  VECDB_ASSIGN_OR_RETURN(const Column column, file.ReadColumn(id, type, {}));
  return text + ToText(std::as_bytes(std::span(summary->bloom))) +
         ToText(std::as_bytes(column.bools())) + ToText(std::as_bytes(column.int8s())) +
         ToText(std::as_bytes(column.int32s())) + ToText(std::as_bytes(column.int64s())) +
         ToText(std::as_bytes(column.floats())) + ToText(std::as_bytes(column.doubles())) +
         TextsOf(column);
}

/// The hidden columns.
inline absl::StatusOr<std::string> ReadShreddedText(const ColumnFile& file) {
  VECDB_ASSIGN_OR_RETURN(const auto fields, file.ReadShredded({}));
  std::string text;
  for (const ShreddedField& field : fields) {
    absl::StrAppend(&text, field.json_field_id, " ", absl::StrJoin(field.path, "."), " ",
                    DataTypeName(field.type), "\n");
    VECDB_ASSIGN_OR_RETURN(const std::string states,
                           ReadColumnText(file, field.states_field_id, DataType::kInt8));
    VECDB_ASSIGN_OR_RETURN(const std::string values,
                           ReadColumnText(file, field.values_field_id, field.type));
    text += states + values;
  }
  return text;
}

inline absl::StatusOr<std::string> ReadEncodings(ObjectStore& store, const ObjectPath& path) {
  VECDB_ASSIGN_OR_RETURN(const auto file,
                         ColumnFile::Open(store, path, std::nullopt, kGoldenEncodingRows, {}));
  std::string text;
  int32_t id = kFirstFieldId;
  for (const DataType type : kGoldenEncodingTypes) {
    VECDB_ASSIGN_OR_RETURN(const std::string column, ReadColumnText(*file, id++, type));
    text += column;
  }
  VECDB_ASSIGN_OR_RETURN(const std::string shredded, ReadShreddedText(*file));
  return text + shredded;
}

inline absl::StatusOr<std::string> ReadColumns(ObjectStore& store, const ObjectPath& path) {
  VECDB_ASSIGN_OR_RETURN(const auto file,
                         ColumnFile::Open(store, path, std::nullopt, kGoldenRows, {}));
  RowBatch batch(GoldenSchema());
  std::string known;
  int32_t id = kFirstFieldId;
  for (const FieldSpec& field : GoldenSchema().fields) {
    const int32_t field_id = id++;
    if (field.type == DataType::kFloatVector) continue;
    VECDB_ASSIGN_OR_RETURN(Column column, file->ReadColumn(field_id, field.type, {}));
    batch.SetColumn(field.name, std::move(column));
    VECDB_ASSIGN_OR_RETURN(const std::string text, ReadColumnText(*file, field_id, field.type));
    known += text;
  }
  VECDB_ASSIGN_OR_RETURN(const std::string shredded, ReadShreddedText(*file));
  VECDB_ASSIGN_OR_RETURN(Column meta, file->ReadColumn(kDynamicFieldId, DataType::kJson, {}));
  batch.SetColumn(kDynamicFieldName, std::move(meta));
  VECDB_ASSIGN_OR_RETURN(const Column times,
                         file->ReadColumn(kTimestampFieldId, DataType::kInt64, {}));
  VECDB_ASSIGN_OR_RETURN(const auto order, file->ReadKeyOrder({}));
  VECDB_ASSIGN_OR_RETURN(const auto bloom, file->ReadBloom({}));
  return batch.ToJson() + known + shredded + ToText(std::as_bytes(times.int64s())) +
         ToText(std::as_bytes(std::span(order))) + ToText(std::as_bytes(std::span(bloom)));
}

inline absl::StatusOr<std::string> ReadVectors(ObjectStore& store, const ObjectPath& path) {
  VECDB_ASSIGN_OR_RETURN(const auto file,
                         VectorFile::Open(store, path, std::nullopt, kGoldenDim, kGoldenRows, {}));
  VECDB_ASSIGN_OR_RETURN(const auto rows, file->ReadRows({}, {}));
  VECDB_ASSIGN_OR_RETURN(const auto norms, file->ReadInverseNorms({}, {}));
  return ToText(rows.bytes()) + ToText(norms.bytes());
}

inline absl::StatusOr<std::string> ReadDeletes(ObjectStore& store, const ObjectPath& path) {
  VECDB_ASSIGN_OR_RETURN(const auto deletes,
                         ReadDeleteFile(store, path, std::nullopt, kGoldenRows, {}));
  std::string text;
  for (const RowDelete& deleted : deletes) {
    text += std::to_string(deleted.row) + "@" + std::to_string(deleted.timestamp) + " ";
  }
  return text;
}

/// Every row as a query, and the order of all rows that the index finds.
inline absl::StatusOr<std::string> SearchIndex(ObjectStore& store, const ObjectPath& path) {
  const ObjectPath vectors = PathOf(std::string(kGoldenSegment) + "/101.vec");
  VECDB_ASSIGN_OR_RETURN(
      const auto file, VectorFile::Open(store, vectors, std::nullopt, kGoldenDim, kGoldenRows, {}));
  VECDB_ASSIGN_OR_RETURN(const auto rows, file->ReadRows({}, {}));
  VECDB_ASSIGN_OR_RETURN(const auto norms, file->ReadInverseNorms({}, {}));
  const index::VectorView view{.rows = rows.as<const float>().data(),
                               .num_rows = kGoldenRows,
                               .dim = kGoldenDim,
                               .inverse_norms = norms.as<const float>().data()};
  VECDB_ASSIGN_OR_RETURN(const auto sections,
                         SectionFile::Open(store, path, FileKind::kIndex, std::nullopt, {}));
  VECDB_ASSIGN_OR_RETURN(const auto index, index::LoadVectorIndex(*sections, view, {}, {}));
  std::string text = index->spec().ToJson();
  for (uint32_t row = 0; row < kGoldenRows; ++row) {
    std::vector<index::Candidate> found;
    const index::RowQuery query{.vector = view.row(row), .k = 3, .mask = {.num_rows = kGoldenRows}};
    VECDB_RETURN_IF_ERROR(index->Search(query, {}, &found));
    text += " |";
    for (const index::Candidate& candidate : found) text += " " + std::to_string(candidate.row);
  }
  return text;
}

/// A version of the catalog or of the manifest.
inline absl::StatusOr<std::string> ReadVersion(const std::string& name, const std::string& kind,
                                               const std::string& document) {
  const uint64_t number = kind == "manifest" ? 2 : 3;
  VECDB_ASSIGN_OR_RETURN(const catalog::Version version,
                         catalog::FromDocument(name, kind, number, document));
  std::string text = version.commit_id + version.base_id + std::to_string(version.epoch);
  if (kind == "manifest") {
    VECDB_ASSIGN_OR_RETURN(const Manifest manifest, ManifestFromJson(name, version.body));
    return text + ManifestToJson(manifest);
  }
  VECDB_ASSIGN_OR_RETURN(const auto entries, CatalogFromJson(name, version.body));
  return text + CatalogToJson(entries);
}

inline absl::StatusOr<std::string> ReadDocument(ObjectStore& store, const ObjectPath& path) {
  const std::string& name = path.str();
  VECDB_ASSIGN_OR_RETURN(const std::string document, GetObject(store, path, 1 << 20));
  const std::string kind = name == "vecdb.json"      ? "database"
                           : name == kGoldenBoundary ? "catalog-boundary"
                           : name == kGoldenCatalog  ? "catalog"
                           : name == kGoldenManifest ? "manifest"
                                                     : "segment";
  if (kind == "manifest" || kind == "catalog") return ReadVersion(name, kind, document);
  VECDB_ASSIGN_OR_RETURN(const SealedDocument sealed, UnsealJson(name, kind, document));
  if (kind == "segment") {
    VECDB_ASSIGN_OR_RETURN(const SegmentInfo info, SegmentInfo::FromJson(sealed.body));
    return sealed.id + info.ToJson();
  }
  return sealed.id + sealed.body;
}

/// What a record of the golden log says.
inline absl::StatusOr<std::string> ReadLogRecord(const LogRecord& record) {
  VECDB_ASSIGN_OR_RETURN(
      const WriteRecord write,
      DecodeWrite("golden", std::make_shared<const Schema>(GoldenSchema()), record.payload));
  std::string text = std::to_string(record.sequence);
  text += ":" + std::to_string(static_cast<int>(write.kind));
  if (write.host_sequence.has_value()) text += "@" + std::to_string(*write.host_sequence);
  return text + write.rows.ToJson() + "\n";
}

/// A line for each record, as a reader finds them in the last file of a log.
inline absl::StatusOr<std::string> ReadLog(std::string_view file) {
  const auto bytes = base::AsBytes(file);
  VECDB_ASSIGN_OR_RETURN(const LogFileHeader header, DecodeLogHeader("golden", bytes));
  VECDB_ASSIGN_OR_RETURN(const LogScan scan, ScanLogFile("golden", header, bytes));
  if (scan.durable_bytes > scan.end) return absl::DataLossError("a durable record is lost");
  std::string text;
  for (const LogRecord& record : scan.records) {
    VECDB_ASSIGN_OR_RETURN(const std::string line, ReadLogRecord(record));
    text += line;
  }
  return text;
}

inline absl::StatusOr<std::string> SearchLoadedIndex(ObjectStore& store, const ObjectPath& path) {
  VECDB_ASSIGN_OR_RETURN(const auto index, Index::Load(store, path));
  const std::vector<float> query = {0, 5, 0, 0};
  VECDB_ASSIGN_OR_RETURN(const Neighbors found, index->Search({.vectors = query, .k = 6}));
  std::string text = index->spec().ToJson();
  for (const Neighbor& hit : found.rows) {
    text += " " + std::to_string(hit.row) + ":" + std::to_string(hit.score);
  }
  return text;
}

/// All that one golden object says, as a text that is equal only for equal contents.
inline absl::StatusOr<std::string> ReadWhole(ObjectStore& store, const ObjectPath& path) {
  const std::string& name = path.str();
  if (name == kGoldenEncodings) return ReadEncodings(store, path);
  if (name.ends_with(".vseg")) return ReadColumns(store, path);
  if (name.ends_with(".vec")) return ReadVectors(store, path);
  if (name.ends_with(".del")) return ReadDeletes(store, path);
  if (name.ends_with(".idx")) return SearchIndex(store, path);
  if (name.ends_with(".log")) return ReadLog(BytesOf(store, path));
  if (name == "index-with-rows") return SearchLoadedIndex(store, path);
  return ReadDocument(store, path);
}

/// What a reader must find in a damaged copy of the golden log: the records before the first that
/// is not as it was, or nothing when one of those behind it says that more had been durable.
inline std::optional<std::string> LogThatIsLeft(std::string_view good, std::string_view bad) {
  const auto is_intact = [&](uint64_t begin, uint64_t count) {
    return bad.size() >= begin + count && bad.substr(begin, count) == good.substr(begin, count);
  };
  if (!is_intact(0, kLogHeaderBytes)) return std::nullopt;
  const LogFileHeader header = *DecodeLogHeader("golden", base::AsBytes(good));
  const LogScan scan = *ScanLogFile("golden", header, base::AsBytes(good));
  std::string text;
  std::optional<uint64_t> gap;  // where the records that are left stop
  for (const LogRecord& record : scan.records) {
    const bool whole = is_intact(record.offset, LogRecordBytes(record.payload.size()));
    if (!whole && !gap.has_value()) gap = record.offset;
    if (!gap.has_value()) text += *ReadLogRecord(record);
    constexpr size_t kSyncedBytesAt = 16;
    if (gap.has_value() && is_intact(record.offset, kLogFrameBytes) &&
        GetAt<uint64_t>(good, record.offset + kSyncedBytesAt) > *gap) {
      return std::nullopt;
    }
  }
  return text;
}

/// Expects that `bytes` in the place of a golden object are refused, or say what it says; of a log,
/// also that they say what is left of it.
inline void ExpectRefusedOrSame(ObjectStore& store, const ObjectPath& path, std::string_view good,
                                const std::string& whole, std::string_view bytes,
                                std::string_view what) {
  Replace(store, path, bytes);
  const auto read = ReadWhole(store, path);
  const auto expected = path.str().ends_with(".log") ? LogThatIsLeft(good, bytes) : whole;
  if (read.ok()) {
    EXPECT_TRUE(expected == *read) << path.str() << ": " << what;
  } else {
    EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss) << path.str() << ": " << what;
    if (path.str().ends_with(".log")) {
      EXPECT_EQ(expected, std::nullopt) << what;
    }
  }
}

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_GOLDEN_H_
