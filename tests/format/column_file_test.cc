#include "format/column_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "format/bloom.h"
#include "format/column_testing.h"
#include "format/format_testing.h"
#include "format/number_type.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kDataTag = 0x80010000;
constexpr uint32_t kBlocksTag = 0x80020000;
constexpr uint32_t kStatsTag = 0x80030000;
constexpr uint32_t kColumnBloomTag = 0x80040000;
constexpr int32_t kFieldId = 100;

Column Strings(DataType type, const std::vector<std::string>& values) {
  return StringsColumn(type, values);
}

template <typename T>
std::vector<T> Numbers(size_t rows) {
  std::vector<T> numbers(rows);
  for (size_t i = 0; i < rows; ++i) numbers[i] = static_cast<T>(i * 2654435761u);
  if (rows > 1) numbers[1] = std::numeric_limits<T>::max();
  if (rows > 2) numbers[2] = std::numeric_limits<T>::lowest();
  return numbers;
}

Column ColumnOf(DataType type, size_t rows) {
  switch (type) {
    case DataType::kBool: {
      std::vector<uint8_t> bools(rows);
      for (size_t i = 0; i < rows; ++i) bools[i] = i % 3 == 0;
      return Column(type, 0, std::move(bools));
    }
    case DataType::kInt8:
      return Column(type, 0, Numbers<int8_t>(rows));
    case DataType::kInt16:
      return Column(type, 0, Numbers<int16_t>(rows));
    case DataType::kInt32:
      return Column(type, 0, Numbers<int32_t>(rows));
    case DataType::kInt64:
      return Column(type, 0, Numbers<int64_t>(rows));
    case DataType::kFloat:
      return Column(type, 0, Numbers<float>(rows));
    case DataType::kDouble:
      return Column(type, 0, Numbers<double>(rows));
    default: {
      std::vector<std::string> values(rows);
      for (size_t i = 0; i < rows; ++i)
        values[i] = std::string(i % 5, static_cast<char>('a' + i % 26));
      return Strings(type, values);
    }
  }
}

void ExpectEqual(const Column& a, const Column& b) {
  ASSERT_EQ(a.type(), b.type());
  ASSERT_EQ(a.num_rows(), b.num_rows());
  ASSERT_TRUE(a.well_formed());
  EXPECT_TRUE(std::ranges::equal(a.bools(), b.bools()));
  EXPECT_TRUE(std::ranges::equal(a.int8s(), b.int8s()));
  EXPECT_TRUE(std::ranges::equal(a.int16s(), b.int16s()));
  EXPECT_TRUE(std::ranges::equal(a.int32s(), b.int32s()));
  EXPECT_TRUE(std::ranges::equal(a.int64s(), b.int64s()));
  EXPECT_TRUE(std::ranges::equal(a.floats(), b.floats()));
  EXPECT_TRUE(std::ranges::equal(a.doubles(), b.doubles()));
  for (size_t row = 0; row < a.num_rows(); ++row) ASSERT_EQ(a.string(row), b.string(row)) << row;
}

constexpr DataType kTypes[] = {DataType::kBool,   DataType::kInt8,    DataType::kInt16,
                               DataType::kInt32,  DataType::kInt64,   DataType::kFloat,
                               DataType::kDouble, DataType::kVarChar, DataType::kJson};

Column::Values EmptyValues(DataType type) {
  Column::Values values = Column::Strings();
  VisitNumberType(type, [&]<typename T>(T*) { values = std::vector<T>(); });
  return values;
}

class ColumnFileTest : public ::testing::Test {
 protected:
  FileSummary Write(const std::vector<Column>& columns) {
    store_->Delete(path_).IgnoreError();
    num_rows_ = columns.front().num_rows();
    auto writer = ColumnFileWriter::Create(*store_, path_, num_rows_, {});
    EXPECT_OK(writer);
    int32_t id = kFieldId;
    for (const Column& column : columns) EXPECT_OK(writer->AddColumn(id++, column, {}));
    const DataType key = columns.front().type();
    if (key == DataType::kInt64 || key == DataType::kVarChar) {
      EXPECT_OK(writer->AddKeys(schema::KeyColumn(columns.front()), {}));
    }
    return writer->Finish({}).value();
  }
  absl::StatusOr<std::unique_ptr<ColumnFile>> Open() {
    return ColumnFile::Open(*store_, path_, std::nullopt, num_rows_, {});
  }
  void Rewrite(uint32_t tag, const std::function<void(std::string*)>& edit) {
    RewriteSection(*store_, path_, FileKind::kColumns, tag, edit);
  }
  absl::StatusCode ReadCode(int32_t id, DataType type) {
    auto file = Open();
    return file.ok() ? CodeOf((*file)->ReadColumn(id, type, {})) : CodeOf(file);
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = PathOf("s/columns.vseg");
  size_t num_rows_ = 0;
};

TEST_F(ColumnFileTest, ColumnsOfEveryTypeComeBack) {
  for (const size_t rows : {1u, 4095u, 4096u, 4097u, 8193u}) {
    std::vector<Column> columns;
    for (const DataType type : kTypes) columns.push_back(ColumnOf(type, rows));
    const FileSummary summary = Write(columns);
    auto file = ColumnFile::Open(*store_, path_, summary, rows, {});
    ASSERT_OK(file);
    for (size_t i = 0; i < columns.size(); ++i) {
      const auto column = (*file)->ReadColumn(kFieldId + static_cast<int32_t>(i), kTypes[i], {});
      ASSERT_OK(column);
      ExpectEqual(*column, columns[i]);
    }
    EXPECT_OK((*file)->Verify({}));
  }
}

TEST_F(ColumnFileTest, ShortestAndLongestStringsComeBack) {
  const Column column = Strings(
      DataType::kVarChar,
      {"", std::string(65535, 'x'), "", "", std::string(65536, 'y'), std::string("\0\xff", 2), ""});
  Write({column});
  const auto read = (*Open())->ReadColumn(kFieldId, DataType::kVarChar, {});
  ASSERT_OK(read);
  ExpectEqual(*read, column);
}

TEST_F(ColumnFileTest, ColumnBytesSaysWhatAColumnTakes) {
  Write({ColumnOf(DataType::kInt32, 5000),
         Strings(DataType::kJson, std::vector<std::string>(5000, "abc"))});
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_EQ(*(*file)->ColumnBytes(kFieldId, DataType::kInt32), 5000u * 4);
  EXPECT_EQ(*(*file)->ColumnBytes(kFieldId + 1, DataType::kJson), 5000u * (3 + 8));
  EXPECT_EQ(CodeOf((*file)->ColumnBytes(kFieldId + 2, DataType::kJson)),
            absl::StatusCode::kDataLoss);
}

TEST_F(ColumnFileTest, NoRowsAreFine) {
  Write({Column(DataType::kInt64, 0, std::vector<int64_t>())});
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_EQ((*file)->ReadColumn(kFieldId, DataType::kInt64, {})->num_rows(), 0u);
  EXPECT_TRUE((*file)->ReadKeyOrder({})->empty());
  EXPECT_OK((*file)->ReadBloom({}));
}

TEST_F(ColumnFileTest, KeyOrderSortsByKeyThenRow) {
  std::vector<int64_t> numbers;
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) {
    numbers.push_back((i * 7919) % 1000 - 500);
    texts.push_back(std::to_string((i * 7919) % 1000));
  }
  for (const Column& keys :
       {Column(DataType::kInt64, 0, numbers), Strings(DataType::kVarChar, texts)}) {
    Write({keys});
    const schema::KeyColumn view(keys);
    std::vector<uint32_t> expected(numbers.size());
    std::iota(expected.begin(), expected.end(), 0u);
    std::sort(expected.begin(), expected.end(), [&](uint32_t a, uint32_t b) {
      return std::tuple(view[a], a) < std::tuple(view[b], b);
    });
    const auto file = Open();
    ASSERT_OK(file);
    EXPECT_EQ(*(*file)->ReadKeyOrder({}), expected);
    const auto bloom = (*file)->ReadBloom({});
    ASSERT_OK(bloom);
    for (size_t row = 0; row < view.size(); ++row) {
      EXPECT_TRUE(BloomMayContain(*bloom, view[row].Hash()));
    }
  }
}

TEST_F(ColumnFileTest, WriterRefusesAColumnOfOtherLength) {
  auto writer = ColumnFileWriter::Create(*store_, path_, 3, {});
  ASSERT_OK(writer);
  EXPECT_EQ(CodeOf(writer->AddColumn(kFieldId, ColumnOf(DataType::kInt8, 4), {})),
            absl::StatusCode::kInternal);
}

TEST_F(ColumnFileTest, ColumnThatIsNotThereOrOfAnotherTypeIsDataLoss) {
  Write({ColumnOf(DataType::kInt64, 10)});
  EXPECT_EQ(ReadCode(kFieldId, DataType::kInt64), absl::StatusCode::kOk);
  EXPECT_EQ(ReadCode(kFieldId + 1, DataType::kInt64), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadCode(kFieldId, DataType::kInt32), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadCode(kFieldId, DataType::kBool), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadCode(kFieldId, DataType::kVarChar), absl::StatusCode::kDataLoss);
}

TEST_F(ColumnFileTest, OtherNumberOfRowsIsDataLoss) {
  Write({ColumnOf(DataType::kInt64, 10)});
  for (const size_t rows : {size_t{0}, size_t{9}, size_t{11}, ~size_t{0}}) {
    num_rows_ = rows;
    EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kDataLoss) << rows;
  }
}

TEST_F(ColumnFileTest, NumbersOfRowsThatCannotBeAreDataLoss) {
  for (const uint64_t rows : {uint64_t{1} << 31, uint64_t{1} << 62, ~uint64_t{0}}) {
    Write({ColumnOf(DataType::kInt64, 10)});
    Rewrite(Tag("META"), [rows](std::string* meta) { PutAt(meta, 0, rows); });
    num_rows_ = rows;
    EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kDataLoss) << rows;
  }
}

TEST_F(ColumnFileTest, RowsWithoutBytesTakeNoMemory) {
  // Two billion rows in a file of a few hundred bytes: each reader looks at the size first.
  Write({ColumnOf(DataType::kInt64, 10)});
  Rewrite(Tag("META"), [](std::string* meta) { PutAt(meta, 0, uint64_t{0x7fffffff}); });
  num_rows_ = 0x7fffffff;
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_EQ(CodeOf((*file)->ReadColumn(kFieldId, DataType::kInt64, {})),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf((*file)->ReadKeyOrder({})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf((*file)->ReadBloom({})), absl::StatusCode::kDataLoss);
}

TEST_F(ColumnFileTest, ImpossibleBlockTablesWithRightChecksumsAreRefused) {
  struct Case {
    const char* what;
    std::function<void(std::string*)> edit;
    absl::StatusCode code = absl::StatusCode::kDataLoss;
  };
  // Of two blocks: offset u64, size u64, rows u32, encoding u32, reserved u64.
  const std::vector<Case> cases = {
      {"as written", [](std::string*) {}, absl::StatusCode::kOk},
      {"first offset", [](std::string* t) { PutAt(t, 0, uint64_t{8}); }},
      {"second offset", [](std::string* t) { PutAt(t, 32, uint64_t{0}); }},
      {"offset far out", [](std::string* t) { PutAt(t, 32, ~uint64_t{0}); }},
      {"size too large", [](std::string* t) { PutAt(t, 8, ~uint64_t{0}); }},
      {"size too small", [](std::string* t) { PutAt(t, 8, uint64_t{8}); }},
      {"last size too small", [](std::string* t) { PutAt(t, 40, uint64_t{0}); }},
      {"rows", [](std::string* t) { PutAt(t, 16, uint32_t{4095}); }},
      {"no rows", [](std::string* t) { PutAt(t, 48, uint32_t{0}); }},
      {"many rows", [](std::string* t) { PutAt(t, 48, ~uint32_t{0}); }},
      {"unknown encoding", [](std::string* t) { PutAt(t, 20, uint32_t{5}); },
       absl::StatusCode::kFailedPrecondition},
      {"one byte short", [](std::string* t) { t->pop_back(); }},
      {"one block", [](std::string* t) { t->resize(32); }},
      {"no block", [](std::string* t) { t->clear(); }},
      {"three blocks", [](std::string* t) { t->resize(96); }},
  };
  for (const DataType type : {DataType::kInt64, DataType::kVarChar}) {
    for (const Case& c : cases) {
      Write({ColumnOf(type, 4097)});
      Rewrite(kBlocksTag | kFieldId, c.edit);
      EXPECT_EQ(ReadCode(kFieldId, type), c.code) << c.what;
    }
  }
}

TEST_F(ColumnFileTest, ImpossibleStringsAreDataLoss) {
  const std::vector<std::pair<const char*, std::function<void(std::string*)>>> edits = {
      {"ends run backwards", [](std::string* data) { PutAt(data, 4, uint32_t{0}); }},
      {"end past the bytes", [](std::string* data) { PutAt(data, 8, uint32_t{1000}); }},
      {"huge end", [](std::string* data) { PutAt(data, 0, ~uint32_t{0}); }},
      {"bytes that belong to none", [](std::string* data) { PutAt(data, 8, uint32_t{2}); }},
  };
  for (const auto& [what, edit] : edits) {
    Write({Strings(DataType::kJson, {"a", "b", "c"})});
    Rewrite(kDataTag | kFieldId, edit);
    EXPECT_EQ(ReadCode(kFieldId, DataType::kJson), absl::StatusCode::kDataLoss) << what;
  }
}

TEST_F(ColumnFileTest, BlockTooShortForItsEndsIsDataLoss) {
  Write({Strings(DataType::kJson, {"a", "b", "c"})});
  Rewrite(kDataTag | kFieldId, [](std::string* data) { data->resize(11); });
  Rewrite(kBlocksTag | kFieldId, [](std::string* table) { PutAt(table, 8, uint64_t{11}); });
  EXPECT_EQ(ReadCode(kFieldId, DataType::kJson), absl::StatusCode::kDataLoss);
}

TEST_F(ColumnFileTest, BoolOtherThanZeroAndOneIsDataLoss) {
  Write({ColumnOf(DataType::kBool, 10)});
  Rewrite(kDataTag | kFieldId, [](std::string* data) { (*data)[9] = 2; });
  EXPECT_EQ(ReadCode(kFieldId, DataType::kBool), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadCode(kFieldId, DataType::kInt8), absl::StatusCode::kOk);
}

TEST_F(ColumnFileTest, BlocksAreReadOneByOne) {
  for (const DataType type : kTypes) {
    const Column column = ColumnOf(type, 4097);
    Write({column});
    const auto file = Open();
    ASSERT_OK(file);
    Column::Values values = EmptyValues(type);
    for (const uint32_t block : {0u, 1u}) {
      const auto decoded = (*file)->ReadBlock(kFieldId, type, block, {});
      ASSERT_OK(decoded);
      EXPECT_EQ(decoded->block.num_rows, block == 0 ? 4096u : 1u);
      const auto bytes = (*file)->BlockMemoryBytes(kFieldId, type, block, {});
      ASSERT_OK(bytes);
      EXPECT_LE(decoded->memory_bytes, *bytes);
      AppendBlock(decoded->block, &values);
    }
    ExpectEqual(Column(type, 0, std::move(values)), column);
    EXPECT_EQ(CodeOf((*file)->ReadBlock(kFieldId, type, 2, {})), absl::StatusCode::kInternal);
    EXPECT_EQ(CodeOf((*file)->BlockMemoryBytes(kFieldId, type, 2, {})),
              absl::StatusCode::kInternal);
    EXPECT_EQ(CodeOf((*file)->ReadBlock(kFieldId + 1, type, 0, {})), absl::StatusCode::kDataLoss);
  }
}

TEST_F(ColumnFileTest, ABlockOutlivesItsFile) {
  Write({Strings(DataType::kVarChar, {"a", "b"})});
  auto file = Open();
  ASSERT_OK(file);
  const auto decoded = (*file)->ReadBlock(kFieldId, DataType::kVarChar, 0, {});
  ASSERT_OK(decoded);
  file->reset();
  EXPECT_EQ(decoded->block.string(1), "b");
}

TEST_F(ColumnFileTest, SummarySaysWhatAColumnHolds) {
  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back(std::to_string(i));
  Write({Strings(DataType::kVarChar, texts)});
  const auto file = Open();
  ASSERT_OK(file);
  const auto summary = (*file)->ReadSummary(kFieldId, DataType::kVarChar, {});
  ASSERT_OK(summary);
  EXPECT_EQ((*summary)->segment.min_string, "0");
  EXPECT_EQ((*summary)->segment.max_string, "999");
  ASSERT_EQ((*summary)->blocks.size(), 2u);
  EXPECT_EQ((*summary)->blocks[1].min_string, "4096");
  EXPECT_EQ((*summary)->blocks[1].distinct, 904u);
  EXPECT_GE((*summary)->memory_bytes,
            (*summary)->bloom.size() * 4 + 2 * sizeof(schema::ColumnStats));
  for (const std::string& text : texts) {
    ASSERT_TRUE(BloomMayContain((*summary)->bloom, schema::KeyHash(std::string_view(text))));
  }
}

TEST_F(ColumnFileTest, ImpossibleSummariesAreDataLoss) {
  const auto code = [&] {
    return CodeOf((*Open())->ReadSummary(kFieldId, DataType::kVarChar, {}));
  };
  const Column column = Strings(DataType::kVarChar, {"a", "b", "c"});
  Write({column});
  EXPECT_EQ(code(), absl::StatusCode::kOk);
  for (const size_t bytes : {0u, 1000u}) {
    Write({column});
    Rewrite(kStatsTag | kFieldId, [bytes](std::string* stats) { stats->resize(bytes); });
    EXPECT_EQ(code(), absl::StatusCode::kDataLoss) << bytes;
  }
  for (const size_t bytes : {1u, 31u, 33u, 64u}) {
    Write({column});
    Rewrite(kColumnBloomTag | kFieldId, [bytes](std::string* bloom) { bloom->resize(bytes); });
    EXPECT_EQ(code(), absl::StatusCode::kDataLoss) << bytes;
  }
  Write({column});
  Rewrite(kColumnBloomTag | kFieldId, [](std::string* bloom) { bloom->resize(32); });
  EXPECT_EQ(code(), absl::StatusCode::kOk);
}

TEST_F(ColumnFileTest, HiddenColumnsThatAreNotThereAreDataLoss) {
  Write({ColumnOf(DataType::kInt64, 10)});
  EXPECT_TRUE((*Open())->ReadShredded({})->empty());
  const std::vector<ShreddedField> fields = {{.json_field_id = 100,
                                              .path = {"a"},
                                              .type = DataType::kInt64,
                                              .states_field_id = 1000,
                                              .values_field_id = 1001}};
  Rewrite(Tag("SHRD"), [&](std::string* list) { *list = EncodeShredded(fields); });
  EXPECT_EQ(CodeOf((*Open())->ReadShredded({})), absl::StatusCode::kDataLoss);
  Rewrite(kDataTag | 1000, [](std::string*) {});
  Rewrite(kDataTag | 1001, [](std::string*) {});
  EXPECT_EQ(*(*Open())->ReadShredded({}), fields);
  Rewrite(Tag("SHRD"), [&](std::string* list) { list->pop_back(); });
  EXPECT_EQ(CodeOf((*Open())->ReadShredded({})), absl::StatusCode::kDataLoss);
}

TEST_F(ColumnFileTest, KeyOrderThatIsNoPermutationIsDataLoss) {
  const std::vector<std::function<void(std::string*)>> edits = {
      [](std::string* keys) { PutAt(keys, 0, GetAt<uint32_t>(*keys, 4)); },  // a row twice
      [](std::string* keys) { PutAt(keys, 0, uint32_t{10}); },               // out of range
      [](std::string* keys) { PutAt(keys, 36, ~uint32_t{0}); },
      [](std::string* keys) { keys->resize(36); },
      [](std::string* keys) { keys->resize(44); },
      [](std::string* keys) { keys->resize(39); },
      [](std::string* keys) { keys->clear(); },
  };
  for (const auto& edit : edits) {
    Write({ColumnOf(DataType::kInt64, 10)});
    ASSERT_OK((*Open())->ReadKeyOrder({}));
    Rewrite(Tag("KEYS"), edit);
    EXPECT_EQ(CodeOf((*Open())->ReadKeyOrder({})), absl::StatusCode::kDataLoss);
  }
}

TEST_F(ColumnFileTest, BloomOfAnotherSizeIsDataLoss) {
  for (const size_t bytes : {0u, 4u, 31u, 33u, 64u}) {
    Write({ColumnOf(DataType::kInt64, 10)});
    Rewrite(Tag("BLOM"), [bytes](std::string* bloom) { bloom->resize(bytes); });
    EXPECT_EQ(CodeOf((*Open())->ReadBloom({})), absl::StatusCode::kDataLoss) << bytes;
  }
}

TEST_F(ColumnFileTest, MetaThatIsTooShortIsDataLoss) {
  Write({ColumnOf(DataType::kInt64, 10)});
  Rewrite(Tag("META"), [](std::string* meta) { meta->resize(7); });
  num_rows_ = 0;
  EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kDataLoss);
}

TEST_F(ColumnFileTest, UnknownCriticalSectionIsRefusedAndMoreMetaIsNot) {
  Write({ColumnOf(DataType::kInt64, 10)});
  Rewrite(Tag("META"), [](std::string* meta) { meta->append("later"); });
  EXPECT_OK(Open());
  Rewrite(Tag("WHAT"), [](std::string*) {});
  EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::format
