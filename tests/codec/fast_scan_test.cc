#include "codec/fast_scan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

std::unique_ptr<Codec> TrainNibbles(Metric metric, size_t dim, int32_t m, int32_t bits,
                                    const std::vector<float>& rows) {
  const CodecSpec spec{.kind = CodecKind::kPq,
                       .metric = metric,
                       .dim = static_cast<int32_t>(dim),
                       .pq_m = m,
                       .pq_bits = bits};
  auto codec = TrainProductCodec(spec, {rows.data(), rows.size() / dim}, {}, {});
  EXPECT_OK(codec);
  return *std::move(codec);
}

TEST(FastScanTest, PackedCodesComeOutAgain) {
  for (const size_t code_bytes : std::initializer_list<size_t>{1, 2, 3, 8}) {
    for (const size_t count : std::initializer_list<size_t>{0, 1, 31, 32, 33, 70}) {
      std::mt19937_64 random(count);
      std::vector<uint8_t> codes(count * code_bytes);
      for (uint8_t& byte : codes) byte = static_cast<uint8_t>(random());
      EXPECT_EQ(FastScanBlocks(count), (count + 31) / 32);
      std::vector<uint8_t> blocks(FastScanBlocks(count) * FastScanBlockBytes(code_bytes), 0xee);
      PackFastScan(codes.data(), count, code_bytes, blocks.data());
      std::vector<uint8_t> back(code_bytes);
      for (size_t i = 0; i < count; ++i) {
        UnpackFastScan(blocks.data(), i, code_bytes, back.data());
        EXPECT_TRUE(std::equal(back.begin(), back.end(), &codes[i * code_bytes]));
      }
    }
  }
}

TEST(FastScanTest, DistancesAreThoseOfTheCodecWithinTheBound) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (const int32_t bits : {2, 4}) {
      for (const int32_t m : {1, 3, 6, 12, 24}) {
        const std::vector<float> rows = NormalRows(500, 24, 1);
        const auto codec = TrainNibbles(metric, 24, m, bits, rows);
        std::vector<uint8_t> codes(500 * codec->code_bytes());
        codec->Encode(rows.data(), 500, codes.data());
        std::vector<uint8_t> blocks(FastScanBlocks(500) * FastScanBlockBytes(codec->code_bytes()));
        PackFastScan(codes.data(), 500, codec->code_bytes(), blocks.data());
        const auto exact = codec->MakeDistance();
        FastScanDistance fast(static_cast<const ProductCodec&>(*codec));
        std::vector<uint16_t> sums(FastScanBlocks(500) * 32);
        for (size_t q = 0; q < 5; ++q) {
          const std::vector<float> query = NormalRows(1, 24, 50 + q);
          exact->SetQuery(query.data());
          fast.SetQuery(query.data());
          fast.Sum(blocks.data(), FastScanBlocks(500), sums.data());
          for (size_t i = 0; i < 500; ++i) {
            EXPECT_NEAR(fast.DistanceOf(sums[i]), exact->One(&codes[i * codec->code_bytes()]),
                        fast.error_bound() + 1e-4f);
          }
        }
      }
    }
  }
}

TEST(FastScanTest, TheBoundIsSmallBesideTheDistances) {
  const std::vector<float> rows = NormalRows(2000, 32, 2);
  const auto codec = TrainNibbles(Metric::kL2, 32, 16, 4, rows);
  FastScanDistance fast(static_cast<const ProductCodec&>(*codec));
  const std::vector<float> query = NormalRows(1, 32, 3);
  fast.SetQuery(query.data());
  EXPECT_LT(fast.error_bound(), 2);  // distances are about 64
  EXPECT_LT(fast.DistanceOf(100), fast.DistanceOf(101));
}

TEST(FastScanTest, TheSumOfADistanceIsTheGreatestWithin) {
  const std::vector<float> rows = NormalRows(500, 16, 8);
  const auto codec = TrainNibbles(Metric::kL2, 16, 8, 4, rows);
  FastScanDistance fast(static_cast<const ProductCodec&>(*codec));
  fast.SetQuery(rows.data());
  EXPECT_FALSE(fast.SumOf(fast.DistanceOf(0) - 1).has_value());
  for (const uint16_t sum : std::initializer_list<uint16_t>{0, 1, 77, 1000, 65534}) {
    EXPECT_EQ(fast.SumOf(fast.DistanceOf(sum)), sum);
    const float between =
        (fast.DistanceOf(sum) + fast.DistanceOf(static_cast<uint16_t>(sum + 1))) / 2;
    EXPECT_EQ(fast.SumOf(between), sum);
  }
  EXPECT_EQ(fast.SumOf(std::numeric_limits<float>::infinity()), 65535);
  const float before = fast.DistanceOf(5);
  fast.AddToAll(10);
  EXPECT_NEAR(fast.DistanceOf(5), before + 10, 1e-3);
  fast.AddToAll(0);
  EXPECT_EQ(fast.DistanceOf(5), before);
}

TEST(FastScanTest, WhereFloatCannotTellSumsApartNoneIsLeftOut) {
  const std::vector<float> rows = NormalRows(500, 16, 8, 1e-3f);
  const auto codec = TrainNibbles(Metric::kIp, 16, 8, 4, rows);
  FastScanDistance fast(static_cast<const ProductCodec&>(*codec));
  fast.SetQuery(rows.data());
  fast.AddToAll(-1e7f);
  ASSERT_EQ(fast.DistanceOf(100), fast.DistanceOf(2000));
  EXPECT_EQ(fast.SumOf(fast.DistanceOf(100)), 65535);
}

TEST(FastScanTest, ManyPartsStayWithinSixteenBits) {
  constexpr size_t kDim = 1024;
  const std::vector<float> rows = NormalRows(100, kDim, 4);
  const auto codec = TrainNibbles(Metric::kL2, kDim, kDim, 4, rows);
  std::vector<uint8_t> codes(100 * codec->code_bytes());
  codec->Encode(rows.data(), 100, codes.data());
  std::vector<uint8_t> blocks(4 * FastScanBlockBytes(codec->code_bytes()));
  PackFastScan(codes.data(), 100, codec->code_bytes(), blocks.data());
  const auto exact = codec->MakeDistance();
  FastScanDistance fast(static_cast<const ProductCodec&>(*codec));
  const std::vector<float> far(kDim, 100);
  exact->SetQuery(far.data());
  fast.SetQuery(far.data());
  std::vector<uint16_t> sums(128);
  fast.Sum(blocks.data(), 4, sums.data());
  for (size_t i = 0; i < 100; ++i) {
    const float expected = exact->One(&codes[i * codec->code_bytes()]);
    EXPECT_NEAR(fast.DistanceOf(sums[i]), expected, fast.error_bound() + 1e-5f * expected);
  }
}

TEST(FastScanTest, EqualWordsAndDistancesBeyondFloatGiveNoNan) {
  for (const std::vector<float>& rows :
       {std::vector<float>(8 * 50, 1.0f), NormalRows(50, 8, 5, 1e19f)}) {
    const auto codec = TrainNibbles(Metric::kL2, 8, 4, 4, rows);
    std::vector<uint8_t> blocks(FastScanBlockBytes(codec->code_bytes()), 0x12);
    FastScanDistance fast(static_cast<const ProductCodec&>(*codec));
    const std::vector<float> query(8, 1e19f);
    fast.SetQuery(query.data());
    std::vector<uint16_t> sums(32);
    fast.Sum(blocks.data(), 1, sums.data());
    for (const uint16_t sum : sums) EXPECT_FALSE(std::isnan(fast.DistanceOf(sum)));
  }
}

}  // namespace
}  // namespace vecdb::codec
