#include "engine/describe.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

class DescribeTest : public CoreFixture {};

TEST_F(DescribeTest, GrowingRowsHaveNoIdAndNoObjects) {
  const SegmentDescription growing =
      DescribeSegment({.shard = 3, .growing = MakeGrowing({1, 2, 3}, 7)});
  EXPECT_EQ(growing.shard, 3);
  EXPECT_EQ(growing.state, SegmentState::kGrowing);
  EXPECT_EQ(growing.num_rows, 3u);
  EXPECT_EQ(growing.id, "");
  EXPECT_EQ(growing.store_bytes, 0u);
  EXPECT_GT(growing.memory_bytes, 0u);
}

TEST_F(DescribeTest, DamagedSegmentSaysWhatItShouldHoldAndWhyItCannotBeRead) {
  const SegmentDescription damaged = DescribeSegment(
      {.damage = absl::DataLossError("bits rot"),
       .damaged_info = std::make_shared<SegmentInfo>(
           SegmentInfo{.folder = "collections/c/segments/s1", .num_rows = 9, .num_deletes = 2})});
  EXPECT_EQ(damaged.id, "s1");
  EXPECT_EQ(damaged.state, SegmentState::kDamaged);
  EXPECT_EQ(damaged.num_rows, 9u);
  EXPECT_EQ(damaged.num_deleted_rows, 2u);
  EXPECT_EQ(damaged.damage, "bits rot");
}

}  // namespace
}  // namespace vecdb::engine
