#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "index/query_distance.h"
#include "segment/growing_segment.h"
#include "segment/segment_search.h"
#include "segment/segment_testing.h"
#include "vecdb/memory_budget.h"

namespace vecdb::segment {
namespace {

constexpr int32_t kInterimDim = 12;
constexpr Metric kInterimMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

std::vector<float> ClusteredVectors(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::mt19937_64 of_clusters(1000);
  std::normal_distribution<float> normal;
  std::vector<float> centers(20 * kInterimDim);
  for (float& value : centers) value = normal(of_clusters);
  std::vector<float> vectors(count * kInterimDim);
  for (size_t i = 0; i < vectors.size(); ++i) {
    const size_t center = i / kInterimDim % 20 * kInterimDim + i % kInterimDim;
    vectors[i] = 0.5f * normal(random) + centers[center];
  }
  return vectors;
}

// Batches of 100 rows at the times 1, 2, ...; a row in ten is deleted 3 later.
std::shared_ptr<GrowingSegment> InterimRows(uint32_t num_rows, const Host& host = {}) {
  const Schema schema = SmallSchema(DataType::kInt64, kInterimDim);
  auto segment = MakeGrowing(schema, host);
  const std::vector<float> vectors = ClusteredVectors(num_rows, 1);
  for (uint32_t first = 0; first < num_rows; first += 100) {
    RowBatch batch = MakeRows(schema, KeyRange(first, first + 100));
    const float* const begin = vectors.data() + size_t{first} * kInterimDim;
    batch.SetFloatVectors("vector", std::vector<float>(begin, begin + 100 * kInterimDim));
    Add(segment.get(), batch, 1 + first / 100);
    for (uint32_t row = first; row < first + 100; row += 10) {
      segment->deletes()->Set(row, 4 + first / 100);
    }
  }
  return segment;
}

// Searches with the interim index and, by `exact`, without: the same number of rows, each of which
// may be returned and has its distance, in order. Returns the mean recall.
double RecallOfInterim(const GrowingSegment& segment, SegmentSearch search) {
  const std::vector<float> queries = ClusteredVectors(40, 2);
  double sum = 0;
  for (size_t i = 0; i < 40; ++i) {
    search.query = queries.data() + i * kInterimDim;
    std::vector<index::Candidate> found;
    std::vector<index::Candidate> all;
    EXPECT_OK(SearchGrowing(segment, search, {}, &found));
    SegmentSearch exact = search;
    exact.exact = true;
    exact.k = segment.num_rows();
    exact.counts = nullptr;
    EXPECT_OK(SearchGrowing(segment, exact, {}, &all));
    EXPECT_EQ(found.size(), std::min<size_t>(search.k, all.size()));
    size_t hits = 0;
    size_t place = 0;  // a row that is not behind the last, or has another distance, is not there
    for (const index::Candidate& one : found) {
      while (place < all.size() && all[place] != one) ++place;
      EXPECT_LT(place, all.size());
      hits += place < search.k;
    }
    sum += found.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(found.size());
  }
  return sum / 40;
}

SegmentSearch InterimSearch(Metric metric = Metric::kL2) {
  return {
      .column = kVector, .metric = metric, .params = HnswSearchParams{.ef = 64}, .as_of = kEver};
}

TEST(GrowingInterimTest, SearchesUseTheInterimIndexOfTheirMetric) {
  const auto segment = InterimRows(3000);
  for (const Metric metric : kInterimMetrics) {
    segment->EnsureInterim(kVector, metric, 8, 60);
    ASSERT_OK(segment->ExtendInterim(kVector, {}));
    EXPECT_EQ(segment->interim(kVector)->num_rows(), 3000U);
    EXPECT_EQ(segment->interim_bytes(), segment->interim(kVector)->memory_bytes());
    index::SearchCounts counts;
    SegmentSearch search = InterimSearch(metric);
    search.counts = &counts;
    EXPECT_GE(RecallOfInterim(*segment, search), 0.95);
    EXPECT_GT(counts.nodes, 0U);
    EXPECT_LT(counts.distances, 2000U);
    search.metric = metric == Metric::kL2 ? Metric::kIp : Metric::kL2;
    EXPECT_EQ(RecallOfInterim(*segment, search), 1);
    EXPECT_EQ(counts, (index::SearchCounts{.distances = 2700}));
  }
}

TEST(GrowingInterimTest, FiltersTimesRangesAndTheTailAreHeeded) {
  const auto segment = InterimRows(3000);
  segment->EnsureInterim(kVector, Metric::kL2, 8, 60);
  ASSERT_OK(segment->ExtendInterim(kVector, {}));
  const auto rows = InterimRows(4000);  // the same, and 1000 more
  rows->EnsureInterim(kVector, Metric::kL2, 8, 60);
  ASSERT_OK(rows->interim(kVector)->Extend(3000, {}));
  std::mt19937_64 random(3);
  std::vector<uint64_t> half(4000 / 64 + 1);
  std::vector<uint64_t> few(4000 / 64 + 1);
  for (uint64_t& word : half) word = random();
  for (size_t i = 0; i < few.size(); ++i) few[i] = uint64_t{1} << (i % 64);
  const std::vector<uint64_t> none(4000 / 64 + 1);
  const std::vector<uint64_t> all;
  for (const auto& on : {segment, rows}) {
    for (const std::vector<uint64_t>* bits :
         {&std::as_const(half), &std::as_const(few), &none, &all}) {
      for (const uint64_t as_of : {kEver, uint64_t{29}, uint64_t{17}, uint64_t{12}, uint64_t{3}}) {
        SegmentSearch search = InterimSearch();
        search.allowed = bits == &all ? nullptr : bits->data();
        search.as_of = as_of;
        EXPECT_GE(RecallOfInterim(*on, search), 0.95) << as_of;
        search.range.max_distance = 4;
        search.k = 30;
        EXPECT_GE(RecallOfInterim(*on, search), 0.95) << as_of;
      }
    }
  }
}

TEST(GrowingInterimTest, ExactAndFurtherSearchesCompareRows) {
  const auto segment = InterimRows(2000);
  segment->EnsureInterim(kVector, Metric::kL2, 8, 60);
  ASSERT_OK(segment->ExtendInterim(kVector, {}));
  index::SearchCounts counts;
  SegmentSearch search = InterimSearch();
  search.counts = &counts;
  search.exact = true;
  EXPECT_EQ(RecallOfInterim(*segment, search), 1);
  EXPECT_EQ(counts.plan, index::SearchPlan::kExactScan);
  search.after = {1.0f, schema::Key(int64_t{5})};
  EXPECT_EQ(RecallOfInterim(*segment, search), 1);
  EXPECT_EQ(counts.plan, index::SearchPlan::kExactScan);
}

TEST(GrowingInterimTest, FewRowsAreCompared) {
  const auto segment = InterimRows(1200);
  segment->EnsureInterim(kVector, Metric::kL2, 8, 60);
  ASSERT_OK(segment->ExtendInterim(kVector, {}));
  index::SearchCounts counts;
  SegmentSearch search = InterimSearch();
  search.counts = &counts;
  search.params = HnswSearchParams{.ef = 16};  // more would have 1100 rows compared too
  search.as_of = 10;
  EXPECT_EQ(RecallOfInterim(*segment, search), 1);
  EXPECT_EQ(counts.nodes, 0U);
  search.as_of = 11;
  EXPECT_GE(RecallOfInterim(*segment, search), 0.8);
  EXPECT_GT(counts.nodes, 0U);
}

TEST(GrowingInterimTest, OneIsMadeForEachColumnAndKindAndDropped) {
  const auto segment = InterimRows(100);
  EXPECT_EQ(segment->interim(kVector), nullptr);
  EXPECT_EQ(segment->interim_bytes(), 0U);
  ASSERT_OK(segment->ExtendInterim(kVector, {}));  // there is none
  segment->DropInterim(kVector);
  const auto first = segment->EnsureInterim(kVector, Metric::kL2, 8, 60);
  EXPECT_EQ(segment->interim(kVector), first);
  EXPECT_EQ(segment->interim(0), nullptr);
  EXPECT_EQ(segment->EnsureInterim(kVector, Metric::kL2, 8, 60), first);
  for (const auto& [metric, m, ef] : std::vector<std::tuple<Metric, int32_t, int32_t>>{
           {Metric::kIp, 8, 60}, {Metric::kIp, 16, 60}, {Metric::kIp, 16, 100}}) {
    const auto before = segment->interim(kVector);
    const auto next = segment->EnsureInterim(kVector, metric, m, ef);
    EXPECT_NE(next, before);
    EXPECT_EQ(segment->interim(kVector), next);
  }
  segment->DropInterim(kVector);
  EXPECT_EQ(segment->interim(kVector), nullptr);
  EXPECT_EQ(first->num_rows(), 0U);
}

TEST(GrowingInterimTest, WithoutMemoryForASearchRowsAreCompared) {
  MemoryBudget budget(64 << 20);
  const auto segment = InterimRows(2000, {.budget = &budget});
  segment->EnsureInterim(kVector, Metric::kL2, 8, 60);
  ASSERT_OK(segment->ExtendInterim(kVector, {}));
  const uint64_t free = (64 << 20) - budget.used_bytes();
  ASSERT_OK(budget.Reserve(free, "all there is", MemoryUse::kOther));
  index::SearchCounts counts;
  SegmentSearch search = InterimSearch();
  search.counts = &counts;
  EXPECT_EQ(RecallOfInterim(*segment, search), 1);
  EXPECT_EQ(counts, (index::SearchCounts{.distances = 1800}));
  budget.Release(free, MemoryUse::kOther);
  EXPECT_GE(RecallOfInterim(*segment, search), 0.95);
  EXPECT_GT(counts.nodes, 0U);
}

TEST(GrowingInterimTest, CancelledExtendAndSearchSaySo) {
  const auto segment = InterimRows(2000);
  segment->EnsureInterim(kVector, Metric::kL2, 8, 60);
  const Context cancelled = support::CancelledContext();
  EXPECT_EQ(CodeOf(segment->ExtendInterim(kVector, cancelled)), absl::StatusCode::kCancelled);
  ASSERT_OK(segment->ExtendInterim(kVector, {}));
  const std::vector<float> query = ClusteredVectors(1, 5);
  SegmentSearch search = InterimSearch();
  search.query = query.data();
  std::vector<index::Candidate> found;
  EXPECT_EQ(CodeOf(SearchGrowing(*segment, search, cancelled, &found)),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::segment
