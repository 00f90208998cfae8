#include "data/truth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/distance.h"
#include "tests/test_files.h"

namespace vecdb::bench {
namespace {

using Ids = std::vector<uint32_t>;

class TruthFileTest : public FileTest {
 protected:
  void ExpectTruth(const std::string& name, const std::string& bytes) {
    const absl::StatusOr<Truth> truth = ReadTruth(Write(name, bytes));
    ASSERT_TRUE(truth.ok()) << truth.status();
    EXPECT_EQ(truth->num_queries, 2U);
    EXPECT_EQ(truth->k, 3U);
    EXPECT_EQ(truth->ids, (Ids{7, 8, 9, 4, 5, 6}));
  }

  void ExpectDamaged(const std::string& name, const std::string& bytes,
                     const std::string& message) {
    const absl::Status status = ReadTruth(Write(name, bytes)).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_NE(std::string(status.message()).find(message), std::string::npos) << status;
  }
};

TEST_F(TruthFileTest, EveryFormatGivesTheSameIds) {
  const std::string ids = Uint32s({7, 8, 9, 4, 5, 6});
  ExpectTruth("a.ibin", Uint32s({2, 3}) + ids);
  ExpectTruth("b.ibin", Uint32s({2, 3}) + ids + Floats({1, 2, 3, 1, 2, 3}));
  ExpectTruth("c.ivecs", Uint32s({3, 7, 8, 9, 3, 4, 5, 6}));
}

TEST_F(TruthFileTest, DamagedFilesAreRefusedWithTheFigures) {
  const std::string ids = Uint32s({7, 8, 9, 4, 5, 6});
  ExpectDamaged("a.ibin", Uint32s({2, 3}) + ids.substr(4), "do not fit into 28 bytes");
  ExpectDamaged("b.ibin", Uint32s({2, 3}) + ids + Floats({1}), "need 48 bytes");
  ExpectDamaged("c.ibin", Uint32s({0, 3}), "0 queries with 3 neighbours");
  ExpectDamaged("d.ibin", Uint32s({0xFFFFFFFF, 0xFFFFFFFF}) + ids, "do not fit into 32 bytes");
  ExpectDamaged("e.ivecs", Uint32s({3, 7, 8, 9, 3, 4}), "no whole number of rows");
  ExpectDamaged("f.ivecs", Uint32s({1, 7, 2, 9}), "query 1 has 2 neighbours, query 0 has 1");
  ExpectDamaged("g.ivecs", Uint32s({0, 0}), "rows of 0 neighbours");
  ExpectDamaged("h.ivecs", Uint32s({0xFFFFFFFF, 0}), "rows of -1 neighbours");
}

TEST(ExactDistanceTest, EachMetricIsSmallerForTheNearer) {
  const std::vector<float> a = {3, 4};
  const std::vector<float> b = {4, 3};
  const std::vector<float> zero = {0, 0};
  EXPECT_DOUBLE_EQ(ExactDistance(Metric::kL2, a, b), 2);
  EXPECT_DOUBLE_EQ(ExactDistance(Metric::kIp, a, b), -24);
  EXPECT_DOUBLE_EQ(ExactDistance(Metric::kCosine, a, b), 1 - 24.0 / 25);
  EXPECT_DOUBLE_EQ(ExactDistance(Metric::kCosine, a, zero), 1);
}

TEST(ExactDistanceTest, EveryNumberCountsWhateverTheDim) {
  for (size_t dim = 1; dim <= 40; ++dim) {
    std::vector<float> a(dim);
    for (size_t i = 0; i < dim; ++i) a[i] = static_cast<float>(i + 1);
    const std::vector<float> zero(dim);
    const auto n = static_cast<double>(dim);
    EXPECT_EQ(ExactDistance(Metric::kL2, a, zero), n * (n + 1) * (2 * n + 1) / 6) << dim;
  }
}

TEST(ComputeTruthTest, EqualDistancesAreOrderedByRow) {
  const Matrix base = MatrixOf(5, 1, {2, 0, 2, 1, 0});
  const Matrix queries = MatrixOf(2, 1, {0, 2});
  for (const int threads : {1, 2, 4}) {
    const Truth truth = ComputeTruth(Metric::kL2, base, queries, 4, threads);
    EXPECT_EQ(truth.ids, (Ids{1, 4, 3, 0, 0, 2, 3, 1})) << threads;
  }
}

TEST(ComputeTruthTest, RowsOutsideTheSetDoNotCountAndMissingOnesAreMarked) {
  const Matrix base = MatrixOf(5, 1, {2, 0, 2, 1, 0});
  const Matrix queries = MatrixOf(1, 1, {0});
  RowSet allowed(5);
  allowed.Insert(0);
  allowed.Insert(3);
  const Truth truth = ComputeTruth(Metric::kL2, base, queries, 3, 1, &allowed);
  EXPECT_EQ(truth.ids, (Ids{3, 0, kNoRow}));
}

TEST(ComputeTruthTest, AgreesWithSortingAllRows) {
  std::mt19937 random(7);
  std::normal_distribution<float> noise;
  Matrix base = *Matrix::Make(200, 13);
  Matrix queries = *Matrix::Make(37, 13);
  for (float& value : base.values()) value = noise(random);
  for (float& value : queries.values()) value = noise(random);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const Truth truth = ComputeTruth(metric, base, queries, 10, 2);
    for (size_t query = 0; query < queries.num_rows(); ++query) {
      std::vector<std::pair<double, uint32_t>> all;
      for (uint32_t row = 0; row < base.num_rows(); ++row) {
        all.emplace_back(ExactDistance(metric, queries.row(query), base.row(row)), row);
      }
      std::sort(all.begin(), all.end());
      for (size_t i = 0; i < truth.k; ++i) EXPECT_EQ(truth.of(query)[i], all[i].second);
    }
    EXPECT_TRUE(CheckTruth(truth, metric, base, queries, 10).ok());
  }
}

TEST(CheckTruthTest, AnotherSetsOrMetricsTruthIsRefused) {
  const Matrix base = MatrixOf(3, 1, {1, 2, 3});
  const Matrix queries = MatrixOf(1, 1, {1});
  const auto message = [&](Ids ids, Metric metric) {
    const Truth truth{.num_queries = 1, .k = ids.size(), .ids = std::move(ids)};
    return std::string(CheckTruth(truth, metric, base, queries, truth.k).message());
  };
  EXPECT_EQ(message({0, 1, 2}, Metric::kL2), "");
  EXPECT_EQ(message({0, 1, 3}, Metric::kL2),
            "truth: neighbour 2 of query 0 is row 3, the base has 3 rows");
  EXPECT_NE(message({0, 1, 2}, Metric::kIp).find("neighbour 1 of query 0"), std::string::npos);
}

class DatasetTest : public FileTest {
 protected:
  std::string LoadError(const std::string& base, const std::string& queries,
                        const std::string& truth, size_t k) {
    const DatasetFiles files = {.base = Write("base.fbin", base),
                                .queries = Write("query.fbin", queries),
                                .truth = truth.empty() ? "" : Write("truth.ibin", truth)};
    return std::string(LoadDataset(files, Metric::kL2, k, 1).status().message());
  }
};

TEST_F(DatasetTest, FilesThatDoNotBelongTogetherAreRefusedWithTheFigures) {
  const std::string base = Uint32s({3, 1}) + Floats({1, 2, 3});
  const std::string queries = Uint32s({1, 1}) + Floats({1});
  EXPECT_EQ(LoadError(base, queries, Uint32s({1, 2, 0, 1}), 2), "");
  EXPECT_NE(LoadError(base, Uint32s({1, 2}) + Floats({1, 2}), "", 2).find("has dim 2"),
            std::string::npos);
  EXPECT_NE(LoadError(base, queries, "", 4).find("k 4 is more than the 3 rows"), std::string::npos);
  EXPECT_NE(LoadError(base, queries, Uint32s({2, 1, 0, 1}), 1).find("answers 2 queries"),
            std::string::npos);
  EXPECT_NE(LoadError(base, queries, Uint32s({1, 1, 0}), 2).find("has 1 neighbours per query"),
            std::string::npos);
}

TEST_F(DatasetTest, TheFirstQueriesAreKeptWithTheirTruth) {
  Dataset dataset{.queries = MatrixOf(3, 2, {1, 2, 3, 4, 5, 6}),
                  .truth = {.num_queries = 3, .k = 1, .ids = {7, 8, 9}}};
  ASSERT_TRUE(KeepQueries(5, &dataset).ok());
  EXPECT_EQ(dataset.queries.num_rows(), 3U);
  ASSERT_TRUE(KeepQueries(2, &dataset).ok());
  EXPECT_EQ(dataset.queries.num_rows(), 2U);
  EXPECT_EQ(dataset.queries.row(1)[1], 4);
  EXPECT_EQ(dataset.truth.num_queries, 2U);
  EXPECT_EQ(dataset.truth.ids, (Ids{7, 8}));
}

TEST_F(DatasetTest, TheTruthIsComputedWhenNoFileHasIt) {
  const DatasetFiles files = {.base = Write("base.fbin", Uint32s({3, 1}) + Floats({9, 2, 3})),
                              .queries = Write("query.fbin", Uint32s({1, 1}) + Floats({1}))};
  const absl::StatusOr<Dataset> dataset = LoadDataset(files, Metric::kL2, 2, 2);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(dataset->truth.ids, (Ids{1, 2}));
}

TEST(DatasetNameTest, ComesFromTheFolderWhenTheFileHasNoName) {
  EXPECT_EQ(DatasetName("/data/glove-25/base.fbin"), "glove-25");
  EXPECT_EQ(DatasetName("/data/glove-25/train.npy"), "glove-25");
  EXPECT_EQ(DatasetName("/data/sift_base.fvecs"), "sift_base");
}

}  // namespace
}  // namespace vecdb::bench
