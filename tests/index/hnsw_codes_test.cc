#include <gtest/gtest.h>

#include <cmath>

#include "index/coded_testing.h"
#include "index/file_testing.h"
#include "index/flat_index.h"
#include "index/hnsw_index.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

// Graphs walked on codes: what hnsw_index_test.cc and ivf_index_test.cc say of the others.

using support::CodeOf;

constexpr int32_t kCodedDim = 8;

HnswSearchParams WithEf(uint32_t ef, float refine_k = 0) {
  return {.ef = static_cast<int32_t>(ef), .refine_k = refine_k};
}

// Looks at every row and compares each once more, where the index refines.
HnswSearchParams Thorough(const IndexSpec& spec, uint32_t num_rows) {
  const bool refines = std::get<HnswParams>(spec.params).refine != Refine::kNone;
  return WithEf(num_rows, refines ? 1000 : 0);
}

TEST(HnswCodesTest, MinOfKAndAllowedRowsComeBackForEveryMaskAndEf) {
  constexpr uint32_t kRows = 1000;
  const TestRows rows = ClusteredRows(kRows, kCodedDim, 12, 1);
  const std::vector<float> queries = RandomValues(2 * kCodedDim, 2);
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto index = BuildCoded(rows.view(), spec);
    const AnswerOracle oracle(rows.view(), spec);
    const std::vector<float> distances[] = {oracle.DistancesFrom(&queries[0]),
                                            oracle.DistancesFrom(&queries[kCodedDim])};
    for (const double share : {1.0, 0.99, 0.5, 0.1, 0.01, 0.0}) {
      const std::vector<uint64_t> bitmap = RandomBitmap(kRows, share, 3);
      for (const uint32_t k : {1U, 10U, 100U, 999U, 1000U, 5000U}) {
        const RowQuery query{.vector = &queries[kCodedDim * (k % 2)],
                             .k = k,
                             .params = WithEf(k),
                             .mask = {.num_rows = kRows, .allowed = bitmap.data()}};
        SCOPED_TRACE(testing::Message() << spec.ToJson() << " " << share << " " << k);
        ExpectAnswers(FindCoded(*index, query), distances[k % 2], query);
      }
    }
  }
}

// Masks of one row, of k, of clusters where the query is not, of all rows but one.
TEST(HnswCodesTest, MasksOfEveryShapeGiveAllTheirRows) {
  constexpr uint32_t kRows = 2500;
  constexpr uint32_t kWanted = 20;
  const TestRows rows = ClusteredRows(kRows, kCodedDim, 10, 4);
  const float* vector = rows.view().row(3);
  const std::vector<std::vector<uint64_t>> bitmaps = {
      BitmapWhere(kRows, [](uint32_t row) { return row == 77; }),
      BitmapWhere(kRows, [](uint32_t row) { return row < kWanted; }),
      BitmapWhere(kRows, [](uint32_t row) { return row >= kRows - kWanted - 1; }),
      BitmapWhere(kRows, [](uint32_t row) { return row / 250 == 7; }),
      BitmapWhere(kRows, [](uint32_t row) { return row >= 1250; }),
      BitmapWhere(kRows, [](uint32_t row) { return row >= 250; }),
      BitmapWhere(kRows, [](uint32_t row) { return row != 3; }),
  };
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto index = BuildCoded(rows.view(), spec);
    const std::vector<float> distances = AnswerOracle(rows.view(), spec).DistancesFrom(vector);
    for (size_t i = 0; i < bitmaps.size(); ++i) {
      const RowQuery query{.vector = vector,
                           .k = kWanted,
                           .params = WithEf(kWanted),
                           .mask = {.num_rows = kRows, .allowed = bitmaps[i].data()}};
      SCOPED_TRACE(testing::Message() << spec.ToJson() << " mask " << i);
      ExpectAnswers(FindCoded(*index, query), distances, query);
    }
  }
}

// With the defaults of each codec, at ef 40.
TEST(HnswCodesTest, FindsNearlyAllOfTheNearest) {
  constexpr uint32_t kRows = 1500;
  const TestRows rows = MixedRows(kRows, 32, 20, 5);
  const TestRows queries = MixedRows(40, 32, 20, 6);
  const struct {
    HnswCodec codec;
    double least;
  } cases[] = {{HnswCodec::kAuto, 0.97},
               {HnswCodec::kFloat16, 0.98},
               {HnswCodec::kSq8, 0.97},
               {HnswCodec::kSq4, 0.96},
               {HnswCodec::kRabitq, 0.80}};
  size_t turn = 0;
  for (const Metric metric : kAllMetrics) {
    for (const auto& [codec, least] : cases) {
      if (++turn % 3 == 0) continue;  // two metrics each
      const auto index = BuildCoded(
          rows.view(),
          {.metric = metric, .params = HnswParams{.m = 12, .ef_construction = 80, .codec = codec}});
      for (const double share : {1.0, 0.85}) {
        const std::vector<uint64_t> bitmap = RandomBitmap(kRows, share, 7);
        const base::RowMask mask{.num_rows = kRows, .allowed = share < 1 ? bitmap.data() : nullptr};
        double recall = 0;
        for (uint32_t i = 0; i < 40; ++i) {
          const RowQuery query{
              .vector = queries.view().row(i), .k = 10, .params = WithEf(40), .mask = mask};
          recall += RowRecallOf(FindCoded(*index, query),
                                NaiveSearch(rows.view(), metric, query.vector, mask, 10)) /
                    40;
        }
        EXPECT_GE(recall, least) << index->spec().ToJson() << " " << share;
      }
    }
  }
}

// The more candidates are looked at again, the better; all of them are no worse than the rows.
TEST(HnswCodesTest, RefiningMoreFindsMore) {
  constexpr uint32_t kRows = 1500;
  const TestRows rows = MixedRows(kRows, 32, 10, 8);
  const TestRows queries = MixedRows(50, 32, 10, 9);
  const auto index = BuildCoded(
      rows.view(),
      {.metric = Metric::kL2,
       .params = HnswParams{
           .m = 12, .ef_construction = 80, .codec = HnswCodec::kSq4, .refine = Refine::kFloat32}});
  const auto recall_of = [&](float refine_k) {
    double recall = 0;
    for (uint32_t i = 0; i < 50; ++i) {
      const RowQuery query{.vector = queries.view().row(i),
                           .k = 10,
                           .params = WithEf(100, refine_k),
                           .mask = {.num_rows = kRows}};
      recall += RecallOf(FindCoded(*index, query),
                         NaiveSearch(rows.view(), Metric::kL2, query.vector, query.mask, 10)) /
                50;
    }
    return recall;
  };
  EXPECT_LT(recall_of(1), recall_of(2));
  EXPECT_LE(recall_of(2), recall_of(1000));
  EXPECT_GE(recall_of(1000), 0.99);
}

TEST(HnswCodesTest, AnEfOfAllRowsGivesTheExactAnswer) {
  constexpr uint32_t kRows = 300;
  const ReverseOrder reverse;
  for (const TestRows& rows : {RandomRows(kRows, kCodedDim, 10), GridRows(kRows, 3, 3, 11)}) {
    for (const IndexSpec& spec : SomeCodedSpecs()) {
      if (std::get<HnswParams>(spec.params).refine == Refine::kNone) continue;
      const auto index = BuildCoded(rows.view(), spec);
      const std::vector<float> distances =
          AnswerOracle(rows.view(), spec).DistancesFrom(rows.view().row(1));
      for (const RowOrder* order :
           {static_cast<const RowOrder*>(nullptr), static_cast<const RowOrder*>(&reverse)}) {
        const RowQuery query{.vector = rows.view().row(1),
                             .k = 50,
                             .params = Thorough(spec, kRows),
                             .mask = {.num_rows = kRows},
                             .order = order};
        EXPECT_EQ(FindCoded(*index, query), NaiveAnswers(distances, query)) << spec.ToJson();
      }
    }
  }
}

TEST(HnswCodesTest, MinOfKAndRowsWithinTheLimitsComeBack) {
  constexpr uint32_t kRows = 2000;
  const TestRows rows = MixedRows(kRows, kCodedDim, 10, 12);
  const std::vector<uint64_t> bitmap = RandomBitmap(kRows, 0.6, 13);
  const ReverseOrder reverse;
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto index = BuildCoded(rows.view(), spec);
    const std::vector<float> distances =
        AnswerOracle(rows.view(), spec).DistancesFrom(rows.view().row(5));
    for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), bitmap.data()}) {
      RowQuery query{.vector = rows.view().row(5),
                     .k = kRows,
                     .params = WithEf(20),
                     .mask = {.num_rows = kRows, .allowed = allowed},
                     .order = &reverse};
      const std::vector<Candidate> all = NaiveAnswers(distances, query);
      query.k = 20;
      const Behind behind(all[33], &reverse);
      const RowLimits limits[] = {
          {.max_distance = all[0].distance},
          {.max_distance = all[5].distance},
          {.max_distance = all[99].distance},
          {.min_distance = all[3].distance},
          {.min_distance = all[500].distance, .max_distance = all[510].distance},
          {.min_distance = all[500].distance, .max_distance = all[700].distance},
          {.min_distance = all[5].distance, .after = &behind}};
      for (const RowLimits& limit : limits) {
        query.limits = limit;
        SCOPED_TRACE(testing::Message() << spec.ToJson() << " " << (&limit - limits));
        ExpectAnswers(FindCoded(*index, query), distances, query);
      }
      query.limits = {.after = &behind};
      EXPECT_EQ(FindCoded(*index, query), std::vector(all.begin() + 34, all.begin() + 54))
          << spec.ToJson();
    }
  }
}

TEST(HnswCodesTest, DeletesAndTimesHoldUnderEveryMask) {
  constexpr uint32_t kRows = 1500;
  const TestRows rows = MixedRows(kRows, kCodedDim, 10, 14);
  const std::vector<uint64_t> bitmap = RandomBitmap(kRows, 0.7, 15);
  base::DeleteTimes deletes;
  std::vector<uint64_t> times(kRows);
  for (uint32_t row = 0; row < kRows; ++row) {
    times[row] = row % 7 == 0 ? 200 : 50;
    if (row % 4 == 0) deletes.Set(row, row % 8 == 0 ? 100 : 300);
  }
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto index = BuildCoded(rows.view(), spec);
    const std::vector<float> distances =
        AnswerOracle(rows.view(), spec).DistancesFrom(rows.view().row(4));
    for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), bitmap.data()}) {
      for (const uint64_t as_of : std::initializer_list<uint64_t>{10, 100, 250, 1000}) {
        const RowQuery query{.vector = rows.view().row(4),
                             .k = 25,
                             .params = WithEf(25),
                             .mask = {.num_rows = kRows,
                                      .allowed = allowed,
                                      .deletes = &deletes,
                                      .row_times = times.data(),
                                      .as_of = as_of}};
        SCOPED_TRACE(testing::Message() << spec.ToJson() << " " << as_of);
        ExpectAnswers(FindCoded(*index, query), distances, query);
      }
    }
  }
}

TestRows ConstantButFor(int32_t dim, int32_t varying, uint32_t num_rows) {
  std::vector<float> values = RandomValues(num_rows * static_cast<size_t>(dim), 16);
  for (size_t i = 0; i < values.size(); ++i) {
    if (static_cast<int32_t>(i % static_cast<size_t>(dim)) != varying) values[i] = 3.5f;
  }
  return {std::move(values), dim};
}

TestRows Scaled(uint32_t num_rows, int32_t dim, float scale) {
  std::vector<float> values = RandomValues(num_rows * static_cast<size_t>(dim), 17);
  for (float& value : values) value *= scale;
  return {std::move(values), dim};
}

// Nine in ten at one end of float, the others at the other: their differences are beyond it.
TestRows AtBothEnds(uint32_t num_rows) {
  std::vector<float> values(4 * size_t{num_rows}, 3e38f);
  for (size_t i = 0; i < values.size() / 10; ++i) values[i] = -3e38f;
  return {std::move(values), 4};
}

std::vector<TestRows> OddRowSets() {
  std::vector<float> outlier = RandomValues(600, 18);
  outlier[41] = 1e30f;
  return {
      TestRows({}, 4),                              // none
      TestRows({1, 2, 3, 4}, 4),                    // one
      RandomRows(2, 4, 19),                         // two
      TestRows(std::vector<float>(4 * 150, 2), 4),  // all equal
      TestRows(std::vector<float>(4 * 150, 0), 4),  // zero vectors
      TestRows(std::vector<float>(4 * 150, 1e30f), 4),
      GridRows(150, 4, 2, 20),
      RandomRows(150, 1, 21),
      GridRows(150, 1, 3, 22),
      ConstantButFor(4, 2, 150),
      Scaled(150, 4, 1e30f),
      Scaled(150, 4, 1e-30f),
      Scaled(150, 4, 1e-40f),
      AtBothEnds(150),
      TestRows(std::move(outlier), 4),
  };
}

TEST(HnswCodesTest, OddRowsGiveAWorkingIndex) {
  const std::vector<TestRows> sets = OddRowSets();
  for (size_t i = 0; i < sets.size(); ++i) {
    const VectorView view = sets[i].view();
    const auto half = BitmapWhere(view.num_rows, [](uint32_t row) { return row % 2 == 0; });
    for (const IndexSpec& spec : CodedSpecs()) {
      const auto index = BuildCoded(view, spec);
      const AnswerOracle oracle(view, spec);
      for (const float value : {0.0f, 1.0f, -1e-38f, 3e38f}) {
        std::vector<float> vector(static_cast<size_t>(view.dim), value);
        vector[0] = -value;
        const std::vector<float> distances = oracle.DistancesFrom(vector.data());
        for (const float distance : distances) EXPECT_FALSE(std::isnan(distance));
        for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), half.data()}) {
          const RowQuery query{.vector = vector.data(),
                               .k = 10,
                               .params = WithEf(10),
                               .mask = {.num_rows = view.num_rows, .allowed = allowed}};
          SCOPED_TRACE(testing::Message() << spec.ToJson() << " set " << i << " " << value);
          ExpectAnswers(FindCoded(*index, query), distances, query);
        }
      }
      EXPECT_OK(LoadSections(ReadSections(*WriteFile(*index)), view)) << spec.ToJson();
    }
  }
}

// Float16 has a power of two for such; the bounds of SQ8 and SQ4 are learnt; RaBitQ has lengths.
TEST(HnswCodesTest, RowsOfAnyMagnitudeFindThemselves) {
  constexpr uint32_t kRows = 300;
  for (const float scale : {1e-18f, 1e-6f, 1e6f, 1e16f}) {
    const TestRows rows = Scaled(kRows, 16, scale);
    for (IndexSpec spec : SomeCodedSpecs()) {
      const Refine refine = std::get<HnswParams>(spec.params).refine;
      if (refine == Refine::kNone) continue;
      if (spec.metric == Metric::kIp) spec.metric = Metric::kL2;
      const auto index = BuildCoded(rows.view(), spec);
      size_t found = 0;
      for (uint32_t row = 0; row < kRows; row += 6) {
        const RowQuery query{.vector = rows.view().row(row),
                             .k = 1,
                             .params = Thorough(spec, 100),
                             .mask = {.num_rows = kRows}};
        found += FindCoded(*index, query)[0].row == row;
      }
      EXPECT_GE(found, 48U) << spec.ToJson() << " " << scale;  // of 50
    }
  }
}

TEST(HnswCodesTest, RefineKIsTakenAtBothEnds) {
  constexpr uint32_t kRows = 1000;
  const TestRows rows = MixedRows(kRows, kCodedDim, 10, 23);
  const auto half = RandomBitmap(kRows, 0.5, 24);
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto index = BuildCoded(rows.view(), spec);
    const std::vector<float> distances =
        AnswerOracle(rows.view(), spec).DistancesFrom(rows.view().row(9));
    for (const float refine_k : {0.0f, 1.0f, 1.1f, 1000.0f}) {
      for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), half.data()}) {
        const RowQuery query{.vector = rows.view().row(9),
                             .k = 30,
                             .params = WithEf(30, refine_k),
                             .mask = {.num_rows = kRows, .allowed = allowed}};
        ExpectAnswers(FindCoded(*index, query), distances, query);
      }
    }
  }
}

TEST(HnswCodesTest, DimensionsFrom64OnAreCodedUnlessAskedOtherwise) {
  for (const int32_t dim : {63, 64}) {
    const TestRows rows = RandomRows(100, dim, 25);
    const Sections automatic =
        ReadSections(*WriteFile(*BuildCoded(rows.view(), {.params = HnswParams{}})));
    EXPECT_EQ(automatic.contains(kWalkCodesTags.head), dim == 64);
    EXPECT_EQ(automatic.contains(kRefineCodesTags.codes), dim == 64);
    const Sections floats = ReadSections(
        *WriteFile(*BuildCoded(rows.view(), {.params = HnswParams{.codec = HnswCodec::kFloat32}})));
    EXPECT_EQ(floats.size(), 5U);
    EXPECT_FALSE(floats.contains(kWalkCodesTags.head));
  }
}

TEST(HnswCodesTest, TheSameFileAndAnswersForAnyNumberOfThreads) {
  const TestRows rows = GridRows(400, 6, 4, 26);
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto alone = BuildCoded(rows.view(), spec);
    const Sections expected = ReadSections(*WriteFile(*alone));
    for (const int threads : {2, 3}) {
      const auto executor = MakeThreadPool(threads);
      const auto index = BuildCoded(rows.view(), spec, {.executor = executor.get()});
      EXPECT_TRUE(ReadSections(*WriteFile(*index)) == expected) << spec.ToJson() << " " << threads;
    }
    const auto loaded = LoadSections(expected, rows.view());
    ASSERT_OK(loaded);
    EXPECT_EQ((*loaded)->spec(), spec);
    EXPECT_EQ((*loaded)->index_bytes(), alone->index_bytes());
    EXPECT_TRUE(ReadSections(*WriteFile(**loaded)) == expected) << spec.ToJson();
    for (uint32_t row = 0; row < 400; row += 80) {
      const RowQuery query{.vector = rows.view().row(row), .k = 20, .mask = {.num_rows = 400}};
      EXPECT_EQ(FindCoded(*alone, query), FindCoded(**loaded, query)) << spec.ToJson();
    }
  }
}

TEST(HnswCodesTest, ASeedGivesTheSameFileAndAnotherSeedAnother) {
  const TestRows rows = RandomRows(200, kCodedDim, 27);
  for (const HnswParams& params : CodedParams()) {
    if (params.refine != Refine::kNone) continue;
    HnswParams seeded = params;
    seeded.seed = 77;
    const auto sections_of = [&](const HnswParams& one) {
      return ReadSections(*WriteFile(*BuildCoded(rows.view(), {Metric::kL2, one})));
    };
    const Sections first = sections_of(seeded);
    EXPECT_TRUE(first == sections_of(seeded));
    EXPECT_FALSE(first.at(format::Tag("LNK0")) == sections_of(params).at(format::Tag("LNK0")));
  }
}

TEST(HnswCodesTest, BytesAreThoseOfTheBudgetAndNearWhatIsPromised) {
  constexpr uint64_t kRows = 1000;
  const TestRows rows = RandomRows(kRows, 64, 28);
  for (HnswParams params : CodedParams()) {
    params.m = 16;
    params.ef_construction = 20;
    MemoryBudget budget;
    const IndexSpec spec{.metric = Metric::kCosine, .params = params};
    const auto index = BuildCoded(rows.view(), spec, {.budget = &budget});
    EXPECT_EQ(budget.used_bytes(), index->index_bytes());
    const double per_dim = params.codec == HnswCodec::kFloat16 ? 2
                           : params.codec == HnswCodec::kSq8   ? 1
                           : params.codec == HnswCodec::kSq4   ? 0.5
                                                               : 0.125;
    const double of_refine = params.refine == Refine::kFloat16 ? 2
                             : params.refine == Refine::kSq8   ? 1
                                                               : 0;
    const double promised = 64 * (per_dim + of_refine) + 8 * 16 + 8;
    EXPECT_NEAR(static_cast<double>(index->index_bytes()) / kRows, promised, 12) << spec.ToJson();
  }
}

TEST(HnswCodesTest, BuildsWithinTheBudgetOrGivesAllBack) {
  const TestRows rows = RandomRows(300, 16, 29);
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    const auto index = BuildCoded(rows.view(), spec);
    const uint64_t bytes = index->index_bytes();
    const auto store = WriteFile(*index);
    for (const uint64_t limit : {uint64_t{1000}, bytes / 3, bytes / 2, bytes - 1}) {
      MemoryBudget small(limit);
      const Host host{.budget = &small};
      EXPECT_EQ(CodeOf(BuildVectorIndex(rows.view(), spec, host, {})),
                absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(small.used_bytes(), 0U);
      EXPECT_EQ(CodeOf(LoadVectorIndex(*OpenFile(*store), rows.view(), host, {})),
                absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(small.used_bytes(), 0U);
    }
  }
}

TEST(HnswCodesTest, BuildsAndSearchesStopWhenCancelledOrLate) {
  const TestRows rows = RandomRows(300, kCodedDim, 30);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  for (const IndexSpec& spec : SomeCodedSpecs()) {
    EXPECT_EQ(CodeOf(BuildVectorIndex(rows.view(), spec, {}, {.cancel = token})),
              absl::StatusCode::kCancelled);
    const auto index = BuildCoded(rows.view(), spec);
    const RowQuery query{.vector = rows.view().row(0), .k = 5, .mask = {.num_rows = 300}};
    std::vector<Candidate> found;
    EXPECT_EQ(CodeOf(index->Search(query, {.cancel = token}, &found)),
              absl::StatusCode::kCancelled);
    EXPECT_EQ(CodeOf(index->Search(query, Context::WithTimeout(absl::ZeroDuration()), &found)),
              absl::StatusCode::kDeadlineExceeded);
  }
}

TEST(HnswCodesTest, CountsTellThePlanAndThatFewRowsAreComparedTwice) {
  constexpr uint32_t kRows = 4000;
  const TestRows rows = MixedRows(kRows, kCodedDim, 10, 31);
  const auto index = BuildCoded(
      rows.view(), {.metric = Metric::kL2,
                    .params = HnswParams{.m = 8, .ef_construction = 60, .codec = HnswCodec::kSq8}});
  const auto counts_of = [&](const std::vector<uint64_t>& bitmap, RowLimits limits = {}) {
    SearchCounts counts;
    FindCoded(*index,
              {.vector = rows.view().row(0),
               .k = 10,
               .params = WithEf(10),
               .mask = {.num_rows = kRows, .allowed = bitmap.empty() ? nullptr : bitmap.data()},
               .limits = limits,
               .counts = &counts});
    return counts;
  };
  const auto first = [](uint32_t count) {
    return BitmapWhere(kRows, [=](uint32_t row) { return row < count; });
  };
  // 820 codes, then copies of ef rows.
  EXPECT_EQ(counts_of(first(820)),
            (SearchCounts{.plan = SearchPlan::kExactScan, .allowed_rows = 820, .distances = 830}));
  EXPECT_EQ(counts_of(first(2000)).plan, SearchPlan::kFilteredWalk);
  const SearchCounts walk = counts_of({});
  EXPECT_EQ(walk.plan, SearchPlan::kWalk);
  EXPECT_GE(walk.nodes, 10U);
  EXPECT_LT(walk.distances, kRows);
  EXPECT_EQ(counts_of({}, {.max_distance = 0}).plan, SearchPlan::kWalkThenScan);
}

}  // namespace
}  // namespace vecdb::index
