#include "query/search.h"

#include <gtest/gtest.h>

#include "format/column_file.h"
#include "query/query_testing.h"

namespace vecdb::query {
namespace {

using support::CodeOf;
using support::Ids;

class SearchTest : public QueryFixture {
 protected:
  SnapshotSearch SearchOf(std::span<const SegmentView> segments, uint64_t as_of) const {
    return {.schema = schema_,
            .segments = segments,
            .as_of = as_of,
            .column = 2,
            .vectors = queries_,
            .limit = 5,
            .output_columns = {0}};
  }

  std::vector<std::pair<float, int64_t>> Hits(const SnapshotSearch& search, size_t query = 0) {
    std::vector<std::pair<float, int64_t>> hits;
    const auto result = Search(search, {});
    EXPECT_OK(result);
    const size_t begin = query == 0 ? 0 : (*result)->ends[query - 1];
    for (size_t i = begin; i < (*result)->ends[query]; ++i) {
      hits.emplace_back((*result)->hits[i].score(), (*result)->hits[i].int64_key());
    }
    return hits;
  }

  std::vector<float> queries_ = {1, 1, 2, 0};
};

TEST_F(SearchTest, SegmentsAreMergedAsIfTheyWereOne) {
  const std::vector<SegmentView> one = {Growing(Ids(0, 60), 10)};
  const std::vector<SegmentView> many = {Growing(Ids(40, 20), 10),
                                         Loaded(Sealed(Growing(Ids(0, 25), 10))),
                                         Loaded(Sealed(Growing(Ids(25, 15), 10)))};
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (uint32_t limit = 1; limit < 70; limit += 4) {
      for (const uint32_t offset : {0u, 3u, 58u, 100u}) {
        SnapshotSearch search = SearchOf(one, 10);
        search.metric = metric;
        search.limit = limit;
        search.offset = offset;
        const auto expected = Hits(search);
        EXPECT_EQ(expected.size(), offset >= 60 ? 0u : std::min(limit, 60u - offset));
        search.segments = many;
        EXPECT_EQ(Hits(search), expected);
      }
    }
  }
}

TEST_F(SearchTest, RowsAreThoseOfTheTimeOfTheSnapshot) {
  const SegmentView old_rows = Growing({1, 2, 3}, 10);
  const std::vector<SegmentView> segments = {old_rows, Growing({2, 4}, 20)};
  ASSERT_TRUE(old_rows.growing->deletes()->Set(1, 20));  // key 2 was replaced
  const auto count = [&](uint64_t as_of) { return Hits(SearchOf(segments, as_of)).size(); };
  EXPECT_EQ(count(9), 0u);
  EXPECT_EQ(count(10), 3u);
  EXPECT_EQ(count(19), 3u);
  EXPECT_EQ(count(20), 4u);
  const std::vector<SegmentView> sealed = {Loaded(Sealed(segments[0])),
                                           Loaded(Sealed(segments[1]))};
  for (const uint64_t as_of : {9u, 10u, 19u, 20u}) {
    EXPECT_EQ(Hits(SearchOf(sealed, as_of)), Hits(SearchOf(segments, as_of)));
  }
}

TEST_F(SearchTest, SeveralQueriesOnAnyExecutorAnswerAsEachAlone) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 30), 10),
                                             Loaded(Sealed(Growing(Ids(30, 30), 10)))};
  std::vector<std::vector<std::pair<float, int64_t>>> alone;
  std::vector<float> all;
  for (int64_t query = 0; query < 9; ++query) {
    queries_ = support::GridVector(query, 4);
    all.insert(all.end(), queries_.begin(), queries_.end());
    alone.push_back(Hits(SearchOf(segments, 10)));
  }
  queries_ = all;
  const auto pool = MakeThreadPool(3);
  support::ManualExecutor never(4);
  for (Executor* executor :
       {static_cast<Executor*>(nullptr), pool.get(), static_cast<Executor*>(&never)}) {
    SnapshotSearch search = SearchOf(segments, 10);
    search.executor = executor;
    for (size_t query = 0; query < 9; ++query) EXPECT_EQ(Hits(search, query), alone[query]);
  }
}

TEST_F(SearchTest, StopsWhenItIsNoLongerWanted) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 30), 10)};
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(Search(SearchOf(segments, 10), context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(Search(SearchOf(segments, 10), Context::WithTimeout(absl::ZeroDuration()))),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SearchTest, SegmentsWhoseTimesAreDamagedAreLeftOutOfOlderStates) {
  const std::vector<SegmentView> segments = {
      Growing({1, 2}, 10),
      Loaded(Sealed(GrowingAt({{{3}, 19}, {{4}, 20}}), format::kTimestampFieldId))};
  SnapshotSearch search = SearchOf(segments, 15);
  EXPECT_EQ(CodeOf(Search(search, {})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(FindHits(search, 5, {})), absl::StatusCode::kDataLoss);
  search.allow_partial = true;
  const auto part = Search(search, {});
  ASSERT_OK(part);
  EXPECT_TRUE((*part)->partial);
  EXPECT_EQ((*part)->hits.size(), 2u);
  const auto hits = FindHits(search, 5, {});
  ASSERT_OK(hits);
  EXPECT_TRUE(hits->partial);
  EXPECT_EQ(hits->hits.size(), 2u);
  search.as_of = 20;  // where nobody asks for times
  const auto whole = Search(search, {});
  ASSERT_OK(whole);
  EXPECT_FALSE((*whole)->partial);
  EXPECT_EQ((*whole)->hits.size(), 4u);
}

TEST_F(SearchTest, SegmentsWhoseGroupsAreDamagedAreLeftOut) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 10), 10),
                                             Loaded(Sealed(Growing(Ids(50, 10), 11), FieldIdOf(1))),
                                             Loaded(Sealed(Growing(Ids(100, 10), 12)))};
  SnapshotSearch search = SearchOf(segments, 20);
  search.group_column = 1;
  for (const uint32_t group_size : {1u, 3u}) {
    search.group_size = group_size;
    search.allow_partial = false;
    EXPECT_EQ(CodeOf(Search(search, {})), absl::StatusCode::kDataLoss);
    search.allow_partial = true;
    const auto part = Search(search, {});
    ASSERT_OK(part);
    EXPECT_TRUE((*part)->partial);
    EXPECT_EQ((*part)->hits.size(), 2 * group_size);
    EXPECT_EQ((*part)->stats.segments.size(), 2u);
  }
}

TEST_F(SearchTest, SegmentsWhoseOutputFieldsAreDamagedAreLeftOut) {
  const std::vector<SegmentView> segments = {Growing(Ids(0, 3), 10),
                                             Loaded(Sealed(Growing(Ids(50, 3), 11), FieldIdOf(1)))};
  SnapshotSearch search = SearchOf(segments, 20);
  search.output_columns = {0, 1};
  EXPECT_EQ(CodeOf(Search(search, {})), absl::StatusCode::kDataLoss);
  search.allow_partial = true;
  const auto part = Search(search, {});
  ASSERT_OK(part);
  EXPECT_TRUE((*part)->partial);
  EXPECT_EQ((*part)->hits.size(), 3u);
  const auto found = FindHits(search, 6, {});
  ASSERT_OK(found);
  EXPECT_FALSE(found->partial);
  EXPECT_EQ(CodeOf(FetchHits(search, found->hits, {})), absl::StatusCode::kDataLoss);
  std::vector<SegmentView> marked = segments;
  EXPECT_TRUE(MarkUnreadable(search, found->hits, {}, marked));
  EXPECT_OK(marked[0].search_damage());
  EXPECT_EQ(CodeOf(marked[1].search_damage()), absl::StatusCode::kDataLoss);
}

TEST_F(SearchTest, FieldThatIsNotLoadedIsToldSo) {
  SegmentView view = Sealed(Growing({1}, 10));
  view.resident = *view.sealed->LoadResident({}, {});
  const std::vector<SegmentView> segments = {view};
  EXPECT_EQ(CodeOf(Search(SearchOf(segments, 10), {})), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::query
