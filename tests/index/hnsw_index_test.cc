#include "index/hnsw_index.h"

#include <gtest/gtest.h>

#include "index/flat_index.h"
#include "index/hnsw_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

std::unique_ptr<VectorIndex> Build(const TestRows& rows, Metric metric, const Host& host = {}) {
  auto index = BuildVectorIndex(
      rows.view(), {.metric = metric, .params = HnswParams{.m = 8, .ef_construction = 60}}, host,
      {});
  EXPECT_OK(index);
  return *std::move(index);
}

std::vector<Candidate> Search(const VectorIndex& index, const RowQuery& query) {
  std::vector<Candidate> found;
  EXPECT_OK(index.Search(query, {}, &found));
  return found;
}

// Rows that may be returned, that are in order, and min(k, allowed) of them: what must always hold.
void ExpectValid(const std::vector<Candidate>& found, const VectorView& view, Metric metric,
                 const RowQuery& query) {
  const auto all =
      NaiveSearch(view, metric, query.vector, query.mask, view.num_rows, query.order, query.limits);
  EXPECT_EQ(found.size(), std::min<size_t>(query.k, all.size()));
  const QueryDistance distance(view, metric, query.vector);
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(query.mask.Contains(found[i].row));
    EXPECT_TRUE(query.limits.Contains(found[i].distance, found[i].row));
    EXPECT_EQ(found[i].distance, distance.One(found[i].row));
    EXPECT_TRUE(i == 0 || IsNearer(found[i - 1], found[i], query.order));
  }
}

TEST(HnswIndexTest, MinOfKAndAllowedRowsComeBackForEveryMaskKAndEf) {
  const TestRows rows = ClusteredRows(1000, 8, 12, 1);
  const std::vector<float> queries = RandomValues(16, 2);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const auto index = Build(rows, metric);
    for (const double share : {1.0, 0.5, 0.1, 0.01, 0.001, 0.0}) {
      const std::vector<uint64_t> bitmap = RandomBitmap(1000, share, 3);
      for (const uint32_t k : {1U, 10U, 100U, 999U, 1000U, 5000U}) {
        const RowQuery query{.vector = &queries[8 * (k % 2)],
                             .k = k,
                             .params = HnswSearchParams{.ef = static_cast<int32_t>(k)},
                             .mask = {.num_rows = 1000, .allowed = bitmap.data()}};
        SCOPED_TRACE(testing::Message() << MetricName(metric) << " " << share << " " << k);
        ExpectValid(Search(*index, query), rows.view(), metric, query);
      }
    }
  }
}

// The mask allows only a cluster far away from the query, so that a walk finds none of it.
TEST(HnswIndexTest, MasksThatGoAgainstTheQueryGiveAllTheirRows) {
  const TestRows rows = ClusteredRows(2000, 8, 10, 4);
  const auto index = Build(rows, Metric::kL2);
  for (uint32_t cluster = 1; cluster < 10; ++cluster) {
    std::vector<uint64_t> bitmap(2000 / 64 + 1);
    for (uint32_t row = cluster * 200; row < cluster * 200 + 200; ++row) {
      bitmap[row / 64] |= uint64_t{1} << (row % 64);
    }
    const RowQuery query{.vector = rows.view().row(3),
                         .k = 20,
                         .params = HnswSearchParams{.ef = 20},
                         .mask = {.num_rows = 2000, .allowed = bitmap.data()}};
    ExpectValid(Search(*index, query), rows.view(), Metric::kL2, query);
  }
}

TEST(HnswIndexTest, FindsNearlyAllOfTheNearest) {
  const TestRows rows = RandomRows(3000, 12, 5);
  const std::vector<float> queries = RandomValues(12 * 40, 6);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const auto index = Build(rows, metric);
    for (const double share : {1.0, 0.5, 0.2}) {
      const std::vector<uint64_t> bitmap = RandomBitmap(3000, share, 7);
      const base::RowMask mask{.num_rows = 3000, .allowed = share < 1 ? bitmap.data() : nullptr};
      double recall = 0;
      for (size_t i = 0; i < 40; ++i) {
        const RowQuery query{.vector = &queries[i * 12], .k = 10, .mask = mask};
        recall += RecallOf(Search(*index, query),
                           NaiveSearch(rows.view(), metric, query.vector, mask, 10)) /
                  40;
      }
      EXPECT_GE(recall, 0.97) << MetricName(metric) << " " << share;
    }
  }
}

// Masks of every shape over clusters that overlap: rows % 10 is the cluster.
struct Shape {
  const char* name;
  std::vector<uint64_t> bitmap;
};

std::vector<Shape> AllShapes(uint32_t num_rows) {
  std::vector<Shape> shapes;
  for (const double share : {0.95, 0.9, 0.5, 0.25, 0.1, 0.01}) {
    shapes.push_back({"random", RandomBitmap(num_rows, share, 21)});
  }
  const auto where = [&](const char* name, auto allow) {
    shapes.push_back({name, BitmapWhere(num_rows, allow)});
  };
  where("all", [](uint32_t) { return true; });
  where("none", [](uint32_t) { return false; });
  where("one row", [](uint32_t row) { return row == 77; });
  where("nine clusters", [](uint32_t row) { return row % 10 != 3; });
  where("five clusters", [](uint32_t row) { return row % 10 < 5; });
  where("three clusters", [](uint32_t row) { return row % 10 >= 7; });
  where("one cluster", [](uint32_t row) { return row % 10 == 4; });
  where("the first rows", [=](uint32_t row) { return row < num_rows / 3; });
  return shapes;
}

double MeanRecall(const VectorIndex& index, const VectorIndex& exact, const TestRows& queries,
                  const base::RowMask& mask, int32_t ef) {
  const uint32_t num_queries = queries.view().num_rows;
  double recall = 0;
  for (uint32_t i = 0; i < num_queries; ++i) {
    const RowQuery query{.vector = queries.view().row(i),
                         .k = 10,
                         .params = HnswSearchParams{.ef = ef},
                         .mask = mask};
    recall += RecallOf(Search(index, query), Search(exact, query)) / num_queries;
  }
  return recall;
}

TEST(HnswIndexTest, NoMaskCostsRecall) {
  constexpr uint32_t kRows = 4000;
  const TestRows rows = MixedRows(kRows, 8, 10, 20);
  const TestRows queries = MixedRows(300, 8, 10, 26);
  const auto index = Build(rows, Metric::kL2);
  const FlatIndex exact(rows.view(), {.metric = Metric::kL2});
  for (const int32_t ef : {10, 20}) {
    const double unfiltered = MeanRecall(*index, exact, queries, {.num_rows = kRows}, ef);
    for (const Shape& shape : AllShapes(kRows)) {
      const base::RowMask mask{.num_rows = kRows, .allowed = shape.bitmap.data()};
      EXPECT_GE(MeanRecall(*index, exact, queries, mask, ef), unfiltered - 0.01)
          << shape.name << " " << mask.Estimate() << " ef " << ef;
    }
  }
}

TEST(HnswIndexTest, EveryShapeOfMaskWithDeletesAndTimesGivesValidRows) {
  constexpr uint32_t kRows = 3000;
  const TestRows rows = MixedRows(kRows, 4, 10, 22);
  const auto index = Build(rows, Metric::kCosine);
  base::DeleteTimes deletes;
  std::vector<uint64_t> times(kRows);
  for (uint32_t row = 0; row < kRows; ++row) {
    times[row] = row % 7 == 0 ? 200 : 50;
    if (row % 4 == 0) deletes.Set(row, row % 8 == 0 ? 100 : 300);
  }
  for (const Shape& shape : AllShapes(kRows)) {
    for (const uint64_t as_of : std::initializer_list<uint64_t>{10, 100, 250, 1000}) {
      const RowQuery query{.vector = rows.view().row(static_cast<uint32_t>(as_of) % 7),
                           .k = 25,
                           .params = HnswSearchParams{.ef = 25},
                           .mask = {.num_rows = kRows,
                                    .allowed = shape.bitmap.data(),
                                    .deletes = &deletes,
                                    .row_times = times.data(),
                                    .as_of = as_of}};
      SCOPED_TRACE(testing::Message() << shape.name << " " << as_of);
      ExpectValid(Search(*index, query), rows.view(), Metric::kCosine, query);
    }
  }
}

TEST(HnswIndexTest, MinOfKAndRowsWithinTheLimitsComeBack) {
  constexpr uint32_t kRows = 2000;
  const TestRows rows = MixedRows(kRows, 6, 10, 23);
  const std::vector<uint64_t> bitmap = RandomBitmap(kRows, 0.6, 24);
  const ReverseOrder reverse;
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const auto index = Build(rows, metric);
    for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), bitmap.data()}) {
      RowQuery query{.vector = rows.view().row(5),
                     .k = 20,
                     .params = HnswSearchParams{.ef = 20},
                     .mask = {.num_rows = kRows, .allowed = allowed},
                     .order = &reverse};
      const auto all = NaiveSearch(rows.view(), metric, query.vector, query.mask, kRows, &reverse);
      const Behind behind(all[33], &reverse);
      const RowLimits limits[] = {
          {.max_distance = all[0].distance},
          {.max_distance = all[5].distance},
          {.max_distance = all[99].distance},
          {.min_distance = all[3].distance},
          {.min_distance = all[500].distance, .max_distance = all[510].distance},
          {.min_distance = all[500].distance, .max_distance = all[700].distance},
          {.after = &behind}};
      for (const RowLimits& limit : limits) {
        query.limits = limit;
        ExpectValid(Search(*index, query), rows.view(), metric, query);
      }
      query.limits = {.after = &behind};
      EXPECT_EQ(Search(*index, query), std::vector(all.begin() + 34, all.begin() + 54));
    }
  }
}

TEST(HnswIndexTest, CountsTellThePlanAndItsCost) {
  constexpr uint32_t kRows = 4000;
  const TestRows rows = MixedRows(kRows, 4, 10, 25);
  const auto index = Build(rows, Metric::kL2);
  const auto counts_of = [&](const std::vector<uint64_t>& bitmap, RowLimits limits = {}) {
    SearchCounts counts;
    Search(*index,
           {.vector = rows.view().row(0),
            .k = 10,
            .params = HnswSearchParams{.ef = 10},
            .mask = {.num_rows = kRows, .allowed = bitmap.empty() ? nullptr : bitmap.data()},
            .limits = limits,
            .counts = &counts});
    return counts;
  };
  const auto first = [](uint32_t count) {
    return BitmapWhere(kRows, [=](uint32_t row) { return row < count; });
  };
  EXPECT_EQ(counts_of(first(820)),
            (SearchCounts{.plan = SearchPlan::kExactScan, .allowed_rows = 820, .distances = 820}));
  const SearchCounts filtered = counts_of(first(821));
  EXPECT_EQ(filtered.plan, SearchPlan::kFilteredWalk);
  EXPECT_EQ(filtered.allowed_rows, 821U);
  EXPECT_GE(filtered.nodes, 10U);
  EXPECT_LT(filtered.distances, 821U);
  const SearchCounts walk = counts_of({});
  EXPECT_EQ(walk.plan, SearchPlan::kWalk);
  EXPECT_EQ(walk.allowed_rows, kRows);
  EXPECT_GE(walk.nodes, 10U);
  EXPECT_LT(walk.distances, kRows);
  const SearchCounts then_scan = counts_of({}, {.max_distance = 0});
  EXPECT_EQ(then_scan.plan, SearchPlan::kWalkThenScan);
  EXPECT_EQ(then_scan.distances, walk.distances + kRows);
}

TEST(HnswIndexTest, EveryRowFindsItselfAmongItsDuplicates) {
  const TestRows rows = GridRows(1500, 2, 12, 8);  // 144 points, about ten rows each
  const auto index = Build(rows, Metric::kL2);
  size_t missed = 0;
  for (uint32_t row = 0; row < 1500; row += 7) {
    const RowQuery query{.vector = rows.view().row(row), .k = 30, .mask = {.num_rows = 1500}};
    missed += Search(*index, query).front().distance != 0;
  }
  EXPECT_EQ(missed, 0U);
}

TEST(HnswIndexTest, EqualDistancesFollowTheOrderThatIsAsked) {
  const TestRows rows = GridRows(300, 3, 3, 9);
  const auto index = Build(rows, Metric::kL2);
  const ReverseOrder reverse;
  for (const RowOrder* order :
       {static_cast<const RowOrder*>(nullptr), static_cast<const RowOrder*>(&reverse)}) {
    // ef covers all rows, so that the answer is exact, ties at the last place included.
    const RowQuery query{.vector = rows.view().row(1),
                         .k = 50,
                         .params = HnswSearchParams{.ef = 300},
                         .mask = {.num_rows = 300},
                         .order = order};
    EXPECT_EQ(Search(*index, query),
              NaiveSearch(rows.view(), Metric::kL2, query.vector, query.mask, 50, order));
  }
}

TEST(HnswIndexTest, DeletedRowsAreNotReturned) {
  const TestRows rows = RandomRows(500, 6, 10);
  const auto index = Build(rows, Metric::kL2);
  base::DeleteTimes deletes;
  for (uint32_t row = 0; row < 500; ++row) {
    if (row % 5 != 0) deletes.Set(row, 100 + row);
  }
  for (const uint64_t as_of : std::initializer_list<uint64_t>{50, 300, 1000}) {
    const RowQuery query{.vector = rows.view().row(11),
                         .k = 200,
                         .mask = {.num_rows = 500, .deletes = &deletes, .as_of = as_of}};
    ExpectValid(Search(*index, query), rows.view(), Metric::kL2, query);
  }
}

TEST(HnswIndexTest, RowsInfinitelyFarAwayComeBackToo) {
  std::vector<float> values = RandomValues(400, 11);
  for (size_t i = 200; i < 400; ++i) values[i] = i % 2 == 0 ? 1e30f : -1e30f;
  const TestRows rows(values, 2);
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const auto index = Build(rows, metric);
    const float query[] = {1e30f, 1e30f};
    const RowQuery wanted{.vector = query, .k = 200, .mask = {.num_rows = 200}};
    ExpectValid(Search(*index, wanted), rows.view(), metric, wanted);
  }
}

TEST(HnswIndexTest, AnEmptyIndexFindsNothing) {
  const auto index = Build(TestRows({}, 4), Metric::kL2);
  const float query[4] = {};
  EXPECT_TRUE(Search(*index, {.vector = query, .k = 5}).empty());
}

TEST(HnswIndexTest, StopsWhenCancelledOrLate) {
  const TestRows rows = RandomRows(100, 4, 12);
  const auto index = Build(rows, Metric::kL2);
  const RowQuery query{.vector = rows.view().row(0), .k = 5, .mask = {.num_rows = 100}};
  std::vector<Candidate> found;
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(index->Search(query, {.cancel = token}, &found)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(index->Search(query, Context::WithTimeout(absl::ZeroDuration()), &found)),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(HnswIndexTest, SearchMemoryIsReservedOnceAndKept) {
  const TestRows rows = RandomRows(400, 4, 13);
  MemoryBudget budget;
  const auto index = Build(rows, Metric::kL2, {.budget = &budget});
  EXPECT_EQ(budget.used_bytes(), index->index_bytes());
  const RowQuery query{.vector = rows.view().row(0), .k = 5, .mask = {.num_rows = 400}};
  for (int i = 0; i < 600; ++i) Search(*index, query);  // the marks begin anew twice
  EXPECT_EQ(budget.used_bytes(), index->index_bytes() + 400);
}

}  // namespace
}  // namespace vecdb::index
