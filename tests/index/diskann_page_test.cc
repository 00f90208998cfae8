#include "index/diskann_page.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "base/checksum.h"
#include "index/index_testing.h"
#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kPagedRows = 50;
constexpr uint32_t kPagedDegree = 4;

class DiskannPageTest : public testing::TestWithParam<int32_t> {
 protected:
  DiskannPageTest()
      : rows_(RandomRows(kPagedRows, GetParam(), 1)),
        layout_(DiskannLayout::Of(kPagedRows, GetParam(), kPagedDegree)),
        links_(kPagedRows * kPagedDegree, kNoRow),
        order_(kPagedRows),
        places_(kPagedRows),
        page_(layout_.page_bytes) {
    for (uint32_t row = 0; row < kPagedRows; ++row) {
      for (uint32_t i = 0; i < row % (kPagedDegree + 1); ++i) {
        links_[row * kPagedDegree + i] = (row + i + 1) % kPagedRows;
      }
    }
    std::iota(order_.rbegin(), order_.rend(), 0U);  // the last row first
    for (uint32_t place = 0; place < kPagedRows; ++place) places_[order_[place]] = place;
  }

  void Compose(uint32_t number) {
    const auto rows = std::span<const uint32_t>(order_).subspan(
        size_t{number} * layout_.nodes_per_page, layout_.NodesOf(number));
    std::vector<uint32_t> links;
    for (const uint32_t row : rows) {
      links.insert(links.end(), &links_[row * kPagedDegree],
                   &links_[row * kPagedDegree] + kPagedDegree);
    }
    ComposePage(layout_, number, rows, links, rows_.view(), page_.data());
  }

  absl::Status Check(uint32_t number) const {
    return CheckPage(layout_, number, places_, page_.data());
  }

  // Changes a word of the page, and the checksum so that it fits.
  void Change(size_t at, uint32_t word) {
    std::memcpy(page_.data() + at, &word, sizeof(word));
    const uint64_t checksum = base::Xxh3(std::span<const std::byte>(page_).first(page_.size() - 8));
    std::memcpy(page_.data() + page_.size() - 8, &checksum, sizeof(checksum));
  }

  const TestRows rows_;
  const DiskannLayout layout_;
  std::vector<uint32_t> links_;
  std::vector<uint32_t> order_;
  std::vector<uint32_t> places_;
  std::vector<std::byte> page_;
};

TEST_P(DiskannPageTest, PagesHoldEveryNodeWithItsLinksAndVector) {
  uint32_t num_nodes = 0;
  for (uint32_t number = 0; number < layout_.num_pages(); ++number) {
    Compose(number);
    ASSERT_OK(Check(number));
    for (uint32_t i = 0; i < layout_.NodesOf(number); ++i, ++num_nodes) {
      const DiskannNode node = NodeAt(layout_, page_.data(), i);
      ASSERT_EQ(node.row, order_[num_nodes]);
      ASSERT_EQ(node.links.size(), node.row % (kPagedDegree + 1));
      for (size_t j = 0; j < node.links.size(); ++j) {
        EXPECT_EQ(node.links[j], links_[node.row * kPagedDegree + j]);
      }
      EXPECT_EQ(std::memcmp(node.vector, rows_.view().row(node.row), layout_.dim * sizeof(float)),
                0);
    }
  }
  EXPECT_EQ(num_nodes, kPagedRows);
}

TEST_P(DiskannPageTest, EveryFlippedByteIsDataLoss) {
  Compose(0);
  for (size_t i = 0; i<page_.size(); i += page_.size()> 8192 ? 37 : 1) {
    page_[i] ^= std::byte{4};
    EXPECT_EQ(CodeOf(Check(0)), absl::StatusCode::kDataLoss) << i;
    page_[i] ^= std::byte{4};
  }
  EXPECT_OK(Check(0));
}

TEST_P(DiskannPageTest, APageOfAnotherPlaceIsDataLoss) {
  Compose(0);
  EXPECT_EQ(CodeOf(Check(1)), absl::StatusCode::kDataLoss);
}

TEST_P(DiskannPageTest, NumbersThatLeadOutOfBoundsAreDataLoss) {
  constexpr size_t kNode = DiskannLayout::kHeadBytes;
  const std::pair<size_t, uint32_t> changes[] = {
      {0, 1},                           // number of the page
      {4, layout_.nodes_per_page + 1},  // nodes
      {kNode, kPagedRows},              // row
      {kNode, 0},                       // a row of another place
      {kNode + 4, kPagedDegree + 1},    // links
      {kNode + 8, kPagedRows},          // a link
  };
  for (const auto& [at, word] : changes) {
    Compose(0);
    Change(at, word);
    EXPECT_EQ(CodeOf(Check(0)), absl::StatusCode::kDataLoss) << at << " " << word;
  }
}

INSTANTIATE_TEST_SUITE_P(Dims, DiskannPageTest, testing::Values(1, 8, 100, 1016, 1017, 3000));

TEST(DiskannLayoutTest, PagesAreOfOneReadWhereANodeFits) {
  EXPECT_EQ(DiskannLayout::Of(10, 128, 48).page_bytes, 4096U);
  EXPECT_EQ(DiskannLayout::Of(10, 128, 48).nodes_per_page, 5U);
  EXPECT_EQ(DiskannLayout::Of(10, 768, 48).nodes_per_page, 1U);
  EXPECT_EQ(DiskannLayout::Of(10, 1024, 48).page_bytes, 8192U);
  EXPECT_EQ(DiskannLayout::Of(0, 128, 48).num_pages(), 0U);
  EXPECT_EQ(DiskannLayout::Of(11, 128, 48).num_pages(), 3U);
  EXPECT_EQ(DiskannLayout::Of(11, 128, 48).NodesOf(2), 1U);
}

}  // namespace
}  // namespace vecdb::index
