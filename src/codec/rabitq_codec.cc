#include "codec/rabitq_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "base/prefetch.h"
#include "base/status_macros.h"
#include "codec/finite_floats.h"
#include "simd/row_norm.h"

namespace vecdb::codec {
namespace {

constexpr double kEpsilon0 = 1.9;   // of the paper: the bound in standard deviations
constexpr float kQueryMax = 127;    // of the numbers of a query
constexpr size_t kRowsAtOnce = 64;  // compared with sums on the stack
constexpr size_t kRowsPerCheck = 1024;
constexpr size_t kLineWords = base::kCacheLineBytes / sizeof(uint64_t);

double AsDouble(float value) { return static_cast<double>(value); }

float ClampToFloat(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMax, kMax));
}

// The three numbers behind the planes: see RabitqCodec.
struct RabitqFactors {
  float own;
  float scale;
  float error;
};

RabitqFactors LoadFactors(const uint8_t* code, size_t planes_bytes) {
  RabitqFactors factors;
  std::memcpy(&factors, code + planes_bytes, sizeof(factors));
  return factors;
}

// Eight sums side by side, which vectorise and have the same order everywhere.
template <typename Term>
double SumInEight(size_t count, const Term& term) {
  double sums[8] = {};
  const size_t whole = count - count % 8;
  for (size_t i = 0; i < whole; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += term(i + j);
  }
  double rest = 0;
  for (size_t i = whole; i < count; ++i) rest += term(i);
  return rest + ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
         ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

double CenterNorm(const std::vector<float>& center) {
  return std::sqrt(SumInEight(center.size(),
                              [&](size_t i) { return AsDouble(center[i]) * AsDouble(center[i]); }));
}

// `values` over their norm, and zeros behind them, to `padded` floats.
void ScaleDirection(const double* values, double norm, size_t count, size_t padded, float* out) {
  const double inverse = norm > 0 ? 1 / norm : 0;
  const size_t whole = count - count % 8;
  for (size_t i = 0; i < whole; i += 8) {
    for (size_t j = i; j < i + 8; ++j) out[j] = static_cast<float>(values[j] * inverse);
  }
  for (size_t i = whole; i < count; ++i) out[i] = static_cast<float>(values[i] * inverse);
  std::fill(out + count, out + padded, 0.0f);
}

// Of a multiple of 8 values.
float LargestMagnitude(const std::vector<float>& values) {
  float largest[8] = {};
  for (size_t i = 0; i < values.size(); i += 8) {
    const float* const block = values.data() + i;
    for (size_t j = 0; j < 8; ++j) largest[j] = std::max(largest[j], std::abs(block[j]));
  }
  return *std::max_element(largest, largest + 8);
}

// Grid points by magnitude: at scale t a magnitude m has the level floor(m t), at most
// `num_levels` - 1, which stands for level + 0.5.
struct RabitqGrid {
  const float* magnitudes;
  size_t dims;  // a multiple of 64
  size_t num_levels;

  float Level(size_t i, float t) const {
    const float level = std::min(magnitudes[i] * t, static_cast<float>(num_levels - 1));
    return static_cast<float>(static_cast<int32_t>(level));
  }

  // The cosine of grid point and magnitudes, but for the length of the latter.
  double Cosine(float t) const {
    float dots[8] = {};
    float squares[8] = {};
    for (size_t i = 0; i < dims; i += 8) {
      for (size_t j = 0; j < 8; ++j) {
        const float g = Level(i + j, t) + 0.5f;
        dots[j] += g * magnitudes[i + j];
        squares[j] += g * g;
      }
    }
    double dot = 0;
    double square = 0;
    for (size_t j = 0; j < 8; ++j) {
      dot += AsDouble(dots[j]);
      square += AsDouble(squares[j]);
    }
    return dot / std::sqrt(square);
  }

  // The best scale of center * ratio^i, i from -below to above.
  float BestScale(float center, float ratio, int below, int above) const {
    float t = center;
    for (int i = 0; i < below; ++i) t /= ratio;  // not std::pow, whose last bit may differ
    float best = center;
    double best_cosine = 0;
    for (int i = -below; i <= above; ++i, t *= ratio) {
      const double cosine = Cosine(t);
      if (cosine > best_cosine) {
        best_cosine = cosine;
        best = t;
      }
    }
    return best;
  }
};

// The scale for magnitudes of length 1. A rotated direction has nearly normal parts, for which the
// best uniform grids are known (Max 1960): the search begins with where they end, in standard
// deviations. It narrows down in three rounds; what the cosine does below the last step is noise.
float FindGridScale(const RabitqGrid& grid) {
  constexpr float kGridEnds[] = {0, 1.60f, 1.99f, 2.34f, 2.68f, 3.01f, 3.33f, 3.64f, 3.94f};
  const size_t bits = static_cast<size_t>(std::countr_zero(grid.num_levels)) + 1;
  const float start = static_cast<float>(grid.num_levels) *
                      std::sqrt(static_cast<float>(grid.dims)) / kGridEnds[bits];
  const float coarse = grid.BestScale(start, 1.07f, 5, 10);
  const float fine = grid.BestScale(coarse, 1.01f, 6, 6);
  return grid.BestScale(fine, 1.0015f, 6, 6);
}

}  // namespace

// What the coding of a row needs; one for row after row.
struct RabitqCodec::Scratch {
  explicit Scratch(const RabitqCodec& codec)
      : residual(codec.dim()),
        rotated(codec.rotation().padded_dim()),
        magnitudes(rotated.size()),
        numbers(rotated.size()),
        bits(codec.num_words() * simd::kBitQueryPlanes) {}

  std::vector<double> residual;
  std::vector<float> rotated;
  std::vector<float> magnitudes;
  std::vector<uint8_t> numbers;
  std::vector<uint64_t> bits;
};

RabitqCodec::RabitqCodec(const CodecSpec& spec, std::vector<float> center)
    : Codec(spec),
      rotation_(dim(), spec.seed),
      center_(std::move(center)),
      center_norm_(CenterNorm(center_)) {}

void RabitqCodec::Encode(const float* rows, size_t count, uint8_t* codes) const {
  Scratch scratch(*this);
  for (size_t i = 0; i < count; ++i) {
    EncodeRow(rows + i * dim(), scratch, codes + i * code_bytes());
  }
}

void RabitqCodec::EncodeRow(const float* row, Scratch& scratch, uint8_t* code) const {
  const double* const r = scratch.residual.data();
  const double norm = SetDirection(row, scratch);
  SetNumbers(scratch);

  const size_t dims = rotation_.padded_dim();
  const float* const u = scratch.rotated.data();
  const double middle = std::ldexp(1.0, static_cast<int>(num_planes()) - 1) - 0.5;
  const uint8_t* const numbers = scratch.numbers.data();
  const auto g = [&](size_t i) { return static_cast<double>(numbers[i]) - middle; };
  const double dot = SumInEight(dims, [&](size_t i) { return g(i) * static_cast<double>(u[i]); });
  const double square = SumInEight(dims, [&](size_t i) { return g(i) * g(i); });
  const double inverse_cos2 = norm > 0 ? std::max(square / (dot * dot), 1.0) : 1.0;
  const double variance = inverse_cos2 - 1 + kQueryError * kQueryError * inverse_cos2;

  double own = norm;
  if (spec().metric != Metric::kL2) {
    const float* const c = center_.data();
    const double along = SumInEight(dim(), [&](size_t i) { return r[i] * AsDouble(c[i]); });
    own = center_norm_ > 0 ? along / center_norm_ : 0;
  }
  const RabitqFactors factors = {
      .own = ClampToFloat(own),
      .scale = norm > 0 ? ClampToFloat(norm / dot) : 0.0f,
      .error = ClampToFloat(norm * std::sqrt(variance / static_cast<double>(dims - 1)))};
  WritePlanes(scratch, code);
  std::memcpy(code + plane_bytes() * num_planes(), &factors, sizeof(factors));
}

double RabitqCodec::SetDirection(const float* row, Scratch& scratch) const {
  double* const r = scratch.residual.data();
  const float scale = spec().metric == Metric::kCosine ? simd::InverseNorm(row, dim()) : 1.0f;
  const float* const c = center_.data();
  const double norm = std::sqrt(SumInEight(dim(), [&](size_t i) {
    r[i] = AsDouble(row[i] * scale) - AsDouble(c[i]);
    return r[i] * r[i];
  }));
  float* const u = scratch.rotated.data();
  ScaleDirection(r, norm, dim(), rotation_.padded_dim(), u);
  rotation_.Rotate(u);
  return norm;
}

void RabitqCodec::SetNumbers(Scratch& scratch) const {
  const size_t dims = rotation_.padded_dim();
  const float* const u = scratch.rotated.data();
  float* const magnitudes = scratch.magnitudes.data();
  for (size_t i = 0; i < dims; ++i) magnitudes[i] = std::abs(u[i]);
  const size_t num_levels = size_t{1} << (num_planes() - 1);
  const RabitqGrid grid = {magnitudes, dims, num_levels};
  const float t = num_levels > 1 ? FindGridScale(grid) : 0.0f;
  const auto half = static_cast<int32_t>(num_levels);
  uint8_t* const out = scratch.numbers.data();
  for (size_t i = 0; i < dims; i += 8) {
    int32_t numbers[8];
    for (size_t j = 0; j < 8; ++j) {
      const auto level = static_cast<int32_t>(grid.Level(i + j, t));
      const int32_t flip = u[i + j] < 0 ? -1 : 0;
      numbers[j] = half + (level ^ flip);  // half + level, or half - 1 - level
    }
    for (size_t j = 0; j < 8; ++j) out[i + j] = static_cast<uint8_t>(numbers[j]);
  }
}

void RabitqCodec::WritePlanes(Scratch& scratch, uint8_t* code) const {
  simd::SplitBits(scratch.numbers.data(), num_words(), scratch.bits.data());
  for (size_t plane = 0; plane < num_planes(); ++plane) {
    const uint64_t* const bits = scratch.bits.data() + (num_planes() - 1 - plane);
    for (size_t word = 0; word < num_words(); ++word) {
      std::memcpy(code, bits + word * simd::kBitQueryPlanes, sizeof(uint64_t));
      code += sizeof(uint64_t);
    }
  }
}

void RabitqCodec::Decode(const uint8_t* codes, size_t count, float* rows) const {
  std::vector<float> grid_point(rotation_.padded_dim());
  for (size_t i = 0; i < count; ++i) {
    DecodeRow(codes + i * code_bytes(), grid_point.data(), rows + i * dim());
  }
}

void RabitqCodec::DecodeRow(const uint8_t* code, float* g, float* row) const {
  const float middle = std::ldexp(1.0f, static_cast<int>(num_planes()) - 1) - 0.5f;
  for (size_t i = 0; i < rotation_.padded_dim(); ++i) {
    uint32_t number = 0;
    for (size_t plane = 0; plane < num_planes(); ++plane) {
      number = 2 * number + ((code[plane * plane_bytes() + i / 8] >> (i % 8)) & 1u);
    }
    g[i] = static_cast<float>(number) - middle;
  }
  rotation_.RotateBack(g);

  const RabitqFactors factors = LoadFactors(code, plane_bytes() * num_planes());
  const double scale = AsDouble(factors.scale);
  // What the grid point says of the part along the centre gives way to what is stored of it.
  double center_share = 1;
  if (spec().metric != Metric::kL2 && center_norm_ > 0) {
    const double dot =
        SumInEight(dim(), [&](size_t i) { return AsDouble(g[i]) * AsDouble(center_[i]); });
    center_share += (AsDouble(factors.own) - scale * dot / center_norm_) / center_norm_;
  }
  for (size_t i = 0; i < dim(); ++i) {
    row[i] = ClampToFloat(center_share * AsDouble(center_[i]) + scale * AsDouble(g[i]));
  }
}

std::unique_ptr<CodeDistance> RabitqCodec::MakeDistance() const {
  return std::make_unique<RabitqDistance>(*this);
}

void RabitqCodec::Write(base::ByteWriter* writer) const {
  writer->Put(spec().seed);
  for (const float value : center_) writer->Put(value);
}

uint64_t RabitqCodec::memory_bytes() const {
  return sizeof(*this) + center_.size() * sizeof(float) + rotation_.memory_bytes();
}

RabitqDistance::RabitqDistance(const RabitqCodec& codec)
    : codec_(codec),
      bit_dot_(simd::GetBitDot()),
      direction_(codec.dim()),
      rotated_(codec.rotation().padded_dim()),
      numbers_(rotated_.size()),
      bits_memory_(codec.num_words() * simd::kBitQueryPlanes + kLineWords - 1) {
  void* memory = bits_memory_.data();
  size_t space = bits_memory_.size() * sizeof(uint64_t);
  bits_ = static_cast<uint64_t*>(std::align(base::kCacheLineBytes, rotated_.size(), memory, space));
}

void RabitqDistance::SetQuery(const float* query) {
  const bool is_l2 = codec_.spec().metric == Metric::kL2;
  const float* const c = codec_.center().data();
  const double length = codec_.spec().metric == Metric::kCosine
                            ? AsDouble(simd::InverseNorm(query, codec_.dim()))
                            : 1;
  double share = 1;  // of the centre, in p
  along_center_ = 0;
  if (!is_l2) {
    const double dot = SumInEight(
        codec_.dim(), [&](size_t i) { return length * AsDouble(query[i]) * AsDouble(c[i]); });
    const double norm = codec_.center_norm();
    along_center_ = norm > 0 ? dot / norm : 0;
    share = norm > 0 ? along_center_ / norm : 0;
    offset_ = -dot;
  }
  double* const p = direction_.data();
  const double norm = std::sqrt(SumInEight(codec_.dim(), [&](size_t i) {
    p[i] = length * AsDouble(query[i]) - share * AsDouble(c[i]);
    return p[i] * p[i];
  }));
  if (is_l2) offset_ = norm * norm;
  ScaleDirection(p, norm, codec_.dim(), rotated_.size(), rotated_.data());
  codec_.rotation().Rotate(rotated_.data());

  const double weight = is_l2 ? 2 * norm : norm;
  const double lost = RoundDirection(weight);
  error_scale_ = kEpsilon0 * weight * std::max(1.0, lost / RabitqCodec::kQueryError);
}

double RabitqDistance::RoundDirection(double weight) {
  const size_t dims = rotated_.size();
  const float largest = LargestMagnitude(rotated_);
  const float inverse_step = largest > 0 ? kQueryMax / largest : 0;
  const float step = largest / kQueryMax;
  int32_t number_sums[8] = {};
  float lost[8] = {};
  for (size_t i = 0; i < dims; i += 8) {
    const float* const u = rotated_.data() + i;
    int32_t numbers[8];
    for (size_t j = 0; j < 8; ++j) {
      // From 1 to 255, so that cutting off rounds to the nearest.
      numbers[j] = static_cast<int32_t>(u[j] * inverse_step + (kQueryMax + 1.5f)) - 128;
      const float difference = u[j] - step * static_cast<float>(numbers[j]);
      lost[j] += difference * difference;
      number_sums[j] += numbers[j];
    }
    uint8_t* const out = numbers_.data() + i;
    for (size_t j = 0; j < 8; ++j) out[j] = static_cast<uint8_t>(numbers[j]);
  }
  simd::SplitBits(numbers_.data(), codec_.num_words(), bits_);
  const double middle = std::ldexp(1.0, static_cast<int>(codec_.num_planes()) - 1) - 0.5;
  const int32_t number_sum = std::accumulate(number_sums, number_sums + 8, 0);
  sum_scale_ = weight * AsDouble(step);
  sum_offset_ = -middle * static_cast<double>(number_sum);
  return std::sqrt(AsDouble(std::accumulate(lost, lost + 8, 0.0f)));
}

void RabitqDistance::Compare(const simd::CodeRows& rows, float* out) const {
  const size_t planes_bytes = codec_.plane_bytes() * codec_.num_planes();
  const bool is_l2 = codec_.spec().metric == Metric::kL2;
  int64_t dots[kRowsAtOnce];
  for (size_t begin = 0; begin < rows.count; begin += kRowsAtOnce) {
    simd::CodeRows some = rows;
    some.count = std::min(kRowsAtOnce, rows.count - begin);
    if (rows.ids == nullptr) {
      some.codes += begin * rows.stride;
    } else {
      some.ids += begin;
    }
    bit_dot_({.bits = bits_, .words = codec_.num_words()}, codec_.num_planes(), some, dots);
    for (size_t i = 0; i < some.count; ++i) {
      const RabitqFactors factors = LoadFactors(some.row(i), planes_bytes);
      const double own = AsDouble(factors.own);
      const double product = sum_scale_ * (static_cast<double>(dots[i]) + sum_offset_);
      const double row_part = is_l2 ? own * own : -own * along_center_;
      const double distance = offset_ + row_part - AsDouble(factors.scale) * product;
      // Factors of a damaged file may be no numbers.
      out[begin + i] =
          distance == distance ? ClampToFloat(distance) : std::numeric_limits<float>::max();
    }
  }
}

float RabitqDistance::ErrorBound(const uint8_t* code) const {
  const size_t planes_bytes = codec_.plane_bytes() * codec_.num_planes();
  return ClampToFloat(error_scale_ * AsDouble(LoadFactors(code, planes_bytes).error));
}

absl::StatusOr<std::unique_ptr<Codec>> TrainRabitqCodec(const CodecSpec& spec,
                                                        const TrainingRows& sample,
                                                        const Host& /*host*/,
                                                        const Context& context) {
  const auto dim = static_cast<size_t>(spec.dim);
  std::vector<double> sums(dim);
  for (size_t i = 0; i < sample.count; ++i) {
    if (i % kRowsPerCheck == 0) VECDB_RETURN_IF_ERROR(context.Check());
    const float* const row = sample.rows + i * dim;
    const float scale = spec.metric == Metric::kCosine ? simd::InverseNorm(row, dim) : 1.0f;
    for (size_t d = 0; d < dim; ++d) sums[d] += AsDouble(row[d] * scale);
  }
  std::vector<float> center(dim);
  const auto count = static_cast<double>(std::max<size_t>(sample.count, 1));
  for (size_t d = 0; d < dim; ++d) center[d] = static_cast<float>(sums[d] / count);
  return std::make_unique<RabitqCodec>(spec, std::move(center));
}

absl::StatusOr<std::unique_ptr<Codec>> ReadRabitqCodec(const CodecSpec& spec,
                                                       base::ByteReader& reader) {
  CodecSpec stored = spec;
  stored.seed = reader.Get<uint64_t>();
  VECDB_ASSIGN_OR_RETURN(std::vector<float> center,
                         TakeFloats(reader, static_cast<uint64_t>(spec.dim), "centre"));
  return std::make_unique<RabitqCodec>(stored, std::move(center));
}

}  // namespace vecdb::codec
