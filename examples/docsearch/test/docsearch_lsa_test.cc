// How docsearch learns vectors from text.

#include <gtest/gtest.h>

#include <Eigen/SVD>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "docsearch/lsa.h"
#include "docsearch/svd.h"
#include "docsearch/vocabulary.h"

namespace docsearch {
namespace {

const std::vector<std::string> kToyCorpus = {
    "lock the mutex before writing",    "unlock the mutex when the thread is done",
    "a thread waits for the mutex",     "threads lock and unlock",
    "bake the cake in a hot oven",      "the oven bakes bread and cake",
    "mix flour and sugar for the cake", "flour, sugar and butter make bread"};

float Cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

// Sparse, of rank 20, with singular values that fall by a factor.
Eigen::MatrixXf LowRankMatrix() {
  std::mt19937 random(7);
  const auto number = [&] { return static_cast<float>(random() % 2001) / 1000.0F - 1.0F; };
  Eigen::MatrixXf sum = Eigen::MatrixXf::Zero(120, 80);
  for (int i = 0; i < 20; ++i) {
    const Eigen::VectorXf left = Eigen::VectorXf::NullaryExpr(120, number);
    const Eigen::VectorXf right = Eigen::VectorXf::NullaryExpr(80, number);
    sum += std::pow(0.7F, static_cast<float>(i)) * left * right.transpose();
  }
  return sum;
}

TEST(RandomizedSvdTest, AgreesWithTheExactDecomposition) {
  const Eigen::MatrixXf dense = LowRankMatrix();
  const SparseMatrix sparse = dense.sparseView();
  const SingularVectors found = RandomizedSvd(sparse, {.rank = 8, .oversampling = 8});
  const Eigen::JacobiSVD<Eigen::MatrixXf> exact(dense, Eigen::ComputeThinU | Eigen::ComputeThinV);
  ASSERT_EQ(found.values.size(), 8);
  for (Eigen::Index i = 0; i < 8; ++i) {
    EXPECT_NEAR(found.values(i) / exact.singularValues()(i), 1, 1e-3) << i;
    const float cosine = found.vectors.col(i).dot(exact.matrixV().col(i));
    EXPECT_NEAR(std::abs(cosine), 1, 1e-2) << i;
  }
}

TEST(RandomizedSvdTest, SameSeedGivesTheSameBits) {
  const SparseMatrix sparse = LowRankMatrix().sparseView();
  const SingularVectors a = RandomizedSvd(sparse, {.rank = 8, .seed = 3});
  const SingularVectors b = RandomizedSvd(sparse, {.rank = 8, .seed = 3});
  EXPECT_EQ(a.vectors, b.vectors);
  EXPECT_EQ(a.values, b.values);
}

TEST(RandomizedSvdTest, GivesFewerVectorsForASmallMatrix) {
  SparseMatrix matrix(3, 5);
  matrix.insert(0, 1) = 2;
  const SingularVectors found = RandomizedSvd(matrix, {.rank = 256});
  EXPECT_EQ(found.values.size(), 3);
  EXPECT_NEAR(found.values(0), 2, 1e-5);
}

TEST(VocabularyTest, KeepsTermsOfEnoughTextsInAlphabeticalOrder) {
  const std::vector<std::string> texts = {"beta alpha", "alpha beta beta", "alpha gamma"};
  const Vocabulary vocabulary = Vocabulary::Learn(texts, 2);
  EXPECT_EQ(vocabulary.terms(), (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_LT(vocabulary.idf()[0], vocabulary.idf()[1]);
}

TEST(VocabularyTest, WeighsToLengthOneAndIgnoresUnknownTerms) {
  const Vocabulary vocabulary({"alpha", "beta"}, {1, 1});
  const std::vector<TermWeight> weights = vocabulary.Weigh("beta omega alpha beta");
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(weights[0].term, 0U);
  EXPECT_NEAR(weights[1].weight / weights[0].weight, 1 + std::log(2.0), 1e-6);
  EXPECT_NEAR(std::hypot(weights[0].weight, weights[1].weight), 1, 1e-6);
  EXPECT_TRUE(vocabulary.Weigh("omega").empty());
}

TEST(LsaModelTest, TextsOfOneTopicLieCloserThanOthers) {
  const LsaModel model = LsaModel::Fit(kToyCorpus, 2, 1);
  const std::vector<float> lock = model.Embed("lock");
  // No word in common, but the same company.
  EXPECT_GT(Cosine(lock, model.Embed("waits")), 0.9F);
  EXPECT_LT(Cosine(lock, model.Embed("sugar")), 0.3F);
}

TEST(LsaModelTest, VectorsHaveTheDimAndLengthOne) {
  const LsaModel model = LsaModel::Fit(kToyCorpus, 256, 1);
  const std::vector<float> vector = model.Embed("thread");
  ASSERT_EQ(vector.size(), 256U);
  EXPECT_NEAR(Cosine(vector, vector), 1, 1e-5);
}

TEST(LsaModelTest, TextWithoutKnownTermsIsTheZeroVector) {
  const LsaModel model = LsaModel::Fit(kToyCorpus, 4, 1);
  EXPECT_EQ(model.Embed("zebra"), std::vector<float>(4, 0.0F));
  EXPECT_EQ(model.Embed(""), std::vector<float>(4, 0.0F));
}

TEST(LsaModelTest, CorpusWithoutTermsGivesZeroVectors) {
  const std::vector<std::string> texts = {"1 2 3"};
  const LsaModel model = LsaModel::Fit(texts, 4, 1);
  EXPECT_EQ(model.num_terms(), 0U);
  EXPECT_EQ(model.Embed("lock"), std::vector<float>(4, 0.0F));
}

TEST(LsaModelTest, UnpackGivesTheSameVectors) {
  const LsaModel model = LsaModel::Fit(kToyCorpus, 4, 1);
  const auto again = LsaModel::Unpack(model.Pack());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->Embed("bake a cake"), model.Embed("bake a cake"));
}

TEST(LsaModelTest, UnpackRefusesEveryTruncation) {
  const std::string bytes = LsaModel::Fit(kToyCorpus, 2, 1).Pack();
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto model = LsaModel::Unpack(std::string_view(bytes).substr(0, size));
    EXPECT_TRUE(absl::IsDataLoss(model.status())) << size;
  }
}

}  // namespace
}  // namespace docsearch
