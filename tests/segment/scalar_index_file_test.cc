#include "segment/scalar_index_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "index/index_meta.h"
#include "segment/scalar_index_testing.h"

namespace vecdb::segment {
namespace {

using support::CodeOf;

using absl::StatusCode::kDataLoss;

template <typename T>
std::string Raw(std::initializer_list<T> values) {
  std::string bytes;
  for (const T value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
  return bytes;
}

std::string MetaOf(uint32_t code, uint32_t rows, DataType type, uint32_t values, uint64_t texts) {
  return Raw<uint32_t>({code, 0, 0, rows, static_cast<uint32_t>(type), values}) +
         Raw<uint64_t>({texts});
}

// Three rows 7, -1, 7 as an index like SORTED.
Sections IntegerSections() {
  return {{index::kMetaTag, MetaOf(4, 3, DataType::kInt8, 2, 0)},
          {kScalarRowsTag, Raw<uint32_t>({1, 0, 2})},
          {kScalarRunsTag, Raw<uint32_t>({1, 3})},
          {kScalarNumbersTag, Raw<int64_t>({-1, 7})}};
}
constexpr ScalarField kIntegers = {DataType::kInt8, 3};

Sections RealSections() {
  Sections sections = IntegerSections();
  sections[index::kMetaTag] = MetaOf(4, 3, DataType::kFloat, 2, 0);
  sections[kScalarNumbersTag] = Raw<double>({-0.5, 7});
  return sections;
}
constexpr ScalarField kReals = {DataType::kFloat, 3};

// Three rows "b", "", "b".
Sections TextSections() {
  Sections sections = IntegerSections();
  sections[index::kMetaTag] = MetaOf(4, 3, DataType::kVarChar, 2, 1);
  sections.erase(kScalarNumbersTag);
  sections[kScalarTextEndsTag] = Raw<uint64_t>({0, 1});
  sections[kScalarTextsTag] = "b";
  return sections;
}
constexpr ScalarField kTexts = {DataType::kVarChar, 3};

absl::StatusOr<ScalarIndexData> Read(const Sections& sections, const ScalarField& field,
                                     const IndexSpec& spec = kSorted) {
  return ReadIndexFile(*WriteIndexFile(sections), spec, field);
}

TEST(ScalarIndexFileTest, ReadsWhatItWroteOfEveryType) {
  const uint64_t seed = support::TestSeed("ReadsWhatItWroteOfEveryType");
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  support::SeededRandom random(seed);
  for (const DataType type : IndexedTypes()) {
    for (const IndexSpec& spec : {kInverted, kSorted}) {
      const Column column = RandomColumn(type, 200, random);
      const SealedScalarIndex built = MakeIndex(column);
      const auto store = WriteIndexFile(built.data(), spec);
      auto data = ReadIndexFile(*store, spec, {type, 200});
      ASSERT_OK(data);
      const SealedScalarIndex read(*std::move(data));
      EXPECT_EQ(read.bytes(), built.bytes());
      for (int i = 0; i < 20; ++i) {
        const ValueSet set = RandomValueSet(random);
        EXPECT_EQ(Marked(read, 200, set), NaiveMatches(column, set));
      }
      EXPECT_EQ(SectionsOf(*WriteIndexFile(read.data(), spec)), SectionsOf(*store));
    }
  }
}

TEST(ScalarIndexFileTest, LaysOutBytesAsDescribed) {
  const SealedScalarIndex numbers =
      MakeIndex(Column(DataType::kInt8, 0, std::vector<int8_t>{7, -1, 7}));
  EXPECT_EQ(SectionsOf(*WriteIndexFile(numbers.data(), kSorted)), IntegerSections());
  const SealedScalarIndex texts = MakeIndex(TextColumn({"b", "", "b"}));
  EXPECT_EQ(SectionsOf(*WriteIndexFile(texts.data(), kSorted)), TextSections());
  Sections inverted = TextSections();
  inverted[index::kMetaTag] = MetaOf(3, 3, DataType::kVarChar, 2, 1);
  EXPECT_EQ(SectionsOf(*WriteIndexFile(texts.data(), kInverted)), inverted);
}

TEST(ScalarIndexFileTest, ReadsEachOfTheFormsBelow) {
  EXPECT_OK(Read(IntegerSections(), kIntegers));
  EXPECT_OK(Read(RealSections(), kReals));
  EXPECT_OK(Read(TextSections(), kTexts));
}

TEST(ScalarIndexFileTest, RefusesAnIndexOfSomethingElse) {
  EXPECT_EQ(CodeOf(Read(IntegerSections(), kIntegers, kInverted)), kDataLoss);
  EXPECT_EQ(CodeOf(Read(IntegerSections(), {DataType::kInt16, 3})), kDataLoss);
  EXPECT_EQ(CodeOf(Read(IntegerSections(), {DataType::kInt8, 2})), kDataLoss);
  EXPECT_EQ(CodeOf(Read(IntegerSections(), {DataType::kInt8, 4})), kDataLoss);
  Sections json = IntegerSections();
  json[index::kMetaTag] = MetaOf(4, 3, DataType::kJson, 2, 0);
  EXPECT_EQ(CodeOf(Read(json, {DataType::kJson, 3})), kDataLoss);
}

struct Wrong {
  const char* name;
  Sections (*good)();
  ScalarField field;
  uint32_t tag;
  std::string bytes;
};

std::vector<Wrong> WrongSections() {
  const auto meta = [](DataType type, uint32_t values, uint64_t texts) {
    return MetaOf(4, 3, type, values, texts);
  };
  const double inf = std::numeric_limits<double>::infinity();
  return {
      {"MetaTooShort", IntegerSections, kIntegers, index::kMetaTag, std::string(31, '\0')},
      {"MetaTooLong", IntegerSections, kIntegers, index::kMetaTag,
       meta(DataType::kInt8, 2, 0) + "x"},
      {"Metric", IntegerSections, kIntegers, index::kMetaTag,
       Raw<uint32_t>({4, 1, 0, 3, 2, 2}) + Raw<uint64_t>({0})},
      {"Dim", IntegerSections, kIntegers, index::kMetaTag,
       Raw<uint32_t>({4, 0, 1, 3, 2, 2}) + Raw<uint64_t>({0})},
      {"NoValues", IntegerSections, kIntegers, index::kMetaTag, meta(DataType::kInt8, 0, 0)},
      {"MoreValuesThanRows", IntegerSections, kIntegers, index::kMetaTag,
       meta(DataType::kInt8, 4, 0)},
      {"TextsOfIntegers", IntegerSections, kIntegers, index::kMetaTag, meta(DataType::kInt8, 2, 1)},
      {"TooManyTextBytes", TextSections, kTexts, index::kMetaTag,
       meta(DataType::kVarChar, 2, (uint64_t{1} << 36) + 1)},
      {"OtherTextBytes", TextSections, kTexts, index::kMetaTag, meta(DataType::kVarChar, 2, 2)},
      {"RowsTooShort", IntegerSections, kIntegers, kScalarRowsTag, Raw<uint32_t>({1, 0})},
      {"RowsTooLong", IntegerSections, kIntegers, kScalarRowsTag, Raw<uint32_t>({1, 0, 2, 2})},
      {"RowOutOfRange", IntegerSections, kIntegers, kScalarRowsTag, Raw<uint32_t>({1, 0, 3})},
      {"RowFarOut", IntegerSections, kIntegers, kScalarRowsTag, Raw<uint32_t>({1, 0, 0xffffffff})},
      {"RowTwice", IntegerSections, kIntegers, kScalarRowsTag, Raw<uint32_t>({0, 0, 2})},
      {"RunDescends", IntegerSections, kIntegers, kScalarRowsTag, Raw<uint32_t>({1, 2, 0})},
      {"EmptyRun", IntegerSections, kIntegers, kScalarRunsTag, Raw<uint32_t>({3, 3})},
      {"FirstRunEmpty", IntegerSections, kIntegers, kScalarRunsTag, Raw<uint32_t>({0, 3})},
      {"RunsFall", IntegerSections, kIntegers, kScalarRunsTag, Raw<uint32_t>({4, 3})},
      {"RunsStopShort", IntegerSections, kIntegers, kScalarRunsTag, Raw<uint32_t>({1, 2})},
      {"RunsGoOn", IntegerSections, kIntegers, kScalarRunsTag, Raw<uint32_t>({1, 4})},
      {"NumbersTooShort", IntegerSections, kIntegers, kScalarNumbersTag, Raw<int64_t>({7})},
      {"IntegerTwice", IntegerSections, kIntegers, kScalarNumbersTag, Raw<int64_t>({7, 7})},
      {"IntegersFall", IntegerSections, kIntegers, kScalarNumbersTag, Raw<int64_t>({7, -1})},
      {"IntegerTooLarge", IntegerSections, kIntegers, kScalarNumbersTag, Raw<int64_t>({-1, 128})},
      {"IntegerTooSmall", IntegerSections, kIntegers, kScalarNumbersTag, Raw<int64_t>({-129, 7})},
      {"RealTwice", RealSections, kReals, kScalarNumbersTag, Raw<double>({0.0, -0.0})},
      {"RealsFall", RealSections, kReals, kScalarNumbersTag, Raw<double>({1, 0})},
      {"RealInfinite", RealSections, kReals, kScalarNumbersTag, Raw<double>({0, inf})},
      {"RealNan", RealSections, kReals, kScalarNumbersTag, Raw<double>({0, inf - inf})},
      {"TextEndsTooShort", TextSections, kTexts, kScalarTextEndsTag, Raw<uint64_t>({1})},
      {"TextEndsFall", TextSections, kTexts, kScalarTextEndsTag, Raw<uint64_t>({2, 1})},
      {"TextEndsStopShort", TextSections, kTexts, kScalarTextEndsTag, Raw<uint64_t>({0, 0})},
      {"TextEndsGoOn", TextSections, kTexts, kScalarTextEndsTag, Raw<uint64_t>({0, 2})},
      {"TextsFall", TextSections, kTexts, kScalarTextEndsTag, Raw<uint64_t>({1, 1})},
      {"TextsTooLong", TextSections, kTexts, kScalarTextsTag, "bb"},
  };
}

TEST(ScalarIndexFileTest, RefusesWhatCannotBe) {
  for (const Wrong& wrong : WrongSections()) {
    Sections sections = wrong.good();
    sections[wrong.tag] = wrong.bytes;
    EXPECT_EQ(CodeOf(Read(sections, wrong.field)), kDataLoss) << wrong.name;
  }
  Sections bools = IntegerSections();
  bools[index::kMetaTag] = MetaOf(3, 3, DataType::kBool, 2, 0);
  bools[kScalarNumbersTag] = Raw<int64_t>({0, 2});
  EXPECT_EQ(CodeOf(Read(bools, {DataType::kBool, 3}, kInverted)), kDataLoss);
  bools[kScalarNumbersTag] = Raw<int64_t>({0, 1});
  EXPECT_OK(Read(bools, {DataType::kBool, 3}, kInverted));
}

TEST(ScalarIndexFileTest, RefusesMissingSectionsAndUnknownOnes) {
  for (const Sections& good : {IntegerSections(), TextSections()}) {
    const ScalarField field = good.contains(kScalarTextsTag) ? kTexts : kIntegers;
    for (const auto& [tag, bytes] : good) {
      Sections sections = good;
      sections.erase(tag);
      EXPECT_EQ(CodeOf(Read(sections, field)), kDataLoss) << tag;
    }
    Sections more = good;
    more[format::Tag("MORE")] = "x";
    EXPECT_EQ(CodeOf(Read(more, field)), absl::StatusCode::kFailedPrecondition);
  }
}

// A change that no checksum tells of either is refused or leaves an index that can be asked.
TEST(ScalarIndexFileTest, ChangedByteIsRefusedOrGivesEachRowOnce) {
  const struct {
    Sections sections;
    ScalarField field;
  } files[] = {{IntegerSections(), kIntegers}, {RealSections(), kReals}, {TextSections(), kTexts}};
  for (const auto& file : files) {
    for (const auto& [tag, bytes] : file.sections) {
      for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        Sections sections = file.sections;
        sections[tag][bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
        auto data = Read(sections, file.field);
        if (!data.ok()) {
          EXPECT_EQ(CodeOf(data), kDataLoss) << tag << " " << bit;
          continue;
        }
        const SealedScalarIndex index(*std::move(data));
        const ValueSet all = {.numbers = IntervalSet<Number>::All(),
                              .strings = IntervalSet<std::string>::All()};
        EXPECT_EQ(index.Count(all), 3u);
        EXPECT_EQ(Marked(index, 3, all), Words{0b111}) << tag << " " << bit;
      }
    }
  }
}

TEST(ScalarIndexFileTest, ReadingKeepsToTheBudget) {
  const SealedScalarIndex built = MakeIndex(TextColumn({"b", "", "b", "ccc"}));
  const auto store = WriteIndexFile(built.data(), kInverted);
  const uint64_t needed = built.bytes() + sizeof(uint64_t);  // a bit a row while it is checked
  for (uint64_t limit = 0; limit < needed; ++limit) {
    MemoryBudget budget(limit);
    EXPECT_EQ(
        CodeOf(ReadIndexFile(*store, kInverted, {DataType::kVarChar, 4}, {.budget = &budget})),
        absl::StatusCode::kResourceExhausted)
        << limit;
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
  MemoryBudget budget(needed);
  const auto data = ReadIndexFile(*store, kInverted, {DataType::kVarChar, 4}, {.budget = &budget});
  ASSERT_OK(data);
  EXPECT_EQ(budget.used_bytes(), built.bytes());
}

TEST(ScalarIndexFileTest, ReadingHonoursTheContext) {
  const auto store = WriteIndexFile(IntegerSections());
  EXPECT_EQ(CodeOf(ReadIndexFile(*store, kSorted, kIntegers, {}, support::CancelledContext())),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::segment
