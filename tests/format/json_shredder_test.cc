#include "format/json_shredder.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "format/column_file.h"
#include "format/column_testing.h"
#include "format/format_testing.h"
#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

using Json = nlohmann::json;
using Path = std::vector<std::string>;

// The hidden columns of one Json column, as a file gives them back.
class ShreddedRows {
 public:
  explicit ShreddedRows(const std::vector<std::string>& documents) {
    const Column column = StringsColumn(DataType::kJson, documents);
    auto writer = ColumnFileWriter::Create(*store_, path_, documents.size(), {});
    EXPECT_OK(writer);
    EXPECT_OK(writer->AddColumn(100, column, {}));
    EXPECT_OK(writer->AddShreddedJson(100, column, {}));
    EXPECT_OK(writer->Finish({}));
    auto file = ColumnFile::Open(*store_, path_, std::nullopt, documents.size(), {});
    EXPECT_OK(file);
    file_ = *std::move(file);
    auto fields = file_->ReadShredded({});
    EXPECT_OK(fields);
    fields_ = *std::move(fields);
  }

  const std::vector<ShreddedField>& fields() const { return fields_; }
  const ShreddedField* Find(const Path& path) const {
    for (const ShreddedField& field : fields_) {
      if (field.path == path) return &field;
    }
    return nullptr;
  }
  Column States(const ShreddedField& field) const {
    return file_->ReadColumn(field.states_field_id, DataType::kInt8, {}).value();
  }
  Column Values(const ShreddedField& field) const {
    return file_->ReadColumn(field.values_field_id, field.type, {}).value();
  }
  std::shared_ptr<const ColumnSummary> Summary(const ShreddedField& field) const {
    return file_->ReadSummary(field.values_field_id, field.type, {}).value();
  }

 private:
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = PathOf("s/columns.vseg");
  std::unique_ptr<ColumnFile> file_;
  std::vector<ShreddedField> fields_;
};

// What lies at a path, by nlohmann; null when nothing does.
const Json* Find(const Json& document, const Path& path) {
  const Json* at = &document;
  for (const std::string& key : path) {
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &(*at)[key];
  }
  return at;
}

// The type of the column that a value belongs in; kNone for what no column holds.
DataType TypeOf(const Json& value) {
  if (value.is_boolean()) return DataType::kBool;
  if (value.is_number_unsigned()) {
    return value.get<uint64_t>() <= INT64_MAX ? DataType::kInt64 : DataType::kDouble;
  }
  if (value.is_number_integer()) return DataType::kInt64;
  if (value.is_number()) return DataType::kDouble;
  if (value.is_string() && value.get<std::string>().size() <= 1024) return DataType::kVarChar;
  return DataType::kNone;
}

int8_t StateOf(const Json* value, DataType type) {
  if (value == nullptr) return 0;
  if (!value->is_primitive() || value->is_null()) return 1;
  return TypeOf(*value) == type ? 2 : 3;
}

bool HasValue(const Column& values, size_t row, const Json& value) {
  switch (values.type()) {
    case DataType::kBool:
      return (values.bools()[row] != 0) == value.get<bool>();
    case DataType::kInt64:
      return values.int64s()[row] == value.get<int64_t>();
    case DataType::kDouble:
      return values.doubles()[row] == value.get<double>();
    default:
      return values.string(row) == value.get<std::string>();
  }
}

// Every path of at most four keys, and how many rows have a value there.
void CountPaths(const Json& value, Path* path, std::map<Path, size_t>* counts) {
  if (!path->empty() && TypeOf(value) != DataType::kNone) ++(*counts)[*path];
  if (!value.is_object() || path->size() == 4) return;
  for (const auto& [key, member] : value.items()) {
    path->push_back(key);
    CountPaths(member, path, counts);
    path->pop_back();
  }
}

void ExpectAgrees(const std::vector<std::string>& documents) {
  const ShreddedRows rows(documents);
  std::vector<Json> parsed;
  std::map<Path, size_t> counts;
  for (const std::string& document : documents) {
    parsed.push_back(Json::parse(document));
    Path path;
    CountPaths(parsed.back(), &path, &counts);
  }
  std::erase_if(counts, [&](const auto& c) { return c.second * 8 < documents.size(); });
  ASSERT_EQ(rows.fields().size(), std::min<size_t>(counts.size(), 64));
  for (const ShreddedField& field : rows.fields()) {
    ASSERT_TRUE(counts.contains(field.path)) << absl::StrCat(field.path.size());
    const Column states = rows.States(field);
    const Column values = rows.Values(field);
    for (size_t row = 0; row < documents.size(); ++row) {
      const Json* value = Find(parsed[row], field.path);
      ASSERT_EQ(states.int8s()[row], StateOf(value, field.type)) << documents[row];
      ASSERT_TRUE(states.int8s()[row] != 2 || HasValue(values, row, *value)) << documents[row];
    }
  }
}

// A value that is an object as often as `depth` allows.
std::string RandomJson(support::SeededRandom* random, int depth) {
  const char* const kScalars[] = {"true",
                                  "false",
                                  "0",
                                  "-17",
                                  "1.5",
                                  "1e3",
                                  "null",
                                  "\"text\"",
                                  "\"\"",
                                  "[1,{}]",
                                  "\"\\u00e9\\n\"",
                                  "9223372036854775807",
                                  "9223372036854775808",
                                  "-0"};
  if (depth == 0 || random->OneIn(2)) return kScalars[random->Below(std::size(kScalars))];
  std::string object = " { ";
  const char* const kKeys[] = {"a", "b", "\\u0061", "key", "\\\""};
  const uint64_t members = random->Below(4);
  for (uint64_t i = 0; i < members; ++i) {
    if (i > 0) object += ", ";
    absl::StrAppend(&object, "\"", kKeys[random->Below(std::size(kKeys))],
                    "\" : ", RandomJson(random, depth - 1));
  }
  return object + "}";
}

TEST(JsonShredderTest, HiddenColumnsOfRandomDocumentsAgreeWithAParser) {
  support::SeededRandom random(support::TestSeed("JsonShredder"));
  for (int round = 0; round < 30; ++round) {
    std::vector<std::string> documents(1 + random.Below(60));
    for (std::string& document : documents) document = RandomJson(&random, 6);
    ASSERT_NO_FATAL_FAILURE(ExpectAgrees(documents)) << round;
  }
}

std::vector<std::string> Repeat(const std::string& document, size_t count) {
  return std::vector<std::string>(count, document);
}

TEST(JsonShredderTest, PathsOfAnEighthOfTheRowsAreTaken) {
  std::vector<std::string> documents = Repeat("{}", 16);
  documents[3] = R"({"two":1,"one":1})";
  documents[9] = R"({"two":2})";
  const ShreddedRows rows(documents);
  ASSERT_EQ(rows.fields().size(), 1u);
  EXPECT_EQ(rows.fields()[0], (ShreddedField{.json_field_id = 100,
                                             .path = {"two"},
                                             .type = DataType::kInt64,
                                             .states_field_id = 1000,
                                             .values_field_id = 1001}));
}

TEST(JsonShredderTest, SixtyFourPathsAreTakenTheMostFrequentFirst) {
  std::string all = "{\"last\":0";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&all, ",\"key", 100 + i, "\":", i);
  std::vector<std::string> documents = Repeat(all + "}", 10);
  for (int i = 0; i < 10; ++i) documents.push_back("{\"last\":1}");
  const ShreddedRows rows(documents);
  ASSERT_EQ(rows.fields().size(), 64u);
  EXPECT_EQ(rows.fields()[0].path, Path{"last"});
  EXPECT_EQ(rows.fields()[1].path, Path{"key100"});
  EXPECT_EQ(rows.fields()[63].path, Path{"key162"});
}

TEST(JsonShredderTest, PathsAreFourKeysDeepAtMost) {
  const ShreddedRows rows(Repeat(R"({"a":{"b":{"c":{"d":1,"e":{"f":1}}}}})", 3));
  ASSERT_EQ(rows.fields().size(), 1u);
  EXPECT_EQ(rows.fields()[0].path, (Path{"a", "b", "c", "d"}));
}

TEST(JsonShredderTest, TheCommonestTypeIsTaken) {
  const ShreddedRows rows({R"({"a":1.5})", R"({"a":"x"})", R"({"a":"y"})", R"({"a":true})"});
  ASSERT_EQ(rows.fields().size(), 1u);
  EXPECT_EQ(rows.fields()[0].type, DataType::kVarChar);
  EXPECT_TRUE(
      std::ranges::equal(rows.States(rows.fields()[0]).int8s(), std::vector<int8_t>{3, 2, 2, 3}));
}

TEST(JsonShredderTest, StringsOfMoreThanAKilobyteStayInTheText) {
  const auto document = [](size_t length) {
    return absl::StrCat("{\"a\":\"", std::string(length, 'x'), "\"}");
  };
  const ShreddedRows rows({document(1024), document(1025)});
  ASSERT_EQ(rows.fields().size(), 1u);
  EXPECT_TRUE(std::ranges::equal(rows.States(rows.fields()[0]).int8s(), std::vector<int8_t>{2, 3}));
  EXPECT_TRUE(ShreddedRows({document(1025)}).fields().empty());
}

TEST(JsonShredderTest, RowsWithoutAValueTakeOneOfTheirBlockOrElseTheFirst) {
  // Block 0 has 7 in its last row, block 1 nothing, block 2 from 9 on and rows without.
  std::vector<std::string> documents(3 * 4096, R"({"b":1})");
  for (size_t row = 2 * 4096 + 5; row < documents.size(); ++row) documents[row] = R"({"a":9})";
  documents[4095] = R"({"a":7})";
  const ShreddedRows rows(documents);
  const ShreddedField* field = rows.Find({"a"});
  ASSERT_NE(field, nullptr);
  const Column values = rows.Values(*field);
  for (size_t row = 0; row < documents.size(); ++row) {
    ASSERT_EQ(values.int64s()[row], row < 2 * 4096 ? 7 : 9) << row;
  }
  const auto summary = rows.Summary(*field);
  EXPECT_EQ(summary->segment.min_integer, 7);
  EXPECT_EQ(summary->segment.max_integer, 9);
  EXPECT_EQ(summary->blocks[2].min_integer, 9);
  EXPECT_EQ(summary->segment.distinct, 2u);
}

TEST(JsonShredderTest, PathsAreFoundInASampleAndCountedInAllRows) {
  std::vector<std::string> documents;
  for (int row = 0; row < 9000; ++row) {
    documents.push_back(absl::StrCat("{\"n\":", row, row % 7 == 0 ? ",\"often\":true" : "",
                                     row % 9 == 0 ? ",\"seldom\":true" : "", "}"));
  }
  const ShreddedRows rows(documents);
  EXPECT_EQ(rows.fields().size(), 2u);
  EXPECT_NE(rows.Find({"n"}), nullptr);
  EXPECT_NE(rows.Find({"often"}), nullptr);
}

TEST(JsonShredderTest, RowsThatAreNoObjectsHaveNoPaths) {
  EXPECT_TRUE(ShreddedRows({"1", "[{\"a\":1}]", "\"{}\"", "null", "{}"}).fields().empty());
  EXPECT_TRUE(ShreddedRows({}).fields().empty());
}

TEST(JsonShredderTest, ItStopsWhenItIsCancelled) {
  const Column column =
      StringsColumn(DataType::kJson, Repeat("{\"a\":\"" + std::string(60000, 'x') + "\"}", 100));
  const Context context{.cancel = CancelToken::Make()};
  EXPECT_OK(ShredJson(column, 64, context));
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(ShredJson(column, 64, context)), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::format
