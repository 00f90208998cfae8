#include "simd/bit_dot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

// With the one target that other kernels are not compiled for.
std::vector<int64_t> BitDotTargets() {
  std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  const bool supported = (hwy::SupportedTargets() & HWY_AVX3_DL) != 0;
  if (supported && std::find(targets.begin(), targets.end(), HWY_AVX3_DL) == targets.end()) {
    targets.push_back(HWY_AVX3_DL);
  }
  return targets;
}

// Runs each test once for each instruction set that was compiled and that this machine has.
class BitDotTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// Random numbers in bit planes: a query of 8 bits with a sign, and rows of `planes` bits, which
// begin one byte past an aligned address and end where their allocation ends.
class BitRows {
 public:
  BitRows(size_t words, size_t planes, size_t count, uint64_t seed)
      : query(words * 64),
        stride(words * 8 * planes + 3),
        query_bits(words * kBitQueryPlanes),
        numbers_(count, std::vector<uint8_t>(words * 64)),
        codes_(1 + count * stride, 0xFF) {
    std::mt19937_64 random(seed);
    for (uint8_t& number : query) number = static_cast<uint8_t>(random());
    SplitBits(query.data(), words, query_bits.data());
    for (size_t row = 0; row < count; ++row) {
      for (size_t d = 0; d < words * 64; ++d) {
        numbers_[row][d] = static_cast<uint8_t>(random() >> (64 - planes));
        for (size_t plane = 0; plane < planes; ++plane) {
          const int bit = (numbers_[row][d] >> (planes - 1 - plane)) & 1;
          uint8_t& byte = codes_[1 + row * stride + plane * words * 8 + d / 8];
          const int mask = 1 << (d % 8);
          byte = static_cast<uint8_t>(bit == 1 ? byte | mask : byte & ~mask);
        }
      }
    }
  }

  BitQuery bit_query() const { return {query_bits.data(), query_bits.size() / kBitQueryPlanes}; }
  const uint8_t* codes() const { return codes_.data() + 1; }

  // Of the numbers less their `dropped` lowest bits.
  int64_t Dot(size_t row, size_t dropped = 0) const {
    int64_t sum = 0;
    for (size_t d = 0; d < query.size(); ++d) {
      sum += int64_t{static_cast<int8_t>(query[d])} * (numbers_[row][d] >> dropped);
    }
    return sum;
  }

  std::vector<uint8_t> query;
  size_t stride;
  std::vector<uint64_t> query_bits;

 private:
  std::vector<std::vector<uint8_t>> numbers_;
  std::vector<uint8_t> codes_;
};

TEST_P(BitDotTest, AgreesWithTheSumOfProducts) {
  const BitDot dot = GetBitDot();
  for (const size_t words : std::initializer_list<size_t>{1, 2, 3, 13}) {
    for (size_t planes = 1; planes <= 8; ++planes) {
      for (const size_t count : std::initializer_list<size_t>{0, 1, 2, 3, 4, 7}) {
        const BitRows rows(words, planes, count, words * 100 + planes);
        std::vector<int64_t> found(count);
        dot(rows.bit_query(), planes, {rows.codes(), rows.stride, nullptr, count}, found.data());
        for (size_t i = 0; i < count; ++i) {
          EXPECT_EQ(found[i], rows.Dot(i)) << words << " words, " << planes << " planes, row " << i;
        }
      }
    }
  }
}

TEST_P(BitDotTest, TakesTheRowsThatIdsName) {
  const BitRows rows(13, 2, 9, 1);
  const std::vector<uint32_t> ids = {8, 0, 3, 3, 7, 1, 2};
  std::vector<int64_t> found(ids.size());
  GetBitDot()(rows.bit_query(), 2, {rows.codes(), rows.stride, ids.data(), ids.size()},
              found.data());
  for (size_t i = 0; i < ids.size(); ++i) EXPECT_EQ(found[i], rows.Dot(ids[i]));
}

TEST_P(BitDotTest, FewerPlanesDropTheLowestBits) {
  const BitRows rows(7, 8, 5, 2);
  for (size_t planes = 0; planes <= 8; ++planes) {
    std::vector<int64_t> found(5);
    GetBitDot()(rows.bit_query(), planes, {rows.codes(), rows.stride, nullptr, 5}, found.data());
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(found[i], rows.Dot(i, 8 - planes)) << planes;
  }
}

TEST_P(BitDotTest, TheLargestSumsFit) {
  constexpr size_t kWords = 32768 / 64;
  const std::vector<uint8_t> row(kWords * 8 * 8, 0xFF);
  for (const int number : {-128, 127}) {
    const std::vector<uint8_t> query(kWords * 64, static_cast<uint8_t>(number));
    std::vector<uint64_t> bits(kWords * kBitQueryPlanes);
    SplitBits(query.data(), kWords, bits.data());
    int64_t found = 0;
    GetBitDot()({bits.data(), kWords}, 8, {row.data(), 0, nullptr, 1}, &found);
    EXPECT_EQ(found, int64_t{number} * 255 * 32768);
  }
}

INSTANTIATE_TEST_SUITE_P(Targets, BitDotTest, ::testing::ValuesIn(BitDotTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST(SplitBitsTest, PutsEachBitWhereItsPlaneHasIt) {
  const BitRows rows(3, 1, 0, 5);
  for (size_t d = 0; d < rows.query.size(); ++d) {
    for (size_t j = 0; j < kBitQueryPlanes; ++j) {
      const uint64_t word = rows.query_bits[d / 64 * kBitQueryPlanes + j];
      EXPECT_EQ((word >> (d % 64)) & 1, (uint64_t{rows.query[d]} >> j) & 1) << d << ", bit " << j;
    }
  }
}

}  // namespace
}  // namespace vecdb::simd
