#include "index/ivf_lists.h"

#include <gtest/gtest.h>

#include <vector>

namespace vecdb::index {
namespace {

TEST(IvfListsTest, ListsBeginAtWholeCacheLinesAndHoldWholeBlocks) {
  const std::vector<uint32_t> sizes = {3, 0, 33, 1};
  const IvfLayout single(sizes, 10, 1);
  EXPECT_EQ(single.num_lists(), 4U);
  EXPECT_EQ(single.row_begins, (std::vector<uint32_t>{0, 3, 3, 36, 37}));
  EXPECT_EQ(single.code_begins, (std::vector<uint64_t>{0, 64, 64, 448, 512}));
  EXPECT_EQ(single.size(2), 33U);
  EXPECT_EQ(single.code_bytes(), 512U);
  const IvfLayout blocks(sizes, 10, 32);
  EXPECT_EQ(blocks.code_begins, (std::vector<uint64_t>{0, 320, 320, 960, 1280}));
  EXPECT_EQ(IvfLayout().num_lists(), 0U);
  EXPECT_EQ(IvfLayout().code_bytes(), 0U);
}

TEST(IvfListsTest, TheCodecFollowsTheSpec) {
  const IndexSpec flat{.metric = Metric::kCosine, .params = IvfFlatParams{.seed = 3}};
  EXPECT_EQ(IvfCodecSpec(flat, 16).kind, codec::CodecKind::kFloat32);
  EXPECT_EQ(IvfCodecSpec(flat, 16).metric, Metric::kIp);
  EXPECT_EQ(IvfCodecSpec(flat, 16).seed, 3U);
  EXPECT_FALSE(IvfHasResiduals(flat));
  const IndexSpec sq8{.metric = Metric::kL2, .params = IvfSq8Params{}};
  EXPECT_EQ(IvfCodecSpec(sq8, 16).kind, codec::CodecKind::kSq8);
  EXPECT_EQ(IvfBlockRows(IvfCodecSpec(sq8, 16)), 1U);
  const IndexSpec bytes{.metric = Metric::kL2, .params = IvfPqParams{}};
  EXPECT_EQ(IvfCodecSpec(bytes, 16).pq_m, 4);
  EXPECT_FALSE(IvfIsPacked(IvfCodecSpec(bytes, 16)));
  const IndexSpec nibbles{.metric = Metric::kL2, .params = IvfPqParams{.nbits = 4}};
  EXPECT_EQ(IvfCodecSpec(nibbles, 16).pq_m, 8);
  EXPECT_TRUE(IvfIsPacked(IvfCodecSpec(nibbles, 16)));
  EXPECT_EQ(IvfBlockRows(IvfCodecSpec(nibbles, 16)), 32U);
  EXPECT_TRUE(IvfHasResiduals(nibbles));
}

TEST(IvfListsTest, OnlyIvfTypesAreIvf) {
  EXPECT_FALSE(IsIvf({.params = FlatParams{}}));
  EXPECT_FALSE(IsIvf({.params = HnswParams{}}));
  EXPECT_FALSE(IsIvf({.params = InvertedParams{}}));
  EXPECT_TRUE(IsIvf({.params = IvfFlatParams{}}));
  EXPECT_TRUE(IsIvf({.params = IvfSq8Params{}}));
  EXPECT_TRUE(IsIvf({.params = IvfPqParams{}}));
}

}  // namespace
}  // namespace vecdb::index
