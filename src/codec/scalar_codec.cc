#include "codec/scalar_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/held.h"
#include "simd/byte_distance.h"
#include "simd/row_norm.h"

namespace vecdb::codec {
namespace {

constexpr size_t kScalarChunk = 64;  // rows compared between two uses of the stack
constexpr size_t kRowTermBytes = 4;
constexpr double kGreatestWeight = 32639;  // of two balanced digits

uint32_t MaxScalarCode(CodecKind kind) { return kind == CodecKind::kSq4 ? 15 : 255; }

// The rows [begin, begin + kScalarChunk) of `rows`, as far as there are.
simd::CodeRows ScalarChunkAt(const simd::CodeRows& rows, size_t begin) {
  simd::CodeRows chunk = rows;
  chunk.count = std::min(kScalarChunk, rows.count - begin);
  if (rows.ids == nullptr) {
    chunk.codes += begin * rows.stride;
  } else {
    chunk.ids += begin;
  }
  return chunk;
}

// The grids, ready to use, and what follows from the spec. Immutable.
struct ScalarGrid {
  ScalarGrid(const CodecSpec& codec_spec, ScalarRange learned)
      : spec(codec_spec),
        dim(static_cast<size_t>(codec_spec.dim)),
        nibbles(codec_spec.kind == CodecKind::kSq4),
        symmetric(!nibbles && codec_spec.metric == Metric::kL2 &&
                  learned.kind == Sq8Range::kUniform),
        has_row_term(codec_spec.metric == Metric::kL2 && !symmetric),
        number_bytes(nibbles ? (dim + 1) / 2 : dim),
        max_code(MaxScalarCode(codec_spec.kind)),
        range(std::move(learned)),
        greatest_step(*std::max_element(range.step.begin(), range.step.end())) {
    inverse.reserve(dim);
    for (const float step : range.step) {
      inverse.push_back(step > 0 ? 1 / static_cast<double>(step) : 0);
    }
  }

  float ScaleOf(const float* row) const {
    return spec.metric == Metric::kCosine ? simd::InverseNorm(row, dim) : 1.0f;
  }
  double Step(size_t d) const { return static_cast<double>(range.step[d]); }
  double Middle(size_t d) const { return Lower(d) + Step(d) * max_code / 2; }
  uint8_t CodeOf(float value, size_t d) const {
    const double code = (static_cast<double>(value) - Lower(d)) * inverse[d];
    return static_cast<uint8_t>(std::clamp<double>(code, 0, max_code) + 0.5);
  }
  float Decoded(uint32_t code, size_t d) const {
    return static_cast<float>(Lower(d) + Step(d) * code);
  }

  CodecSpec spec;
  size_t dim;
  bool nibbles;
  bool symmetric;  // a query is coded as rows are
  bool has_row_term;
  size_t number_bytes;  // of a code, without the row term
  uint32_t max_code;
  ScalarRange range;
  float greatest_step;
  std::vector<double> inverse;  // 1 / step, or 0

 private:
  double Lower(size_t d) const { return static_cast<double>(range.lower[d]); }
};

// The query is coded, see the header.
class SymmetricScalarDistance final : public CodeDistance {
 public:
  explicit SymmetricScalarDistance(const ScalarGrid& grid)
      : grid_(grid),
        kernels_(simd::BestByteKernels()),
        square_(grid.Step(0) * grid.Step(0)),
        fits_float_(square_ * 255 * 255 * static_cast<double>(grid.dim) <=
                    static_cast<double>(std::numeric_limits<float>::max())),
        query_(grid.dim) {}

  void SetQuery(const float* query) override {
    for (size_t d = 0; d < grid_.dim; ++d) query_[d] = grid_.CodeOf(query[d], d);
  }

  void SetCode(const uint8_t* code) override { std::copy_n(code, grid_.dim, query_.begin()); }

  void Compare(const simd::CodeRows& rows, float* out) const override {
    uint32_t sums[kScalarChunk];
    for (size_t begin = 0; begin < rows.count; begin += kScalarChunk) {
      const simd::CodeRows chunk = ScalarChunkAt(rows, begin);
      kernels_.squared(query_.data(), grid_.dim, chunk, sums);
      Scale(sums, chunk.count, out + begin);
    }
  }

 private:
  void Scale(const uint32_t* sums, size_t count, float* out) const {
    if (!fits_float_) {
      for (size_t i = 0; i < count; ++i) out[i] = HeldToFloat(square_ * sums[i]);
      return;
    }
    // Sums have 31 bits: compilers have instructions for several signed ones at once.
    for (size_t i = 0; i < count; ++i) {
      out[i] = static_cast<float>(square_ * static_cast<int32_t>(sums[i]));
    }
  }

  const ScalarGrid& grid_;
  const simd::ByteKernels& kernels_;
  const double square_;
  const bool fits_float_;
  std::vector<uint8_t> query_;
};

// The query is folded into weights, see the header. With the code from the middle of the grid,
// m = c - max / 2, and the middle p of a dimension's grid, so that a number is p + step * m:
//   kIp  -query . row     = -(sum query * p + sum w * m)
//   kL2  |query - row|^2  = sum (query - p)^2 - 2 sum w * m + sum step^2 m^2
// Either is base + factor * (sum of weights * c) + row_scale * row term.
class WeightedScalarDistance final : public CodeDistance {
 public:
  explicit WeightedScalarDistance(const ScalarGrid& grid)
      : grid_(grid),
        dot_(grid.nibbles ? simd::BestByteKernels().nibble_dot : simd::BestByteKernels().dot),
        row_scale_(grid.nibbles ? Greatest() * Greatest() / 4 : Greatest() * Greatest()),
        weights_(grid.dim),
        high_(grid.dim),
        low_(grid.dim) {}

  void SetQuery(const float* query) override {
    const double constant = grid_.has_row_term ? SetSquaredWeights(query) : SetDotWeights(query);
    double greatest = 0;
    for (const double weight : weights_) greatest = std::max(greatest, std::abs(weight));
    const double unit = greatest / kGreatestWeight;
    const double middle = unit * SetDigits(greatest) * grid_.max_code / 2;
    if (grid_.has_row_term) {
      base_ = constant + 2 * middle;
      factor_ = -2 * unit;
    } else {
      base_ = middle - constant;
      factor_ = -unit;
    }
  }

  void Compare(const simd::CodeRows& rows, float* out) const override {
    int64_t sums[kScalarChunk];
    for (size_t begin = 0; begin < rows.count; begin += kScalarChunk) {
      const simd::CodeRows chunk = ScalarChunkAt(rows, begin);
      dot_(high_.data(), low_.data(), grid_.dim, chunk, sums);
      if (grid_.has_row_term) {
        FinishSquared(chunk, sums, out + begin);
      } else {
        for (size_t i = 0; i < chunk.count; ++i) out[begin + i] = HeldToFloat(Weighted(sums[i]));
      }
    }
  }

 private:
  double Greatest() const { return static_cast<double>(grid_.greatest_step); }

  // Fills weights_ and returns what does not depend on the row.
  double SetDotWeights(const float* query) {
    const float scale = grid_.ScaleOf(query);
    double constant = 0;
    for (size_t d = 0; d < grid_.dim; ++d) {
      const auto value = static_cast<double>(query[d] * scale);
      weights_[d] = value * grid_.Step(d);
      constant += value * grid_.Middle(d);
    }
    return constant;
  }
  double SetSquaredWeights(const float* query) {
    double constant = 0;
    for (size_t d = 0; d < grid_.dim; ++d) {
      const double offset = static_cast<double>(query[d]) - grid_.Middle(d);
      weights_[d] = offset * grid_.Step(d);
      constant += offset * offset;
    }
    return constant;
  }

  // Rounds the weights to 16 bits. Returns the sum of what they became.
  double SetDigits(double greatest) {
    const double inverse = greatest > 0 ? kGreatestWeight / greatest : 0;
    int64_t sum = 0;
    for (size_t d = 0; d < grid_.dim; ++d) {
      // Rounded as a positive number, which a cast does.
      const auto weight = static_cast<int32_t>(weights_[d] * inverse + 32768.5) - 32768;
      const simd::ByteDigits digits = simd::DigitsOf(weight);
      high_[d] = digits.high;
      low_[d] = digits.low;
      sum += weight;
    }
    return static_cast<double>(sum);
  }

  double Weighted(int64_t sum) const { return base_ + factor_ * static_cast<double>(sum); }

  void FinishSquared(const simd::CodeRows& chunk, const int64_t* sums, float* out) const {
    for (size_t i = 0; i < chunk.count; ++i) {
      const double term = RowTerm(chunk.row(i) + grid_.number_bytes);
      out[i] = HeldToFloat(std::max(0.0, Weighted(sums[i]) + row_scale_ * term));
    }
  }

  double RowTerm(const uint8_t* bytes) const {
    if (grid_.nibbles) {
      uint32_t term;
      std::memcpy(&term, bytes, sizeof(term));
      return term;
    }
    float term;
    std::memcpy(&term, bytes, sizeof(term));
    return static_cast<double>(term);
  }

  const ScalarGrid& grid_;
  void (*const dot_)(const int8_t*, const int8_t*, size_t, const simd::CodeRows&, int64_t*);
  const double row_scale_;
  double base_ = 0;
  double factor_ = 0;
  std::vector<double> weights_;
  std::vector<int8_t> high_, low_;
};

class ScalarCodec final : public Codec {
 public:
  explicit ScalarCodec(ScalarGrid grid) : Codec(grid.spec), grid_(std::move(grid)) {}

  size_t code_bytes() const override {
    return grid_.number_bytes + (grid_.has_row_term ? kRowTermBytes : 0);
  }

  void Encode(const float* rows, size_t count, uint8_t* codes) const override {
    for (size_t i = 0; i < count; ++i) {
      const float* row = rows + i * dim();
      uint8_t* code = codes + i * code_bytes();
      if (grid_.nibbles) {
        EncodeNibbles(row, code);
      } else {
        EncodeBytes(row, code);
      }
    }
  }

  void Decode(const uint8_t* codes, size_t count, float* rows) const override {
    const size_t half = grid_.number_bytes;
    for (size_t i = 0; i < count; ++i, codes += code_bytes(), rows += dim()) {
      for (size_t d = 0; d < dim(); ++d) {
        const uint32_t code = !grid_.nibbles ? codes[d]
                              : d < half     ? codes[d] & 15
                                             : codes[d - half] >> 4;
        rows[d] = grid_.Decoded(code, d);
      }
    }
  }

  std::unique_ptr<CodeDistance> MakeDistance() const override {
    if (grid_.symmetric) return std::make_unique<SymmetricScalarDistance>(grid_);
    return std::make_unique<WeightedScalarDistance>(grid_);
  }

  bool CanCompareCodes() const override { return grid_.symmetric; }

  void Write(base::ByteWriter* writer) const override {
    const size_t steps = grid_.range.kind == Sq8Range::kUniform ? 1 : dim();
    for (size_t d = 0; d < steps; ++d) writer->Put(grid_.range.step[d]);
    for (const float lower : grid_.range.lower) writer->Put(lower);
  }

  uint64_t memory_bytes() const override { return dim() * (2 * sizeof(float) + sizeof(double)); }

  const ScalarRange& range() const { return grid_.range; }

  // Writes behind the numbers of a code of bytes what follows from them.
  void AddRowTerm(uint8_t* code) const {
    if (!grid_.has_row_term) return;
    const double greatest = static_cast<double>(grid_.greatest_step);
    double sum = 0;
    for (size_t d = 0; d < dim(); ++d) {
      const double share = greatest > 0 ? grid_.Step(d) / greatest : 0;
      const double offset = share * (code[d] - 127.5);
      sum += offset * offset;
    }
    const auto term = static_cast<float>(sum);
    std::memcpy(code + grid_.number_bytes, &term, sizeof(term));
  }

 private:
  void EncodeBytes(const float* row, uint8_t* code) const {
    const float scale = grid_.ScaleOf(row);
    for (size_t d = 0; d < dim(); ++d) code[d] = grid_.CodeOf(row[d] * scale, d);
    AddRowTerm(code);
  }

  void EncodeNibbles(const float* row, uint8_t* code) const {
    const float scale = grid_.ScaleOf(row);
    const size_t half = grid_.number_bytes;
    uint32_t term = 0;
    for (size_t d = 0; d < dim(); ++d) {
      const uint8_t number = grid_.CodeOf(row[d] * scale, d);
      if (d < half) {
        code[d] = number;
      } else {
        code[d - half] = static_cast<uint8_t>(code[d - half] | number << 4);
      }
      const int doubled = 2 * number - 15;
      term += static_cast<uint32_t>(doubled * doubled);
    }
    if (grid_.has_row_term) std::memcpy(code + half, &term, sizeof(term));
  }

  const ScalarGrid grid_;
};

std::unique_ptr<Codec> NewScalarCodec(CodecSpec spec, ScalarRange range) {
  spec.range = range.kind;
  return std::make_unique<ScalarCodec>(ScalarGrid(spec, std::move(range)));
}

// Looks at one dimension of ranges that were learnt elsewhere.
absl::Status CheckScalarRange(const ScalarRange& range, size_t d, uint32_t max_code) {
  const float lower = range.lower[d];
  const float step = range.step[d];
  if (!std::isfinite(lower) || !std::isfinite(step) || step < 0) {
    return absl::InvalidArgumentError(base::StrFormat(
        "scalar codec: dimension %d has lower bound %g and step %g", d, lower, step));
  }
  const double greatest = static_cast<double>(lower) + static_cast<double>(step) * max_code;
  if (greatest > static_cast<double>(std::numeric_limits<float>::max())) {
    return absl::InvalidArgumentError(
        base::StrFormat("scalar codec: dimension %d reaches to %g, beyond float", d, greatest));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Codec>> TrainScalarCodec(const CodecSpec& spec,
                                                        const TrainingRows& rows, const Host& host,
                                                        const Context& context) {
  const ScalarRangeOptions options = {
      .dim = static_cast<size_t>(spec.dim),
      .metric = spec.metric,
      .kind = spec.kind == CodecKind::kSq4 ? Sq8Range::kUniform : spec.range,
      .max_code = MaxScalarCode(spec.kind)};
  VECDB_ASSIGN_OR_RETURN(ScalarRange range, LearnScalarRange(options, rows, host, context));
  return NewScalarCodec(spec, std::move(range));
}

absl::StatusOr<std::unique_ptr<Codec>> MakeScalarCodec(const CodecSpec& spec, ScalarRange range) {
  for (size_t d = 0; d < static_cast<size_t>(spec.dim); ++d) {
    VECDB_RETURN_IF_ERROR(CheckScalarRange(range, d, MaxScalarCode(spec.kind)));
  }
  return NewScalarCodec(spec, std::move(range));
}

const ScalarRange& RangeOfScalarCodec(const Codec& codec) {
  return static_cast<const ScalarCodec&>(codec).range();
}

void CompleteSq8Code(const Codec& codec, const uint8_t* numbers, uint8_t* code) {
  std::memcpy(code, numbers, codec.dim());
  static_cast<const ScalarCodec&>(codec).AddRowTerm(code);
}

absl::StatusOr<std::unique_ptr<Codec>> ReadScalarCodec(const CodecSpec& spec,
                                                       base::ByteReader& reader) {
  const auto dim = static_cast<size_t>(spec.dim);
  ScalarRange range;
  range.kind = spec.kind == CodecKind::kSq4 ? Sq8Range::kUniform : spec.range;
  if (range.kind == Sq8Range::kAuto) {
    return absl::InvalidArgumentError("the range of a scalar codec that was written is not AUTO");
  }
  const size_t steps = range.kind == Sq8Range::kUniform ? 1 : dim;
  if (reader.remaining() < (steps + dim) * sizeof(float)) {
    return absl::DataLossError(base::StrFormat("scalar codec: %d bytes are left for %d numbers",
                                               reader.remaining(), steps + dim));
  }
  for (size_t d = 0; d < steps; ++d) range.step.push_back(reader.Get<float>());
  range.step.resize(dim, range.step[0]);
  for (size_t d = 0; d < dim; ++d) range.lower.push_back(reader.Get<float>());
  auto made = MakeScalarCodec(spec, std::move(range));
  return made.ok() ? std::move(made) : absl::DataLossError(made.status().message());
}

}  // namespace vecdb::codec
