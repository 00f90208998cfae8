#include "codec/product_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "codec/codec_testing.h"
#include "codec/normalise.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

using support::CodeOf;

std::unique_ptr<Codec> TrainProductOn(const CodecSpec& spec, const std::vector<float>& rows) {
  auto codec =
      TrainProductCodec(spec, {rows.data(), rows.size() / static_cast<size_t>(spec.dim)}, {}, {});
  EXPECT_OK(codec);
  return *std::move(codec);
}

CodecSpec ProductSpec(Metric metric, int32_t dim, int32_t m, int32_t bits, bool rotate = false) {
  return {.kind = CodecKind::kPq,
          .metric = metric,
          .dim = dim,
          .pq_m = m,
          .pq_bits = bits,
          .pq_rotate = rotate};
}

const ProductCodec& AsProduct(const Codec& codec) {
  return static_cast<const ProductCodec&>(codec);
}

// The distance to the decoded row, and the sum of the absolute values that it is rounded by.
struct Expected {
  double distance = 0;
  double scale = 0;
};

Expected NaiveProductDistance(Metric metric, std::vector<float> query, const float* decoded) {
  const size_t dim = query.size();
  if (metric == Metric::kCosine) Normalise(query.data(), dim, query.data());
  if (metric == Metric::kL2) {
    const double distance = SquaredDistance(query.data(), decoded, dim);
    return {distance, distance + DotProduct(query.data(), query.data(), dim)};
  }
  double scale = 0;
  for (size_t d = 0; d < dim; ++d) {
    scale += std::abs(static_cast<double>(query[d]) * static_cast<double>(decoded[d]));
  }
  return {-DotProduct(query.data(), decoded, dim), scale};
}

TEST(ProductCodecTest, DistancesAreThoseOfTheDecodedRows) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (const bool rotate : {false, true}) {
      for (const int32_t bits : {1, 3, 4, 5, 8}) {
        for (const int32_t m : {1, 2, 3, 6, 12}) {
          if (rotate && (bits < 4 || bits > 5 || m == 2)) continue;  // trained long, alike
          const std::vector<float> rows = NormalRows(300, 12, 1, 3);
          const auto codec = TrainProductOn(ProductSpec(metric, 12, m, bits, rotate), rows);
          std::vector<uint8_t> codes(300 * codec->code_bytes());
          std::vector<float> decoded(rows.size());
          codec->Encode(rows.data(), 300, codes.data());
          codec->Decode(codes.data(), 300, decoded.data());
          const std::vector<float> query = NormalRows(1, 12, 2, 3);
          const auto distance = codec->MakeDistance();
          distance->SetQuery(query.data());
          std::vector<float> found(300);
          distance->Compare({codes.data(), codec->code_bytes(), nullptr, 300}, found.data());
          for (size_t i = 0; i < 300; ++i) {
            const Expected expected = NaiveProductDistance(metric, query, &decoded[i * 12]);
            EXPECT_NEAR(found[i], expected.distance, 1e-5 * (1 + expected.scale));
            EXPECT_EQ(found[i], distance->One(&codes[i * codec->code_bytes()]));
          }
        }
      }
    }
  }
}

TEST(ProductCodecTest, ARowGetsTheNearestWordOfEachPart) {
  const std::vector<float> rows = NormalRows(500, 8, 3);
  const auto codec = TrainProductOn(ProductSpec(Metric::kL2, 8, 4, 4), rows);
  std::vector<uint8_t> code(codec->code_bytes());
  std::vector<float> decoded(8);
  for (size_t i = 0; i < 50; ++i) {
    codec->Encode(&rows[i * 8], 1, code.data());
    codec->Decode(code.data(), 1, decoded.data());
    const double error = SquaredDistance(&rows[i * 8], decoded.data(), 8);
    for (size_t part = 0; part < 4; ++part) {
      for (int word = 0; word < 16; ++word) {
        std::vector<uint8_t> other = code;
        const int shift = part % 2 == 0 ? 0 : 4;
        other[part / 2] = static_cast<uint8_t>((code[part / 2] & ~(15 << shift)) | word << shift);
        codec->Decode(other.data(), 1, decoded.data());
        EXPECT_GE(SquaredDistance(&rows[i * 8], decoded.data(), 8), error - 1e-5);
      }
    }
  }
}

TEST(ProductCodecTest, CodesAreAsTheHeaderSays) {
  const std::vector<float> rows = NormalRows(400, 6, 4);
  const auto nibbles = TrainProductOn(ProductSpec(Metric::kL2, 6, 3, 4), rows);
  EXPECT_EQ(nibbles->code_bytes(), 2U);
  EXPECT_EQ(AsProduct(*nibbles).words(), 16U);
  EXPECT_EQ(AsProduct(*nibbles).table_words(), 16U);
  const uint8_t code[] = {0x52, 0x07};
  EXPECT_EQ(AsProduct(*nibbles).WordOf(code, 0), 2U);
  EXPECT_EQ(AsProduct(*nibbles).WordOf(code, 1), 5U);
  EXPECT_EQ(AsProduct(*nibbles).WordOf(code, 2), 7U);
  const auto bytes = TrainProductOn(ProductSpec(Metric::kL2, 6, 3, 5), rows);
  EXPECT_EQ(bytes->code_bytes(), 3U);
  EXPECT_EQ(AsProduct(*bytes).words(), 32U);
  EXPECT_EQ(AsProduct(*bytes).table_words(), 256U);
  EXPECT_EQ(AsProduct(*bytes).WordOf(code, 0), 0x52U);
}

TEST(ProductCodecTest, MoreBitsErrLess) {
  const std::vector<float> rows = NormalRows(4000, 16, 5);
  double last = 1e9;
  for (const int32_t bits : {1, 2, 4, 6, 8}) {
    const auto codec = TrainProductOn(ProductSpec(Metric::kL2, 16, 8, bits), rows);
    std::vector<uint8_t> codes(4000 * codec->code_bytes());
    std::vector<float> decoded(rows.size());
    codec->Encode(rows.data(), 4000, codes.data());
    codec->Decode(codes.data(), 4000, decoded.data());
    const double error = MeanError(rows, decoded, 16);
    EXPECT_LT(error, 0.8 * last);
    last = error;
  }
}

TEST(ProductCodecTest, BitsShrinkToTheRowsThereAre) {
  for (const auto& [count, bits] : {std::pair<size_t, int32_t>{0, 1},
                                    {1, 1},
                                    {2, 1},
                                    {3, 1},
                                    {4, 2},
                                    {255, 7},
                                    {256, 8},
                                    {300, 8}}) {
    const auto codec = TrainProductOn(ProductSpec(Metric::kL2, 4, 2, 8), NormalRows(count, 4, 6));
    EXPECT_EQ(codec->spec().pq_bits, bits) << count;
  }
}

TEST(ProductCodecTest, WhatIsWrittenIsRead) {
  const std::vector<float> rows = NormalRows(300, 8, 7);
  for (const bool rotate : {false, true}) {
    const auto codec = TrainProductOn(ProductSpec(Metric::kCosine, 8, 4, 4, rotate), rows);
    base::ByteWriter writer;
    codec->Write(&writer);
    base::ByteReader reader(writer.str());
    auto read = ReadProductCodec(codec->spec(), reader);
    ASSERT_OK(read);
    EXPECT_EQ(reader.remaining(), 0U);
    EXPECT_EQ((*read)->memory_bytes(), codec->memory_bytes());
    std::vector<uint8_t> before(300 * codec->code_bytes());
    std::vector<uint8_t> after(before.size());
    codec->Encode(rows.data(), 300, before.data());
    (*read)->Encode(rows.data(), 300, after.data());
    EXPECT_EQ(before, after);
    const auto old_distance = codec->MakeDistance();
    const auto new_distance = (*read)->MakeDistance();
    old_distance->SetQuery(rows.data());
    new_distance->SetQuery(rows.data());
    EXPECT_EQ(old_distance->One(&before[10]), new_distance->One(&before[10]));
  }
}

TEST(ProductCodecTest, EveryTruncationIsDataLoss) {
  const auto codec = TrainProductOn(ProductSpec(Metric::kL2, 4, 2, 2, true), NormalRows(100, 4, 8));
  base::ByteWriter writer;
  codec->Write(&writer);
  for (size_t size = 0; size < writer.str().size(); ++size) {
    base::ByteReader reader(std::string_view(writer.str()).substr(0, size));
    EXPECT_EQ(CodeOf(ReadProductCodec(codec->spec(), reader)), absl::StatusCode::kDataLoss);
  }
}

TEST(ProductCodecTest, MutatedBytesAreDataLossOrACodecThatWorks) {
  const std::vector<float> rows = NormalRows(100, 4, 9);
  const auto codec = TrainProductOn(ProductSpec(Metric::kL2, 4, 2, 2, true), rows);
  base::ByteWriter writer;
  codec->Write(&writer);
  std::vector<uint8_t> codes(100 * codec->code_bytes(), 0xff);
  for (size_t at = 0; at < writer.str().size(); ++at) {
    for (const char flip : {'\x01', '\x40', '\x80', '\xff'}) {
      std::string bytes = writer.str();
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      base::ByteReader reader(bytes);
      auto read = ReadProductCodec(codec->spec(), reader);
      if (!read.ok()) {
        EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss);
        continue;
      }
      const auto distance = (*read)->MakeDistance();
      distance->SetQuery(rows.data());
      EXPECT_FALSE(std::isnan(distance->One(codes.data())));
      std::vector<float> decoded(4);
      (*read)->Decode(codes.data(), 1, decoded.data());
    }
  }
}

TEST(ProductCodecTest, OddDataTrainsAndCodes) {
  const std::vector<std::vector<float>> data = {
      {},                                 // no row
      {1, 2, 3, 4},                       // one
      std::vector<float>(4 * 300, 0.7f),  // all equal
      std::vector<float>(4 * 300, 0),     // zero vectors
      NormalRows(300, 4, 10, 1e15f),      // long
      NormalRows(300, 4, 10, 1e-18f),     // short
  };
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (const std::vector<float>& rows : data) {
      for (const bool rotate : {false, true}) {
        const auto codec = TrainProductOn(ProductSpec(metric, 4, 2, 4, rotate), rows);
        const std::vector<float> row = rows.empty()
                                           ? std::vector<float>{0, 0, 0, 0}
                                           : std::vector<float>(rows.begin(), rows.begin() + 4);
        std::vector<uint8_t> code(codec->code_bytes());
        std::vector<float> decoded(4);
        codec->Encode(row.data(), 1, code.data());
        codec->Decode(code.data(), 1, decoded.data());
        const auto distance = codec->MakeDistance();
        distance->SetQuery(row.data());
        EXPECT_FALSE(std::isnan(distance->One(code.data())));
        for (const float value : decoded) EXPECT_TRUE(std::isfinite(value));
      }
    }
  }
}

TEST(ProductCodecTest, EqualRowsAreCodedWithoutError) {
  const std::vector<float> rows(6 * 500, 0.3f);
  const auto codec = TrainProductOn(ProductSpec(Metric::kL2, 6, 3, 8), rows);
  std::vector<uint8_t> code(3);
  codec->Encode(rows.data(), 1, code.data());
  const auto distance = codec->MakeDistance();
  distance->SetQuery(rows.data());
  EXPECT_EQ(distance->One(code.data()), 0);
}

}  // namespace
}  // namespace vecdb::codec
