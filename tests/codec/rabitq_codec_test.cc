#include "codec/rabitq_codec.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "codec/codec_testing.h"
#include "codec/normalise.h"
#include "hwy/highway.h"
#include "simd/row_norm.h"

namespace vecdb::codec {
namespace {

constexpr double kBoundDeviations = 1.9;
constexpr Metric kMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};
constexpr int32_t kDims[] = {1, 2, 3, 7, 16, 31, 64, 100, 128, 257, 784};

CodecSpec RabitqSpec(Metric metric, int32_t dim, int32_t bits, uint64_t seed = 1) {
  CodecSpec spec;
  spec.kind = CodecKind::kRabitq;
  spec.metric = metric;
  spec.dim = dim;
  spec.rabitq_bits = bits;
  spec.seed = seed;
  return spec;
}

// Normal numbers around a centre that is about as far from 0 as they are from it.
struct RabitqRows {
  RabitqRows(int32_t row_dim, size_t row_count, uint64_t seed, float scale = 1)
      : dim(static_cast<size_t>(row_dim)), count(row_count), values(count * dim) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> center(dim);
    std::mt19937_64 center_random(99);
    for (float& value : center) value = normal(center_random);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = scale * (center[i % dim] + normal(random));
  }
  const float* row(size_t i) const { return values.data() + i * dim; }
  TrainingRows sample() const { return {values.data(), count}; }

  size_t dim;
  size_t count;
  std::vector<float> values;
};

std::unique_ptr<RabitqCodec> TrainRabitq(const CodecSpec& spec, const TrainingRows& sample) {
  auto codec = TrainRabitqCodec(spec, sample, Host(), Context());
  EXPECT_TRUE(codec.ok()) << codec.status();
  return std::unique_ptr<RabitqCodec>(dynamic_cast<RabitqCodec*>(codec->release()));
}

std::unique_ptr<RabitqDistance> RabitqDistanceOf(const RabitqCodec& codec) {
  return std::unique_ptr<RabitqDistance>(
      dynamic_cast<RabitqDistance*>(codec.MakeDistance().release()));
}

std::vector<uint8_t> EncodeAll(const RabitqCodec& codec, const RabitqRows& rows) {
  std::vector<uint8_t> codes(rows.count * codec.code_bytes());
  codec.Encode(rows.values.data(), rows.count, codes.data());
  return codes;
}

// Of query and row, which are scaled to length 1 under kCosine first.
double ExactDistance(Metric metric, const float* query, const float* row, size_t dim) {
  if (metric == Metric::kL2) return SquaredDistance(query, row, dim);
  const double distance = -DotProduct(query, row, dim);
  if (metric == Metric::kIp) return distance;
  return distance * static_cast<double>(simd::InverseNorm(query, dim)) *
         static_cast<double>(simd::InverseNorm(row, dim));
}

// The errors of estimates of random pairs, over the standard deviations that the codec states.
struct Errors {
  double count = 0;
  double within_bound = 0;
  double sum = 0;
  double squares = 0;
  double mean() const { return sum / count; }
  double deviation() const { return std::sqrt(squares / count); }
  double share_within() const { return within_bound / count; }
};

Errors ErrorsOf(const CodecSpec& spec, size_t num_rows, size_t num_queries) {
  const RabitqRows rows(spec.dim, num_rows, 7);
  const RabitqRows queries(spec.dim, num_queries, 8);
  const auto codec = TrainRabitq(spec, rows.sample());
  const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
  const auto distance = RabitqDistanceOf(*codec);
  Errors errors;
  for (size_t q = 0; q < queries.count; ++q) {
    distance->SetQuery(queries.row(q));
    std::vector<float> estimates(rows.count);
    distance->Compare({codes.data(), codec->code_bytes(), nullptr, rows.count}, estimates.data());
    for (size_t i = 0; i < rows.count; ++i) {
      const double exact = ExactDistance(spec.metric, queries.row(q), rows.row(i), rows.dim);
      const double error = static_cast<double>(estimates[i]) - exact;
      const double bound = distance->ErrorBound(codes.data() + i * codec->code_bytes());
      const double rounding = 1e-6 * std::abs(exact);
      if (std::abs(error) <= bound + rounding) ++errors.within_bound;
      ++errors.count;
      if (bound <= rounding) continue;  // exact: one dimension has nothing across the centre
      const double deviations = error / bound * kBoundDeviations;
      errors.sum += deviations;
      errors.squares += deviations * deviations;
    }
  }
  return errors;
}

class RabitqEstimateTest : public ::testing::TestWithParam<std::tuple<Metric, int32_t>> {
 protected:
  CodecSpec SpecOfDim(int32_t dim) const {
    return RabitqSpec(std::get<0>(GetParam()), dim, std::get<1>(GetParam()));
  }
};

// The bound is 1.9 standard deviations: 94.3 % of a normal distribution, give or take 0.6 % for
// 1500 pairs. Their mean is 0.026 standard deviations from 0 by chance.
TEST_P(RabitqEstimateTest, HasNoBiasAndKeepsItsBound) {
  for (const int32_t dim : kDims) {
    const Errors errors = ErrorsOf(SpecOfDim(dim), 50, 30);
    EXPECT_LT(std::abs(errors.mean()), 0.13) << dim;
    EXPECT_GT(errors.share_within(), 0.92) << dim;
    EXPECT_LT(errors.deviation(), 1.1) << dim;
    EXPECT_GT(errors.deviation(), dim < 16 ? -1 : 0.6) << dim;
  }
}

INSTANTIATE_TEST_SUITE_P(All, RabitqEstimateTest,
                         ::testing::Combine(::testing::ValuesIn(kMetrics), ::testing::Range(1, 9)),
                         [](const ::testing::TestParamInfo<std::tuple<Metric, int32_t>>& param) {
                           return std::string(MetricName(std::get<0>(param.param))) + "_" +
                                  std::to_string(std::get<1>(param.param)) + "bits";
                         });

// The sine of the angle between a normal vector and the nearest point of the best uniform grid, for
// 1 to 8 bits (Max 1960: the square is the mean squared error of the quantiser).
constexpr double kSines[] = {1, 0.6028, 0.3448, 0.1934, 0.1075, 0.0591, 0.0322, 0.0174, 0.0094};

// The standard deviation of the error of r . p over |r| |p| sqrt(dim), by pairs of rows and queries
// that are orthogonal or nearly so.
double RelativeError(int32_t dim, int32_t bits) {
  const RabitqRows rows(dim, 60, 3);
  const RabitqRows queries(dim, 30, 4);
  const auto codec = TrainRabitq(RabitqSpec(Metric::kL2, dim, bits), rows.sample());
  const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
  const auto distance = RabitqDistanceOf(*codec);
  const float* const center = codec->center().data();
  double squares = 0;
  for (size_t q = 0; q < queries.count; ++q) {
    distance->SetQuery(queries.row(q));
    const double p2 = SquaredDistance(queries.row(q), center, rows.dim);
    for (size_t i = 0; i < rows.count; ++i) {
      const double estimate = distance->One(codes.data() + i * codec->code_bytes());
      const double r2 = SquaredDistance(rows.row(i), center, rows.dim);
      const double error = (estimate - SquaredDistance(queries.row(q), rows.row(i), rows.dim)) / 2;
      squares += error * error / (p2 * r2) * static_cast<double>(codec->rotation().padded_dim());
    }
  }
  return std::sqrt(squares / static_cast<double>(rows.count * queries.count));
}

TEST(RabitqCodecTest, EachBitHalvesTheErrorOfThePaper) {
  constexpr double kRounding = 0.0072;  // of a query to 8 bits
  for (const int32_t dim : std::initializer_list<int32_t>{128, 784}) {
    double last = 1;
    for (int32_t bits = 1; bits <= 8; ++bits) {
      const double sine = kSines[bits];
      const double expected = std::sqrt((sine * sine + kRounding * kRounding) / (1 - sine * sine));
      const double found = RelativeError(dim, bits);
      // With fewer dimensions the best scale is chosen among more that differ.
      EXPECT_LT(found, expected * 1.06) << dim << " dims, " << bits << " bits";
      EXPECT_GT(found, expected * (dim == 128 ? 0.6 : 0.85)) << dim << " dims, " << bits << " bits";
      EXPECT_LT(found, last * (bits == 1 ? 1 : bits == 8 ? 0.8 : 0.65)) << dim << " " << bits;
      last = found;
    }
  }
}

std::vector<uint8_t> NumbersOf(const RabitqCodec& codec, const uint8_t* code) {
  std::vector<uint8_t> numbers(codec.rotation().padded_dim());
  for (size_t d = 0; d < numbers.size(); ++d) {
    for (size_t plane = 0; plane < codec.num_planes(); ++plane) {
      const int bit = (code[plane * codec.plane_bytes() + d / 8] >> (d % 8)) & 1;
      numbers[d] = static_cast<uint8_t>(2 * numbers[d] + bit);
    }
  }
  return numbers;
}

// What a row differs from the centre, over its length, rotated.
std::vector<float> RotatedDirection(const RabitqCodec& codec, const float* row, double* norm) {
  const std::vector<float>& center = codec.center();
  *norm = std::sqrt(SquaredDistance(row, center.data(), center.size()));
  std::vector<float> u(codec.rotation().padded_dim());
  for (size_t d = 0; d < center.size(); ++d) {
    u[d] = static_cast<float>(static_cast<double>(row[d] - center[d]) / *norm);
  }
  codec.rotation().Rotate(u.data());
  return u;
}

// The cosine of the best grid point of all, by trying every scale where a number changes.
double BestCosine(const std::vector<float>& u, int32_t bits) {
  const int levels = 1 << (bits - 1);
  std::vector<std::pair<double, size_t>> steps;
  double dot = 0;
  for (size_t d = 0; d < u.size(); ++d) {
    const double magnitude = std::abs(static_cast<double>(u[d]));
    dot += magnitude / 2;
    for (int level = 1; level < levels; ++level) steps.emplace_back(level / magnitude, d);
  }
  std::sort(steps.begin(), steps.end());
  double square = static_cast<double>(u.size()) / 4;
  double best = dot / std::sqrt(square);
  std::vector<int> level(u.size());
  for (const auto& [scale, d] : steps) {
    dot += std::abs(static_cast<double>(u[d]));
    square += 2 * ++level[d];
    best = std::max(best, dot / std::sqrt(square));
  }
  return best;
}

// Checks the numbers behind the planes, and adds the squared sines of the code and of the best one.
void CheckCode(const RabitqCodec& codec, const float* row, const uint8_t* code, double* sines,
               double* best_sines) {
  const int bits = codec.spec().rabitq_bits;
  double norm = 0;
  const std::vector<float> u = RotatedDirection(codec, row, &norm);
  const std::vector<uint8_t> numbers = NumbersOf(codec, code);
  double dot = 0;
  double square = 0;
  for (size_t d = 0; d < u.size(); ++d) {
    const double g = numbers[d] + 0.5 - std::ldexp(1.0, bits - 1);
    EXPECT_EQ(g > 0, !(u[d] < 0));
    dot += g * static_cast<double>(u[d]);
    square += g * g;
  }
  const double sin2 = 1 - dot * dot / square;
  *sines += sin2;
  *best_sines += 1 - std::pow(BestCosine(u, bits), 2);
  float factors[3];
  std::memcpy(factors, code + codec.code_bytes() - sizeof(factors), sizeof(factors));
  EXPECT_NEAR(factors[0], norm, 1e-6 * norm);
  EXPECT_NEAR(factors[1], norm / dot, 1e-6 * norm / dot);
  const double query_error2 = RabitqCodec::kQueryError * RabitqCodec::kQueryError;
  const double error =
      norm * std::sqrt((sin2 + query_error2) / (1 - sin2) / static_cast<double>(u.size() - 1));
  EXPECT_NEAR(factors[2], error, 1e-3 * error);
}

TEST(RabitqCodecTest, ACodeHasTheLayoutOfTheHeaderAndNearlyTheBestGridPoint) {
  for (const int32_t dim : std::initializer_list<int32_t>{64, 257}) {
    for (int32_t bits = 1; bits <= 8; ++bits) {
      const RabitqRows rows(dim, 10, 5);
      const auto codec = TrainRabitq(RabitqSpec(Metric::kL2, dim, bits), rows.sample());
      EXPECT_EQ(codec->code_bytes(), codec->rotation().padded_dim() / 8 * codec->num_planes() + 12);
      const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
      double sines = 0;
      double best_sines = 0;
      for (size_t i = 0; i < rows.count; ++i) {
        CheckCode(*codec, rows.row(i), codes.data() + i * codec->code_bytes(), &sines, &best_sines);
      }
      EXPECT_LT(sines, best_sines * (bits < 7 ? 1.01 : 1.04))
          << dim << " dims, " << bits << " bits";
    }
  }
}

// Compares the estimate with the distance of the decoded row. They differ by the rounding of the
// query: its length is below kQueryError of p's, nearly always, and the decoded row sees of it a
// random part of about one in sqrt(padded dim).
void CheckDecoded(const RabitqCodec& codec, const float* query, const uint8_t* code,
                  const CodeDistance& distance) {
  const Metric metric = codec.spec().metric;
  const float* const center = codec.center().data();
  const size_t dim = codec.dim();
  std::vector<float> scaled(query, query + dim);
  if (metric == Metric::kCosine) Normalise(query, dim, scaled.data());
  std::vector<float> row(dim);
  codec.Decode(code, 1, row.data());
  const double r2 = SquaredDistance(row.data(), center, dim);
  const double p2 = SquaredDistance(scaled.data(), center, dim);
  double expected = 0;
  if (metric == Metric::kL2) {
    float norm = 0;
    std::memcpy(&norm, code + codec.code_bytes() - 12, sizeof(norm));
    expected = SquaredDistance(scaled.data(), row.data(), dim) - r2 +
               static_cast<double>(norm) * static_cast<double>(norm);
  } else {
    expected = ExactDistance(Metric::kIp, scaled.data(), row.data(), dim);
  }
  const double deviation = 2 * RabitqCodec::kQueryError * std::sqrt(r2 * p2) /
                           std::sqrt(static_cast<double>(codec.rotation().padded_dim()));
  EXPECT_NEAR(distance.One(code), expected, 5 * deviation + 1e-5 * std::abs(expected))
      << MetricName(metric) << " " << dim << " dims, " << codec.num_planes() << " bits";
}

TEST(RabitqCodecTest, EstimatesAreTheDistancesOfDecodedRows) {
  for (const Metric metric : kMetrics) {
    for (const int32_t dim : kDims) {
      const RabitqRows rows(dim, 20, 5);
      const RabitqRows queries(dim, 3, 6);
      for (const int32_t bits : std::initializer_list<int32_t>{1, 2, 4, 8}) {
        const auto codec = TrainRabitq(RabitqSpec(metric, dim, bits), rows.sample());
        const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
        const auto distance = RabitqDistanceOf(*codec);
        for (size_t i = 0; i < rows.count; ++i) {
          const float* const query = queries.row(i % queries.count);
          distance->SetQuery(query);
          CheckDecoded(*codec, query, codes.data() + i * codec->code_bytes(), *distance);
        }
      }
    }
  }
}

// Expects estimates of all pairs of queries and rows within twice their bounds, and a little more.
void ExpectWithinBounds(const RabitqCodec& codec, const RabitqRows& queries, const RabitqRows& rows,
                        float largest_bound) {
  const std::vector<uint8_t> codes = EncodeAll(codec, rows);
  const auto distance = RabitqDistanceOf(codec);
  for (size_t q = 0; q < queries.count; ++q) {
    distance->SetQuery(queries.row(q));
    for (size_t i = 0; i < rows.count; ++i) {
      const uint8_t* const code = codes.data() + i * codec.code_bytes();
      const float bound = distance->ErrorBound(code);
      const double exact =
          ExactDistance(codec.spec().metric, queries.row(q), rows.row(i), rows.dim);
      EXPECT_NEAR(distance->One(code), exact, 2 * bound + 1e-6 * std::abs(exact) + 1e-5)
          << MetricName(codec.spec().metric);
      EXPECT_LE(bound, largest_bound);
    }
  }
}

TEST(RabitqCodecTest, AFarCenterAddsNoErrorToDotProducts) {
  RabitqRows rows(64, 50, 5);
  for (float& value : rows.values) value += 100;
  const auto codec = TrainRabitq(RabitqSpec(Metric::kIp, 64, 4), rows.sample());
  const RabitqRows queries(64, 5, 6);            // near 0
  ExpectWithinBounds(*codec, queries, rows, 5);  // |row| |query| is 9000
}

std::vector<size_t> Nearest(const std::vector<float>& distances, size_t count) {
  std::vector<size_t> order(distances.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return distances[a] < distances[b]; });
  order.resize(count);
  return order;
}

TEST(RabitqCodecTest, OneBitRanksMuchAsTheDistancesDo) {
  const RabitqRows rows(128, 1000, 11);
  const RabitqRows queries(128, 10, 12);
  const auto codec = TrainRabitq(RabitqSpec(Metric::kL2, 128, 1), rows.sample());
  const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
  const auto distance = RabitqDistanceOf(*codec);
  size_t found = 0;
  for (size_t q = 0; q < queries.count; ++q) {
    std::vector<float> exact(rows.count), estimates(rows.count);
    for (size_t i = 0; i < rows.count; ++i) {
      exact[i] = static_cast<float>(SquaredDistance(queries.row(q), rows.row(i), rows.dim));
    }
    distance->SetQuery(queries.row(q));
    distance->Compare({codes.data(), codec->code_bytes(), nullptr, rows.count}, estimates.data());
    const std::vector<size_t> candidates = Nearest(estimates, 100);
    for (const size_t row : Nearest(exact, 10)) {
      found += std::find(candidates.begin(), candidates.end(), row) != candidates.end();
    }
  }
  EXPECT_GE(found, 85u);  // of 100; by chance it would be 10
}

TEST(RabitqCodecTest, ARowHasTheSameBitsInEveryCallOnEveryInstructionSet) {
  for (const Metric metric : kMetrics) {
    const RabitqRows rows(100, 150, 5);  // more than two rounds of 64
    const RabitqRows queries(100, 1, 6);
    std::vector<uint8_t> first_codes;
    std::vector<float> first;
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      const auto codec = TrainRabitq(RabitqSpec(metric, 100, 3), rows.sample());
      const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
      const auto distance = RabitqDistanceOf(*codec);
      hwy::SetSupportedTargetsForTest(0);
      distance->SetQuery(queries.row(0));
      std::vector<float> all(rows.count), some(rows.count);
      distance->Compare({codes.data(), codec->code_bytes(), nullptr, rows.count}, all.data());
      if (first.empty()) {
        first = all;
        first_codes = codes;
      }
      EXPECT_EQ(codes, first_codes) << hwy::TargetName(target);
      EXPECT_EQ(all, first) << hwy::TargetName(target);
      std::vector<uint32_t> ids(rows.count);
      for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<uint32_t>(i * 7 % ids.size());
      distance->Compare({codes.data(), codec->code_bytes(), ids.data(), ids.size()}, some.data());
      for (size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(some[i], all[ids[i]]);
        EXPECT_EQ(distance->One(codes.data() + i * codec->code_bytes()), all[i]);
      }
    }
  }
}

TEST(RabitqCodecTest, TheSeedDecidesTheCodes) {
  const RabitqRows rows(31, 20, 5);
  const auto codes = [&](uint64_t seed) {
    return EncodeAll(*TrainRabitq(RabitqSpec(Metric::kL2, 31, 2, seed), rows.sample()), rows);
  };
  EXPECT_EQ(codes(1), codes(1));
  EXPECT_NE(codes(1), codes(2));
}

TEST(RabitqCodecTest, RowsCodedTogetherHaveTheCodesOfRowsAlone) {
  const RabitqRows rows(31, 5, 5);
  const auto codec = TrainRabitq(RabitqSpec(Metric::kCosine, 31, 4), rows.sample());
  const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
  std::vector<uint8_t> alone(codec->code_bytes());
  for (size_t i = 0; i < rows.count; ++i) {
    codec->Encode(rows.row(i), 1, alone.data());
    EXPECT_EQ(std::memcmp(alone.data(), codes.data() + i * alone.size(), alone.size()), 0);
  }
}

// Expects finite numbers of coded rows, as seen from them and from the sample.
void ExpectFinite(const RabitqRows& sample, const RabitqRows& rows, const RabitqCodec& codec) {
  const std::vector<uint8_t> codes = EncodeAll(codec, rows);
  std::vector<float> decoded(rows.values.size());
  codec.Decode(codes.data(), rows.count, decoded.data());
  for (const float value : decoded) EXPECT_TRUE(std::isfinite(value));
  const auto distance = RabitqDistanceOf(codec);
  for (const RabitqRows* queries : {&sample, &rows}) {
    for (size_t q = 0; q < queries->count; ++q) {
      distance->SetQuery(queries->row(q));
      for (size_t i = 0; i < rows.count; ++i) {
        const uint8_t* const code = codes.data() + i * codec.code_bytes();
        EXPECT_TRUE(std::isfinite(distance->One(code)));
        EXPECT_TRUE(std::isfinite(distance->ErrorBound(code)));
        EXPECT_GE(distance->ErrorBound(code), 0);
      }
    }
  }
}

TEST(RabitqCodecTest, ExtremeValuesStayFinite) {
  constexpr float kMax = std::numeric_limits<float>::max();
  for (const Metric metric : kMetrics) {
    for (const int32_t bits : std::initializer_list<int32_t>{1, 3, 8}) {
      for (const int32_t dim : std::initializer_list<int32_t>{1, 5, 130}) {
        std::vector<RabitqRows> samples;
        for (const float scale : {0.0f, 1e-44f, 1e-30f, 1.0f, 1e30f}) {
          samples.emplace_back(dim, 5, 5, scale);
        }
        samples.emplace_back(dim, 2, 5);
        samples.back().values.assign(samples.back().values.size(), -kMax);
        std::fill_n(samples.back().values.begin(), dim, kMax);
        for (const RabitqRows& sample : samples) {
          const auto codec = TrainRabitq(RabitqSpec(metric, dim, bits), sample.sample());
          for (const RabitqRows& rows : samples) ExpectFinite(sample, rows, *codec);
        }
      }
    }
  }
}

TEST(RabitqCodecTest, HugeAndTinyRowsKeepTheirOrder) {
  for (const float scale : {1e-15f, 1e15f}) {
    const RabitqRows rows(64, 30, 5, scale);
    const auto codec = TrainRabitq(RabitqSpec(Metric::kL2, 64, 8), rows.sample());
    const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
    const auto distance = RabitqDistanceOf(*codec);
    for (size_t q = 0; q < rows.count; ++q) {
      distance->SetQuery(rows.row(q));
      std::vector<float> estimates(rows.count);
      distance->Compare({codes.data(), codec->code_bytes(), nullptr, rows.count}, estimates.data());
      EXPECT_EQ(std::min_element(estimates.begin(), estimates.end()) - estimates.begin(),
                static_cast<ptrdiff_t>(q));
    }
  }
}

TEST(RabitqCodecTest, RowsEqualToTheCenterAreExact) {
  for (const Metric metric : kMetrics) {
    for (int32_t bits = 1; bits <= 8; ++bits) {
      const RabitqRows rows(20, 1, 5);
      const float scale =
          metric == Metric::kCosine ? simd::InverseNorm(rows.row(0), rows.dim) : 1.0f;
      const auto codec = TrainRabitq(RabitqSpec(metric, 20, bits), rows.sample());
      const std::vector<uint8_t> codes = EncodeAll(*codec, rows);
      std::vector<float> decoded(rows.dim);
      codec->Decode(codes.data(), 1, decoded.data());
      for (size_t d = 0; d < rows.dim; ++d) EXPECT_EQ(decoded[d], rows.row(0)[d] * scale);
      ExpectWithinBounds(*codec, RabitqRows(20, 3, 6), rows, 0);
    }
  }
}

TEST(RabitqCodecTest, WithoutRowsTheCenterIsZero) {
  for (const Metric metric : kMetrics) {
    const auto codec = TrainRabitq(RabitqSpec(metric, 20, 4), {});
    EXPECT_EQ(codec->center(), std::vector<float>(20));
    const RabitqRows rows(20, 4, 5);
    ExpectWithinBounds(*codec, rows, rows, 10);
  }
}

TEST(RabitqCodecTest, ZeroVectorsAndConstantDimensionsWork) {
  for (const Metric metric : kMetrics) {
    RabitqRows rows(40, 6, 5);
    std::fill_n(rows.values.begin(), 40, 0.0f);
    for (size_t i = 1; i < rows.count; ++i) {
      std::fill_n(rows.values.begin() + static_cast<ptrdiff_t>(i * 40), 20, 3.0f);
    }
    const auto codec = TrainRabitq(RabitqSpec(metric, 40, 6), rows.sample());
    ExpectWithinBounds(*codec, rows, rows, 10);
  }
}

std::string WrittenBy(const RabitqCodec& codec) {
  base::ByteWriter writer;
  codec.Write(&writer);
  return writer.str();
}

TEST(RabitqCodecTest, ReadTakesWhatWritePut) {
  const RabitqRows rows(50, 30, 5);
  const CodecSpec spec = RabitqSpec(Metric::kCosine, 50, 5, 77);
  const auto codec = TrainRabitq(spec, rows.sample());
  const std::string bytes = WrittenBy(*codec) + "next";
  base::ByteReader reader(bytes);
  const auto read = ReadRabitqCodec(spec, reader);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(reader.remaining(), 4u);
  EXPECT_EQ((*read)->spec(), spec);
  EXPECT_EQ((*read)->memory_bytes(), codec->memory_bytes());
  EXPECT_EQ(EncodeAll(dynamic_cast<const RabitqCodec&>(**read), rows), EncodeAll(*codec, rows));
}

TEST(RabitqCodecTest, EveryTruncationIsDataLoss) {
  const RabitqRows rows(9, 5, 5);
  const CodecSpec spec = RabitqSpec(Metric::kL2, 9, 1);
  const std::string bytes = WrittenBy(*TrainRabitq(spec, rows.sample()));
  for (size_t size = 0; size < bytes.size(); ++size) {
    base::ByteReader reader(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(ReadRabitqCodec(spec, reader).status().code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST(RabitqCodecTest, AChangedByteIsDataLossOrACodecThatWorks) {
  const RabitqRows rows(9, 3, 5);
  size_t refused = 0;
  for (const Metric metric : kMetrics) {
    const CodecSpec spec = RabitqSpec(metric, 9, 2);
    const std::string bytes = WrittenBy(*TrainRabitq(spec, rows.sample()));
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (const int change : {0x01, 0x40, 0x7F, 0x80, 0xFF}) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ change);
        base::ByteReader reader(changed);
        const auto read = ReadRabitqCodec(spec, reader);
        if (read.ok()) {
          ExpectFinite(rows, rows, dynamic_cast<const RabitqCodec&>(**read));
        } else {
          EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss);
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 0u);
}

TEST(RabitqCodecTest, TrainingStopsWhenCancelled) {
  const RabitqRows rows(9, 5, 5);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  const auto codec = TrainRabitqCodec(RabitqSpec(Metric::kL2, 9, 1), rows.sample(), Host(),
                                      Context{.cancel = token});
  EXPECT_EQ(codec.status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::codec
