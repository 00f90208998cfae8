#include "codec/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vecdb::codec {
namespace {

TEST(SamplingTest, FewRowsAreTakenAll) {
  EXPECT_TRUE(SampleRows(0, 10, 1).empty());
  EXPECT_TRUE(SampleRows(10, 0, 1).empty());
  EXPECT_EQ(SampleRows(3, 10, 1), (std::vector<uint32_t>{0, 1, 2}));
  EXPECT_EQ(SampleRows(3, 3, 1), (std::vector<uint32_t>{0, 1, 2}));
}

TEST(SamplingTest, EveryRunOfTheRowsGivesOne) {
  const std::vector<uint32_t> rows = SampleRows(1000, 100, 7);
  ASSERT_EQ(rows.size(), 100U);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i] / 10, i);
}

TEST(SamplingTest, TheSeedDecides) {
  EXPECT_EQ(SampleRows(1000, 100, 7), SampleRows(1000, 100, 7));
  EXPECT_NE(SampleRows(1000, 100, 7), SampleRows(1000, 100, 8));
}

TEST(SamplingTest, TheLargestNumberOfRowsIsSampledAscending) {
  const std::vector<uint32_t> rows = SampleRows(0x7fffffff, 1 << 16, 3);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_LT(rows.back(), 0x7fffffffU);
  EXPECT_GE(rows.back(), 0x7fffffffU - (1 << 15) - 1);
}

}  // namespace
}  // namespace vecdb::codec
