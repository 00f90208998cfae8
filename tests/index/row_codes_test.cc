#include "index/row_codes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "codec/sampling.h"
#include "index/coded_testing.h"
#include "index/file_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr int32_t kCodesDim = 9;
constexpr codec::CodecKind kKinds[] = {codec::CodecKind::kFloat16, codec::CodecKind::kSq8,
                                       codec::CodecKind::kSq4, codec::CodecKind::kRabitq};

std::vector<codec::CodecSpec> RowCodesSpecs(int32_t dim = kCodesDim) {
  std::vector<codec::CodecSpec> specs;
  for (const Metric metric : kAllMetrics) {
    for (const codec::CodecKind kind : kKinds) {
      specs.push_back({.kind = kind, .metric = metric, .dim = dim, .seed = 3});
    }
    for (const codec::Sq8Range range :
         {codec::Sq8Range::kUniform, codec::Sq8Range::kPerDimension}) {
      specs.push_back(
          {.kind = codec::CodecKind::kSq8, .metric = metric, .dim = dim, .range = range});
    }
  }
  return specs;
}

std::string CodesName(const codec::CodecSpec& spec) {
  return absl::StrFormat("%s %s range %d", codec::CodecName(spec.kind), MetricName(spec.metric),
                         static_cast<uint32_t>(spec.range));
}

RowCodes BuildRowCodes(const VectorView& view, const codec::CodecSpec& spec,
                       const Host& host = {}) {
  auto built = RowCodes::Build(view, spec, host, {});
  EXPECT_OK(built) << CodesName(spec);
  return built.ok() ? *std::move(built) : RowCodes();
}

Sections SectionsOf(const RowCodes& codes, const RowCodesTags& tags = kWalkCodesTags) {
  const auto store = MakeMemoryObjectStore();
  auto writer = format::SectionWriter::Create(*store, TestPath(), format::FileKind::kIndex, {});
  EXPECT_OK(writer);
  EXPECT_OK(codes.Write(tags, **writer, {}));
  EXPECT_OK((*writer)->Finish({}));
  return ReadSections(*store);
}

absl::StatusOr<RowCodes> ReadRowCodes(const Sections& sections, const codec::CodecSpec& spec,
                                      uint32_t num_rows, const Host& host = {},
                                      const Context& context = {}) {
  const auto store = WriteFile(sections);
  return RowCodes::Read(*OpenFile(*store), kWalkCodesTags, spec, num_rows, host, context);
}

std::vector<float> DistancesOf(const RowCodes& codes, const float* query, size_t count) {
  std::vector<float> distances(count);
  const auto distance = codes.codec().MakeDistance();
  distance->SetQuery(query);
  simd::CodeRows rows = codes.all();
  rows.count = count;
  distance->Compare(rows, distances.data());
  return distances;
}

TEST(RowCodesTest, WhatWasWrittenIsReadBack) {
  const TestRows rows = RandomRows(150, kCodesDim, 1);
  for (const codec::CodecSpec& spec : RowCodesSpecs()) {
    const RowCodes built = BuildRowCodes(rows.view(), spec);
    const Sections sections = SectionsOf(built);
    ASSERT_EQ(sections.size(), 2U);
    EXPECT_EQ(sections.at(kWalkCodesTags.codes).size(), 150 * built.code_bytes());
    codec::CodecSpec asked = spec;
    asked.range = codec::Sq8Range::kAuto;  // which it is the file says
    const auto read = ReadRowCodes(sections, asked, 150);
    ASSERT_OK(read) << CodesName(spec);
    EXPECT_EQ(read->codec().spec(), built.codec().spec()) << CodesName(spec);
    EXPECT_EQ(read->bytes(), built.bytes());
    EXPECT_EQ(SectionsOf(*read), sections);
    EXPECT_EQ(DistancesOf(*read, rows.view().row(7), 150),
              DistancesOf(built, rows.view().row(7), 150));
  }
}

TEST(RowCodesTest, EachRowHasItsOwnCode) {
  const TestRows rows = RandomRows(70, kCodesDim, 2);
  for (const codec::CodecSpec& spec : RowCodesSpecs()) {
    const RowCodes codes = BuildRowCodes(rows.view(), spec);
    std::vector<uint8_t> code(codes.code_bytes());
    const std::vector<float> distances = DistancesOf(codes, rows.view().row(0), 70);
    const auto distance = codes.codec().MakeDistance();
    distance->SetQuery(rows.view().row(0));
    for (uint32_t row = 0; row < 70; ++row) {
      codes.codec().Encode(rows.view().row(row), 1, code.data());
      EXPECT_EQ(std::vector<uint8_t>(codes.row(row), codes.row(row) + code.size()), code);
      float one = 0;
      distance->Compare(codes.of(&row, 1), &one);
      EXPECT_EQ(one, distances[row]) << CodesName(spec);
    }
  }
}

TEST(RowCodesTest, HeadAndCodesAreAsTheFormatSays) {
  const TestRows rows({0, 0, 1, 2, 3, 4}, 2);
  const RowCodes halves =
      BuildRowCodes(rows.view(), {.kind = codec::CodecKind::kFloat16, .dim = 2});
  const Sections sections = SectionsOf(halves, kRefineCodesTags);
  EXPECT_EQ(sections.at(format::Tag("RFNH")), std::string("\2\0\0\0\0\0\0\0\0\0\0\0", 12));
  EXPECT_EQ(sections.at(format::Tag("RFNC")),
            std::string("\0\0\0\0\x00\x3c\x00\x40\x00\x42\x00\x44", 12));
}

// More rows than one piece of the parallel work has.
TEST(RowCodesTest, TheSameBytesForAnyNumberOfThreads) {
  const TestRows rows = RandomRows(1400, 200, 3);
  for (const codec::CodecKind kind : kKinds) {
    const codec::CodecSpec spec{.kind = kind, .metric = Metric::kCosine, .dim = 200, .seed = 5};
    const Sections alone = SectionsOf(BuildRowCodes(rows.view(), spec));
    for (const int threads : {1, 3}) {
      const auto executor = MakeThreadPool(threads);
      const Host host{.executor = executor.get()};
      EXPECT_TRUE(SectionsOf(BuildRowCodes(rows.view(), spec, host)) == alone)
          << CodesName(spec) << " " << threads;
    }
  }
}

TEST(RowCodesTest, NoRowsAndOneRowHaveCodesToo) {
  for (const TestRows& rows : {TestRows({}, kCodesDim), RandomRows(1, kCodesDim, 4)}) {
    const uint32_t num_rows = rows.view().num_rows;
    for (const codec::CodecSpec& spec : RowCodesSpecs()) {
      const RowCodes codes = BuildRowCodes(rows.view(), spec);
      EXPECT_OK(ReadRowCodes(SectionsOf(codes), spec, num_rows)) << CodesName(spec);
    }
  }
}

// Float16 has a range, which is that of all rows and not of a sample of them.
TEST(RowCodesTest, EmptyOnesHoldWhatIsWrittenThere) {
  const TestRows rows = RandomRows(20, kCodesDim, 5);
  const codec::CodecSpec spec{
      .kind = codec::CodecKind::kFloat16, .metric = Metric::kL2, .dim = kCodesDim};
  const RowCodes built = BuildRowCodes(rows.view(), spec);
  auto codec = codec::TrainCodec(spec, {.rows = rows.view().row(0), .count = 20}, {}, {});
  ASSERT_OK(codec);
  MemoryBudget budget(1 << 20);
  auto empty = RowCodes::MakeEmpty(*std::move(codec), 20, {.budget = &budget});
  ASSERT_OK(empty);
  EXPECT_EQ(empty->bytes(), built.bytes());
  EXPECT_EQ(budget.used_bytes(), built.bytes());
  empty->codec().Encode(rows.view().row(0), 20, empty->mutable_codes());
  EXPECT_TRUE(std::equal(built.row(0), built.row(0) + built.bytes(), empty->row(0)));
}

TEST(RowCodesTest, TheGreatestNumberOfAllRowsIsHeldByFloat16) {
  constexpr uint32_t kRows = 100000;
  const std::vector<uint32_t> sampled = codec::SampleRows(kRows, 65536, 0);
  uint32_t greatest = 0;
  while (std::binary_search(sampled.begin(), sampled.end(), greatest)) ++greatest;
  std::vector<float> values(kRows, 1.0f);
  values[greatest] = 3e8f;
  const TestRows rows(std::move(values), 1);
  const RowCodes codes = BuildRowCodes(rows.view(), {.kind = codec::CodecKind::kFloat16, .dim = 1});
  float decoded = 0;
  codes.codec().Decode(codes.row(greatest), 1, &decoded);
  EXPECT_NEAR(decoded, 3e8f, 3e8f / 2048);
}

TEST(RowCodesTest, AnotherCodecThanAskedForIsDataLoss) {
  const TestRows rows = RandomRows(20, kCodesDim, 5);
  for (const codec::CodecKind kind : kKinds) {
    const Sections sections =
        SectionsOf(BuildRowCodes(rows.view(), {.kind = kind, .dim = kCodesDim}));
    for (const codec::CodecKind other : kKinds) {
      if (other == kind) continue;
      const auto read = ReadRowCodes(sections, {.kind = other, .dim = kCodesDim}, 20);
      EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
      EXPECT_NE(std::string(read.status().message()).find(codec::CodecName(other)),
                std::string::npos);
    }
  }
}

TEST(RowCodesTest, MissingShortAndLongSectionsAreDataLoss) {
  const TestRows rows = RandomRows(20, kCodesDim, 6);
  for (const codec::CodecSpec& spec : RowCodesSpecs()) {
    const Sections sound = SectionsOf(BuildRowCodes(rows.view(), spec));
    const auto expect_loss = [&](const Sections& sections, size_t size) {
      EXPECT_EQ(CodeOf(ReadRowCodes(sections, spec, 20)), absl::StatusCode::kDataLoss)
          << CodesName(spec) << " " << size;
    };
    for (const auto& [tag, bytes] : sound) {
      Sections changed = sound;
      changed.erase(tag);
      expect_loss(changed, 0);
      for (size_t size = 0; size <= bytes.size() + 1; ++size) {
        if (size == bytes.size()) continue;
        changed[tag] = bytes;
        changed[tag].resize(size);
        expect_loss(changed, size);
      }
    }
    EXPECT_EQ(CodeOf(ReadRowCodes(sound, spec, 21)), absl::StatusCode::kDataLoss);
    EXPECT_EQ(CodeOf(ReadRowCodes(sound, spec, 19)), absl::StatusCode::kDataLoss);
  }
}

// What the checksums let pass, because they fit, is refused, or codes of which the distances can be
// asked: as numbers where candidates are refined by them.
TEST(RowCodesTest, EveryChangedByteOfTheHeadIsRefusedOrHarmless) {
  const TestRows rows = RandomRows(20, kCodesDim, 7);
  for (const codec::CodecSpec& spec : RowCodesSpecs()) {
    const Sections sound = SectionsOf(BuildRowCodes(rows.view(), spec));
    size_t refused = 0;
    for (size_t at = 0; at < sound.at(kWalkCodesTags.head).size(); ++at) {
      for (const int flip : {1, 0x7f, 0x80, 0xff}) {
        Sections changed = sound;
        char& byte = changed[kWalkCodesTags.head][at];
        byte = static_cast<char>(byte ^ flip);
        const auto read = ReadRowCodes(changed, spec, 20);
        if (!read.ok()) {
          EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss) << read.status();
          ++refused;
          continue;
        }
        for (const float distance : DistancesOf(*read, rows.view().row(3), 20)) {
          EXPECT_FALSE(std::isnan(distance)) << CodesName(spec) << " byte " << at;
        }
      }
    }
    EXPECT_GE(refused, 16U) << CodesName(spec);  // the kind of codec
  }
}

TEST(RowCodesTest, MemoryIsOfTheBudgetAndGivenBack) {
  const TestRows rows = RandomRows(500, kCodesDim, 8);
  for (const codec::CodecSpec& spec : RowCodesSpecs()) {
    MemoryBudget plenty;
    Sections sections;
    uint64_t bytes = 0;
    {
      const RowCodes codes = BuildRowCodes(rows.view(), spec, {.budget = &plenty});
      EXPECT_EQ(plenty.used_bytes(), codes.bytes()) << CodesName(spec);
      sections = SectionsOf(codes);
      bytes = codes.bytes();
    }
    EXPECT_EQ(plenty.used_bytes(), 0U);
    for (const uint64_t limit : {uint64_t{0}, bytes / 2, bytes - 1}) {
      MemoryBudget small(limit);
      const Host host{.budget = &small};
      EXPECT_EQ(CodeOf(RowCodes::Build(rows.view(), spec, host, {})),
                absl::StatusCode::kResourceExhausted)
          << CodesName(spec) << " " << limit;
      EXPECT_EQ(small.used_bytes(), 0U);
      EXPECT_EQ(CodeOf(ReadRowCodes(sections, spec, 500, host)),
                absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(small.used_bytes(), 0U);
    }
    MemoryBudget enough(bytes);
    const auto read = ReadRowCodes(sections, spec, 500, {.budget = &enough});
    EXPECT_OK(read);
    EXPECT_EQ(enough.used_bytes(), bytes);
  }
}

TEST(RowCodesTest, BuildingStopsWhenCancelledOrLate) {
  const TestRows rows = RandomRows(500, kCodesDim, 9);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  for (const codec::CodecSpec& spec : RowCodesSpecs()) {
    MemoryBudget budget;
    const Host host{.budget = &budget};
    EXPECT_EQ(CodeOf(RowCodes::Build(rows.view(), spec, host, {.cancel = token})),
              absl::StatusCode::kCancelled);
    EXPECT_EQ(CodeOf(RowCodes::Build(rows.view(), spec, host,
                                     Context::WithTimeout(absl::ZeroDuration()))),
              absl::StatusCode::kDeadlineExceeded);
    EXPECT_EQ(budget.used_bytes(), 0U);
    const Sections sections = SectionsOf(BuildRowCodes(rows.view(), spec));
    EXPECT_EQ(CodeOf(ReadRowCodes(sections, spec, 500, host, {.cancel = token})),
              absl::StatusCode::kCancelled);
    EXPECT_EQ(budget.used_bytes(), 0U);
  }
}

}  // namespace
}  // namespace vecdb::index
