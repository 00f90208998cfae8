#include "format/block_decoder.h"

#include <gtest/gtest.h>

#include <functional>

#include "format/column_testing.h"
#include "format/format_testing.h"
#include "format/zstd_block.h"

namespace vecdb::format {
namespace {

// Rows of three distinct values each, so that every encoding but the constant one is possible.
std::vector<int64_t> SomeNumbers() {
  std::vector<int64_t> numbers(1030);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i % 3) * 100;
  return numbers;
}
std::vector<std::string> Strings() {
  std::vector<std::string> strings(1030);
  for (size_t i = 0; i < strings.size(); ++i) strings[i] = std::string(1 + i % 3, 'a');
  return strings;
}

EncodedBlock NumbersAs(BlockEncoding encoding) {
  static const auto* const kNumbers = new std::vector<int64_t>(SomeNumbers());
  const auto block = NumberBlock(DataType::kInt64, *kNumbers);
  return EncodeBlockAs(encoding, block, DistinctOf(block));
}
EncodedBlock StringsAs(BlockEncoding encoding) {
  static const auto* const kStrings = new std::vector<std::string>(Strings());
  const StringBlock views(DataType::kVarChar, *kStrings);
  return EncodeBlockAs(encoding, views.block(), DistinctOf(views.block()));
}

struct Edit {
  const char* what;
  std::function<void(std::string*)> edit;
};

void ExpectRefused(const EncodedBlock& good, DataType type, const std::vector<Edit>& edits) {
  ASSERT_TRUE(Decode(good, type).has_value());
  for (const Edit& edit : edits) {
    EncodedBlock bad = good;
    edit.edit(&bad.bytes);
    EXPECT_FALSE(Decode(bad, type).has_value()) << edit.what;
  }
}

const std::vector<Edit> kLengthEdits = {{"a byte less", [](std::string* b) { b->pop_back(); }},
                                        {"a byte more", [](std::string* b) { b->push_back('\0'); }},
                                        {"seven bytes", [](std::string* b) { b->resize(7); }},
                                        {"nothing", [](std::string* b) { b->clear(); }}};

TEST(BlockDecoderTest, BlocksOfAnotherLengthAreRefused) {
  for (const BlockEncoding encoding :
       {BlockEncoding::kPlain, BlockEncoding::kPacked, BlockEncoding::kDictionary}) {
    ExpectRefused(NumbersAs(encoding), DataType::kInt64, kLengthEdits);
    ExpectRefused(StringsAs(encoding), DataType::kVarChar, kLengthEdits);
  }
}

TEST(BlockDecoderTest, BlocksOfAnotherTypeAreRefused) {
  for (const BlockEncoding encoding :
       {BlockEncoding::kPlain, BlockEncoding::kPacked, BlockEncoding::kDictionary}) {
    EXPECT_FALSE(Decode(NumbersAs(encoding), DataType::kInt32).has_value());
    EXPECT_FALSE(Decode(NumbersAs(encoding), DataType::kBool).has_value());
    EXPECT_FALSE(Decode(StringsAs(encoding), DataType::kInt64).has_value());
  }
  EXPECT_FALSE(Decode(NumbersAs(BlockEncoding::kPacked), DataType::kDouble).has_value());
}

// base i64, width u32, bits u32, words
TEST(BlockDecoderTest, PackedIntegersHaveToFitTheirType) {
  ExpectRefused(NumbersAs(BlockEncoding::kPacked), DataType::kInt64,
                {{"wider than the words", [](std::string* b) { PutAt(b, 8, uint32_t{9}); }},
                 {"narrower than the words", [](std::string* b) { PutAt(b, 8, uint32_t{7}); }},
                 {"wider than the type", [](std::string* b) { PutAt(b, 8, uint32_t{65}); }},
                 {"widest", [](std::string* b) { PutAt(b, 8, ~uint32_t{0}); }},
                 {"other bits", [](std::string* b) { PutAt(b, 12, uint32_t{32}); }}});
  const std::vector<int8_t> small(1030, 100);
  const auto block = NumberBlock(DataType::kInt8, small);
  const EncodedBlock good = EncodeBlockAs(BlockEncoding::kPacked, block, DistinctOf(block));
  ExpectRefused(good, DataType::kInt8,
                {{"base above", [](std::string* b) { PutAt(b, 0, int64_t{128}); }},
                 {"base below", [](std::string* b) { PutAt(b, 0, int64_t{-129}); }}});
  for (const int64_t base : {-128, 127}) {
    EncodedBlock other = good;
    PutAt(&other.bytes, 0, base);
    const auto decoded = Decode(other, DataType::kInt8);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(NumbersOf<int8_t>(decoded->block),
              std::vector<int8_t>(1030, static_cast<int8_t>(base)));
  }
}

TEST(BlockDecoderTest, BoolsOtherThanZeroAndOneAreRefusedInEveryEncoding) {
  const std::vector<int8_t> numbers = {0, 1, 2, 1};
  const auto block = NumberBlock(DataType::kInt8, numbers);
  for (const BlockEncoding encoding :
       {BlockEncoding::kPlain, BlockEncoding::kPacked, BlockEncoding::kDictionary}) {
    const EncodedBlock encoded = EncodeBlockAs(encoding, block, DistinctOf(block));
    EXPECT_TRUE(Decode(encoded, DataType::kInt8).has_value());
    EXPECT_FALSE(Decode(encoded, DataType::kBool).has_value());
  }
  const std::vector<int8_t> two = {2};
  const auto constant = NumberBlock(DataType::kInt8, two);
  EXPECT_FALSE(Decode(EncodeBlockAs(BlockEncoding::kConstant, constant, DistinctOf(constant)),
                      DataType::kBool)
                   .has_value());
}

// count u32, width u32, codes of 2 bits: 512 bytes, values
TEST(BlockDecoderTest, DictionariesOfNumbersHaveToHoldEveryCode) {
  ExpectRefused(NumbersAs(BlockEncoding::kDictionary), DataType::kInt64,
                {{"no value", [](std::string* b) { PutAt(b, 0, uint32_t{0}); }},
                 {"more values", [](std::string* b) { PutAt(b, 0, uint32_t{4}); }},
                 {"more than rows", [](std::string* b) { PutAt(b, 0, uint32_t{1031}); }},
                 {"code out of range", [](std::string* b) { PutAt(b, 8, uint16_t{3}); }},
                 {"a value fewer",
                  [](std::string* b) {
                    PutAt(b, 0, uint32_t{2});
                    b->resize(b->size() - 8);
                  }},
                 {"width", [](std::string* b) { PutAt(b, 4, uint32_t{3}); }},
                 {"width above 16", [](std::string* b) { PutAt(b, 4, uint32_t{17}); }},
                 {"widest", [](std::string* b) { PutAt(b, 4, ~uint32_t{0}); }}});
}

// Behind the codes: base i64, width u32, bits u32, lengths of 2 bits: 256 bytes, "a" "aa" "aaa"
TEST(BlockDecoderTest, DictionariesOfStringsHaveToBeSortedAndDistinct) {
  constexpr size_t kBytesAt = 8 + 512 + 16 + 256;
  constexpr size_t kBaseAt = 8 + 512;
  const EncodedBlock good = StringsAs(BlockEncoding::kDictionary);
  ASSERT_EQ(good.bytes.size(), kBytesAt + 6);
  ExpectRefused(
      good, DataType::kVarChar,
      {{"unsorted", [](std::string* b) { PutAt(b, kBytesAt, 'b'); }},
       {"twice",
        [](std::string* b) {
          // Lengths 2 and 2 of "aa", "aa".
          PutAt(b, kBaseAt + 16, uint32_t{1});
          PutAt(b, kBaseAt + 16 + 8, uint32_t{1});
        }},
       {"negative base", [](std::string* b) { PutAt(b, kBaseAt, int64_t{-1}); }},
       {"base too large", [](std::string* b) { PutAt(b, kBaseAt, int64_t{1} << 32 | 1); }},
       {"long strings", [](std::string* b) { PutAt(b, kBaseAt, int64_t{1000}); }}});
}

TEST(BlockDecoderTest, StringsOfAllRowsHaveTheBytesOfTheTable) {
  const std::vector<std::string> same(1030, "xy");
  const StringBlock views(DataType::kVarChar, same);
  for (const EncodedBlock& good :
       {StringsAs(BlockEncoding::kPacked), StringsAs(BlockEncoding::kDictionary),
        EncodeBlockAs(BlockEncoding::kConstant, views.block(), DistinctOf(views.block()))}) {
    for (const int off : {-1, 1}) {
      EncodedBlock bad = good;
      bad.entry.text_bytes += static_cast<uint32_t>(off);
      EXPECT_FALSE(Decode(bad, DataType::kVarChar).has_value());
    }
  }
}

TEST(BlockDecoderTest, FramesThatHoldAnotherBlockAreRefused) {
  std::vector<int64_t> numbers(1030);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i * i);
  const auto block = NumberBlock(DataType::kInt64, numbers);
  EncodedBlock plain = EncodeBlockAs(BlockEncoding::kPlain, block, DistinctOf(block));
  EncodedBlock good = plain;
  good.bytes = CompressBlock(plain.bytes).value();
  good.entry.compressed = true;
  ExpectRefused(
      good, DataType::kInt64,
      {{"no frame", [](std::string* b) { PutAt(b, 0, uint32_t{0}); }},
       {"cut", [](std::string* b) { b->resize(b->size() / 2); }},
       {"nothing", [](std::string* b) { b->clear(); }},
       {"a bomb", [](std::string* b) { *b = CompressBlock(std::string(1030 * 9, 'x')).value(); }}});
  good.entry.raw_bytes += 8;
  EXPECT_FALSE(Decode(good, DataType::kInt64).has_value());
}

TEST(BlockDecoderTest, BlocksAreAppendedToColumns) {
  Column::Values numbers = std::vector<int64_t>{5};
  AppendBlock(Decode(NumbersAs(BlockEncoding::kPacked), DataType::kInt64)->block, &numbers);
  std::vector<int64_t> expected = {5};
  for (const int64_t number : SomeNumbers()) expected.push_back(number);
  EXPECT_EQ(std::get<std::vector<int64_t>>(numbers), expected);
  Column::Values strings = Column::Strings();
  const auto block = Decode(StringsAs(BlockEncoding::kDictionary), DataType::kVarChar);
  AppendBlock(block->block, &strings);
  AppendBlock(block->block, &strings);
  const Column column(DataType::kVarChar, 0, std::move(strings));
  ASSERT_EQ(column.num_rows(), 2 * 1030u);
  for (size_t row = 0; row < column.num_rows(); ++row) {
    ASSERT_EQ(column.string(row), Strings()[row % 1030]);
  }
}

}  // namespace
}  // namespace vecdb::format
