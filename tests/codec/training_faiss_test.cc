// FAISS as the oracle of training: on the same rows our error is at most 1 % above its own.

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/ProductQuantizer.h>
#include <faiss/impl/ScalarQuantizer.h>
#include <gtest/gtest.h>
#include <omp.h>

#include "codec/codec.h"
#include "codec/codec_testing.h"
#include "codec/kmeans.h"
#include "support/status_testing.h"

extern "C" void openblas_set_num_threads(int num_threads);

namespace vecdb::codec {
namespace {

// On one thread: others that wait spin, and take the processors from the tests beside this one.
class TrainingFaissTest : public ::testing::Test {
 protected:
  void SetUp() override {
    omp_set_num_threads(1);
    openblas_set_num_threads(1);
  }
};

constexpr double kAllowed = 1.01;

struct DataSet {
  const char* name;
  size_t dim;
  std::vector<float> rows;

  size_t count() const { return rows.size() / dim; }
};

// Rows whose numbers have falling variance and depend on each other, as embeddings do.
std::vector<float> EmbeddingLikeRows(size_t count, size_t dim) {
  const std::vector<float> hidden = NormalRows(count, dim, 11);
  const std::vector<float> mix = NormalRows(dim, dim, 12);
  std::vector<float> rows(count * dim);
  for (size_t i = 0; i < count; ++i) {
    for (size_t h = 0; h < dim; ++h) {
      const float value = hidden[i * dim + h] / static_cast<float>(1 + h);
      for (size_t d = 0; d < dim; ++d) rows[i * dim + d] += value * mix[h * dim + d];
    }
  }
  return rows;
}

std::vector<DataSet> DataSets() {
  return {{"normal", 16, NormalRows(8000, 16, 1)},
          {"clustered", 32, ClusteredRows(8000, 32, 60, 2)},
          {"embeddings", 32, EmbeddingLikeRows(8000, 32)}};
}

double AssignedError(const Centroids& centroids, const DataSet& data) {
  std::vector<uint32_t> nearest(data.count());
  std::vector<float> distances(data.count());
  centroids.Assign({data.rows.data(), data.dim, data.count()}, nearest.data(), distances.data());
  double sum = 0;
  for (const float distance : distances) sum += static_cast<double>(distance);
  return sum / static_cast<double>(data.count());
}

double CodedError(const CodecSpec& spec, const DataSet& data) {
  auto codec = TrainCodec(spec, {data.rows.data(), data.count()}, {}, {});
  EXPECT_OK(codec);
  std::vector<uint8_t> codes(data.count() * (*codec)->code_bytes());
  std::vector<float> decoded(data.rows.size());
  (*codec)->Encode(data.rows.data(), data.count(), codes.data());
  (*codec)->Decode(codes.data(), data.count(), decoded.data());
  return MeanError(data.rows, decoded, data.dim);
}

double FaissError(const faiss::ProductQuantizer& pq, const std::vector<float>& rows) {
  const size_t count = rows.size() / pq.d;
  std::vector<uint8_t> codes(count * pq.code_size);
  std::vector<float> decoded(rows.size());
  pq.compute_codes(rows.data(), codes.data(), count);
  pq.decode(codes.data(), decoded.data(), count);
  return MeanError(rows, decoded, pq.d);
}

TEST_F(TrainingFaissTest, KMeansErrsAsLittle) {
  for (const DataSet& data : DataSets()) {
    for (const size_t k : std::initializer_list<size_t>{16, 100}) {
      faiss::IndexFlatL2 assigner(static_cast<faiss::Index::idx_t>(data.dim));
      faiss::Clustering faiss_means(static_cast<int>(data.dim), static_cast<int>(k));
      faiss_means.train(static_cast<faiss::Index::idx_t>(data.count()), data.rows.data(), assigner);
      auto ours =
          TrainKMeans({data.rows.data(), data.dim, data.count()}, data.dim, {.k = k}, {}, {});
      ASSERT_OK(ours);
      EXPECT_LE(
          AssignedError(ours->centroids, data),
          kAllowed * AssignedError(Centroids(faiss_means.centroids, data.dim, Nearness::kL2), data))
          << data.name << " k " << k;
    }
  }
}

TEST_F(TrainingFaissTest, ProductQuantisationErrsAsLittle) {
  for (const DataSet& data : DataSets()) {
    for (const size_t bits : std::initializer_list<size_t>{4, 8}) {
      const size_t m = data.dim / 4;
      faiss::ProductQuantizer pq(data.dim, m, bits);
      pq.train(data.count(), data.rows.data());
      const CodecSpec spec{.kind = CodecKind::kPq,
                           .dim = static_cast<int32_t>(data.dim),
                           .pq_m = static_cast<int32_t>(m),
                           .pq_bits = static_cast<int32_t>(bits)};
      EXPECT_LE(CodedError(spec, data), kAllowed * FaissError(pq, data.rows))
          << data.name << " bits " << bits;
    }
  }
}

TEST_F(TrainingFaissTest, TheLearntRotationErrsAsLittle) {
  for (const DataSet& data : DataSets()) {
    const size_t m = data.dim / 4;
    faiss::ProductQuantizer pq(data.dim, m, 4);
    faiss::OPQMatrix opq(static_cast<int>(data.dim), static_cast<int>(m));
    opq.pq = &pq;
    opq.train(static_cast<faiss::Index::idx_t>(data.count()), data.rows.data());
    std::vector<float> turned(data.rows.size());
    opq.apply_noalloc(static_cast<faiss::Index::idx_t>(data.count()), data.rows.data(),
                      turned.data());
    pq.train(data.count(), turned.data());
    const CodecSpec spec{.kind = CodecKind::kPq,
                         .dim = static_cast<int32_t>(data.dim),
                         .pq_m = static_cast<int32_t>(m),
                         .pq_bits = 4,
                         .pq_rotate = true};
    EXPECT_LE(CodedError(spec, data), kAllowed * FaissError(pq, turned)) << data.name;
  }
}

TEST_F(TrainingFaissTest, ScalarQuantisationErrsAsLittle) {
  for (const DataSet& data : DataSets()) {
    faiss::ScalarQuantizer sq(data.dim, faiss::ScalarQuantizer::QT_8bit);
    sq.train(data.count(), data.rows.data());
    std::vector<uint8_t> codes(data.count() * sq.code_size);
    std::vector<float> decoded(data.rows.size());
    sq.compute_codes(data.rows.data(), codes.data(), data.count());
    sq.decode(codes.data(), decoded.data(), data.count());
    const CodecSpec spec{.kind = CodecKind::kSq8,
                         .dim = static_cast<int32_t>(data.dim),
                         .range = Sq8Range::kPerDimension};
    EXPECT_LE(CodedError(spec, data), kAllowed * MeanError(data.rows, decoded, data.dim))
        << data.name;
  }
}

}  // namespace
}  // namespace vecdb::codec
