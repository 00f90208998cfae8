#ifndef VECDB_TESTS_FAISS_FAISS_TESTING_H_
#define VECDB_TESTS_FAISS_FAISS_TESTING_H_

#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>

#include "index/index_state.h"
#include "index/index_testing.h"
#include "index/ivf_index.h"
#include "support/status_testing.h"
#include "vecdb/faiss.h"

extern "C" void openblas_set_num_threads(int num_threads);

namespace vecdb::faiss {

using index::IndexAccess;
using support::CodeOf;

// On one thread: others that wait spin, and take the processors from the tests beside this one.
class FaissFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    omp_set_num_threads(1);
    openblas_set_num_threads(1);
  }
};

constexpr int32_t kTestDim = 16;
constexpr uint32_t kTestRows = 2000;
constexpr size_t kTestLists = 20;
constexpr int32_t kTestK = 10;

inline const std::vector<float>& TestVectors() {
  static const auto* const rows =
      new std::vector<float>(index::MixedRows(kTestRows, kTestDim, 40, 1).values());
  return *rows;
}
inline const std::vector<float>& TestQueries() {
  static const auto* const rows =
      new std::vector<float>(index::MixedRows(50, kTestDim, 40, 2).values());
  return *rows;
}

inline ::faiss::MetricType TypeOf(Metric metric) {
  return metric == Metric::kL2 ? ::faiss::METRIC_L2 : ::faiss::METRIC_INNER_PRODUCT;
}

// Trains what wants training, and adds rows.
template <typename T>
std::unique_ptr<T> Filled(std::unique_ptr<T> index,
                          const std::vector<float>& rows = TestVectors()) {
  const auto count = static_cast<int64_t>(rows.size()) / index->d;
  if (!index->is_trained) index->train(count, rows.data());
  index->add(count, rows.data());
  return index;
}

// IVF indexes own their quantizer.
inline ::faiss::IndexFlat* NewTestQuantizer(Metric metric) {
  return new ::faiss::IndexFlat(kTestDim, TypeOf(metric));
}

inline std::unique_ptr<::faiss::IndexFlat> EmptyFlat(Metric metric) {
  return std::make_unique<::faiss::IndexFlat>(kTestDim, TypeOf(metric));
}
inline std::unique_ptr<::faiss::IndexHNSWFlat> EmptyHnsw(Metric metric, int m = 8) {
  return std::make_unique<::faiss::IndexHNSWFlat>(kTestDim, m, TypeOf(metric));
}
inline std::unique_ptr<::faiss::IndexIVFFlat> EmptyIvfFlat(Metric metric) {
  auto ivf = std::make_unique<::faiss::IndexIVFFlat>(NewTestQuantizer(metric), kTestDim, kTestLists,
                                                     TypeOf(metric));
  ivf->own_fields = true;
  return ivf;
}
inline std::unique_ptr<::faiss::IndexIVFScalarQuantizer> EmptySq8(
    Metric metric, bool by_residual = true,
    ::faiss::ScalarQuantizer::QuantizerType type = ::faiss::ScalarQuantizer::QT_8bit) {
  auto ivf = std::make_unique<::faiss::IndexIVFScalarQuantizer>(
      NewTestQuantizer(metric), kTestDim, kTestLists, type, TypeOf(metric), by_residual);
  ivf->own_fields = true;
  return ivf;
}
inline std::unique_ptr<::faiss::IndexIVFPQ> EmptyPq(Metric metric, size_t m, size_t nbits,
                                                    bool by_residual = true) {
  auto ivf = std::make_unique<::faiss::IndexIVFPQ>(NewTestQuantizer(metric), kTestDim, kTestLists,
                                                   m, nbits, TypeOf(metric));
  ivf->own_fields = true;
  ivf->by_residual = by_residual;
  ivf->pq.cp.min_points_per_centroid = 1;  // says nothing on stderr
  ivf->pq.cp.niter = 2;
  return ivf;
}

// Answers to the test queries, one after the other.
struct Answers {
  std::vector<int64_t> ids;
  std::vector<float> scores;
};

// How much a search looks at.
struct Effort {
  size_t nprobe = 5;
  int ef = 64;
};

inline void SetEffort(::faiss::Index* index, const Effort& effort) {
  if (auto* map = dynamic_cast<::faiss::IndexIDMap*>(index)) return SetEffort(map->index, effort);
  if (auto* ivf = dynamic_cast<::faiss::IndexIVF*>(index)) ivf->nprobe = effort.nprobe;
  if (auto* hnsw = dynamic_cast<::faiss::IndexHNSW*>(index)) hnsw->hnsw.efSearch = effort.ef;
}

inline Answers Ask(::faiss::Index* index, const std::vector<float>& queries = TestQueries(),
                   const Effort& effort = {}) {
  SetEffort(index, effort);
  const auto count = static_cast<int64_t>(queries.size()) / index->d;
  Answers answers;
  answers.ids.resize(static_cast<size_t>(count * kTestK), -1);
  answers.scores.resize(answers.ids.size());
  index->search(count, queries.data(), kTestK, answers.scores.data(), answers.ids.data());
  return answers;
}

inline SearchParams ParamsOf(const IndexSpec& spec, const Effort& effort) {
  if (std::holds_alternative<FlatParams>(spec.params)) return {};
  if (std::holds_alternative<HnswParams>(spec.params)) return HnswSearchParams{.ef = effort.ef};
  return IvfSearchParams{.nprobe = static_cast<int32_t>(effort.nprobe)};
}

// Rows are answered by their ids where there are some.
inline Answers Ask(const Index& index, std::span<const int64_t> ids = {},
                   const std::vector<float>& queries = TestQueries(), const Effort& effort = {}) {
  const auto found =
      index.Search({.vectors = queries, .k = kTestK, .params = ParamsOf(index.spec(), effort)});
  EXPECT_OK(found);
  Answers answers;
  for (const Neighbor& neighbor : found->rows) {
    answers.ids.push_back(ids.empty() ? int64_t{neighbor.row} : ids[neighbor.row]);
    answers.scores.push_back(neighbor.score);
  }
  return answers;
}

inline bool NearlyEqual(float a, float b) {
  return std::abs(a - b) <= 2e-5f * (1 + std::abs(a) + std::abs(b));
}

// Ids of `a` that `b` has not, of query `q`, unless they are as far as the last of b, where either
// may be the one that is left out.
inline size_t MissingIds(const Answers& a, const Answers& b, size_t q) {
  const size_t begin = q * kTestK;
  const std::set<int64_t> there(&b.ids[begin], &b.ids[begin] + kTestK);
  size_t missing = 0;
  for (size_t i = begin; i < begin + kTestK; ++i) {
    const bool tied = NearlyEqual(a.scores[i], b.scores[begin + kTestK - 1]);
    missing += !there.contains(a.ids[i]) && !tied;
  }
  return missing;
}

// The same rows up to ties, and the same scores up to the last digits.
inline void ExpectSameAnswers(const Answers& a, const Answers& b) {
  ASSERT_EQ(a.ids.size(), b.ids.size());
  for (size_t i = 0; i < a.ids.size(); ++i) {
    ASSERT_TRUE(NearlyEqual(a.scores[i], b.scores[i]))
        << "at " << i << ": " << a.scores[i] << " of row " << a.ids[i] << ", " << b.scores[i]
        << " of row " << b.ids[i];
  }
  for (size_t q = 0; q < a.ids.size() / kTestK; ++q) {
    EXPECT_EQ(MissingIds(a, b, q), 0U) << "query " << q;
    EXPECT_EQ(MissingIds(b, a, q), 0U) << "query " << q;
  }
}

// The share of the ids of `a` that `b` has too.
inline double SharedIds(const Answers& a, const Answers& b) {
  size_t shared = 0;
  for (size_t q = 0; q < a.ids.size() / kTestK; ++q) {
    const std::set<int64_t> there(&b.ids[q * kTestK], &b.ids[q * kTestK] + kTestK);
    for (size_t i = 0; i < kTestK; ++i) shared += there.count(a.ids[q * kTestK + i]);
  }
  return static_cast<double>(shared) / static_cast<double>(a.ids.size());
}

// What FromFaiss makes of an index that it must take.
inline FromFaissResult Taken(const ::faiss::Index& index, const FromFaissOptions& options = {}) {
  auto taken = FromFaiss(index, options);
  EXPECT_OK(taken);
  return *std::move(taken);
}

inline std::unique_ptr<::faiss::Index> Given(const Index& index,
                                             std::span<const int64_t> ids = {}) {
  auto given = ToFaiss(index, ids);
  EXPECT_OK(given);
  return *std::move(given);
}

inline std::unique_ptr<Index> BuiltHere(const IndexSpec& spec,
                                        const std::vector<float>& rows = TestVectors()) {
  auto built = IndexBuilder(kTestDim, spec).Build(rows, RowStorage::kView);
  EXPECT_OK(built);
  return *std::move(built);
}

inline const index::IvfLists& ListsOf(const Index& index) {
  return static_cast<const index::IvfIndex&>(*IndexAccess::StateOf(index).index).lists();
}

// The error must be of this code and say this.
template <typename Result>
void ExpectError(const Result& result, absl::StatusCode code, std::string_view says) {
  EXPECT_EQ(CodeOf(result), code) << support::StatusOf(result);
  const std::string message(support::StatusOf(result).message());
  EXPECT_NE(message.find(says), std::string::npos) << message;
}
template <typename Result>
void ExpectInvalid(const Result& result, std::string_view says) {
  ExpectError(result, absl::StatusCode::kInvalidArgument, says);
}

}  // namespace vecdb::faiss

#endif  // VECDB_TESTS_FAISS_FAISS_TESTING_H_
