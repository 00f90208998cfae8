#include "index/ivf_terms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "codec/fast_scan.h"
#include "codec/product_codec.h"
#include "index/index_testing.h"
#include "index/ivf_builder.h"
#include "index/ivf_testing.h"
#include "support/status_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

const IndexSpec kTermsSpec{.metric = Metric::kL2,
                           .params = IvfPqParams{.nlist = 12, .m = 6, .nbits = 4}};

// The row that a code of a list stands for.
std::vector<float> DecodedRow(const IvfLists& lists, size_t list, size_t place) {
  const size_t code_bytes = lists.codec->code_bytes();
  std::vector<uint8_t> code(code_bytes);
  codec::UnpackFastScan(
      lists.codes_of(list) + place / simd::kBlockRows * codec::FastScanBlockBytes(code_bytes),
      place % simd::kBlockRows, code_bytes, code.data());
  std::vector<float> row(lists.codec->dim());
  lists.codec->Decode(code.data(), 1, row.data());
  for (size_t d = 0; d < row.size(); ++d) row[d] += lists.centroids.vector(list)[d];
  return row;
}

TEST(IvfTermsTest, OnlyPackedResidualsUnderL2HaveThem) {
  const TestRows rows = MixedRows(300, 24, 30, 5);
  for (const IndexSpec& spec : IvfSpecs(4)) {
    auto lists = BuildIvf(rows.view(), spec, {}, {});
    ASSERT_OK(lists);
    const auto* pq = std::get_if<IvfPqParams>(&spec.params);
    EXPECT_EQ(IvfHasTerms(*lists), pq != nullptr && pq->nbits <= 4 && spec.metric == Metric::kL2);
    EXPECT_EQ(lists->terms.size() > 0, IvfHasTerms(*lists));
    lists->residuals = false;
    EXPECT_FALSE(IvfHasTerms(*lists));
  }
}

TEST(IvfTermsTest, TheThreePartsAddUpToTheDistance) {
  const TestRows rows = MixedRows(1500, 24, 30, 5);
  const auto lists = BuildIvf(rows.view(), kTermsSpec, {}, {});
  ASSERT_OK(lists);
  ASSERT_EQ(lists->terms.size(), (1500 + simd::kBlockRows) * sizeof(float));
  const auto& codec = static_cast<const codec::ProductCodec&>(*lists->codec);
  const float* query = rows.view().row(77);
  for (size_t list = 0; list < lists->layout.num_lists(); ++list) {
    const float* c = lists->centroids.vector(list);
    for (size_t place = 0; place < lists->layout.size(list); place += 7) {
      const std::vector<float> row = DecodedRow(*lists, list, place);
      double expected = 0, of_list = 0, of_words = 0, size = 0;
      for (size_t d = 0; d < row.size(); ++d) {
        const auto q = static_cast<double>(query[d]);
        const auto mean = static_cast<double>(codec.mean()[d]);
        const double w = static_cast<double>(row[d]) - static_cast<double>(c[d]) - mean;
        expected += std::pow(q - static_cast<double>(row[d]), 2);
        of_list += std::pow(q - static_cast<double>(c[d]), 2) - 2 * q * mean;
        of_words += w * w - 2 * (q - static_cast<double>(lists->middle[d])) * w;
        size += q * q + std::pow(static_cast<double>(row[d]), 2);
      }
      const auto term = static_cast<double>(lists->terms_of(list)[place]);
      ASSERT_NEAR(of_list + of_words + term, expected, size * 1e-5);
    }
  }
}

TEST(IvfTermsTest, AreTheSameForAnyNumberOfThreads) {
  const TestRows rows = MixedRows(1500, 24, 30, 5);
  const auto lists = BuildIvf(rows.view(), kTermsSpec, {}, {});
  ASSERT_OK(lists);
  auto again = BuildIvf(rows.view(), kTermsSpec, {}, {});
  ASSERT_OK(again);
  const auto executor = MakeThreadPool(3);
  again->terms = {};
  again->middle.clear();
  ASSERT_OK(ComputeTerms(&*again, {.executor = executor.get()}, {}));
  EXPECT_EQ(again->middle, lists->middle);
  EXPECT_TRUE(std::ranges::equal(again->terms.bytes(), lists->terms.bytes()));
}

TEST(IvfTermsTest, NumbersBeyondFloatStayFinite) {
  const TestRows rows(std::vector<float>(64 * 24, 1e30f), 24);
  const auto lists = BuildIvf(rows.view(), kTermsSpec, {}, {});
  ASSERT_OK(lists);
  for (const float term : lists->terms.as<const float>()) EXPECT_TRUE(std::isfinite(term));
}

TEST(IvfTermsTest, HonourBudgetAndContext) {
  const TestRows rows = MixedRows(1500, 24, 30, 5);
  auto lists = BuildIvf(rows.view(), kTermsSpec, {}, {});
  ASSERT_OK(lists);
  MemoryBudget budget(1000);
  EXPECT_EQ(support::CodeOf(ComputeTerms(&*lists, {.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(support::CodeOf(ComputeTerms(&*lists, {}, {.cancel = token})),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
