#include "simd/nibble_tables.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
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

TEST_P(NibbleTablesTest, MasksSayWhichSumsAreAtMostTheLimit) {
  std::mt19937_64 random(8);
  std::vector<uint16_t> sums(5 * kBlockRows);
  for (uint16_t& sum : sums) sum = static_cast<uint16_t>(random());
  sums[0] = 0;
  sums[33] = 65535;
  for (const uint16_t limit :
       {uint16_t{0}, uint16_t{1}, uint16_t{30000}, sums[40], uint16_t{65534}, uint16_t{65535}}) {
    std::vector<uint32_t> masks(5, 7);
    SumsAtMost(sums.data(), 5, limit, masks.data());
    for (size_t i = 0; i < sums.size(); ++i) {
      EXPECT_EQ((masks[i / 32] >> (i % 32)) & 1, sums[i] <= limit ? 1U : 0U) << i << " " << limit;
    }
  }
}

TEST_P(NibbleTablesTest, SumsWithTermsAreComparedInAllBlocks) {
  std::mt19937_64 random(8);
  std::vector<uint16_t> sums(5 * 32);
  std::vector<float> terms(sums.size());
  for (uint16_t& sum : sums) sum = static_cast<uint16_t>(random());
  for (float& term : terms) term = static_cast<float>(random() % 100000) - 50000;
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const float limit : {-kInf, -60000.0f, 0.0f, 20000.0f, kInf}) {
    for (const float step : {0.0f, 0.5f, 1.0f}) {  // all products and sums are exact
      std::vector<uint32_t> masks(5, 7);
      SumsWithin(sums.data(), terms.data(), 5, step, limit, masks.data());
      for (size_t i = 0; i < sums.size(); ++i) {
        const bool within = step * static_cast<float>(sums[i]) + terms[i] <= limit;
        EXPECT_EQ((masks[i / 32] >> (i % 32)) & 1, within ? 1U : 0U) << i << " " << limit;
      }
    }
  }
}

TEST_P(NibbleTablesTest, RoundedTablesAreOffByHalfAStepAtMost) {
  std::mt19937_64 random(9);
  std::normal_distribution<float> normal(-3, 10);
  for (const size_t parts : std::initializer_list<size_t>{1, 3, 64, 300, 2000}) {
    std::vector<float> tables(parts * kPartBytes);
    for (float& entry : tables) entry = normal(random);
    std::vector<uint8_t> bytes(tables.size());
    std::vector<float> leasts_found(parts);
    const RoundedTables rounded =
        RoundTables(tables.data(), parts, leasts_found.data(), bytes.data());
    ASSERT_GT(rounded.step, 0);
    double leasts = 0;
    uint64_t greatest_sum = 0;
    for (size_t j = 0; j < parts; ++j) {
      const auto begin = tables.begin() + static_cast<std::ptrdiff_t>(j * kPartBytes);
      const float least = *std::min_element(begin, begin + kPartBytes);
      EXPECT_EQ(leasts_found[j], least);
      leasts += static_cast<double>(least);
      uint8_t most = 0;
      for (size_t w = 0; w < kPartBytes; ++w) {
        const uint8_t byte = bytes[j * kPartBytes + w];
        EXPECT_NEAR(least + rounded.step * static_cast<float>(byte), begin[static_cast<int>(w)],
                    0.5001f * rounded.step);
        most = std::max(most, byte);
      }
      greatest_sum += most;
    }
    EXPECT_NEAR(rounded.sum_of_leasts, leasts, 1e-6 * std::abs(leasts));
    EXPECT_LE(greatest_sum, 65535U);
  }
}

TEST_P(NibbleTablesTest, EqualAndInfiniteEntriesRoundToNothing) {
  std::vector<uint8_t> bytes(32, 9);
  float least[2];
  EXPECT_EQ(RoundTables(std::vector<float>(32, 4).data(), 2, least, bytes.data()).step, 0);
  EXPECT_EQ(bytes, std::vector<uint8_t>(32, 0));
  std::vector<float> wide(32, -3e38f);
  wide[5] = 3e38f;
  bytes.assign(32, 9);
  EXPECT_EQ(RoundTables(wide.data(), 2, least, bytes.data()).step, 0);
  EXPECT_EQ(bytes, std::vector<uint8_t>(32, 0));
}

INSTANTIATE_TEST_SUITE_P(InstructionSets, NibbleTablesTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& test) { return std::string(hwy::TargetName(test.param)); });

}  // namespace
}  // namespace vecdb::simd
