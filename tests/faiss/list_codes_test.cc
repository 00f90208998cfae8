#include "faiss/list_codes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "faiss/faiss_testing.h"

namespace vecdb::faiss {
namespace {

using ListCodesTest = FaissFixture;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST_F(ListCodesTest, WordsOfAnyNumberOfBitsAreThoseOfFaiss) {
  for (const size_t nbits : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
    const auto pq = Filled(EmptyPq(Metric::kL2, 16, nbits, false));
    const auto coding = CodingOf(*pq);
    ASSERT_OK(coding);
    const codec::Codec& codec = *coding->codec;
    ASSERT_EQ(FaissCodeBytes(codec), pq->code_size);
    std::vector<uint8_t> ours(codec.code_bytes());
    std::vector<uint8_t> theirs(pq->code_size);
    std::vector<float> row(kTestDim);
    std::vector<float> decoded(kTestDim);
    for (size_t list = 0; list < kTestLists; ++list) {
      for (size_t i = 0; i < pq->invlists->list_size(list); ++i) {
        const uint8_t* code = pq->invlists->get_codes(list) + i * pq->code_size;
        CodeFromFaiss(codec, code, ours.data());
        codec.Decode(ours.data(), 1, decoded.data());
        pq->pq.decode(code, row.data());
        ASSERT_EQ(decoded, row) << nbits << " bits";
        CodeToFaiss(codec, ours.data(), theirs.data());
        ASSERT_TRUE(std::equal(theirs.begin(), theirs.end(), code)) << nbits << " bits";
      }
    }
  }
}

TEST_F(ListCodesTest, BytesStandForWhatFaissMakesOfThem) {
  for (const auto type :
       {::faiss::ScalarQuantizer::QT_8bit, ::faiss::ScalarQuantizer::QT_8bit_uniform}) {
    const auto sq8 = Filled(EmptySq8(Metric::kL2, false, type));
    const auto coding = CodingOf(*sq8);
    ASSERT_OK(coding);
    EXPECT_EQ(coding->codec->spec().range, codec::Sq8Range::kPerDimension);
    std::vector<uint8_t> ours(coding->codec->code_bytes());
    std::vector<float> row(kTestDim);
    std::vector<float> decoded(kTestDim);
    for (size_t i = 0; i < sq8->invlists->list_size(0); ++i) {
      const uint8_t* code = sq8->invlists->get_codes(0) + i * kTestDim;
      CodeFromFaiss(*coding->codec, code, ours.data());
      coding->codec->Decode(ours.data(), 1, decoded.data());
      sq8->sq.decode(code, row.data(), 1);
      for (size_t d = 0; d < kTestDim; ++d) ASSERT_NEAR(decoded[d], row[d], 2e-6f);
    }
  }
}

TEST_F(ListCodesTest, WhatALibraryBuiltIsCodedAlike) {
  const auto built =
      BuiltHere({.metric = Metric::kL2, .params = IvfPqParams{.nlist = 4, .m = 8, .nbits = 4}});
  const auto ivf = NewIvf(ListsOf(*built), built->spec());
  const auto coding = CodingOf(*ivf);
  ASSERT_OK(coding);
  EXPECT_EQ(coding->spec, built->spec());
  EXPECT_TRUE(coding->residuals);
}

struct BadCoding {
  const char* says;
  std::function<void(::faiss::IndexIVFPQ*)> done;
};

TEST_F(ListCodesTest, WordsThatDoNotFitAreRefused) {
  const BadCoding bad[] = {
      {"has codes of 5 bytes", [](auto* ivf) { ivf->code_size = 5; }},
      {"in lists for 5", [](auto* ivf) { ivf->invlists->code_size = 5; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.d = 8; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.M = 0; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.M = 3; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.dsub = 3; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.ksub = 17; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.nbits = 5; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.nbits = 77; }},
      {"do not fit together", [](auto* ivf) { ivf->pq.centroids.pop_back(); }},
      {"NaN or Inf", [](auto* ivf) { ivf->pq.centroids[3] = kInfinity; }},
      {"nlist", [](auto* ivf) { ivf->nlist = 65537; }},
      {"nlist", [](auto* ivf) { ivf->nlist = 0; }},
      {"metric_type 2", [](auto* ivf) { ivf->metric_type = ::faiss::METRIC_L1; }},
  };
  for (const BadCoding& one : bad) {
    const auto pq = Filled(EmptyPq(Metric::kL2, 4, 4));
    one.done(pq.get());
    ExpectInvalid(CodingOf(*pq), one.says);
  }
}

TEST_F(ListCodesTest, MoreThanEightBitsAreRefused) {
  const auto pq = EmptyPq(Metric::kL2, 4, 8);
  pq->pq = ::faiss::ProductQuantizer(kTestDim, 4, 10);
  ExpectInvalid(CodingOf(*pq), "nbits");
}

TEST_F(ListCodesTest, OtherBytesAreRefused) {
  ExpectInvalid(CodingOf(*EmptySq8(Metric::kL2, true, ::faiss::ScalarQuantizer::QT_fp16)),
                "quantizer type 4");
  const auto sq8 = Filled(EmptySq8(Metric::kL2));
  sq8->sq.trained[3] = kInfinity;
  ExpectInvalid(CodingOf(*sq8), "number 3 of its bounds is inf");
  sq8->sq.trained[3] = 0;
  sq8->sq.trained[kTestDim + 2] = -1;
  ExpectInvalid(CodingOf(*sq8), "number 18 of its bounds is -1");
  sq8->sq.trained[kTestDim + 2] = 3e38f;
  sq8->sq.trained[2] = 3e38f;
  ExpectInvalid(CodingOf(*sq8), "beyond float");
  sq8->sq.trained.pop_back();
  ExpectInvalid(CodingOf(*sq8), "31 numbers");
  sq8->sq.d = 3;
  ExpectInvalid(CodingOf(*sq8), "bounds of dim 3");
}

}  // namespace
}  // namespace vecdb::faiss
