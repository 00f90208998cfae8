// Writes the corpus of every target: small files that are valid, and the parts of which such are
// made. usage: vecdb_make_corpus <folder>; only when a format or a target has changed.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "base/checksum.h"
#include "catalog/version_document.h"
#include "format/column_file.h"
#include "format/delete_file.h"
#include "format/log_file.h"
#include "format/manifest.h"
#include "format/sealed_json.h"
#include "format/vector_file.h"
#include "format/write_record.h"
#include "fuzz/filter_texts.h"
#include "fuzz/fuzz_support.h"
#include "index/vector_index.h"
#include "segment/scalar_index_builder.h"
#include "segment/scalar_index_file.h"

namespace vecdb::fuzz {
namespace {

constexpr std::string_view kId = "0123456789abcdef0123456789abcdef";
constexpr char kRaw = 0;
constexpr char kFixed = 1;
constexpr char kFramed = 2;

std::filesystem::path root;

// `mode` and what follows it before the rest.
void Save(std::string_view target, std::string_view name, std::string_view front,
          std::string_view rest) {
  const auto folder = root / target;
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << front << rest;
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  Require(value.ok(), value.status().ToString().c_str());
  return *std::move(value);
}
void Must(const absl::Status& status) { Require(status.ok(), status.ToString().c_str()); }

std::string TakeObject(ObjectStore& store) {
  std::string bytes = Must(GetObject(store, ObjectName(), 1 << 20));
  Must(store.Delete(ObjectName()));
  return bytes;
}

// The sections of a file as kFramed takes them.
std::string FrameSections(format::FileKind kind, std::string_view bytes) {
  OneObjectStore store(bytes);
  const auto file = Must(format::SectionFile::Open(store, ObjectName(), kind, std::nullopt, {}));
  base::ByteWriter out;
  for (const format::SectionInfo& section : file->sections()) {
    out.Put(section.tag);
    out.Put(static_cast<uint16_t>(section.size_bytes));
    out.PutBytes(Must(file->ReadSmall(section.tag, 0xffff, {})));
  }
  return out.str();
}

// A section file, raw, with checksums to be made right, and as sections.
void SaveSectionFile(const std::string& target, const std::string& name, char more_mode,
                     std::string_view front, format::FileKind kind, const std::string& bytes) {
  const auto with_mode = [&](char mode) {
    std::string text(1, static_cast<char>(mode | more_mode));
    return text.append(front);
  };
  Save(target, absl::StrCat(name, "_raw"), with_mode(kRaw), bytes);
  Save(target, absl::StrCat(name, "_fixed"), with_mode(kFixed), bytes);
  Save(target, absl::StrCat(name, "_framed"), with_mode(kFramed), FrameSections(kind, bytes));
}

std::string Front16(size_t number) {
  return {static_cast<char>(number & 0xff), static_cast<char>(number >> 8)};
}

RowBatch Rows(bool varchar_key, size_t count, const std::string& filler) {
  RowBatch rows(RichSchema(varchar_key));
  std::vector<std::string> texts;
  std::vector<std::string> jsons;
  std::vector<std::string> metas;
  std::vector<int64_t> numbers;
  std::vector<float> vectors;
  for (size_t i = 0; i < count; ++i) {
    texts.push_back(absl::StrCat("t", i));
    jsons.push_back(absl::StrCat("{\"a\":[", i, ",\"", filler, "\"]}"));
    metas.push_back(i % 2 == 0 ? "{\"extra\":1}" : "{}");
    numbers.push_back(static_cast<int64_t>(i) * 7 - 3);
    for (int32_t d = 0; d < kRichDim; ++d) vectors.push_back(static_cast<float>(i) - 1.5f);
  }
  varchar_key ? rows.SetVarChar("key", texts) : rows.SetInt64("key", numbers);
  rows.SetFloatVectors("vector", std::move(vectors));
  const std::unique_ptr<bool[]> bools(new bool[count]());
  rows.SetBool("bool", std::span<const bool>(bools.get(), count));
  rows.SetInt8("int8", std::vector<int8_t>(count, -1));
  rows.SetInt16("int16", std::vector<int16_t>(count, 300));
  rows.SetInt32("int32", std::vector<int32_t>(count, -70000));
  rows.SetFloat("float", std::vector<float>(count, 0.5f));
  rows.SetDouble("double", std::vector<double>(count, 1e300));
  rows.SetVarChar("text", texts);
  rows.SetJson("json", jsons);
  rows.SetJson(kDynamicFieldName, metas);
  return rows;
}

struct Payload {
  std::string name;
  bool varchar_key = false;
  std::string bytes;
};

std::vector<Payload> Payloads() {
  std::vector<Payload> payloads;
  for (const bool varchar_key : {false, true}) {
    const auto add = [&](const std::string& name, std::string bytes, uint64_t size) {
      bytes.resize(size);
      payloads.push_back(
          {absl::StrCat(name, varchar_key ? "_varchar" : "_int64"), varchar_key, std::move(bytes)});
    };
    uint64_t size = 0;
    std::string bytes = format::EncodeRows(format::WriteKind::kInsert, Rows(varchar_key, 2, "x"),
                                           {}, std::nullopt, 0, &size);
    add("insert", std::move(bytes), size);
    bytes = format::EncodeRows(format::WriteKind::kUpsert,
                               Rows(varchar_key, 3, std::string(300, 'y')), {}, 77, 0, &size);
    add("upsert", std::move(bytes), size);
    const RowBatch keys = Rows(varchar_key, 3, "");
    bytes = format::EncodeDelete(schema::KeyColumn(*keys.column("key")), 5, 0, &size);
    add("delete", std::move(bytes), size);
  }
  return payloads;
}

void AppendRecord(const format::LogFileHeader& header, std::string_view payload, uint64_t sequence,
                  std::string* file) {
  std::string frame(format::kLogFrameBytes, '\0');
  format::EncodeLogFrame(header, file->size(),
                         {.payload_bytes = payload.size(),
                          .sequence = sequence,
                          .synced_bytes = file->size(),
                          .payload_hash = base::Xxh3(payload)},
                         reinterpret_cast<std::byte*>(frame.data()));
  file->append(frame).append(payload);
  file->resize((file->size() + 7) / 8 * 8);
}

void MakeLogs() {
  for (const bool varchar_key : {false, true}) {
    const char key_mode = varchar_key ? 4 : 0;
    format::LogFileHeader header{.collection_id = std::string(kId),
                                 .log_id = std::string(kId),
                                 .number = 1,
                                 .epoch = 2,
                                 .salt = 0x5a17};
    std::string file = format::EncodeLogHeader(&header);
    uint64_t sequence = 10;
    for (const Payload& payload : Payloads()) {
      if (payload.varchar_key != varchar_key) continue;
      AppendRecord(header, payload.bytes, sequence++, &file);
      Save("log_records", payload.name, std::string(1, static_cast<char>(kFramed | key_mode)),
           payload.bytes);
    }
    const std::string name = varchar_key ? "log_varchar" : "log_int64";
    file.append(40, '\0');
    Save("log_records", absl::StrCat(name, "_raw"), std::string(1, key_mode), file);
    Save("log_records", absl::StrCat(name, "_fixed"),
         std::string(1, static_cast<char>(kFixed | key_mode)), file);
  }
}

SegmentInfo Info() {
  return {.folder = "collections/c0/segments/s1",
          .schema = *RichSchema(false),
          .num_rows = 6,
          .num_deletes = 2,
          .min_timestamp = 1000,
          .max_timestamp = 2000,
          .min_key = "-5",
          .max_key = "9",
          .objects = {{"columns.vseg", 2992, 0x1234}, {"101.vec", 528, 0xffffffffffffffff}},
          .indexes = {{.field = "vector",
                       .spec = {.metric = Metric::kL2, .params = HnswParams{.m = 8}},
                       .object = {"101-1.idx", 752, 7}}},
          .deletes = ObjectRef{"deletes-1.del", 352, 9}};
}

void SaveVersion(const std::string& kind, char kind_mode, const std::string& body) {
  const std::string document = Must(catalog::ToDocument(
      kind,
      {.number = 2, .epoch = 2, .commit_id = std::string(kId), .base_id = "00", .body = body}));
  Save("manifest", absl::StrCat(kind, "_raw"), std::string(1, kind_mode), document);
  Save("manifest", absl::StrCat(kind, "_fixed"),
       std::string(1, static_cast<char>(kFixed | kind_mode)), document);
  Save("manifest", absl::StrCat(kind, "_framed"),
       std::string(1, static_cast<char>(kFramed | kind_mode)), body);
}

void MakeDocuments() {
  const format::Manifest manifest{
      .collection_id = "c0",
      .schema = *RichSchema(false),
      .flushed_timestamp = 3000,
      .host_sequence = 66,
      .journal = {.id = std::string(kId), .first_file = 1, .last_file = 2},
      .kept_journals = {std::string(32, 'a')},
      .indexes = {{.field = "vector", .spec = {.params = HnswParams{.m = 8}}}},
      .segments = {{.id = "s1", .info = Info()}}};
  SaveVersion("manifest", 0, format::ManifestToJson(manifest));
  SaveVersion("catalog", 1 << 2,
              format::CatalogToJson({{.name = "docs", .id = "c0"}, {"old", "c1", true}}));
  const std::string info = Info().ToJson();
  const std::string document = format::SealJson("segment", kId, info);
  Save("manifest", "segment_raw", std::string(1, 2 << 2), document);
  Save("manifest", "segment_fixed", std::string(1, kFixed | 2 << 2), document);
  Save("manifest", "segment_framed", std::string(1, kFramed | 2 << 2), info);
}

void MakeContainers(ObjectStore& store) {
  auto writer =
      Must(format::SectionWriter::Create(store, ObjectName(), format::FileKind::kIndex, {}));
  Must(writer->AddSection(format::Tag("META"), base::AsBytes("meta"), {}));
  Must(writer->AddSection(format::Tag("NONE"), {}, {}));
  Must(writer->BeginSection(format::Tag("MORE"), {}, 1, /*critical=*/false));
  Must(writer->Append(base::AsBytes(std::string(100, 'm')), {}));
  Must(writer->Finish({}));
  SaveSectionFile("segment_footer", "sections", 2 << 2, "", format::FileKind::kIndex,
                  TakeObject(store));
  writer = Must(format::SectionWriter::Create(store, ObjectName(), format::FileKind::kColumns, {}));
  Must(writer->AddSection(format::Tag("BIG "), base::AsBytes(std::string(50000, '\0')), {}));
  Must(writer->AddSection(format::Tag("HALF"), base::AsBytes(std::string(15000, '\1')), {}));
  Must(writer->Finish({}));
  Save("segment_footer", "large_fixed", std::string(1, kFixed), TakeObject(store));
  Must(format::WriteDeleteFile(store, ObjectName(), {{1, 3000}, {4, 2500}, {99, 1}}, {}));
  SaveSectionFile("segment_footer", "deletes", 3 << 2, "", format::FileKind::kDeletes,
                  TakeObject(store));
}

// Columns in encodings that few rows do not get, and hidden ones.
void MakeEncodings(ObjectStore& store) {
  constexpr size_t kRows = 300;
  constexpr char kInt64 = 4 << 2;
  constexpr char kVarChar = 7 << 2;
  constexpr char kJson = 8 << 2;
  const auto texts = [](const std::function<std::string(size_t)>& text_of) {
    Column::Strings strings;
    for (size_t row = 0; row < kRows; ++row) {
      strings.bytes += text_of(row);
      strings.ends.push_back(strings.bytes.size());
    }
    return strings;
  };
  std::vector<int64_t> packed(kRows);
  std::vector<int64_t> few(kRows);
  for (size_t row = 0; row < kRows; ++row) packed[row] = static_cast<int64_t>(row % 16);
  for (size_t row = 0; row < kRows; ++row) few[row] = row % 2 == 0 ? INT64_MIN : INT64_MAX;
  const auto save = [&](const std::string& name, char type, const Column& column) {
    auto writer = Must(format::ColumnFileWriter::Create(store, ObjectName(), kRows, {}));
    Must(writer.AddColumn(100, column, {}));
    if (column.type() == DataType::kJson) Must(writer.AddShreddedJson(100, column, {}));
    Must(writer.Finish({}));
    SaveSectionFile("column_block", name, type, Front16(kRows), format::FileKind::kColumns,
                    TakeObject(store));
  };
  save("packed", kInt64, Column(DataType::kInt64, 0, packed));
  save("dictionary", kInt64, Column(DataType::kInt64, 0, few));
  save("constant", kInt64, Column(DataType::kInt64, 0, std::vector<int64_t>(kRows, 7)));
  save("text_dictionary", kVarChar,
       Column(DataType::kVarChar, 0, texts([](size_t row) { return absl::StrCat("t", row % 3); })));
  save("text_compressed", kVarChar, Column(DataType::kVarChar, 0, texts([](size_t row) {
                                             return absl::StrCat("the same beginning ", row);
                                           })));
  save("text_packed", kVarChar, Column(DataType::kVarChar, 0, texts([](size_t row) {
                                         return std::to_string(row * row * 7919 % 100000 % 250);
                                       })));
  save("json_shredded", kJson, Column(DataType::kJson, 0, texts([](size_t row) {
                                        return absl::StrCat("{\"a\":", row % 5, ",\"b\":{\"c\":\"",
                                                            row, "\"},\"d\":true,\"e\":0.5}");
                                      })));
}

void MakeColumns(ObjectStore& store) {
  constexpr size_t kRows = 5;
  const RowBatch rows = Rows(false, kRows, "x");
  // In the order of the types in the target.
  const char* const fields[] = {"bool",  "int8",   "int16", "int32", "key",
                                "float", "double", "text",  "json"};
  for (size_t type = 0; type < std::size(fields); ++type) {
    const char* field = fields[type];
    auto writer = Must(format::ColumnFileWriter::Create(store, ObjectName(), kRows, {}));
    Must(writer.AddColumn(format::kTimestampFieldId, *rows.column("key"), {}));
    Must(writer.AddColumn(100, *rows.column(field), {}));
    Must(writer.AddKeys(schema::KeyColumn(*rows.column("key")), {}));
    Must(writer.Finish({}));
    SaveSectionFile("column_block", field, static_cast<char>(type << 2), Front16(kRows),
                    format::FileKind::kColumns, TakeObject(store));
  }
  MakeEncodings(store);
  // Two blocks.
  constexpr size_t kMany = schema::kBlockRows + 1;
  constexpr char kVarChar = 7 << 2;
  Column::Strings strings{.bytes = std::string(kMany, 's'), .ends = std::vector<uint64_t>(kMany)};
  std::iota(strings.ends.begin(), strings.ends.end(), uint64_t{1});
  auto writer = Must(format::ColumnFileWriter::Create(store, ObjectName(), kMany, {}));
  Must(writer.AddColumn(100, Column(DataType::kVarChar, 0, std::move(strings)), {}));
  Must(writer.Finish({}));
  Save("column_block", "two_blocks_fixed",
       std::string(1, static_cast<char>(kFixed | kVarChar)).append(Front16(kMany)),
       TakeObject(store));
}

void MakeVectors(ObjectStore& store) {
  for (const int32_t dim : {1, 3}) {
    constexpr size_t kRows = 7;
    auto writer = Must(format::VectorFileWriter::Create(store, ObjectName(), dim, kRows, {}));
    Must(writer.AddRows(std::vector<float>(kRows * static_cast<size_t>(dim), 0.5f), {}));
    Must(writer.Finish(std::vector<float>(kRows, 2.0f), {}));
    SaveSectionFile("vector_file", absl::StrCat("dim", dim), 0,
                    std::string(1, static_cast<char>(dim)).append(Front16(kRows)),
                    format::FileKind::kVectors, TakeObject(store));
  }
}

void MakeIndex(ObjectStore& store, const std::string& name, uint32_t num_rows,
               const IndexSpec& spec) {
  std::vector<float> rows(size_t{num_rows} * kRichDim);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<float>(i * i % 7);
  const std::vector<float> norms(num_rows, 0.5f);
  const index::VectorView view{
      .rows = rows.data(), .num_rows = num_rows, .dim = kRichDim, .inverse_norms = norms.data()};
  const auto built = Must(index::BuildVectorIndex(view, spec, {}, {}));
  auto writer =
      Must(format::SectionWriter::Create(store, ObjectName(), format::FileKind::kIndex, {}));
  Must(built->Write(*writer, {}));
  Must(writer->Finish({}));
  SaveSectionFile("index_file", name, 0, std::string(1, static_cast<char>(num_rows)),
                  format::FileKind::kIndex, TakeObject(store));
}

// Changes at places that chance chooses, under every mode: of the three pages, of what comes
// before.
void MakeDiskEdits() {
  uint64_t state = 1;
  const auto draw = [&state] {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<char>(state >> 56);
  };
  for (size_t mode = 0; mode < 16; ++mode) {
    for (const size_t num_edits : {0U, 1U, 4U}) {
      std::string edits;
      for (size_t i = 0; i < 3 * num_edits; ++i) edits.push_back(draw());
      Save("disk_index", absl::StrCat("edits", num_edits, "_mode", mode),
           std::string(1, static_cast<char>(mode)), edits);
    }
  }
}

void MakeScalarIndexes(ObjectStore& store) {
  constexpr size_t kRows = 70;
  const RowBatch rows = Rows(false, kRows, "x");
  // In the order of the types in the target.
  const char* const fields[] = {"bool", "int8", "int16", "int32", "key", "float", "double", "text"};
  for (size_t type = 0; type < std::size(fields); ++type) {
    const bool sorted = type % 2 != 0;
    IndexSpec spec{.params = InvertedParams{}};
    if (sorted) spec.params = SortedParams{};
    const auto data = Must(segment::MakeScalarIndex(*rows.column(fields[type]), {}, {}));
    auto writer =
        Must(format::SectionWriter::Create(store, ObjectName(), format::FileKind::kIndex, {}));
    Must(segment::WriteScalarIndex(data, spec, *writer, {}));
    Must(writer->Finish({}));
    SaveSectionFile(
        "scalar_index", fields[type], static_cast<char>(type << 3 | (sorted ? 1 << 2 : 0)),
        std::string(1, static_cast<char>(kRows)), format::FileKind::kIndex, TakeObject(store));
  }
}

std::string Repeated(const std::string& text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

// With what is too long to be written out.
void MakeFilters() {
  for (const FilterText& filter : kFilterTexts) Save("filter_text", filter.name, "", filter.text);
  const auto nested = [](const char* name, const char* open, size_t times, const char* core,
                         const char* close) {
    Save("filter_text", name, "",
         absl::StrCat(Repeated(open, times), core, Repeated(close, times)));
  };
  nested("deep_parentheses", "(", 64, "bool", ")");
  nested("deep_parentheses_error", "(", 65, "bool", ")");
  nested("deep_not", "not ", 63, "(bool)", "");
  nested("deep_signs", "- ", 62, "key == 1", "");
  nested("deep_lists", "[", 62, "1", "]");
  Save("filter_text", "deep_list_in_json", "",
       absl::StrCat("json_contains(json, ", Repeated("[", 62), "1", Repeated("]", 62), ")"));
  nested("deep_junctions", "(bool or (key > 1 and ", 30, "bool", "))");
  Save(
      "filter_text", "deep_path", "",
      absl::StrCat("exists json", Repeated("[0]", 63), " and other", Repeated("[1]", 63), " == 1"));
  Save("filter_text", "long_sum", "", absl::StrCat("key", Repeated(" + int8", 62), " > 0"));
  Save("filter_text", "long_or", "", absl::StrCat("key == 0", Repeated(" or key == 1", 40)));
  Save("filter_text", "long_list", "", absl::StrCat("key in [0", Repeated(", 12345", 60), "]"));
  Save("filter_text", "nul_byte", "", std::string_view("text == \"\0\" and \0bool", 21));
}

// As a server sends them; the first byte is the mode of the target.
void MakeS3Answers() {
  const auto save = [](const char* name, char mode, std::string_view text) {
    Save("s3_answers", name, std::string(1, mode), text);
  };
  save("list", 0,
       "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
       "<IsTruncated>true</IsTruncated><NextContinuationToken>t&amp;u</NextContinuationToken>"
       "<Contents><Key>a%2Fb+c</Key><LastModified>2026-01-02T03:04:05.006Z</LastModified>"
       "<ETag>&quot;e&quot;</ETag><Size>7</Size></Contents><Contents><Key>d</Key><LastModified>"
       "2026-01-02T03:04:05Z</LastModified><Size>0</Size></Contents></ListBucketResult>");
  save("empty_list", 0, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>");
  save("upload", 1,
       "<InitiateMultipartUploadResult><UploadId>2~x</UploadId></InitiateMultipartUploadResult>");
  save("completed", 2, "<CompleteMultipartUploadResult/>");
  save("deleted", 3,
       "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>");
  save("error", 4, "tx0-1\n<Error><Code>SlowDown</Code><Message>m</Message></Error>");
  save("entities", 4,
       "x\n<!DOCTYPE x [<!ENTITY a \"aa\">]><Error><Code>&a;</Code><![CDATA[x]]></Error>");
}

void MakeAll() {
  const auto store = MakeMemoryObjectStore();
  MakeFilters();
  MakeS3Answers();
  MakeLogs();
  MakeDocuments();
  MakeContainers(*store);
  MakeColumns(*store);
  MakeVectors(*store);
  MakeIndex(*store, "flat", 5, {.metric = Metric::kL2});
  MakeIndex(*store, "none", 0, {.params = HnswParams{.m = 2}});
  MakeIndex(*store, "one", 1, {.params = HnswParams{.m = 2}});
  MakeIndex(*store, "small", 12, {.metric = Metric::kL2, .params = HnswParams{.m = 2}});
  MakeIndex(*store, "cosine", 60, {.metric = Metric::kCosine, .params = HnswParams{.m = 2}});
  MakeIndex(*store, "large", 255, {.metric = Metric::kIp, .params = HnswParams{.m = 3}});
  MakeIndex(*store, "ivf_flat", 120, {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 3}});
  MakeIndex(*store, "ivf_sq8", 100, {.metric = Metric::kIp, .params = IvfSq8Params{.nlist = 2}});
  MakeIndex(*store, "ivf_pq", 90,
            {.metric = Metric::kCosine, .params = IvfPqParams{.nlist = 2, .m = 2, .nbits = 2}});
  MakeIndex(*store, "ivf_pq_bytes", 80,
            {.metric = Metric::kL2, .params = IvfPqParams{.nlist = 2, .m = 2, .nbits = 5}});
  MakeIndex(
      *store, "diskann", 50,
      {.metric = Metric::kL2, .params = DiskannParams{.max_degree = 4, .search_cache_budget = 0}});
  MakeIndex(*store, "diskann_cosine", 20,
            {.metric = Metric::kCosine, .params = DiskannParams{.max_degree = 3}});
  const auto coded = [](HnswCodec codec, Refine refine) {
    return HnswParams{.m = 2, .codec = codec, .refine = refine};
  };
  MakeIndex(*store, "hnsw_float32", 40,
            {.metric = Metric::kIp, .params = coded(HnswCodec::kFloat32, Refine::kNone)});
  MakeIndex(*store, "hnsw_float16", 40,
            {.metric = Metric::kCosine, .params = coded(HnswCodec::kFloat16, Refine::kAuto)});
  MakeIndex(*store, "hnsw_sq8", 40,
            {.metric = Metric::kL2, .params = coded(HnswCodec::kSq8, Refine::kFloat16)});
  MakeIndex(*store, "hnsw_sq4", 40,
            {.metric = Metric::kIp, .params = coded(HnswCodec::kSq4, Refine::kSq8)});
  MakeIndex(*store, "hnsw_rabitq", 40,
            {.metric = Metric::kL2, .params = coded(HnswCodec::kRabitq, Refine::kFloat32)});
  MakeIndex(
      *store, "ivf_sq8_float16", 80,
      {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 2, .refine = Refine::kFloat16}});
  MakeDiskEdits();
  MakeScalarIndexes(*store);
}

}  // namespace
}  // namespace vecdb::fuzz

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: %s <folder>\n", argv[0]);
    return 2;
  }
  vecdb::fuzz::root = argv[1];
  vecdb::fuzz::MakeAll();
  return 0;
}
