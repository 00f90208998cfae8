#include "faiss/ivf_exchange.h"

#include <gtest/gtest.h>

#include <limits>

#include "faiss/faiss_testing.h"

namespace vecdb::faiss {
namespace {

using IvfExchangeTest = FaissFixture;

// Lists whose ids and codes a test may change.
::faiss::ArrayInvertedLists& ArraysOf(const ::faiss::IndexIVF& ivf) {
  return dynamic_cast<::faiss::ArrayInvertedLists&>(*ivf.invlists);
}

TEST_F(IvfExchangeTest, ListsOfAnotherNumberOrSizeAreRefused) {
  const auto ivf = Filled(EmptyIvfFlat(Metric::kL2));
  ivf->ntotal += 1;
  ExpectInvalid(FromFaiss(*ivf), "holds 2000 vectors in its lists, not 2001");
  ivf->ntotal -= 1;
  ivf->nlist = kTestLists - 1;
  ExpectInvalid(FromFaiss(*ivf), "or not 19 of the former");
  ivf->nlist = kTestLists;
  ivf->invlists->nlist = kTestLists + 1;
  ExpectInvalid(FromFaiss(*ivf), "or not 20 of the former");
  ivf->invlists->nlist = kTestLists;
  ivf->code_size = 3;
  ExpectInvalid(FromFaiss(*ivf), "codes of 3 bytes");
  ivf->code_size = kTestDim * sizeof(float);
  ::faiss::InvertedLists* lists = ivf->invlists;
  ivf->invlists = nullptr;
  ExpectInvalid(FromFaiss(*ivf), "has no inverted lists");
  ivf->invlists = lists;
  EXPECT_OK(FromFaiss(*ivf));
}

TEST_F(IvfExchangeTest, ListsWithoutAllTheirCodesAreRefused) {
  const auto ivf = Filled(EmptySq8(Metric::kL2));
  std::vector<std::vector<uint8_t>>& codes = ArraysOf(*ivf).codes;
  const uint8_t last = codes[2].back();
  codes[2].pop_back();
  ExpectInvalid(FromFaiss(*ivf), "list 2 of faiss::IndexIVFScalarQuantizer has");
  codes[2].push_back(last);
  EXPECT_OK(FromFaiss(*ivf));
  codes.pop_back();
  ExpectInvalid(FromFaiss(*ivf), "has arrays for 20 and 19 lists, not for 20");
}

TEST_F(IvfExchangeTest, IdsThatCannotBeAreRefused) {
  const auto ivf = Filled(EmptyIvfFlat(Metric::kL2));
  std::vector<int64_t>& ids = ArraysOf(*ivf).ids[0];
  ASSERT_GE(ids.size(), 2U);
  const int64_t first = ids[0];
  ids[0] = ids[1];
  ExpectInvalid(FromFaiss(*ivf), "a second time");
  ids[0] = -4;
  ExpectInvalid(FromFaiss(*ivf), "id -4 is negative");
  ids[0] = int64_t{1} << 40;
  EXPECT_EQ(Taken(*ivf).ids.back(), int64_t{1} << 40);
  ::faiss::IndexIDMap map;
  map.index = ivf.get();
  map.d = kTestDim;
  map.ntotal = kTestRows;
  map.id_map.resize(kTestRows);
  for (size_t i = 0; i < kTestRows; ++i) map.id_map[i] = static_cast<int64_t>(i);
  ExpectInvalid(FromFaiss(map), "which is none of the 2000 rows");
  ids[0] = first;
  EXPECT_OK(FromFaiss(map));
}

TEST_F(IvfExchangeTest, QuantizersThatDoNotFitAreRefused) {
  const auto ivf = Filled(EmptyIvfFlat(Metric::kL2));
  auto* flat = dynamic_cast<::faiss::IndexFlat*>(ivf->quantizer);
  const float number = flat->get_xb()[5];
  flat->get_xb()[5] = std::numeric_limits<float>::quiet_NaN();
  ExpectInvalid(FromFaiss(*ivf), "centroid 0 has NaN or Inf at dimension 5");
  flat->get_xb()[5] = number;
  flat->metric_type = ::faiss::METRIC_INNER_PRODUCT;
  ExpectInvalid(FromFaiss(*ivf), "the quantizer of faiss::IndexIVFFlat");
  flat->metric_type = ::faiss::METRIC_L2;
  flat->ntotal -= 1;
  ExpectInvalid(FromFaiss(*ivf), "the quantizer of faiss::IndexIVFFlat");
  flat->ntotal += 1;
  flat->d = 8;
  ExpectInvalid(FromFaiss(*ivf), "the quantizer of faiss::IndexIVFFlat");
  flat->d = kTestDim;

  ::faiss::IndexScalarQuantizer coded(kTestDim, ::faiss::ScalarQuantizer::QT_8bit);
  coded.train(kTestLists, flat->get_xb());
  coded.add(kTestLists, flat->get_xb());
  ivf->quantizer = &coded;
  ExpectInvalid(FromFaiss(*ivf), "faiss::IndexScalarQuantizer cannot be taken over");
  ivf->quantizer = nullptr;
  ExpectInvalid(FromFaiss(*ivf), "no quantizer");
  ivf->quantizer = flat;
  EXPECT_OK(FromFaiss(*ivf));
}

TEST_F(IvfExchangeTest, FloatsThatAreNoneAreRefused) {
  const auto ivf = Filled(EmptyIvfFlat(Metric::kL2));
  std::vector<uint8_t>& codes = ArraysOf(*ivf).codes[3];
  const float bad = std::numeric_limits<float>::quiet_NaN();
  std::memcpy(codes.data(), &bad, sizeof(bad));
  ExpectInvalid(FromFaiss(*ivf), "has NaN or Inf at dimension 0");
}

// A centroid and a word that are finite and have no finite sum.
TEST_F(IvfExchangeTest, SumsBeyondFloatAreRefused) {
  const auto pq = Filled(EmptyPq(Metric::kL2, 4, 4));
  std::ranges::fill(pq->pq.centroids, 3e38f);
  auto* flat = dynamic_cast<::faiss::IndexFlat*>(pq->quantizer);
  std::fill_n(flat->get_xb(), kTestLists * kTestDim, 3e38f);
  ExpectInvalid(FromFaiss(*pq), "row 0 has NaN or Inf");
}

TEST_F(IvfExchangeTest, AnyBytesAreCodesAndLeadNoSearchAstray) {
  for (const size_t nbits : {3U, 4U, 8U}) {
    const auto pq = Filled(EmptyPq(Metric::kL2, 8, nbits));
    for (std::vector<uint8_t>& codes : ArraysOf(*pq).codes) std::ranges::fill(codes, 0xff);
    const FromFaissResult taken = Taken(*pq);
    EXPECT_EQ(Ask(*taken.index).ids.size(), 50U * kTestK);
  }
}

TEST_F(IvfExchangeTest, ListsInAnyOrderAreTaken) {
  const auto ivf = Filled(EmptySq8(Metric::kL2));
  const Answers before = Ask(*Taken(*ivf).index);
  ::faiss::ArrayInvertedLists& lists = ArraysOf(*ivf);
  for (size_t list = 0; list < kTestLists; ++list) {
    std::vector<uint8_t> turned;
    for (size_t i = lists.ids[list].size(); i-- > 0;) {
      const auto code = lists.codes[list].begin() + static_cast<ptrdiff_t>(i * kTestDim);
      turned.insert(turned.end(), code, code + kTestDim);
    }
    lists.codes[list] = turned;
    std::ranges::reverse(lists.ids[list]);
  }
  const Answers after = Ask(*Taken(*ivf).index);
  EXPECT_EQ(after.ids, before.ids);
  EXPECT_EQ(after.scores, before.scores);
}

TEST_F(IvfExchangeTest, TablesArePrecomputedAsFaissDoes) {
  const auto residual =
      BuiltHere({.metric = Metric::kL2, .params = IvfPqParams{.nlist = 10, .m = 4, .nbits = 8}});
  EXPECT_NE(dynamic_cast<::faiss::IndexIVFPQ&>(*Given(*residual)).use_precomputed_table, 0);
}

}  // namespace
}  // namespace vecdb::faiss
