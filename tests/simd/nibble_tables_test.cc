#include "simd/nibble_tables.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

class NibbleTablesTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// The sum for one row of a block, as the header says it.
uint16_t NaiveSum(const std::vector<uint8_t>& tables, size_t parts, const uint8_t* block,
                  size_t row) {
  uint32_t sum = 0;
  for (size_t j = 0; j < parts; ++j) {
    const uint8_t byte = block[j * kPartBytes + row % 16];
    sum += tables[16 * j + (row < 16 ? byte & 15 : byte >> 4)];
  }
  return static_cast<uint16_t>(sum);
}

TEST_P(NibbleTablesTest, SumsAgreeWithANaiveLoop) {
  std::mt19937_64 random(7);
  for (const size_t parts : std::initializer_list<size_t>{2, 4, 6, 8, 10, 32, 62, 196, 256}) {
    for (const size_t num_blocks : std::initializer_list<size_t>{0, 1, 2, 3}) {
      std::vector<uint8_t> tables(parts * kPartBytes);
      std::vector<uint8_t> blocks(num_blocks * parts * kPartBytes);
      for (uint8_t& value : tables) value = static_cast<uint8_t>(random());
      for (uint8_t& value : blocks) value = static_cast<uint8_t>(random());
      std::vector<uint16_t> sums(num_blocks * kBlockRows);
      SumNibbleTables(tables.data(), parts, blocks.data(), num_blocks, sums.data());
      for (size_t i = 0; i < sums.size(); ++i) {
        const uint8_t* block = blocks.data() + i / kBlockRows * parts * kPartBytes;
        ASSERT_EQ(sums[i], NaiveSum(tables, parts, block, i % kBlockRows))
            << parts << " parts, row " << i;
      }
    }
  }
}

TEST_P(NibbleTablesTest, TheGreatestSumsFit) {
  constexpr size_t kParts = 256;  // 256 * 255 = 65280
  const std::vector<uint8_t> tables(kParts * kPartBytes, 255);
  const std::vector<uint8_t> block(kParts * kPartBytes, 0xf3);
  std::vector<uint16_t> sums(kBlockRows);
  SumNibbleTables(tables.data(), kParts, block.data(), 1, sums.data());
  for (const uint16_t sum : sums) EXPECT_EQ(sum, 65280);
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, NibbleTablesTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& test) { return std::string(hwy::TargetName(test.param)); });

}  // namespace
}  // namespace vecdb::simd
