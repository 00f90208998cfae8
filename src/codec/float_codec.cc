#include "codec/float_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/str_format.h"
#include "simd/distance.h"
#include "simd/half_distance.h"
#include "simd/row_norm.h"

namespace vecdb::codec {
namespace {

// With a greater power the square of a query of ordinary size would be beyond float; with a
// smaller one 2^power is no number.
constexpr int32_t kMaxHalfPower = 40;
constexpr int32_t kMinHalfPower = -126;

// What the row or query is multiplied by.
float FloatScale(const CodecSpec& spec, const float* row) {
  return spec.metric == Metric::kCosine ? simd::InverseNorm(row, static_cast<size_t>(spec.dim))
                                        : 1.0f;
}

// The query, scaled, and the look at the results that both codecs share.
class FloatQuery : public CodeDistance {
 public:
  FloatQuery(const CodecSpec& spec, float unit)
      : spec_(spec), unit_(unit), query_(static_cast<size_t>(spec.dim)) {}

  void SetQuery(const float* query) override {
    const float scale = FloatScale(spec_, query) * unit_;
    for (size_t d = 0; d < query_.size(); ++d) query_[d] = query[d] * scale;
  }

 protected:
  const CodecSpec& spec() const { return spec_; }
  const float* query() const { return query_.data(); }
  size_t dim() const { return query_.size(); }
  float* mutable_query() { return query_.data(); }

  // Sums of products that overflow both ways are no number.
  static void PutNoNumbersFar(size_t count, float* out) {
    for (size_t i = 0; i < count; ++i) {
      out[i] = out[i] == out[i] ? out[i] : std::numeric_limits<float>::infinity();
    }
  }

 private:
  const CodecSpec& spec_;
  const float unit_;
  std::vector<float> query_;
};

class Float32Distance final : public FloatQuery {
 public:
  explicit Float32Distance(const CodecSpec& spec)
      : FloatQuery(spec, 1), kernels_(simd::KernelsFor(spec.metric)) {}

  void Compare(const simd::CodeRows& rows, float* out) const override {
    size_t i = 0;
    for (; i + 4 <= rows.count; i += 4) {
      const float* const group[4] = {Row(rows, i), Row(rows, i + 1), Row(rows, i + 2),
                                     Row(rows, i + 3)};
      kernels_.four(query(), group, dim(), out + i);
    }
    for (; i < rows.count; ++i) out[i] = kernels_.one(query(), Row(rows, i), dim());
    PutNoNumbersFar(rows.count, out);
  }

  void CompareWithin(const simd::CodeRows& rows, float bound, float* out) const override {
    if (rows.stride != dim() * sizeof(float) || dim() <= simd::kBlockDims) {
      return Compare(rows, out);
    }
    const auto* floats = reinterpret_cast<const float*>(rows.codes);
    uint32_t in_order[kInOrder];
    for (size_t begin = 0; begin < rows.count; begin += kInOrder) {
      const size_t count = std::min(kInOrder, rows.count - begin);
      const uint32_t* ids = rows.ids == nullptr ? in_order : rows.ids + begin;
      for (size_t i = 0; i < count && rows.ids == nullptr; ++i) {
        in_order[i] = static_cast<uint32_t>(begin + i);
      }
      kernels_.gather(query(), floats, dim(), ids, count, bound, out + begin);
    }
    PutNoNumbersFar(rows.count, out);
  }

 private:
  static constexpr size_t kInOrder = 64;

  // The kernels take rows of any alignment.
  static const float* Row(const simd::CodeRows& rows, size_t i) {
    return reinterpret_cast<const float*>(rows.row(i));
  }

  const simd::DistanceKernels& kernels_;
};

class Float16Distance final : public FloatQuery {
 public:
  Float16Distance(const CodecSpec& spec, int32_t power, const simd::HalfKernels& kernels)
      : FloatQuery(spec, std::ldexp(1.0f, power)),
        inverse_unit_(std::ldexp(1.0f, -power)),
        kernels_(kernels) {}

  // A code holds what the query is made of: the numbers, multiplied by the power of two.
  void SetCode(const uint8_t* code) override { kernels_.to_floats(code, dim(), mutable_query()); }

  void Compare(const simd::CodeRows& rows, float* out) const override {
    if (spec().metric == Metric::kL2) {
      kernels_.squared(query(), dim(), rows, out);
    } else {
      kernels_.dot(query(), dim(), rows, out);
      for (size_t i = 0; i < rows.count; ++i) out[i] = -out[i];
    }
    if (inverse_unit_ != 1) {
      for (size_t i = 0; i < rows.count; ++i) out[i] = out[i] * inverse_unit_ * inverse_unit_;
    }
    PutNoNumbersFar(rows.count, out);
  }

 private:
  const float inverse_unit_;
  const simd::HalfKernels& kernels_;
};

class Float32Codec final : public Codec {
 public:
  using Codec::Codec;

  void Write(base::ByteWriter*) const override {}
  uint64_t memory_bytes() const override { return 0; }
  size_t code_bytes() const override { return dim() * sizeof(float); }

  void Encode(const float* rows, size_t count, uint8_t* codes) const override {
    if (spec().metric != Metric::kCosine) {
      if (count > 0) std::memcpy(codes, rows, count * code_bytes());
      return;
    }
    for (size_t i = 0; i < count; ++i) {
      const float* row = rows + i * dim();
      const float scale = FloatScale(spec(), row);
      for (size_t d = 0; d < dim(); ++d, codes += sizeof(float)) {
        const float value = row[d] * scale;
        std::memcpy(codes, &value, sizeof(value));
      }
    }
  }

  void Decode(const uint8_t* codes, size_t count, float* rows) const override {
    if (count > 0) std::memcpy(rows, codes, count * code_bytes());
  }

  std::unique_ptr<CodeDistance> MakeDistance() const override {
    return std::make_unique<Float32Distance>(spec());
  }
};

class Float16Codec final : public Codec {
 public:
  Float16Codec(const CodecSpec& spec, int32_t power)
      : Codec(spec), power_(power), kernels_(simd::BestHalfKernels()) {}

  void Write(base::ByteWriter* writer) const override { writer->Put(power_); }
  uint64_t memory_bytes() const override { return 0; }
  size_t code_bytes() const override { return dim() * kHalfBytes; }

  void Encode(const float* rows, size_t count, uint8_t* codes) const override {
    for (size_t i = 0; i < count; ++i) {
      EncodeRow(rows + i * dim(), codes + i * code_bytes());
    }
  }

  void Decode(const uint8_t* codes, size_t count, float* rows) const override {
    kernels_.to_floats(codes, count * dim(), rows);
    const float inverse = std::ldexp(1.0f, -power_);
    for (size_t i = 0; i < count * dim() && power_ != 0; ++i) rows[i] *= inverse;
  }

  std::unique_ptr<CodeDistance> MakeDistance() const override {
    return std::make_unique<Float16Distance>(spec(), power_, kernels_);
  }

 private:
  static constexpr size_t kHalfBytes = 2;
  static constexpr size_t kChunk = 256;

  void EncodeRow(const float* row, uint8_t* code) const {
    const float scale = FloatScale(spec(), row) * std::ldexp(1.0f, power_);
    float scaled[kChunk];
    for (size_t at = 0; at < dim(); at += kChunk) {
      const size_t count = std::min(kChunk, dim() - at);
      for (size_t d = 0; d < count; ++d) scaled[d] = row[at + d] * scale;
      kernels_.from_floats(scaled, count, code + at * kHalfBytes);
    }
  }

  const int32_t power_;
  const simd::HalfKernels& kernels_;
};

// The power of two for numbers as those of the sample, see the header.
int32_t PowerOf(const TrainingRows& sample, const CodecSpec& spec) {
  if (spec.metric == Metric::kCosine || sample.count == 0) return 0;
  const auto dim = static_cast<size_t>(spec.dim);
  std::vector<float> of_rows(sample.count);  // the greatest of each
  for (size_t i = 0; i < sample.count; ++i) {
    const float* row = sample.rows + i * dim;
    for (size_t d = 0; d < dim; ++d) of_rows[i] = std::max(of_rows[i], std::abs(row[d]));
  }
  const float greatest = *std::max_element(of_rows.begin(), of_rows.end());
  if (greatest == 0 || (greatest <= 8192 && greatest >= 0.125f)) return 0;
  const auto middle = of_rows.begin() + static_cast<std::ptrdiff_t>(of_rows.size() / 2);
  std::nth_element(of_rows.begin(), middle, of_rows.end());
  int32_t power = 7 - std::ilogb(greatest);
  if (*middle > 0) power = std::max(power, -13 - std::ilogb(*middle));
  return std::clamp(power, kMinHalfPower, kMaxHalfPower);
}

}  // namespace

std::unique_ptr<Codec> MakeFloat32Codec(const CodecSpec& spec) {
  return std::make_unique<Float32Codec>(spec);
}

std::unique_ptr<Codec> TrainFloat16Codec(const CodecSpec& spec, const TrainingRows& sample) {
  return std::make_unique<Float16Codec>(spec, PowerOf(sample, spec));
}

absl::StatusOr<std::unique_ptr<Codec>> ReadFloat16Codec(const CodecSpec& spec,
                                                        base::ByteReader& reader) {
  const auto power = reader.Get<int32_t>();
  if (!reader.ok() || power < kMinHalfPower || power > kMaxHalfPower) {
    return absl::DataLossError(base::StrFormat("float16 codec: a power of %d", power));
  }
  return std::make_unique<Float16Codec>(spec, power);
}

}  // namespace vecdb::codec
