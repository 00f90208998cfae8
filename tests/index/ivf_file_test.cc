#include "index/ivf_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "index/file_testing.h"
#include "index/index_testing.h"
#include "index/ivf_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kIvfFileRows = 120;

std::vector<Candidate> FindIn(const VectorIndex& index, const VectorView& view) {
  std::vector<Candidate> found;
  const RowQuery query{.vector = view.row(3), .k = 10, .mask = {.num_rows = view.num_rows}};
  EXPECT_OK(index.Search(query, {}, &found));
  return found;
}

TEST(IvfFileTest, ALoadedIndexAnswersAndWritesAsTheOneThatWasBuilt) {
  const TestRows rows = RandomRows(2000, 8, 1);
  for (const IndexSpec& spec : IvfSpecs(20)) {
    const auto built = BuildIvfIndex(rows.view(), spec);
    const Sections sections = ReadSections(*WriteFile(*built));
    const auto loaded = LoadSections(sections, rows.view());
    ASSERT_OK(loaded) << IvfName(spec);
    EXPECT_EQ((*loaded)->spec(), spec);
    EXPECT_EQ((*loaded)->index_bytes(), built->index_bytes());
    EXPECT_EQ(FindIn(*built, rows.view()), FindIn(**loaded, rows.view()));
    EXPECT_EQ(ReadSections(*WriteFile(**loaded)), sections);
  }
}

TEST(IvfFileTest, EveryTruncatedAndMissingSectionIsDataLoss) {
  const TestRows rows = RandomRows(kIvfFileRows, 8, 2);
  for (const IndexSpec& spec : IvfSpecs(3)) {
    const auto built = BuildIvfIndex(rows.view(), spec);
    const Sections sections = ReadSections(*WriteFile(*built));
    ASSERT_EQ(sections.size(), 6U + sections.count(kIvfTermsTag));
    for (const auto& [tag, bytes] : sections) {
      Sections without = sections;
      without.erase(tag);
      const auto loaded = LoadSections(without, rows.view());
      if (tag == kIvfTermsTag) {  // computed, as for files from before there were terms
        ASSERT_OK(loaded);
        EXPECT_EQ(FindIn(**loaded, rows.view()), FindIn(*built, rows.view()));
      } else {
        EXPECT_EQ(CodeOf(loaded), absl::StatusCode::kDataLoss);
      }
      for (const size_t size : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
        Sections shorter = sections;
        shorter[tag] = bytes.substr(0, size);
        EXPECT_EQ(CodeOf(LoadSections(shorter, rows.view())), absl::StatusCode::kDataLoss);
      }
      Sections longer = sections;
      longer[tag] += '\0';
      EXPECT_EQ(CodeOf(LoadSections(longer, rows.view())), absl::StatusCode::kDataLoss);
    }
  }
}

// Lists that were built elsewhere: residuals under SQ8, rows themselves under PQ.
TEST(IvfFileTest, TheOtherKindOfListSaysSo) {
  const TestRows rows = RandomRows(2000, 8, 4);
  for (const IndexSpec& spec :
       {IndexSpec{.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 20}},
        IndexSpec{.metric = Metric::kIp, .params = IvfPqParams{.nlist = 20, .m = 4}}}) {
    Sections sections = ReadSections(*WriteFile(*BuildIvfIndex(rows.view(), spec)));
    EXPECT_FALSE(sections.contains(kIvfKindTag));
    const bool residuals = IvfHasResiduals(spec);
    for (const uint32_t kind : std::initializer_list<uint32_t>{1, 2}) {
      sections[kIvfKindTag] = std::string(reinterpret_cast<const char*>(&kind), sizeof(kind));
      const auto loaded = LoadSections(sections, rows.view());
      ASSERT_OK(loaded);
      const bool other = (kind == 2) != residuals;
      EXPECT_EQ(static_cast<const IvfIndex&>(**loaded).lists().residuals, kind == 2);
      EXPECT_EQ(FindIn(**loaded, rows.view()).size(), 10U);
      EXPECT_EQ(ReadSections(*WriteFile(**loaded)).contains(kIvfKindTag), other);
    }
    for (const uint32_t kind : std::initializer_list<uint32_t>{0, 3}) {
      sections[kIvfKindTag] = std::string(reinterpret_cast<const char*>(&kind), sizeof(kind));
      EXPECT_EQ(CodeOf(LoadSections(sections, rows.view())), absl::StatusCode::kDataLoss);
    }
  }
  const IndexSpec flat{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 20}};
  Sections sections = ReadSections(*WriteFile(*BuildIvfIndex(rows.view(), flat)));
  sections[kIvfKindTag] = std::string("\2\0\0\0", 4);
  EXPECT_EQ(CodeOf(LoadSections(sections, rows.view())), absl::StatusCode::kDataLoss);
}

// Bytes changed under checksums that fit: refused, or an index that answers with rows that exist,
// with the scores of float32.
TEST(IvfFileTest, EveryChangedByteIsRefusedOrHarmless) {
  const TestRows rows = RandomRows(kIvfFileRows, 4, 3);
  const QueryDistance l2(rows.view(), Metric::kL2, rows.view().row(3));
  for (const IndexParams& params :
       {IndexParams(IvfFlatParams{.nlist = 3}), IndexParams(IvfSq8Params{.nlist = 3}),
        IndexParams(IvfPqParams{.nlist = 3, .m = 2, .nbits = 3})}) {
    const IndexSpec spec{.metric = Metric::kL2, .params = params};
    const Sections sections = ReadSections(*WriteFile(*BuildIvfIndex(rows.view(), spec)));
    for (const auto& [tag, bytes] : sections) {
      for (size_t at = 0; at < bytes.size(); ++at) {
        Sections changed = sections;
        changed[tag][at] = static_cast<char>(changed[tag][at] ^ (at % 2 == 0 ? 0x80 : 0x7f));
        const auto loaded = LoadSections(changed, rows.view());
        if (!loaded.ok()) {
          EXPECT_TRUE(CodeOf(loaded) == absl::StatusCode::kDataLoss ||
                      CodeOf(loaded) == absl::StatusCode::kFailedPrecondition)
              << loaded.status();
          continue;
        }
        if ((*loaded)->spec() != spec) continue;  // another seed, metric or refine
        const auto found = FindIn(**loaded, rows.view());
        EXPECT_EQ(found.size(), 10U);
        for (const Candidate& candidate : found) {
          ASSERT_LT(candidate.row, kIvfFileRows);
          EXPECT_EQ(candidate.distance, l2.One(candidate.row));
        }
      }
    }
  }
}

TEST(IvfFileTest, RowsTwiceOutOfOrderOrBeyondTheLastAreDataLoss) {
  const TestRows rows = RandomRows(kIvfFileRows, 4, 4);
  const IndexSpec spec{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 1}};
  const Sections sections = ReadSections(*WriteFile(*BuildIvfIndex(rows.view(), spec)));
  const auto with_first_row = [&](uint32_t row) {
    Sections changed = sections;
    std::memcpy(changed[kIvfRowsTag].data(), &row, sizeof(row));
    return LoadSections(changed, rows.view());
  };
  EXPECT_OK(with_first_row(0));
  for (const uint32_t row : {1U, 5U, kIvfFileRows, 0xffffffffU}) {
    EXPECT_EQ(CodeOf(with_first_row(row)), absl::StatusCode::kDataLoss) << row;
  }
}

TEST(IvfFileTest, ACentroidThatIsNoNumberIsDataLoss) {
  const TestRows rows = RandomRows(kIvfFileRows, 4, 5);
  const IndexSpec spec{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 2}};
  Sections sections = ReadSections(*WriteFile(*BuildIvfIndex(rows.view(), spec)));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(sections[kIvfCentroidsTag].data() + 8, &nan, sizeof(nan));
  EXPECT_EQ(CodeOf(LoadSections(sections, rows.view())), absl::StatusCode::kDataLoss);
}

TEST(IvfFileTest, ATermThatIsNoNumberIsDataLoss) {
  const TestRows rows = RandomRows(kIvfFileRows, 8, 2);
  const IndexSpec spec{.metric = Metric::kL2, .params = IvfPqParams{.nlist = 3, .nbits = 4}};
  Sections sections = ReadSections(*WriteFile(*BuildIvfIndex(rows.view(), spec)));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::memcpy(sections[kIvfTermsTag].data() + 4, &bad, sizeof(bad));
    EXPECT_EQ(CodeOf(LoadSections(sections, rows.view())), absl::StatusCode::kDataLoss);
  }
}

TEST(IvfFileTest, LoadingCountsAgainstTheBudget) {
  const TestRows rows = RandomRows(1000, 16, 6);
  const IndexSpec spec{.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 10}};
  const auto store = WriteFile(*BuildIvfIndex(rows.view(), spec));
  MemoryBudget small(1000);
  EXPECT_EQ(CodeOf(LoadVectorIndex(*OpenFile(*store), rows.view(), Host{.budget = &small}, {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(small.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb::index
