#include "faiss/parts.h"

#include <gtest/gtest.h>

#include <faiss/IndexLSH.h>

#include "faiss/faiss_testing.h"

namespace vecdb::faiss {
namespace {

using PartsTest = FaissFixture;

TEST_F(PartsTest, ClassesAreNamed) {
  EXPECT_EQ(ClassOf(::faiss::IndexFlatL2(3)), "faiss::IndexFlatL2");
  EXPECT_EQ(ClassOf(::faiss::IndexLSH(4, 4)), "faiss::IndexLSH");
}

TEST_F(PartsTest, TwoMetricsHaveCounterparts) {
  EXPECT_EQ(*MetricOf(::faiss::IndexFlatL2(3)), Metric::kL2);
  EXPECT_EQ(*MetricOf(::faiss::IndexFlatIP(3)), Metric::kIp);
  ExpectInvalid(MetricOf(::faiss::IndexFlat(3, ::faiss::METRIC_Lp)), "metric_type 4");
  EXPECT_EQ(FaissMetricOf(Metric::kL2), ::faiss::METRIC_L2);
  EXPECT_EQ(FaissMetricOf(Metric::kIp), ::faiss::METRIC_INNER_PRODUCT);
  EXPECT_EQ(FaissMetricOf(Metric::kCosine), ::faiss::METRIC_INNER_PRODUCT);
}

TEST_F(PartsTest, ANewFlatIndexIsFilledInPlace) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const auto flat = NewFlat(2, metric);
    EXPECT_EQ(flat->ntotal, 0);
    float* rows = MakeRoom(2, flat.get());
    for (int i = 0; i < 4; ++i) rows[i] = static_cast<float>(i);
    EXPECT_EQ(flat->ntotal, 2);
    const auto read = FlatRows(*flat);
    ASSERT_OK(read);
    EXPECT_EQ(std::vector<float>(read->begin(), read->end()), (std::vector<float>{0, 1, 2, 3}));
    EXPECT_EQ(*MetricOf(*flat), metric);
    EXPECT_OK(CheckHead(*flat));
  }
}

TEST_F(PartsTest, BytesThatAreNoVectorsAreRefused) {
  const auto flat = NewFlat(2, Metric::kL2);
  MakeRoom(2, flat.get());
  flat->codes.pop_back();
  ExpectInvalid(FlatRows(*flat), "holds 15 bytes, which are not 2 vectors of dim 2");
}

}  // namespace
}  // namespace vecdb::faiss
