#include "codec/float_codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

constexpr size_t kFloatRows = 70;
constexpr Metric kFloatMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};
constexpr CodecKind kFloatKinds[] = {CodecKind::kFloat32, CodecKind::kFloat16};

std::unique_ptr<Codec> FloatCodecOf(CodecKind kind, Metric metric, size_t dim) {
  auto codec =
      TrainCodec({.kind = kind, .metric = metric, .dim = static_cast<int32_t>(dim)}, {}, {}, {});
  EXPECT_OK(codec);
  return *std::move(codec);
}

std::vector<float> NormalFloats(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<double> Unit(const float* row, size_t dim) {
  double square = 0;
  for (size_t d = 0; d < dim; ++d) square += std::pow(static_cast<double>(row[d]), 2);
  std::vector<double> unit(dim);
  for (size_t d = 0; d < dim && square > 0; ++d) {
    unit[d] = static_cast<double>(row[d]) / std::sqrt(square);
  }
  return unit;
}

// The row as a codec should see it.
std::vector<double> SeenRow(Metric metric, const float* row, size_t dim) {
  if (metric == Metric::kCosine) return Unit(row, dim);
  return std::vector<double>(row, row + dim);
}

double NaiveFloatDistance(Metric metric, const std::vector<double>& a,
                          const std::vector<double>& b) {
  double sum = 0;
  for (size_t d = 0; d < a.size(); ++d) {
    sum += metric == Metric::kL2 ? (a[d] - b[d]) * (a[d] - b[d]) : -a[d] * b[d];
  }
  return sum;
}

TEST(FloatCodecTest, DecodedRowsAreAsNearAsTheHeaderSays) {
  for (const CodecKind kind : kFloatKinds) {
    for (const Metric metric : kFloatMetrics) {
      const size_t dim = 300;
      const auto codec = FloatCodecOf(kind, metric, dim);
      const std::vector<float> rows = NormalFloats(3 * dim, 1);
      std::vector<uint8_t> codes(3 * codec->code_bytes());
      codec->Encode(rows.data(), 3, codes.data());
      std::vector<float> decoded(rows.size());
      codec->Decode(codes.data(), 3, decoded.data());
      for (size_t i = 0; i < 3; ++i) {
        const std::vector<double> seen = SeenRow(metric, &rows[i * dim], dim);
        for (size_t d = 0; d < dim; ++d) {
          const double unit = kind == CodecKind::kFloat16 ? 0x1p-11 : 0;
          const double scaling = metric == Metric::kCosine ? 0x1p-22 : 0;
          EXPECT_NEAR(static_cast<double>(decoded[i * dim + d]), seen[d],
                      std::abs(seen[d]) * (unit + scaling) + (unit > 0 ? 0x1p-25 : 0));
        }
      }
    }
  }
}

TEST(FloatCodecTest, DistancesAreThoseOfTheDecodedRows) {
  for (const CodecKind kind : kFloatKinds) {
    for (const Metric metric : kFloatMetrics) {
      for (const size_t dim :
           std::initializer_list<size_t>{1, 2, 3, 7, 16, 31, 64, 100, 257, 784}) {
        const auto codec = FloatCodecOf(kind, metric, dim);
        const std::vector<float> rows = NormalFloats(kFloatRows * dim, dim);
        const std::vector<float> query = NormalFloats(dim, 99);
        std::vector<uint8_t> codes(kFloatRows * codec->code_bytes());
        codec->Encode(rows.data(), kFloatRows, codes.data());
        std::vector<float> decoded(rows.size());
        codec->Decode(codes.data(), kFloatRows, decoded.data());
        const auto distance = codec->MakeDistance();
        distance->SetQuery(query.data());
        std::vector<float> found(kFloatRows);
        distance->Compare({codes.data(), codec->code_bytes(), nullptr, kFloatRows}, found.data());
        for (size_t i = 0; i < kFloatRows; ++i) {
          const float* row = &decoded[i * dim];
          const std::vector<double> seen(row, row + dim);
          const auto sum = static_cast<double>(dim + 20);
          EXPECT_NEAR(static_cast<double>(found[i]),
                      NaiveFloatDistance(metric, SeenRow(metric, query.data(), dim), seen),
                      sum * 0x1p-24 * sum * 4);
        }
      }
    }
  }
}

TEST(FloatCodecTest, ARowHasTheSameBitsAloneAndByItsId) {
  for (const CodecKind kind : kFloatKinds) {
    for (const Metric metric : kFloatMetrics) {
      const auto codec = FloatCodecOf(kind, metric, 37);
      const std::vector<float> rows = NormalFloats(kFloatRows * 37, 2);
      std::vector<uint8_t> codes(kFloatRows * codec->code_bytes());
      codec->Encode(rows.data(), kFloatRows, codes.data());
      const auto distance = codec->MakeDistance();
      distance->SetQuery(rows.data());
      const uint32_t ids[] = {69, 3, 3, 0, 12, 40, 1};
      float found[7];
      distance->Compare({codes.data(), codec->code_bytes(), ids, 7}, found);
      for (size_t i = 0; i < 7; ++i) {
        const float one = distance->One(codes.data() + ids[i] * codec->code_bytes());
        EXPECT_EQ(std::memcmp(&one, &found[i], sizeof(one)), 0);
      }
    }
  }
}

TEST(FloatCodecTest, CodesMayLieAtAnyAddressWithRoomBetween) {
  for (const CodecKind kind : kFloatKinds) {
    const auto codec = FloatCodecOf(kind, Metric::kIp, 5);
    const std::vector<float> rows = NormalFloats(5 * 5, 3);
    const size_t stride = codec->code_bytes() + 3;
    std::vector<uint8_t> codes(1 + 5 * stride);
    for (size_t i = 0; i < 5; ++i) codec->Encode(&rows[i * 5], 1, &codes[1 + i * stride]);
    const auto distance = codec->MakeDistance();
    distance->SetQuery(rows.data());
    float found[5];
    distance->Compare({codes.data() + 1, stride, nullptr, 5}, found);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(found[i], distance->One(&codes[1 + i * stride]));
  }
}

TEST(FloatCodecTest, ZeroVectorsStayZeroUnderCosine) {
  for (const CodecKind kind : kFloatKinds) {
    const auto codec = FloatCodecOf(kind, Metric::kCosine, 6);
    const std::vector<float> zeros(6);
    std::vector<uint8_t> code(codec->code_bytes(), 1);
    codec->Encode(zeros.data(), 1, code.data());
    std::vector<float> decoded(6, 1);
    codec->Decode(code.data(), 1, decoded.data());
    EXPECT_EQ(decoded, zeros);
    const auto distance = codec->MakeDistance();
    for (const std::vector<float>& query : {zeros, NormalFloats(6, 4)}) {
      distance->SetQuery(query.data());
      EXPECT_EQ(distance->One(code.data()), 0);
    }
  }
}

TEST(FloatCodecTest, HugeAndTinyValuesNeverGiveNoNumber) {
  for (const CodecKind kind : kFloatKinds) {
    for (const Metric metric : kFloatMetrics) {
      for (const float scale : {1e30f, 1e-30f, 3e38f}) {
        const auto codec = FloatCodecOf(kind, metric, 40);
        std::vector<float> rows = NormalFloats(8 * 40, 5);
        for (float& value : rows) value = std::clamp(value, -1.0f, 1.0f) * scale;
        std::vector<uint8_t> codes(8 * codec->code_bytes());
        codec->Encode(rows.data(), 8, codes.data());
        const auto distance = codec->MakeDistance();
        distance->SetQuery(rows.data());
        float found[8];
        distance->Compare({codes.data(), codec->code_bytes(), nullptr, 8}, found);
        for (const float one : found) EXPECT_FALSE(std::isnan(one));
      }
    }
  }
}

TEST(FloatCodecTest, WritesAPowerAtMostAndHoldsNothing) {
  const auto codec = FloatCodecOf(CodecKind::kFloat16, Metric::kL2, 9);
  base::ByteWriter writer;
  codec->Write(&writer);
  EXPECT_EQ(writer.str(), std::string(4, '\0'));
  EXPECT_EQ(codec->memory_bytes(), 0u);
  EXPECT_EQ(codec->code_bytes(), 18u);
  const auto plain = FloatCodecOf(CodecKind::kFloat32, Metric::kL2, 9);
  plain->Write(&writer);
  EXPECT_EQ(writer.str().size(), 4u);
  EXPECT_EQ(plain->code_bytes(), 36u);
}

TEST(FloatCodecTest, NoRowsAreFine) {
  for (const CodecKind kind : kFloatKinds) {
    const auto codec = FloatCodecOf(kind, Metric::kL2, 4);
    codec->Encode(nullptr, 0, nullptr);
    codec->Decode(nullptr, 0, nullptr);
    const float query[4] = {};
    const auto distance = codec->MakeDistance();
    distance->SetQuery(query);
    distance->Compare({}, nullptr);
  }
}

// The power of two that a sample with such a greatest number asks for, from the bytes written.
int32_t PowerFor(float greatest, Metric metric = Metric::kL2) {
  const float row[4] = {0, greatest / 2, -greatest, greatest / 4};
  const auto codec = TrainCodec({.kind = CodecKind::kFloat16, .metric = metric, .dim = 4},
                                {.rows = row, .count = 1}, {}, {});
  base::ByteWriter written;
  (*codec)->Write(&written);
  base::ByteReader reader(written.str());
  return reader.Get<int32_t>();
}

TEST(FloatCodecTest, Float16LearnsAPowerOfTwoOutsideTheRangeItHoldsWell) {
  EXPECT_EQ(PowerFor(8192), 0);
  EXPECT_EQ(PowerFor(8193), 7 - 13);
  EXPECT_EQ(PowerFor(0.125f), 0);
  EXPECT_EQ(PowerFor(0.124f), 7 + 4);
  EXPECT_EQ(PowerFor(0), 0);
  EXPECT_EQ(PowerFor(3e38f), 7 - 127);
  EXPECT_EQ(PowerFor(1e-8f), 7 + 27);
  EXPECT_EQ(PowerFor(1e-44f), 40);
  EXPECT_EQ(PowerFor(3e38f, Metric::kCosine), 0);
}

TEST(FloatCodecTest, Float16HoldsLargeAndSmallNumbersAsWellAsOthers) {
  for (const float scale : {1e-9f, 1e-6f, 1e6f, 1e15f, 1e18f}) {
    SCOPED_TRACE(scale);
    std::vector<float> rows = NormalFloats(20 * 7, 3);
    for (float& value : rows) value *= scale;
    for (const Metric metric : {Metric::kL2, Metric::kIp}) {
      const auto codec = TrainCodec({.kind = CodecKind::kFloat16, .metric = metric, .dim = 7},
                                    {.rows = rows.data(), .count = 20}, {}, {});
      std::vector<uint8_t> codes(20 * (*codec)->code_bytes());
      (*codec)->Encode(rows.data(), 20, codes.data());
      std::vector<float> decoded(rows.size());
      (*codec)->Decode(codes.data(), 20, decoded.data());
      for (size_t i = 0; i < rows.size(); ++i) {
        ASSERT_NEAR(decoded[i], rows[i], std::abs(rows[i]) / 2048);
      }
      const auto distance = (*codec)->MakeDistance();
      distance->SetQuery(&rows[7]);
      const float found = distance->One(codes.data());
      double expected = 0;
      double size = 0;
      for (size_t d = 0; d < 7; ++d) {
        const auto a = static_cast<double>(rows[7 + d]);
        const auto b = static_cast<double>(decoded[d]);
        const double term = metric == Metric::kL2 ? (a - b) * (a - b) : -a * b;
        expected += term;
        size += std::abs(term);
      }
      ASSERT_NEAR(static_cast<double>(found), expected, size * 1e-6 + 1e-44);
    }
  }
}

TEST(FloatCodecTest, Float16TakesACodeForAQuery) {
  for (const Metric metric : kFloatMetrics) {
    for (const float unit : {1.0f, 1e-6f, 1e6f}) {
      for (const size_t dim : {size_t{1}, size_t{7}, size_t{100}}) {
        std::vector<float> rows = NormalFloats(kFloatRows * dim, dim);
        for (float& value : rows) value *= unit;
        const auto codec = TrainCodec(
            {.kind = CodecKind::kFloat16, .metric = metric, .dim = static_cast<int32_t>(dim)},
            {.rows = rows.data(), .count = kFloatRows}, {}, {});
        ASSERT_OK(codec);
        std::vector<uint8_t> codes(kFloatRows * (*codec)->code_bytes());
        (*codec)->Encode(rows.data(), kFloatRows, codes.data());
        std::vector<float> decoded(rows.size());
        (*codec)->Decode(codes.data(), kFloatRows, decoded.data());
        const auto by_row = (*codec)->MakeDistance();
        const auto by_code = (*codec)->MakeDistance();
        by_row->SetQuery(decoded.data());
        by_code->SetCode(codes.data());
        for (size_t i = 0; i < kFloatRows; ++i) {
          const uint8_t* const code = codes.data() + i * (*codec)->code_bytes();
          if (metric == Metric::kCosine) {  // the decoded row is nearly of length 1
            EXPECT_NEAR(by_code->One(code), by_row->One(code), 1e-3);
          } else {
            EXPECT_EQ(by_code->One(code), by_row->One(code));
          }
        }
      }
    }
  }
}

TEST(FloatCodecTest, Float16KeepsOrdinaryRowsBesideOneFarOutside) {
  std::vector<float> rows = NormalFloats(21 * 7, 3);
  rows[20 * 7] = 1e30f;
  const auto codec = TrainCodec({.kind = CodecKind::kFloat16, .dim = 7},
                                {.rows = rows.data(), .count = 21}, {}, {});
  std::vector<uint8_t> codes(21 * (*codec)->code_bytes());
  (*codec)->Encode(rows.data(), 21, codes.data());
  std::vector<float> decoded(rows.size());
  (*codec)->Decode(codes.data(), 21, decoded.data());
  for (size_t i = 0; i < 20 * 7; ++i) {
    EXPECT_NEAR(decoded[i], rows[i], std::abs(rows[i]) / 2048 + 5e-4f);
  }
  EXPECT_GT(decoded[20 * 7], 1e6f);  // held to the greatest that there is
}

TEST(FloatCodecTest, AnImpossiblePowerOfFloat16IsDataLoss) {
  const CodecSpec spec{.kind = CodecKind::kFloat16, .dim = 4};
  for (const int32_t power : {-126, 0, 40, -127, 41, std::numeric_limits<int32_t>::min()}) {
    base::ByteWriter written;
    written.Put(power);
    base::ByteReader reader(written.str());
    EXPECT_EQ(ReadCodec(spec, reader).ok(), power >= -126 && power <= 40) << power;
  }
  base::ByteReader nothing("");
  EXPECT_EQ(support::CodeOf(ReadCodec(spec, nothing)), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace vecdb::codec
