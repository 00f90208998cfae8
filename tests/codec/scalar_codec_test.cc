#include "codec/scalar_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "codec/scalar_range.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

constexpr Metric kScalarMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

// The codecs there are.
std::vector<CodecSpec> ScalarSpecs(size_t dim) {
  std::vector<CodecSpec> specs;
  for (const Metric metric : kScalarMetrics) {
    const CodecSpec sq8 = {
        .kind = CodecKind::kSq8, .metric = metric, .dim = static_cast<int32_t>(dim)};
    for (const Sq8Range range : {Sq8Range::kAuto, Sq8Range::kUniform, Sq8Range::kPerDimension}) {
      specs.push_back(sq8);
      specs.back().range = range;
    }
    specs.push_back(sq8);
    specs.back().kind = CodecKind::kSq4;
  }
  return specs;
}

std::string ScalarSpecText(const CodecSpec& spec) {
  return "kind " + std::to_string(static_cast<int>(spec.kind)) + " metric " +
         std::to_string(static_cast<int>(spec.metric)) + " dim " + std::to_string(spec.dim) +
         " range " + std::to_string(static_cast<int>(spec.range));
}

std::vector<float> ScalarRows(size_t count, size_t dim, uint64_t seed, float scale = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> rows(count * dim);
  for (size_t i = 0; i < rows.size(); ++i) {
    const float width = static_cast<float>(i % dim % 5 + 1);  // dimensions differ
    rows[i] = (normal(random) * width / 5 + 0.3f) * scale;
  }
  return rows;
}

std::unique_ptr<Codec> TrainScalar(const CodecSpec& spec, const std::vector<float>& rows) {
  const size_t count = rows.size() / static_cast<size_t>(spec.dim);
  auto codec = TrainScalarCodec(spec, {rows.data(), count}, {}, Context());
  EXPECT_OK(codec);
  return *std::move(codec);
}

std::vector<uint8_t> ScalarCodes(const Codec& codec, const std::vector<float>& rows) {
  const size_t count = rows.size() / codec.dim();
  std::vector<uint8_t> codes(count * codec.code_bytes());
  codec.Encode(rows.data(), count, codes.data());
  return codes;
}

std::vector<float> DecodedRows(const Codec& codec, const std::vector<uint8_t>& codes) {
  const size_t count = codes.size() / codec.code_bytes();
  std::vector<float> rows(count * codec.dim());
  codec.Decode(codes.data(), count, rows.data());
  return rows;
}

std::vector<float> ScalarDistances(const Codec& codec, const float* query,
                                   const std::vector<uint8_t>& codes) {
  const auto distance = codec.MakeDistance();
  distance->SetQuery(query);
  std::vector<float> found(codes.size() / codec.code_bytes());
  distance->Compare({codes.data(), codec.code_bytes(), nullptr, found.size()}, found.data());
  return found;
}

std::string WrittenBytes(const Codec& codec) {
  base::ByteWriter writer;
  codec.Write(&writer);
  return writer.str();
}

// What Write put, taken apart again: the header gives the layout.
ScalarRange WrittenRange(const Codec& codec) {
  const std::string bytes = WrittenBytes(codec);
  base::ByteReader reader(bytes);
  ScalarRange range = {.kind = codec.spec().range};
  const size_t steps = range.kind == Sq8Range::kUniform ? 1 : codec.dim();
  for (size_t d = 0; d < steps; ++d) range.step.push_back(reader.Get<float>());
  range.step.resize(codec.dim(), range.step[0]);
  for (size_t d = 0; d < codec.dim(); ++d) range.lower.push_back(reader.Get<float>());
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
  return range;
}

double ScalarMaxCode(const Codec& codec) { return codec.spec().kind == CodecKind::kSq4 ? 15 : 255; }

bool IsSymmetric(const CodecSpec& spec) {
  return spec.kind == CodecKind::kSq8 && spec.metric == Metric::kL2 &&
         spec.range == Sq8Range::kUniform;
}

// The query or row as the codec sees it.
std::vector<float> SeenByScalar(const CodecSpec& spec, const float* row) {
  std::vector<float> seen(row, row + spec.dim);
  if (spec.metric != Metric::kCosine) return seen;
  double square = 0;
  for (const float value : seen) square += static_cast<double>(value) * static_cast<double>(value);
  const float scale = square == 0 ? 0 : static_cast<float>(1 / std::sqrt(square));
  for (float& value : seen) value *= scale;
  return seen;
}

// The distance to the decoded row in double, and how far off the header allows.
struct ScalarReference {
  ScalarReference(const Codec& codec, const ScalarRange& range, const std::vector<float>& query,
                  const float* decoded) {
    const bool squared = codec.spec().metric == Metric::kL2;
    const double max_code = ScalarMaxCode(codec);
    double greatest = 0, rounding = 0, row_term = 0;
    for (size_t d = 0; d < codec.dim(); ++d) {
      const auto value = static_cast<double>(query[d]);
      const auto row = static_cast<double>(decoded[d]);
      const auto step = static_cast<double>(range.step[d]);
      const double middle = static_cast<double>(range.lower[d]) + step * max_code / 2;
      distance += squared ? (value - row) * (value - row) : -value * row;
      greatest = std::max(greatest, std::abs(squared ? (value - middle) * step : value * step));
      row_term += (row - middle) * (row - middle);
      const double term = squared ? 2 * std::abs(value - row) : std::abs(value);
      rounding += term * (std::abs(row) + step) * 0x1p-23;  // the decoded row is in float
    }
    const double unit = IsSymmetric(codec.spec()) ? 0 : greatest / 32639;
    const double weights = static_cast<double>(codec.dim()) * max_code * unit / (squared ? 2 : 4);
    tolerance = weights + rounding + std::abs(distance) * 0x1p-23 + row_term * 0x1p-23 +
                static_cast<double>(std::numeric_limits<float>::denorm_min());
  }

  double distance = 0;
  double tolerance = 0;
};

void ExpectDistancesWithinTheBound(const CodecSpec& spec, size_t count, float scale = 1) {
  const auto dim = static_cast<size_t>(spec.dim);
  const std::vector<float> rows = ScalarRows(count, dim, dim, scale);
  const auto codec = TrainScalar(spec, rows);
  const ScalarRange range = WrittenRange(*codec);
  const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
  const std::vector<float> decoded = DecodedRows(*codec, codes);
  const std::vector<float> raw_query = ScalarRows(1, dim, 77, 1.5f * scale);
  std::vector<float> query = SeenByScalar(spec, raw_query.data());
  if (IsSymmetric(codec->spec())) query = DecodedRows(*codec, ScalarCodes(*codec, raw_query));
  const std::vector<float> found = ScalarDistances(*codec, raw_query.data(), codes);
  for (size_t i = 0; i < count; ++i) {
    const ScalarReference expected(*codec, range, query, &decoded[i * dim]);
    ASSERT_NEAR(static_cast<double>(found[i]), expected.distance, expected.tolerance)
        << ScalarSpecText(codec->spec());
  }
}

TEST(ScalarCodecTest, DistancesAreWithinTheBoundOfTheHeader) {
  for (const size_t dim :
       std::initializer_list<size_t>{1, 2, 3, 7, 16, 31, 64, 100, 128, 257, 784}) {
    const size_t count = dim < 100 ? 70 : 15;
    for (const CodecSpec& spec : ScalarSpecs(dim)) ExpectDistancesWithinTheBound(spec, count);
  }
}

TEST(ScalarCodecTest, DistancesOfLargeAndSmallNumbersAreWithinTheBound) {
  for (const float scale : {1e-30f, 1e-15f, 1e15f}) {
    for (const CodecSpec& spec : ScalarSpecs(31)) ExpectDistancesWithinTheBound(spec, 70, scale);
  }
}

TEST(ScalarCodecTest, DecodedNumbersAreHalfAStepOffOrAtABound) {
  for (const size_t dim : std::initializer_list<size_t>{1, 2, 3, 7, 16, 31, 50}) {
    for (const CodecSpec& spec : ScalarSpecs(dim)) {
      const std::vector<float> rows = ScalarRows(100, dim, dim);
      const auto codec = TrainScalar(spec, rows);
      const ScalarRange range = WrittenRange(*codec);
      const std::vector<float> decoded = DecodedRows(*codec, ScalarCodes(*codec, rows));
      for (size_t i = 0; i < rows.size(); ++i) {
        const size_t d = i % dim;
        const std::vector<float> seen = SeenByScalar(spec, &rows[i - d]);
        const auto lower = static_cast<double>(range.lower[d]);
        const auto step = static_cast<double>(range.step[d]);
        const double held =
            std::clamp(static_cast<double>(seen[d]), lower, lower + step * ScalarMaxCode(*codec));
        const double rounding = (std::abs(held) + step) * 0x1p-22;
        ASSERT_NEAR(static_cast<double>(decoded[i]), held, step / 2 + rounding)
            << ScalarSpecText(codec->spec());
      }
    }
  }
}

TEST(ScalarCodecTest, BytesAreCodedWithoutLoss) {
  std::mt19937_64 random(3);
  std::vector<float> rows(60 * 31);
  for (float& value : rows) value = static_cast<float>(random() % 256);
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    const auto codec = TrainScalar({.kind = CodecKind::kSq8, .metric = metric, .dim = 31}, rows);
    const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
    EXPECT_EQ(DecodedRows(*codec, codes), rows);
    if (metric != Metric::kL2) continue;
    EXPECT_EQ(codec->code_bytes(), 31u);
    const std::vector<float> found = ScalarDistances(*codec, rows.data(), codes);
    for (size_t i = 0; i < found.size(); ++i) {
      double exact = 0;
      for (size_t d = 0; d < 31; ++d) {
        exact += std::pow(static_cast<double>(rows[d]) - static_cast<double>(rows[i * 31 + d]), 2);
      }
      EXPECT_EQ(static_cast<double>(found[i]), exact);
    }
  }
}

TEST(ScalarCodecTest, SixteenWholeNumbersFitHalfBytesWithoutLoss) {
  std::mt19937_64 random(4);
  std::vector<float> rows(60 * 9);
  for (float& value : rows) value = static_cast<float>(random() % 16);
  const auto codec = TrainScalar({.kind = CodecKind::kSq4, .dim = 9}, rows);
  EXPECT_EQ(codec->code_bytes(), 9u);  // 5 of half bytes and 4 of the row term
  EXPECT_EQ(DecodedRows(*codec, ScalarCodes(*codec, rows)), rows);
}

TEST(ScalarCodecTest, CodesHaveTheLayoutOfTheHeader) {
  const std::vector<float> rows = {0, 1, 2, 3, 4, 15, 14, 13, 12, 11};
  const auto sq4 = TrainScalar({.kind = CodecKind::kSq4, .dim = 5}, rows);
  const std::vector<uint8_t> nibbles = ScalarCodes(*sq4, rows);
  const uint32_t term = 15 * 15 + 13 * 13 + 11 * 11 + 9 * 9 + 7 * 7;
  std::vector<uint8_t> expected = {0x30, 0x41, 0x02, 0, 0, 0, 0};
  std::memcpy(&expected[3], &term, sizeof(term));
  EXPECT_EQ(std::vector<uint8_t>(nibbles.begin(), nibbles.begin() + 7), expected);

  const auto sq8 =
      TrainScalar({.kind = CodecKind::kSq8, .dim = 5, .range = Sq8Range::kPerDimension}, rows);
  const std::vector<uint8_t> bytes = ScalarCodes(*sq8, rows);
  EXPECT_EQ(std::vector<uint8_t>(bytes.begin(), bytes.begin() + 5),
            std::vector<uint8_t>({0, 1, 2, 3, 4}));
  float sum;
  std::memcpy(&sum, &bytes[5], sizeof(sum));
  EXPECT_EQ(
      sum, 127.5f * 127.5f + 126.5f * 126.5f + 125.5f * 125.5f + 124.5f * 124.5f + 123.5f * 123.5f);
}

TEST(ScalarCodecTest, CodeBytesFollowTheLayout) {
  const std::vector<float> rows = ScalarRows(100, 7, 5);
  const auto bytes = [&](CodecKind kind, Metric metric, Sq8Range range) {
    return TrainScalar({.kind = kind, .metric = metric, .dim = 7, .range = range}, rows)
        ->code_bytes();
  };
  EXPECT_EQ(bytes(CodecKind::kSq8, Metric::kL2, Sq8Range::kUniform), 7u);
  EXPECT_EQ(bytes(CodecKind::kSq8, Metric::kL2, Sq8Range::kPerDimension), 11u);
  EXPECT_EQ(bytes(CodecKind::kSq8, Metric::kIp, Sq8Range::kUniform), 7u);
  EXPECT_EQ(bytes(CodecKind::kSq8, Metric::kIp, Sq8Range::kPerDimension), 7u);
  EXPECT_EQ(bytes(CodecKind::kSq4, Metric::kL2, Sq8Range::kAuto), 8u);
  EXPECT_EQ(bytes(CodecKind::kSq4, Metric::kCosine, Sq8Range::kAuto), 4u);
}

TEST(ScalarCodecTest, ARowHasTheSameBitsAloneAndByItsId) {
  for (const CodecSpec& spec : ScalarSpecs(37)) {
    const std::vector<float> rows = ScalarRows(200, 37, 6);
    const auto codec = TrainScalar(spec, rows);
    const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
    const std::vector<float> all = ScalarDistances(*codec, rows.data(), codes);
    const auto distance = codec->MakeDistance();
    distance->SetQuery(rows.data());
    std::vector<uint32_t> ids(150);
    for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<uint32_t>(i * 7 % 200);
    std::vector<float> found(ids.size());
    distance->Compare({codes.data(), codec->code_bytes(), ids.data(), ids.size()}, found.data());
    for (size_t i = 0; i < ids.size(); ++i) {
      const float one = distance->One(&codes[ids[i] * codec->code_bytes()]);
      ASSERT_EQ(std::memcmp(&one, &found[i], sizeof(one)), 0);
      ASSERT_EQ(std::memcmp(&one, &all[ids[i]], sizeof(one)), 0);
    }
  }
}

TEST(ScalarCodecTest, AnObjectTakesQueryAfterQuery) {
  for (const CodecSpec& spec : ScalarSpecs(20)) {
    const std::vector<float> rows = ScalarRows(30, 20, 7);
    const auto codec = TrainScalar(spec, rows);
    const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
    const auto distance = codec->MakeDistance();
    for (const size_t i : std::initializer_list<size_t>{0, 5, 0}) {
      distance->SetQuery(&rows[i * 20]);
      EXPECT_EQ(distance->One(codes.data()), ScalarDistances(*codec, &rows[i * 20], codes)[0]);
    }
  }
}

TEST(ScalarCodecTest, SquaredDistancesAreNeverNegative) {
  for (const CodecSpec& spec : ScalarSpecs(64)) {
    if (spec.metric != Metric::kL2) continue;
    const std::vector<float> rows = ScalarRows(100, 64, 8);
    const auto codec = TrainScalar(spec, rows);
    const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
    const std::vector<float> decoded = DecodedRows(*codec, codes);
    for (size_t i = 0; i < 100; ++i) {  // each row is its own query
      EXPECT_GE(ScalarDistances(*codec, &decoded[i * 64], codes)[i], 0);
    }
  }
}

TEST(ScalarCodecTest, NoRowsOneRowEqualRowsAndZeros) {
  const std::vector<std::vector<float>> samples = {
      {}, {0.5f, -3.25f, 7}, {1, 2, 3, 1, 2, 3}, {0, 0, 0}, {0.1f, 0, 0.3f, 0.1f, 0, 0.3f}};
  for (const CodecSpec& spec : ScalarSpecs(3)) {
    for (const std::vector<float>& sample : samples) {
      const auto codec = TrainScalar(spec, sample);
      EXPECT_NE(codec->spec().range, Sq8Range::kAuto);
      const std::vector<uint8_t> codes = ScalarCodes(*codec, sample);
      const std::vector<float> decoded = DecodedRows(*codec, codes);
      for (size_t i = 0; i < sample.size(); ++i) {
        const std::vector<float> seen = SeenByScalar(spec, &sample[i - i % 3]);
        EXPECT_NEAR(decoded[i], seen[i % 3], 1e-6f) << ScalarSpecText(codec->spec());
      }
      const float zeros[3] = {}, query[3] = {1, -2, 0.5f};
      std::vector<uint8_t> code(codec->code_bytes());
      codec->Encode(zeros, 1, code.data());
      for (const float* one : {zeros, query}) {
        EXPECT_TRUE(std::isfinite(ScalarDistances(*codec, one, code)[0]));
      }
    }
  }
}

TEST(ScalarCodecTest, HugeAndTinyValuesStayFinite) {
  for (const float scale : {1e30f, 1e-30f, 1e37f}) {
    for (const CodecSpec& spec : ScalarSpecs(8)) {
      const std::vector<float> rows = ScalarRows(100, 8, 9, scale);
      const auto codec = TrainScalar(spec, rows);
      const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
      for (const float value : DecodedRows(*codec, codes)) EXPECT_TRUE(std::isfinite(value));
      for (const float one : ScalarDistances(*codec, rows.data(), codes)) {
        EXPECT_TRUE(std::isfinite(one));
      }
    }
  }
}

TEST(ScalarCodecTest, NumbersBeyondTheBoundsAreHeldToThem) {
  const std::vector<float> rows = ScalarRows(100, 4, 10);
  for (const CodecSpec& spec : ScalarSpecs(4)) {
    if (spec.metric == Metric::kCosine) continue;
    const auto codec = TrainScalar(spec, rows);
    const ScalarRange range = WrittenRange(*codec);
    const std::vector<float> far = {1e30f, -1e30f, 1e30f, -1e30f};
    const std::vector<float> decoded = DecodedRows(*codec, ScalarCodes(*codec, far));
    for (size_t d = 0; d < 4; ++d) {
      const float most = range.lower[d] + range.step[d] * static_cast<float>(ScalarMaxCode(*codec));
      EXPECT_NEAR(decoded[d], d % 2 == 0 ? most : range.lower[d], 1e-5f);
    }
  }
}

TEST(ScalarCodecTest, WhatIsWrittenIsReadBackTheSame) {
  for (const CodecSpec& spec : ScalarSpecs(19)) {
    const std::vector<float> rows = ScalarRows(100, 19, 11);
    const auto codec = TrainScalar(spec, rows);
    const std::string bytes = WrittenBytes(*codec);
    base::ByteReader reader(bytes);
    const auto read = ReadScalarCodec(codec->spec(), reader);
    ASSERT_OK(read);
    EXPECT_EQ(reader.remaining(), 0u);
    EXPECT_EQ((*read)->spec(), codec->spec());
    EXPECT_EQ(WrittenBytes(**read), bytes);
    const std::vector<uint8_t> codes = ScalarCodes(*codec, rows);
    EXPECT_EQ(ScalarCodes(**read, rows), codes);
    EXPECT_EQ(ScalarDistances(**read, rows.data(), codes),
              ScalarDistances(*codec, rows.data(), codes));
    EXPECT_GE((*read)->memory_bytes(), 19 * sizeof(float));
  }
}

TEST(ScalarCodecTest, EveryTruncationIsDataLoss) {
  for (const CodecSpec& spec : ScalarSpecs(5)) {
    const auto codec = TrainScalar(spec, ScalarRows(50, 5, 12));
    const std::string bytes = WrittenBytes(*codec);
    for (size_t size = 0; size < bytes.size(); ++size) {
      base::ByteReader reader(std::string_view(bytes).substr(0, size));
      EXPECT_EQ(support::CodeOf(ReadScalarCodec(codec->spec(), reader)),
                absl::StatusCode::kDataLoss);
    }
  }
}

// A codec that can be read gives numbers, whatever its bytes were.
void ExpectNumbers(const Codec& codec, const std::vector<float>& rows) {
  const std::vector<uint8_t> codes = ScalarCodes(codec, rows);
  for (const float value : DecodedRows(codec, codes)) ASSERT_TRUE(std::isfinite(value));
  for (const float one : ScalarDistances(codec, rows.data(), codes))
    ASSERT_TRUE(std::isfinite(one));
}

TEST(ScalarCodecTest, EveryChangedByteIsDataLossOrStillGivesNumbers) {
  const std::vector<float> rows = ScalarRows(9, 3, 13);
  for (const CodecSpec& spec : ScalarSpecs(3)) {
    const auto codec = TrainScalar(spec, rows);
    const std::string bytes = WrittenBytes(*codec);
    size_t refused = 0;
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int change = 1; change < 256; ++change) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ change);
        base::ByteReader reader(changed);
        const auto read = ReadScalarCodec(codec->spec(), reader);
        if (read.ok()) {
          ExpectNumbers(**read, rows);
        } else {
          ++refused;
          ASSERT_EQ(support::CodeOf(read), absl::StatusCode::kDataLoss);
        }
      }
    }
    EXPECT_GT(refused, 0u);
  }
}

TEST(ScalarCodecTest, NumbersThatCannotBeAreDataLoss) {
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const CodecSpec spec = {.kind = CodecKind::kSq8, .dim = 1, .range = Sq8Range::kUniform};
  const auto read = [&](float step, float lower) {
    base::ByteWriter writer;
    writer.Put(step);
    writer.Put(lower);
    base::ByteReader reader(writer.str());
    return support::CodeOf(ReadScalarCodec(spec, reader));
  };
  EXPECT_EQ(read(1, 0), absl::StatusCode::kOk);
  EXPECT_EQ(read(0, -kMax), absl::StatusCode::kOk);
  EXPECT_EQ(read(-1, 0), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read(kInfinity, 0), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read(1, -kInfinity), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read(1, std::nanf("")), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read(std::nanf(""), 1), absl::StatusCode::kDataLoss);
  EXPECT_EQ(read(kMax / 255, kMax), absl::StatusCode::kDataLoss);
}

TEST(ScalarCodecTest, ReadingWantsTheRangeThatWasTrained) {
  base::ByteReader reader(std::string_view("12345678"));
  EXPECT_EQ(support::CodeOf(ReadScalarCodec({.kind = CodecKind::kSq8, .dim = 1}, reader)),
            absl::StatusCode::kInvalidArgument);
}

TEST(ScalarCodecTest, GridsFromElsewhereMakeTheSameCodec) {
  const std::vector<float> rows = ScalarRows(300, 7, 5);
  for (const CodecSpec& spec : ScalarSpecs(7)) {
    const auto trained = TrainCodec(spec, {rows.data(), 300}, {}, {});
    ASSERT_OK(trained);
    const auto made = MakeScalarCodec((*trained)->spec(), RangeOfScalarCodec(**trained));
    ASSERT_OK(made);
    EXPECT_EQ((*made)->spec(), (*trained)->spec()) << ScalarSpecText(spec);
    std::vector<uint8_t> a((*trained)->code_bytes());
    std::vector<uint8_t> b((*made)->code_bytes());
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < 300; ++i) {
      (*trained)->Encode(&rows[i * 7], 1, a.data());
      (*made)->Encode(&rows[i * 7], 1, b.data());
      ASSERT_EQ(a, b) << ScalarSpecText(spec);
      if (spec.kind != CodecKind::kSq8) continue;
      CompleteSq8Code(**made, a.data(), b.data());
      ASSERT_EQ(a, b) << ScalarSpecText(spec);
    }
  }
}

TEST(ScalarCodecTest, GridsThatCannotBeAreRefused) {
  const CodecSpec spec{.kind = CodecKind::kSq8, .metric = Metric::kL2, .dim = 2};
  const auto made = [&](float lower, float step) {
    return CodeOf(MakeScalarCodec(
        spec, {.kind = Sq8Range::kPerDimension, .lower = {0, lower}, .step = {1, step}}));
  };
  EXPECT_EQ(made(1, 0), absl::StatusCode::kOk);
  EXPECT_EQ(made(1, -1), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(made(std::numeric_limits<float>::quiet_NaN(), 1), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(made(0, std::numeric_limits<float>::infinity()), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(made(3e38f, 3e38f), absl::StatusCode::kInvalidArgument);
}

TEST(ScalarCodecTest, ACancelledTrainingStops) {
  const std::vector<float> rows = ScalarRows(50, 3, 14);
  Context context;
  context.cancel = CancelToken::Make();
  context.cancel.Cancel();
  EXPECT_EQ(support::CodeOf(TrainScalarCodec({.kind = CodecKind::kSq8, .dim = 3}, {rows.data(), 50},
                                             {}, context)),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::codec
