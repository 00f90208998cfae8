#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <fstream>
#include <functional>

#include "absl/strings/str_cat.h"
#include "format/golden.h"
#include "segment/segment_writer.h"
#include "vecdb/vecdb.h"

namespace vecdb::format {
namespace {

// To write the files of the newest version anew (after a release, a new folder is what is needed,
// see golden.h):
//   VECDB_WRITE_GOLDEN=1 vecdb_format_test --gtest_filter='GoldenTest.*'

// `$meta` keys stand beside the others. Rows 0 to 3 are of time 1000, the others of 2000.
constexpr std::string_view kRows =
    R"([{"id":-5,"vector":[1,0,0,0],"bool":true,"int8":-128,"int16":-32768,"int32":-2147483648,)"
    R"("float":1.5,"double":-0.25,"text":"","json":{"a":[1,2]},"extra":1},)"
    R"({"id":9223372036854775807,"vector":[0,2,0,0],"bool":false,"int8":127,"int16":32767,)"
    R"("int32":2147483647,"float":-1.5,"double":1e300,"text":"sixteen bytes...","json":null},)"
    R"({"id":-9223372036854775808,"vector":[0,0,3,0],"bool":true,"int8":0,"int16":0,"int32":0,)"
    R"("float":0,"double":0,"text":"\u00e9","json":"x"},)"
    R"({"id":7,"vector":[0,0,0,4],"bool":false,"int8":1,"int16":1,"int32":1,"float":1,"double":1,)"
    R"("text":"x","json":[],"extra":{"deep":true}},)"
    R"({"id":8,"vector":[0,0,0,0],"bool":true,"int8":2,"int16":2,"int32":2,"float":2,"double":2,)"
    R"("text":"y","json":{}},)"
    R"({"id":9,"vector":[-1,-1,-1,-1],"bool":true,"int8":3,"int16":3,"int32":3,"float":3,)"
    R"("double":3,"text":"z","json":3}])";

constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kBaseId = "00112233445566778899aabbccddeeff";
const IndexSpec kHnsw{.metric = Metric::kL2,
                      .params = HnswParams{.m = 2, .ef_construction = 10, .seed = 7}};

RowBatch GoldenRows() {
  auto rows = RowBatch::FromJson(GoldenSchema(), kRows);
  EXPECT_OK(rows);
  return *rows;
}

ObjectPath InSegment(std::string_view name) { return *PathOf(kGoldenSegment).Join(name); }

std::shared_ptr<segment::GrowingSegment> Growing() {
  const auto growing = std::make_shared<segment::GrowingSegment>(
      std::make_shared<const Schema>(GoldenSchema()), Host{});
  const RowBatch rows = GoldenRows();
  const std::vector<uint32_t> first = {0, 1, 2, 3};
  const std::vector<uint32_t> rest = {4, 5};
  EXPECT_OK(growing->Reserve(rows, first));
  growing->Append(rows, first, {}, 1000);
  EXPECT_OK(growing->Reserve(rows, rest));
  growing->Append(rows, rest, {}, 2000);
  return growing;
}

ObjectRef WriteIndex(ObjectStore& store, const SegmentInfo& info, const std::string& name) {
  const std::shared_ptr<ObjectStore> borrowed(std::shared_ptr<void>(), &store);
  const auto sealed = segment::SealedSegment::Open(borrowed, info, {}, nullptr, {});
  EXPECT_OK(sealed);
  const auto vectors = (*sealed)->LoadVectors(1, {});
  EXPECT_OK(vectors);
  const auto index = index::BuildVectorIndex((*vectors)->view, kHnsw, {}, {});
  EXPECT_OK(index);
  auto writer = SectionWriter::Create(store, InSegment(name), FileKind::kIndex, {});
  EXPECT_OK(writer);
  EXPECT_OK((*index)->Write(**writer, {}));
  const auto summary = (*writer)->Finish({});
  EXPECT_OK(summary);
  return {name, summary->size_bytes, summary->checksum};
}

// What an insert at 4000 adds; two thousand equal bytes, so that it is compressed.
RowBatch LoggedRows() {
  RowBatch rows(GoldenSchema());
  rows.SetInt64("id", std::vector<int64_t>{100, 101});
  rows.SetFloatVectors("vector", {0, 0, 0, 10, 0, 0, 0, 20});
  rows.SetBool("bool", std::array<bool, 2>{true, false});
  rows.SetInt8("int8", std::vector<int8_t>{1, -1});
  rows.SetInt16("int16", std::vector<int16_t>{2, -2});
  rows.SetInt32("int32", std::vector<int32_t>{3, -3});
  rows.SetFloat("float", std::vector<float>{0.5f, -0.5f});
  rows.SetDouble("double", std::vector<double>{0.25, -0.25});
  rows.SetVarChar("text", std::vector<std::string>{"log", ""});
  rows.SetJson("json",
               std::vector<std::string>{"{\"text\":\"" + std::string(2000, 'x') + "\"}", "[null]"});
  rows.SetJson(kDynamicFieldName, std::vector<std::string>{"{\"extra\":7}", "{}"});
  return rows;
}

// Puts a record behind `file`, which is synced up to `synced_bytes`.
void AppendRecord(const LogFileHeader& header, std::string record, uint64_t payload_bytes,
                  uint64_t sequence, uint64_t synced_bytes, std::string* file) {
  const auto payload = base::AsBytes(record).subspan(kLogFrameBytes, payload_bytes);
  EncodeLogFrame(header, file->size(),
                 {.payload_bytes = payload_bytes,
                  .sequence = sequence,
                  .synced_bytes = synced_bytes,
                  .payload_hash = base::Xxh3(payload)},
                 reinterpret_cast<std::byte*>(record.data()));
  file->append(record);
}

// The journal: an insert, and a delete of one of its rows, of one in the segment, and of nothing.
// Zeros are what a file was preallocated with. Compressed with level 1 of the zstd that is here.
std::string WriteLog() {
  LogFileHeader header{.collection_id = kGoldenCollection,
                       .log_id = kGoldenLogId,
                       .number = 1,
                       .epoch = 2,
                       .salt = 0x5a17};
  std::string file = EncodeLogHeader(&header);
  uint64_t payload_bytes = 0;
  std::string record = EncodeRows(WriteKind::kInsert, LoggedRows(), {}, std::nullopt,
                                  kLogFrameBytes, &payload_bytes);
  AppendRecord(header, record, payload_bytes, 4000, file.size(), &file);
  const std::vector<int64_t> keys = {101, 9, 12345};
  record = EncodeDelete(schema::KeyColumn(std::span(keys)), 77, kLogFrameBytes, &payload_bytes);
  AppendRecord(header, record, payload_bytes, 5000, file.size(), &file);
  return file.append(64, '\0');
}

std::string WriteVersion(std::string_view kind, uint64_t number, uint64_t epoch, std::string body) {
  const auto document = catalog::ToDocument(kind, {.number = number,
                                                   .epoch = epoch,
                                                   .commit_id = std::string(kId),
                                                   .base_id = std::string(kBaseId),
                                                   .body = std::move(body)});
  EXPECT_OK(document);
  return *document;
}

const CollectionOptions kOptions{.on_duplicate_key = DuplicateKeyPolicy::kReplace,
                                 .journal = JournalPlace::kDirectory,
                                 .durability = Durability::kProcessCrash,
                                 .journal_max_bytes = 1 << 20,
                                 .consistency = ConsistencyLevel::kStrong,
                                 .staleness_ms = 100,
                                 .retention_ms = 7000};

Column StringColumn(DataType type, const std::function<std::string(size_t)>& text_of) {
  Column::Strings strings;
  for (size_t row = 0; row < kGoldenEncodingRows; ++row) {
    strings.bytes += text_of(row);
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(type, 0, std::move(strings));
}

template <typename T>
Column NumberColumn(DataType type, const std::function<T(size_t)>& number_of) {
  std::vector<T> numbers;
  for (size_t row = 0; row < kGoldenEncodingRows; ++row) numbers.push_back(number_of(row));
  return Column(type, 0, std::move(numbers));
}

// What lies at paths of the Json column: an integer, a real number, a bool and a string, some
// missing, some of another kind.
std::string ShreddedJson(size_t row) {
  const std::string kind[] = {"1", "null", "\"text\"", "{\"deep\":true}"};
  return absl::StrCat("{\"n\":", row % 3, ",\"r\":", row % 2, ".5,\"s\":\"",
                      row % 4 == 0 ? "\\u00e9" : "e", "\",\"o\":", kind[row % 4], "}");
}

std::vector<Column> EncodedColumns() {
  using Row = size_t;
  std::vector<Column> columns;
  columns.push_back(NumberColumn<int64_t>(DataType::kInt64, [](Row) { return INT64_MIN; }));
  columns.push_back(NumberColumn<int32_t>(
      DataType::kInt32, [](Row row) { return static_cast<int32_t>(row % 4) - 2; }));
  columns.push_back(
      NumberColumn<double>(DataType::kDouble, [](Row row) { return row % 3 == 0 ? 0.5 : -1e300; }));
  columns.push_back(NumberColumn<uint8_t>(DataType::kBool,
                                          [](Row row) -> uint8_t { return row % 5 == 0 ? 1 : 0; }));
  columns.push_back(StringColumn(DataType::kVarChar, [](Row) { return "constant"; }));
  // The same number of bits as floats have, in no order.
  columns.push_back(NumberColumn<float>(DataType::kFloat, [](Row row) {
    return std::bit_cast<float>(static_cast<uint32_t>(base::Xxh3(std::to_string(row))) &
                                0x3fffffffu);
  }));
  columns.push_back(StringColumn(DataType::kVarChar,
                                 [](Row row) { return absl::StrCat(row * row % 7, "-of-seven"); }));
  columns.push_back(StringColumn(DataType::kVarChar, [](Row row) {
    const auto bytes = std::bit_cast<std::array<char, 8>>(base::Xxh3(std::to_string(row)));
    return std::string(bytes.data(), 7 + row % 2);
  }));
  columns.push_back(StringColumn(DataType::kVarChar, [](Row row) {
    return row == 0 ? std::string(1, 'x') : absl::StrCat("the same beginning of each ", row);
  }));
  columns.push_back(StringColumn(DataType::kJson, ShreddedJson));
  return columns;
}

void WriteEncodings(ObjectStore& store) {
  auto writer = ColumnFileWriter::Create(store, PathOf(kGoldenEncodings), kGoldenEncodingRows, {});
  EXPECT_OK(writer);
  int32_t id = kFirstFieldId;
  for (const Column& column : EncodedColumns()) {
    EXPECT_OK(writer->AddColumn(id, column, {}));
    if (column.type() == DataType::kJson) {
      EXPECT_OK(writer->AddShreddedJson(id, column, {}));
    }
    ++id;
  }
  EXPECT_OK(writer->Finish({}));
}

// The golden files as this version writes them.
std::map<std::string, std::string> WriteAll() {
  const auto store = MakeMemoryObjectStore();
  const auto put = [&](std::string_view path, std::string_view kind, std::string_view body) {
    EXPECT_OK(PutObject(*store, PathOf(path), SealJson(kind, kId, body)));
  };
  auto info = segment::WriteRows(*Growing(), kGoldenRows, *store, PathOf(kGoldenSegment), {}, {});
  EXPECT_OK(info);
  EXPECT_OK(store->Delete(InSegment("segment.json")));  // it has a random id
  put(InSegment("segment.json").str(), "segment", info->ToJson());
  const ObjectRef hnsw = WriteIndex(*store, *info, "101-hnsw.idx");
  const auto deletes =
      WriteDeleteFile(*store, InSegment("deletes-1.del"), {{1, 3000}, {4, 2500}}, {});
  EXPECT_OK(deletes);
  info->indexes = {{.field = "vector", .spec = kHnsw, .object = hnsw}};
  info->num_deletes = 2;
  info->deletes = ObjectRef{"deletes-1.del", deletes->size_bytes, deletes->checksum};
  const Manifest manifest{.collection_id = kGoldenCollection,
                          .schema = GoldenSchema(),
                          .options = kOptions,
                          .flushed_timestamp = 3000,
                          .host_sequence = 66,
                          .journal = {.id = kGoldenLogId, .first_file = 1, .last_file = 1},
                          .kept_journals = {std::string(kBaseId)},
                          .indexes = {{.field = "vector", .spec = kHnsw}},
                          .segments = {{.id = "s1", .info = *info}}};
  EXPECT_OK(PutObject(*store, PathOf(kGoldenManifest),
                      WriteVersion("manifest", 2, 1, ManifestToJson(manifest))));
  const std::string catalog =
      CatalogToJson({{.name = "docs", .id = kGoldenCollection}, {"old", "c0", true}});
  EXPECT_OK(PutObject(*store, PathOf(kGoldenCatalog), WriteVersion("catalog", 3, 2, catalog)));
  put(kGoldenBoundary, "catalog-boundary", "{\"boundary\":3}");
  EXPECT_OK(PutObject(*store, PathOf(kGoldenLog), WriteLog()));
  put("vecdb.json", "database", "{\"database\":\"fedcba9876543210fedcba9876543210\"}");
  const auto index = IndexBuilder(kGoldenDim, {.metric = Metric::kCosine})
                         .Build(GoldenRows().column("vector")->vectors());
  EXPECT_OK(index);
  EXPECT_OK((*index)->Save(*store, PathOf("index-with-rows")));
  std::map<std::string, std::string> files;
  for (const char* folder : {"collections", "catalog"}) {
    const auto objects = store->List(PathOf(folder));
    EXPECT_OK(objects);
    for (const ObjectInfo& object : *objects) {
      files[object.path.str()] = BytesOf(*store, object.path);
    }
  }
  WriteEncodings(*store);
  for (const char* name : {"vecdb.json", "index-with-rows", kGoldenEncodings}) {
    files[name] = BytesOf(*store, PathOf(name));
  }
  return files;
}

class GoldenTest : public ::testing::TestWithParam<const char*> {
 protected:
  // What a version before this one wrote in the same form has its place there.
  static void SetUpTestSuite() {
    if (std::getenv("VECDB_WRITE_GOLDEN") == nullptr) return;
    const auto before = FilesBelow("v1");
    for (const auto& [path, bytes] : WriteAll()) {
      const auto old = before.find(path);
      if (old != before.end() && (old->second == bytes || path.ends_with(".idx"))) continue;
      const auto file = std::filesystem::path(VECDB_GOLDEN_DIR) / "v2" / path;
      std::filesystem::create_directories(file.parent_path());
      std::ofstream(file, std::ios::binary) << bytes;
    }
  }

  const std::map<std::string, std::string> files_ = GoldenFiles(GetParam());
  const std::shared_ptr<ObjectStore> store_ = StoreOf(files_);
};

INSTANTIATE_TEST_SUITE_P(Versions, GoldenTest, ::testing::ValuesIn(kGoldenVersions));

TEST_P(GoldenTest, ThereIsOneFileOfEachKind) {
  std::vector<std::string> names;
  for (const auto& [path, bytes] : files_) {
    names.push_back(path);
    EXPECT_LE(bytes.size(), 12288u) << path;
  }
  const std::string segment = kGoldenSegment;
  std::vector<std::string> expected = {kGoldenCatalog,
                                       kGoldenBoundary,
                                       kGoldenLog,
                                       kGoldenManifest,
                                       segment + "/101-hnsw.idx",
                                       segment + "/101.vec",
                                       segment + "/columns.vseg",
                                       segment + "/deletes-1.del",
                                       segment + "/segment.json",
                                       kGoldenEncodings,
                                       "index-with-rows",
                                       "vecdb.json"};
  if (GetParam() == std::string("v1")) std::erase(expected, kGoldenEncodings);
  EXPECT_EQ(names, expected);
}

TEST(GoldenWriterTest, WritersStillWriteTheSameBytes) {
  // The files of indexes may change with the way they are built; what they say may not.
  const auto files = GoldenFiles("v2");
  for (const auto& [path, bytes] : WriteAll()) {
    if (path.ends_with(".idx") || path.find("/manifest/") != std::string::npos) continue;
    const auto golden = files.find(path);
    ASSERT_TRUE(golden != files.end()) << path;
    EXPECT_TRUE(golden->second == bytes) << path;
  }
}

TEST(GoldenWriterTest, EncodingsAreThoseOfTheirColumns) {
  const auto store = StoreOf(GoldenFiles("v2"));
  const auto file =
      SectionFile::Open(*store, PathOf(kGoldenEncodings), FileKind::kColumns, std::nullopt, {});
  ASSERT_OK(file);
  const std::vector<uint32_t> expected = {2, 3, 4, 1, 2, 1, 4, 3, 1 + 256, 4 + 256};
  for (uint32_t i = 0; i < expected.size(); ++i) {
    const auto table = (*file)->ReadSmall(0x80020000u + kFirstFieldId + i, 32, {});
    ASSERT_OK(table);
    EXPECT_EQ(GetAt<uint32_t>(*table, 20), expected[i]) << i;
  }
  const auto columns =
      ColumnFile::Open(*store, PathOf(kGoldenEncodings), std::nullopt, kGoldenEncodingRows, {});
  ASSERT_OK(columns);
  for (uint32_t i = 0; i < expected.size(); ++i) {
    const auto column = (*columns)->ReadColumn(kFirstFieldId + static_cast<int32_t>(i),
                                               kGoldenEncodingTypes[i], {});
    ASSERT_OK(column);
    const Column written = EncodedColumns()[i];
    for (size_t row = 0; row < kGoldenEncodingRows; ++row) {
      EXPECT_EQ(column->string(row), written.string(row));
    }
    EXPECT_TRUE(std::ranges::equal(column->bools(), written.bools()));
    EXPECT_TRUE(std::ranges::equal(column->int32s(), written.int32s()));
    EXPECT_TRUE(std::ranges::equal(column->int64s(), written.int64s()));
    EXPECT_TRUE(std::ranges::equal(column->floats(), written.floats()));
    EXPECT_TRUE(std::ranges::equal(column->doubles(), written.doubles()));
  }
}

TEST_P(GoldenTest, ManifestSaysWhatItSaid) {
  const auto version =
      catalog::FromDocument(kGoldenManifest, "manifest", 2, files_.at(kGoldenManifest));
  ASSERT_OK(version);
  EXPECT_EQ(version->commit_id, kId);
  EXPECT_EQ(version->base_id, kBaseId);
  EXPECT_EQ(version->epoch, 1u);
  const auto manifest = ManifestFromJson(kGoldenManifest, version->body);
  ASSERT_OK(manifest);
  EXPECT_EQ(WriteVersion("manifest", 2, 1, ManifestToJson(*manifest)), files_.at(kGoldenManifest));
  EXPECT_EQ(manifest->collection_id, kGoldenCollection);
  EXPECT_EQ(manifest->schema, GoldenSchema());
  EXPECT_EQ(manifest->options, kOptions);
  EXPECT_EQ(manifest->flushed_timestamp, 3000u);
  EXPECT_EQ(manifest->host_sequence, 66u);
  EXPECT_EQ(manifest->journal, (JournalState{.id = kGoldenLogId, .first_file = 1, .last_file = 1}));
  EXPECT_EQ(manifest->indexes, (std::vector<IndexDefinition>{{.field = "vector", .spec = kHnsw}}));
  ASSERT_EQ(manifest->segments.size(), 1u);
  const SegmentInfo& info = manifest->segments[0].info;
  EXPECT_EQ(manifest->segments[0].id, "s1");
  EXPECT_EQ(manifest->segments[0].shard, 0);
  EXPECT_EQ(info.folder, kGoldenSegment);
  EXPECT_EQ(info.num_rows, kGoldenRows);
  EXPECT_EQ(info.num_deletes, 2u);
  EXPECT_EQ(info.min_timestamp, 1000u);
  EXPECT_EQ(info.max_timestamp, 2000u);
  EXPECT_EQ(info.min_key, "-9223372036854775808");
  EXPECT_EQ(info.max_key, "9223372036854775807");
}

TEST_P(GoldenTest, CatalogBoundaryAndIdentitySayWhatTheySaid) {
  const auto version =
      catalog::FromDocument(kGoldenCatalog, "catalog", 3, files_.at(kGoldenCatalog));
  ASSERT_OK(version);
  EXPECT_EQ(version->commit_id, kId);
  EXPECT_EQ(version->base_id, kBaseId);
  EXPECT_EQ(version->epoch, 2u);
  const auto entries = CatalogFromJson("catalog", version->body);
  ASSERT_OK(entries);
  EXPECT_EQ(*entries, (std::vector<CatalogEntry>{{.name = "docs", .id = kGoldenCollection},
                                                 {.name = "old", .id = "c0", .dropped = true}}));
  const auto boundary = UnsealJson("boundary", "catalog-boundary", files_.at(kGoldenBoundary));
  ASSERT_OK(boundary);
  EXPECT_EQ(boundary->body, "{\"boundary\":3}");
  const auto identity = UnsealJson("vecdb.json", "database", files_.at("vecdb.json"));
  ASSERT_OK(identity);
  EXPECT_EQ(identity->body, "{\"database\":\"fedcba9876543210fedcba9876543210\"}");
}

TEST_P(GoldenTest, SegmentHoldsItsRowsIndexAndDeletes) {
  const auto version =
      catalog::FromDocument(kGoldenManifest, "manifest", 2, files_.at(kGoldenManifest));
  ASSERT_OK(version);
  const auto manifest = ManifestFromJson(kGoldenManifest, version->body);
  ASSERT_OK(manifest);
  class CountingLog : public LogSink {
   public:
    void Write(LogLevel, std::string_view) override { ++messages; }
    int messages = 0;
  };
  CountingLog log;
  const auto segment = Segment::Open(*store_, manifest->segments[0].info, {.log = &log});
  ASSERT_OK(segment);
  const std::vector<uint32_t> all = {0, 1, 2, 3, 4, 5};
  const auto rows = (*segment)->Read(all, {});
  ASSERT_OK(rows);
  EXPECT_EQ(rows->ToJson(), GoldenRows().ToJson());
  // Rows 1 and 4 are deleted.
  EXPECT_EQ(*(*segment)->FindRows({8, 9, -5, 7, 9223372036854775807}),
            (std::vector<uint32_t>{5, 0, 3}));
  const std::vector<float> query = {0, 0, 0, 1};
  const auto found = (*segment)->Search({.field = "vector", .vectors = query, .k = 10});
  ASSERT_OK(found);
  EXPECT_EQ(found->rows, (std::vector<Neighbor>{{0, 2}, {5, 7}, {3, 9}, {2, 10}}));
  EXPECT_EQ(log.messages, 0);  // the index was not left aside
  EXPECT_EQ(*ReadDeletes(*store_, InSegment("deletes-1.del")), "1@3000 4@2500 ");
}

TEST_P(GoldenTest, SegmentJsonDescribesTheSegmentWithoutLaterObjects) {
  const auto info = SegmentInfo::Read(*store_, PathOf(kGoldenSegment));
  ASSERT_OK(info);
  EXPECT_EQ(info->num_rows, kGoldenRows);
  EXPECT_EQ(info->schema, GoldenSchema());
  EXPECT_EQ(info->objects.size(), 2u);
  EXPECT_TRUE(info->indexes.empty());
  EXPECT_FALSE(info->deletes.has_value());
  EXPECT_OK(Segment::Open(*store_, *info));
}

TEST_P(GoldenTest, HnswIndexFindsTheSameRows) {
  EXPECT_EQ(*SearchIndex(*store_, InSegment("101-hnsw.idx")),
            kHnsw.ToJson() + " | 0 4 1 | 1 4 0 | 2 4 0 | 3 4 0 | 4 0 1 | 5 4 0");
}

TEST_P(GoldenTest, IndexWithItsRowsFindsTheSameRows) {
  const auto index = Index::Load(*store_, PathOf("index-with-rows"));
  ASSERT_OK(index);
  EXPECT_EQ((*index)->spec(), IndexSpec{.metric = Metric::kCosine});
  EXPECT_EQ((*index)->num_rows(), kGoldenRows);
  const std::vector<float> query = {0, 5, 0, 0};
  const auto found = (*index)->Search({.vectors = query, .k = 6});
  ASSERT_OK(found);
  EXPECT_EQ(found->rows,
            (std::vector<Neighbor>{{1, 1}, {0, 0}, {2, 0}, {3, 0}, {4, 0}, {5, -0.5f}}));
}

TEST_P(GoldenTest, LogHoldsItsRecords) {
  const auto bytes = base::AsBytes(files_.at(kGoldenLog));
  const auto header = DecodeLogHeader("log", bytes);
  ASSERT_OK(header);
  EXPECT_EQ(header->collection_id, kGoldenCollection);
  EXPECT_EQ(header->log_id, kGoldenLogId);
  EXPECT_EQ(header->number, 1u);
  EXPECT_EQ(header->epoch, 2u);
  EXPECT_EQ(header->previous_end, 0u);
  EXPECT_EQ(header->salt, 0x5a17u);
  const auto scan = ScanLogFile("log", *header, bytes);
  ASSERT_OK(scan);
  EXPECT_EQ(scan->end, bytes.size() - 64);
  EXPECT_EQ(scan->torn_bytes, 0u);
  ASSERT_EQ(scan->records.size(), 2u);
  const auto schema = std::make_shared<const Schema>(GoldenSchema());
  const auto insert = DecodeWrite("log", schema, scan->records[0].payload);
  ASSERT_OK(insert);
  EXPECT_EQ(scan->records[0].sequence, 4000u);
  EXPECT_LT(scan->records[0].payload.size(), 1000u);  // it is compressed
  EXPECT_EQ(insert->kind, WriteKind::kInsert);
  EXPECT_EQ(insert->host_sequence, std::nullopt);
  EXPECT_EQ(insert->rows.ToJson(), LoggedRows().ToJson());
  const auto deletes = DecodeWrite("log", schema, scan->records[1].payload);
  ASSERT_OK(deletes);
  EXPECT_EQ(scan->records[1].sequence, 5000u);
  EXPECT_EQ(deletes->kind, WriteKind::kDelete);
  EXPECT_EQ(deletes->host_sequence, 77u);
  const auto keys = deletes->rows.column("id")->int64s();
  EXPECT_EQ(std::vector<int64_t>(keys.begin(), keys.end()), (std::vector<int64_t>{101, 9, 12345}));
}

// The directory that the journal lies in.
std::shared_ptr<FileSystem> JournalFiles(const std::string& log) {
  auto files = MakeMemoryFileSystem();
  const std::string_view path = kGoldenLog;
  EXPECT_OK(files->CreateDirectories(std::string(path.substr(0, path.rfind('/')))));
  auto file = files->CreateFile(kGoldenLog);
  EXPECT_OK(file);
  EXPECT_OK((*file)->Append(base::AsBytes(log)));
  return files;
}

TEST_P(GoldenTest, DatabaseOpensReplaysItsJournalAndAnswers) {
  const auto database =
      Database::Open({.store = store_, .journal_directory = JournalFiles(files_.at(kGoldenLog))});
  ASSERT_OK(database);
  EXPECT_EQ((*database)->ListCollections(), (std::vector<std::string>{"docs"}));
  const auto docs = (*database)->OpenCollection("docs");
  ASSERT_OK(docs);
  // Of six rows two are deleted in the segment and one by the journal, which adds one.
  EXPECT_EQ(*(*docs)->Count(), 4u);
  EXPECT_EQ((*docs)->Describe()->recovery.num_records, 2u);
  EXPECT_EQ((*docs)->Describe()->recovery.num_rows, 2u);
  EXPECT_EQ((*docs)->Describe()->recovery.num_deleted_rows, 2u);
  EXPECT_EQ((*docs)->Describe()->recovery.torn_bytes, 0u);
  const std::vector<float> query = {0, 0, 0, 1};
  const auto result =
      (*docs)->Search({.field = "vector", .vectors = query, .output_fields = {"text"}});
  ASSERT_OK(result);
  std::vector<std::pair<int64_t, std::string>> hits;
  for (const Hit& hit : result->hits(0)) hits.emplace_back(hit.int64_key(), hit.GetVarChar("text"));
  EXPECT_EQ(hits, (std::vector<std::pair<int64_t, std::string>>{
                      {-5, ""}, {7, "x"}, {INT64_MIN, "\xc3\xa9"}, {100, "log"}}));
  ASSERT_OK((*docs)->Upsert(GoldenRows()));
  EXPECT_EQ(*(*docs)->Count(), 7u);
  ASSERT_OK((*docs)->Flush());
  EXPECT_EQ(*(*docs)->DurableUpTo(), 77u);
  EXPECT_OK((*database)->Close());
}

class GoldenDamageTest : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(GoldenDamageTest, EveryDamagedByteIsRefusedOrHarmless) {
  const auto [version, kind] = GetParam();
  const auto store = StoreOf(GoldenFiles(version));
  for (const auto& [name, good] : FilesBelow(version)) {
    if (!name.ends_with(kind)) continue;
    const ObjectPath path = PathOf(name);
    const auto whole = ReadWhole(*store, path);
    ASSERT_OK(whole);
    for (size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ 0x41);
      ExpectRefusedOrSame(*store, path, good, *whole, bad, absl::StrCat("byte ", at));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, GoldenDamageTest,
                         ::testing::Values(std::pair("v1", ".vseg"), std::pair("v1", ".vec"),
                                           std::pair("v1", ".del"), std::pair("v1", ".idx"),
                                           std::pair("v1", "rows"), std::pair("v1", ".json"),
                                           std::pair("v1", ".log"), std::pair("v2", "columns.vseg"),
                                           std::pair("v2", ".json")));

}  // namespace
}  // namespace vecdb::format
