#include "index/ivf_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "index/coded_testing.h"
#include "index/file_testing.h"
#include "index/hnsw_builder.h"
#include "index/index_testing.h"
#include "index/ivf_builder.h"
#include "index/ivf_testing.h"
#include "support/status_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr int32_t kIvfDim = 8;

std::vector<Candidate> Find(const VectorIndex& index, const RowQuery& query) {
  std::vector<Candidate> found;
  EXPECT_OK(index.Search(query, {}, &found)) << IvfName(index.spec());
  return found;
}

// Scores are those of float32, rows differ, are sorted and in the mask.
void ExpectSound(const VectorView& view, const IndexSpec& spec, const RowQuery& query,
                 const std::vector<Candidate>& found) {
  const QueryDistance distance(view, spec.metric, query.vector);
  std::set<uint32_t> rows;
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].distance, distance.One(found[i].row)) << IvfName(spec);
    EXPECT_TRUE(query.mask.Contains(found[i].row));
    EXPECT_TRUE(query.limits.Contains(found[i].distance, found[i].row));
    EXPECT_TRUE(rows.insert(found[i].row).second);
    EXPECT_TRUE(i == 0 || IsNearer(found[i - 1], found[i], query.order));
  }
}

TEST(IvfIndexTest, AllListsAndExactRefiningEqualFlat) {
  const TestRows rows = MixedRows(1500, kIvfDim, 12, 1);
  for (const IndexSpec& spec : IvfSpecs(20)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    for (uint32_t row = 0; row < 1500; row += 97) {
      const RowQuery query{.vector = rows.view().row(row),
                           .k = 10,
                           .params = Exhaustive(),
                           .mask = {.num_rows = 1500}};
      EXPECT_EQ(Find(*index, query),
                NaiveSearch(rows.view(), spec.metric, query.vector, query.mask, 10))
          << IvfName(spec);
    }
  }
}

TEST(IvfIndexTest, EqualDistancesComeInTheOrderAskedFor) {
  const TestRows rows = GridRows(1200, 4, 3, 2);
  const ReverseOrder reverse;
  for (const RowOrder* order :
       {static_cast<const RowOrder*>(nullptr), static_cast<const RowOrder*>(&reverse)}) {
    for (const IndexSpec& spec : IvfSpecs(10)) {
      const auto index = BuildIvfIndex(rows.view(), spec);
      const RowQuery query{.vector = rows.view().row(7),
                           .k = 30,
                           .params = Exhaustive(),
                           .mask = {.num_rows = 1200},
                           .order = order};
      EXPECT_EQ(Find(*index, query),
                NaiveSearch(rows.view(), spec.metric, query.vector, query.mask, 30, order))
          << IvfName(spec);
    }
  }
}

// Lists of codes whose candidates are refined by copies.
std::vector<IndexSpec> IvfSpecsWithCopies(int32_t nlist) {
  std::vector<IndexSpec> specs;
  for (const Metric metric : kAllMetrics) {
    specs.push_back({metric, IvfSq8Params{.nlist = nlist, .refine = Refine::kFloat16}});
    for (const Refine refine : {Refine::kFloat16, Refine::kSq8}) {
      specs.push_back({metric, IvfPqParams{.nlist = nlist, .m = 4, .nbits = 4, .refine = refine}});
      specs.push_back({metric, IvfPqParams{.nlist = nlist, .m = 4, .nbits = 8, .refine = refine}});
    }
  }
  return specs;
}

TEST(IvfIndexTest, AllListsRefinedByCopiesAreInTheOrderOfTheCopies) {
  const ReverseOrder reverse;
  for (const TestRows& rows : {MixedRows(1000, kIvfDim, 12, 21), GridRows(1000, kIvfDim, 2, 22)}) {
    for (const IndexSpec& spec : IvfSpecsWithCopies(15)) {
      const auto index = BuildIvfIndex(rows.view(), spec);
      const AnswerOracle oracle(rows.view(), spec);
      for (uint32_t row = 0; row < 1000; row += 199) {
        const RowQuery query{.vector = rows.view().row(row),
                             .k = 10,
                             .params = Exhaustive(),
                             .mask = {.num_rows = 1000},
                             .order = &reverse};
        EXPECT_EQ(Find(*index, query), NaiveAnswers(oracle.DistancesFrom(query.vector), query))
            << IvfName(spec);
      }
    }
  }
}

TEST(IvfIndexTest, MasksLimitsAndPositionsHoldOnTheDistancesOfCopies) {
  constexpr uint32_t kRows = 2500;
  const TestRows rows = MixedRows(kRows, kIvfDim, 20, 23);
  const float* vector = rows.view().row(3);
  for (const IndexSpec& spec : IvfSpecsWithCopies(25)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    const std::vector<float> distances = AnswerOracle(rows.view(), spec).DistancesFrom(vector);
    const std::vector<Candidate> all =
        NaiveAnswers(distances, {.k = kRows, .mask = {.num_rows = kRows}});
    const Behind behind(all[29]);
    for (const double share : {1.0, 0.9, 0.4, 0.01, 0.0}) {
      const std::vector<uint64_t> bits = RandomBitmap(kRows, share, 24);
      for (const RowLimits& limits :
           {RowLimits{}, RowLimits{.min_distance = all[20].distance},
            RowLimits{.min_distance = all[20].distance, .max_distance = all[300].distance},
            RowLimits{.after = &behind}}) {
        const RowQuery query{.vector = vector,
                             .k = 25,
                             .params = IvfSearchParams{.nprobe = 2},
                             .mask = {.num_rows = kRows, .allowed = bits.data()},
                             .limits = limits};
        const std::vector<Candidate> found = Find(*index, query);
        ExpectAnswers(found, distances, query);
        if (limits.after != nullptr) {
          EXPECT_EQ(found, NaiveAnswers(distances, query));
        }
      }
    }
  }
}

TEST(IvfIndexTest, OddRowsAreRefinedByCopiesToo) {
  std::vector<float> values = RandomValues(4 * 200, 25);
  values[17] = 1e30f;
  const std::vector<TestRows> odd = {
      TestRows({}, 4), TestRows({1, 2, 3, 4}, 4), TestRows(std::vector<float>(4 * 200, 0), 4),
      TestRows(std::vector<float>(4 * 200, 1e30f), 4), TestRows(std::move(values), 4)};
  for (const TestRows& rows : odd) {
    const uint32_t num_rows = rows.view().num_rows;
    for (const IndexSpec& spec : IvfSpecsWithCopies(4)) {
      const auto index = BuildIvfIndex(rows.view(), spec);
      const AnswerOracle oracle(rows.view(), spec);
      for (const float value : {0.0f, 1.0f, 3e38f, -1e-38f}) {
        const std::vector<float> vector(4, value);
        const RowQuery query{.vector = vector.data(), .k = 10, .mask = {.num_rows = num_rows}};
        ExpectAnswers(Find(*index, query), oracle.DistancesFrom(vector.data()), query);
      }
    }
  }
}

TEST(IvfIndexTest, CopiesCountAsBytesOfTheIndexAndAreWrittenWithIt) {
  const TestRows rows = RandomRows(500, 16, 26);
  for (const IndexSpec& spec : IvfSpecsWithCopies(8)) {
    MemoryBudget budget;
    const auto index = BuildIvfIndex(rows.view(), spec, {.budget = &budget});
    EXPECT_LE(budget.used_bytes(), index->index_bytes());
    EXPECT_GE(budget.used_bytes() + 1000, index->index_bytes());
    const Sections sections = ReadSections(*WriteFile(*index));
    EXPECT_GE(sections.at(kRefineCodesTags.codes).size(), 8000U);
    const auto loaded = LoadSections(sections, rows.view());
    ASSERT_OK(loaded) << IvfName(spec);
    EXPECT_EQ((*loaded)->spec(), spec);
    EXPECT_EQ((*loaded)->index_bytes(), index->index_bytes());
    EXPECT_EQ(ReadSections(*WriteFile(**loaded)), sections);
    const auto executor = MakeThreadPool(3);
    const auto parallel = BuildIvfIndex(rows.view(), spec, {.executor = executor.get()});
    EXPECT_EQ(ReadSections(*WriteFile(*parallel)), sections);
  }
}

// More rows at one distance than candidates are kept.
TEST(IvfIndexTest, ManyEqualRowsInFlatListsComeInTheOrderAskedFor) {
  const TestRows rows = GridRows(2000, 2, 2, 20);
  const ReverseOrder reverse;
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const IndexSpec spec{.metric = metric, .params = IvfFlatParams{.nlist = 4}};
    const auto index = BuildIvfIndex(rows.view(), spec);
    for (const RowOrder* order :
         {static_cast<const RowOrder*>(nullptr), static_cast<const RowOrder*>(&reverse)}) {
      const RowQuery query{.vector = rows.view().row(7),
                           .k = 10,
                           .params = IvfSearchParams{.nprobe = 4},
                           .mask = {.num_rows = 2000},
                           .order = order};
      EXPECT_EQ(Find(*index, query),
                NaiveSearch(rows.view(), metric, query.vector, query.mask, 10, order));
    }
  }
}

TEST(IvfIndexTest, AFewListsFindMostOfTheNearest) {
  const TestRows rows = MixedRows(4000, kIvfDim, 40, 3);
  const TestRows queries = MixedRows(50, kIvfDim, 40, 4);
  for (const IndexSpec& spec : IvfSpecs(40)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    size_t hits = 0;
    for (uint32_t q = 0; q < 50; ++q) {
      const RowQuery query{.vector = queries.view().row(q),
                           .k = 10,
                           .params = IvfSearchParams{.nprobe = 12},
                           .mask = {.num_rows = 4000}};
      const auto found = Find(*index, query);
      ExpectSound(rows.view(), spec, query, found);
      for (const Candidate& expected :
           NaiveSearch(rows.view(), spec.metric, query.vector, query.mask, 10)) {
        hits += std::find(found.begin(), found.end(), expected) != found.end() ? 1 : 0;
      }
    }
    EXPECT_GE(hits, 425U) << IvfName(spec);  // of 500
  }
}

TEST(IvfIndexTest, AMaskLeavesAsManyRowsAsThereAre) {
  const TestRows rows = MixedRows(3000, kIvfDim, 30, 5);
  for (const IndexSpec& spec : IvfSpecs(60)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    for (const double share : {0.0, 0.001, 0.01, 0.3, 0.5, 0.9, 1.0}) {
      const std::vector<uint64_t> bits = RandomBitmap(3000, share, 6);
      const uint64_t allowed = base::CountBits(bits.data(), 3000);
      for (const uint32_t k : {1U, 10U, 200U}) {
        const RowQuery query{.vector = rows.view().row(11),
                             .k = k,
                             .params = IvfSearchParams{.nprobe = 1},
                             .mask = {.num_rows = 3000, .allowed = bits.data()},
                             .num_set_bits = allowed};
        const auto found = Find(*index, query);
        EXPECT_EQ(found.size(), std::min<uint64_t>(k, allowed)) << IvfName(spec) << share;
        ExpectSound(rows.view(), spec, query, found);
      }
    }
  }
}

// Rows that the filter allows lie where the query is not, so that many lists must be read.
TEST(IvfIndexTest, ListsAreReadUntilTheRowsAreThere) {
  const TestRows rows = ClusteredRows(6000, kIvfDim, 60, 7);
  const std::vector<uint64_t> far = BitmapWhere(6000, [](uint32_t row) { return row >= 3000; });
  for (const IndexSpec& spec : IvfSpecs(60)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    SearchCounts counts;
    const RowQuery query{.vector = rows.view().row(5),
                         .k = 2500,
                         .params = IvfSearchParams{.nprobe = 1, .refine_k = 1},
                         .mask = {.num_rows = 6000, .allowed = far.data()},
                         .num_set_bits = 3000,
                         .counts = &counts};
    const auto found = Find(*index, query);
    EXPECT_EQ(found.size(), 2500U);
    ExpectSound(rows.view(), spec, query, found);
  }
}

TEST(IvfIndexTest, DeletedRowsDoNotComeBack) {
  const TestRows rows = MixedRows(2000, kIvfDim, 20, 8);
  base::DeleteTimes deletes;
  for (uint32_t row = 0; row < 2000; row += 2) ASSERT_TRUE(deletes.Set(row, 10));
  for (const IndexSpec& spec : IvfSpecs(20)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    const RowQuery query{.vector = rows.view().row(4),
                         .k = 20,
                         .mask = {.num_rows = 2000, .deletes = &deletes, .as_of = 10}};
    const auto found = Find(*index, query);
    EXPECT_EQ(found.size(), 20U);
    ExpectSound(rows.view(), spec, query, found);
  }
}

TEST(IvfIndexTest, LimitsHoldOnExactDistances) {
  const TestRows rows = MixedRows(2500, kIvfDim, 20, 9);
  for (const IndexSpec& spec : IvfSpecs(25)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    const float* vector = rows.view().row(3);
    const auto all = NaiveSearch(rows.view(), spec.metric, vector, {.num_rows = 2500}, 2500);
    const RowLimits limits{.min_distance = all[20].distance, .max_distance = all[300].distance};
    for (const uint32_t k : {5U, 1000U}) {
      const RowQuery query{.vector = vector,
                           .k = k,
                           .params = IvfSearchParams{.nprobe = 25},
                           .mask = {.num_rows = 2500},
                           .limits = limits};
      EXPECT_EQ(Find(*index, query),
                NaiveSearch(rows.view(), spec.metric, vector, query.mask, k, nullptr, limits))
          << IvfName(spec);
      RowQuery one_list = query;
      one_list.params = IvfSearchParams{.nprobe = 1};
      const auto found = Find(*index, one_list);
      EXPECT_EQ(found.size(), std::min<size_t>(k, Find(*index, query).size()));
      ExpectSound(rows.view(), spec, one_list, found);
    }
  }
}

TEST(IvfIndexTest, BehindAPositionTheAnswerIsExact) {
  const TestRows rows = MixedRows(1500, kIvfDim, 10, 10);
  for (const IndexSpec& spec : IvfSpecs(10)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    const float* vector = rows.view().row(3);
    const auto all = NaiveSearch(rows.view(), spec.metric, vector, {.num_rows = 1500}, 60);
    const Behind behind(all[29]);
    const RowQuery query{
        .vector = vector, .k = 30, .mask = {.num_rows = 1500}, .limits = {.after = &behind}};
    EXPECT_EQ(Find(*index, query), std::vector<Candidate>(all.begin() + 30, all.end()));
  }
}

// Nine in ten at one end of float, the others at the other: their differences are beyond it.
TestRows LongRows() {
  std::vector<float> values(4 * 500, 3e38f);
  for (size_t i = 0; i < 4 * 50; ++i) values[i] = -3e38f;
  return TestRows(std::move(values), 4);
}

TEST(IvfIndexTest, OddRowsGiveAWorkingIndex) {
  const std::vector<TestRows> odd = {
      TestRows({}, 4),                              // none
      TestRows({1, 2, 3, 4}, 4),                    // one
      RandomRows(5, 4, 11),                         // fewer than lists
      TestRows(std::vector<float>(4 * 500, 2), 4),  // all equal
      TestRows(std::vector<float>(4 * 500, 0), 4),  // zero vectors
      TestRows(std::vector<float>(4 * 500, 1e30f), 4),
      GridRows(500, 4, 2, 12),
      LongRows(),
  };
  for (const TestRows& rows : odd) {
    const uint32_t num_rows = rows.view().num_rows;
    for (const IndexSpec& spec : IvfSpecs(16)) {
      const auto index = BuildIvfIndex(rows.view(), spec);
      for (const std::vector<float>& vector :
           {std::vector<float>{1, 2, 3, 4}, std::vector<float>(4, 0), std::vector<float>(4, 3e38f),
            std::vector<float>(4, -1e-38f)}) {
        const RowQuery query{.vector = vector.data(), .k = 10, .mask = {.num_rows = num_rows}};
        const auto found = Find(*index, query);
        EXPECT_EQ(found.size(), std::min(10U, num_rows)) << IvfName(spec);
        for (const Candidate& candidate : found) EXPECT_FALSE(std::isnan(candidate.distance));
      }
      EXPECT_OK(LoadSections(ReadSections(*WriteFile(*index)), rows.view())) << IvfName(spec);
    }
  }
}

TEST(IvfIndexTest, MoreListsThanTheRowsSufficeForBecomeFewer) {
  const TestRows rows = RandomRows(400, kIvfDim, 13);
  const auto index = BuildIvfIndex(rows.view(), {.params = IvfFlatParams{.nlist = 65536}});
  EXPECT_EQ(static_cast<const IvfIndex&>(*index).lists().layout.num_lists(), 10U);
}

TEST(IvfIndexTest, BytesAreThoseOfTheParts) {
  const TestRows rows = RandomRows(4000, 32, 14);
  for (const IndexSpec& spec : IvfSpecs(16)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    const IvfLists& lists = static_cast<const IvfIndex&>(*index).lists();
    EXPECT_GE(index->index_bytes(), lists.codes.size() + 4 * 4000);
    EXPECT_LT(index->index_bytes(), lists.codes.size() + 4 * 4000 + 150000);
    const size_t code = lists.codec->code_bytes();
    EXPECT_GE(lists.codes.size(), 4000 * code);
    EXPECT_LE(lists.codes.size(), 4000 * code + 16 * (64 + 31 * code));
  }
}

// As with more than kMostComparedLists lists, for which ivf_slow_test.cc has the rows.
TEST(IvfIndexTest, AGraphOfTheCentroidsFindsTheListsToo) {
  const TestRows rows = MixedRows(4000, kIvfDim, 40, 17);
  const std::vector<IndexSpec> specs = IvfSpecs(80);
  for (const size_t i : std::initializer_list<size_t>{0, 7, 15}) {  // one of each kind and metric
    const IndexSpec& spec = specs[i];
    auto lists = BuildIvf(rows.view(), spec, {}, {});
    ASSERT_OK(lists);
    auto graph = BuildHnswGraph(CentroidRows(lists->centroids), CentroidMetric(spec.metric),
                                {.m = static_cast<int32_t>(kListGraphM)}, {}, {});
    ASSERT_OK(graph);
    lists->graph = *std::move(graph);
    const auto plain = BuildIvfIndex(rows.view(), spec);
    const uint64_t bytes = lists->bytes();
    const IvfIndex index(rows.view(), spec, *std::move(lists), std::nullopt, {});
    EXPECT_EQ(index.index_bytes(), bytes);
    EXPECT_GT(bytes, plain->index_bytes());
    size_t same = 0;
    for (uint32_t row = 0; row < 4000; row += 100) {
      const RowQuery query{.vector = rows.view().row(row), .k = 10, .mask = {.num_rows = 4000}};
      same += Find(index, query) == Find(*plain, query) ? 1 : 0;
      const RowQuery all{.vector = rows.view().row(row),
                         .k = 3000,
                         .params = IvfSearchParams{.nprobe = 2},
                         .mask = {.num_rows = 4000}};
      const auto found = Find(index, all);
      EXPECT_EQ(found.size(), 3000U);
      ExpectSound(rows.view(), spec, all, found);
    }
    EXPECT_GE(same, 38U) << IvfName(spec);  // of 40; a walk may miss a centroid
  }
}

TEST(IvfIndexTest, ABatchAnswersAsItsQueriesDo) {
  const TestRows rows = MixedRows(3000, kIvfDim, 30, 18);
  const auto few = RandomBitmap(3000, 0.005, 19);
  const auto half = RandomBitmap(3000, 0.5, 20);
  for (const IndexSpec& spec : IvfSpecs(30)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    std::vector<RowQuery> queries;
    std::vector<SearchCounts> alone(40), together(40);
    for (uint32_t i = 0; i < 40; ++i) {
      RowQuery query{.vector = rows.view().row(i * 70),
                     .k = 1 + i,
                     .params = IvfSearchParams{.nprobe = static_cast<int32_t>(1 + i % 5)},
                     .mask = {.num_rows = 3000}};
      if (i % 4 == 1) query.mask.allowed = few.data();
      if (i % 4 == 2) query.mask.allowed = half.data();
      if (i % 4 == 3) query.k = 2000;
      if (i % 7 == 6) query.limits.min_distance = -0.5f;
      queries.push_back(query);
    }
    std::vector<std::vector<Candidate>> found(40);
    for (size_t i = 0; i < 40; ++i) queries[i].counts = &together[i];
    ASSERT_OK(index->SearchBatch(queries, {}, found));
    for (size_t i = 0; i < 40; ++i) {
      queries[i].counts = &alone[i];
      EXPECT_EQ(found[i], Find(*index, queries[i])) << IvfName(spec) << i;
      EXPECT_EQ(together[i], alone[i]);
    }
  }
}

TEST(IvfIndexTest, ACancelledSearchEnds) {
  const TestRows rows = RandomRows(2000, kIvfDim, 15);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  for (const IndexSpec& spec : IvfSpecs(10)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    std::vector<Candidate> found;
    const RowQuery query{.vector = rows.view().row(0), .mask = {.num_rows = 2000}};
    EXPECT_EQ(CodeOf(index->Search(query, Context{.cancel = token}, &found)),
              absl::StatusCode::kCancelled);
  }
}

TEST(IvfIndexTest, CountsSayWhatWasRead) {
  const TestRows rows = MixedRows(4000, kIvfDim, 40, 16);
  for (const IndexSpec& spec : IvfSpecs(40)) {
    const auto index = BuildIvfIndex(rows.view(), spec);
    SearchCounts few, many;
    RowQuery query{.vector = rows.view().row(0),
                   .params = IvfSearchParams{.nprobe = 1},
                   .mask = {.num_rows = 4000},
                   .counts = &few};
    Find(*index, query);
    query.params = IvfSearchParams{.nprobe = 40};
    query.counts = &many;
    Find(*index, query);
    EXPECT_EQ(few.plan, SearchPlan::kWalk);
    EXPECT_EQ(few.nodes, 1U);
    EXPECT_EQ(many.nodes, 40U);
    EXPECT_GE(many.distances, 4000U);
    EXPECT_LT(few.distances, many.distances);
  }
}

}  // namespace
}  // namespace vecdb::index
