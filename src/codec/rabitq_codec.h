#ifndef VECDB_CODEC_RABITQ_CODEC_H_
#define VECDB_CODEC_RABITQ_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "codec/codec.h"
#include "codec/hadamard_rotation.h"
#include "simd/bit_dot.h"

namespace vecdb::codec {

/// Codes of 1 to 8 bits a dimension whose distances are unbiased estimates with a known error:
/// RaBitQ (Gao and Long 2024) for 1 bit, its extension (Gao et al. 2025) for more.
///
/// What a row differs from a centre, the mean of the training rows, is rotated at random and coded
/// by its length and by the grid point
///
///     g = code + 0.5 - 2^(bits - 1), dimension by dimension,
///
/// whose direction is nearest to its own: for more than 1 bit the best of 42 scales of the grid.
/// The best of all scales has a squared sine that is 0 to 0.3 % smaller at 257 dimensions, and 2.3
/// % at worst (64 dimensions, 8 bits).
///
/// With c the centre, r a row less c, u the rotated r over |r|, the estimate for a vector p
///
///     r . p  ~  |r| (g . rotated p) / (g . u)
///
/// has no bias, and an error near |r| |p| tan(g, u) / sqrt(padded dim), about half as large for
/// each bit. The distances put it to use so:
///
///     kL2            |r|^2 + |p|^2 - 2 r . p, p = query - c; may come out below 0
///     kIp, kCosine   -(c . query + t r . c + r . p), p = query - t c, t = c . query / c . c
///
/// where r . c is stored, so that a centre far from 0 adds no error. A code is, with D the
/// dimensions rounded up to a multiple of 64:
///
///     bits planes of D / 8 bytes, the most significant bit first, dimension d in bit d % 8 of byte
///                  d / 8 of each
///     float32      kL2: |r|; else: r . c / |c|, 0 when c is
///     float32      |r| / (g . u), which makes g as long as the estimate takes it to be
///     float32      the error of r . p for |p| = 1, as a standard deviation: |r| sqrt((tan^2 +
///                  kQueryError^2 / cos^2) / (D - 1))
///
/// Numbers too large for float32 are held to its range. Immutable, thread-safe.
class RabitqCodec final : public Codec {
 public:
  /// The error of the rounding of a query, relative to its length, that error bounds foresee.
  static constexpr double kQueryError = 0.01;

  /// `center` holds spec.dim finite floats; spec.seed is that of the rotation.
  RabitqCodec(const CodecSpec& spec, std::vector<float> center);

  size_t code_bytes() const override { return plane_bytes() * num_planes() + 3 * sizeof(float); }
  void Encode(const float* rows, size_t count, uint8_t* codes) const override;

  /// The rows whose distances to a query are the estimates, but for the rounding of the query and,
  /// under kL2, for the length, which the estimates take from |r|: a decoded row is longer.
  void Decode(const uint8_t* codes, size_t count, float* rows) const override;

  /// A RabitqDistance.
  std::unique_ptr<CodeDistance> MakeDistance() const override;

  /// The seed, 64 bits, and the centre, dim float32.
  void Write(base::ByteWriter* writer) const override;
  uint64_t memory_bytes() const override;

  const HadamardRotation& rotation() const { return rotation_; }
  const std::vector<float>& center() const { return center_; }
  double center_norm() const { return center_norm_; }
  size_t num_planes() const { return static_cast<size_t>(spec().rabitq_bits); }
  size_t plane_bytes() const { return rotation_.padded_dim() / 8; }
  size_t num_words() const { return rotation_.padded_dim() / 64; }

 private:
  struct Scratch;
  void EncodeRow(const float* row, Scratch& scratch, uint8_t* code) const;
  // Sets r, and u from it. Returns |r|.
  double SetDirection(const float* row, Scratch& scratch) const;
  // Sets the numbers of the grid point nearest to u.
  void SetNumbers(Scratch& scratch) const;
  void WritePlanes(Scratch& scratch, uint8_t* code) const;
  // `grid_point` is room for padded_dim values.
  void DecodeRow(const uint8_t* code, float* grid_point, float* row) const;

  const HadamardRotation rotation_;
  const std::vector<float> center_;
  const double center_norm_;
};

/// The estimates of RabitqCodec. A query is rotated and rounded to 8 bits a dimension, to the
/// nearest: an error of some 0.7 % of a code of one bit, of 10 % at 7 and 30 % at 8 bits.
class RabitqDistance final : public CodeDistance {
 public:
  explicit RabitqDistance(const RabitqCodec& codec);

  void SetQuery(const float* query) override;
  void Compare(const simd::CodeRows& rows, float* out) const override;

  /// What the estimate of the row is off by at most, in 94 of 100 cases: 1.9 standard deviations
  /// (epsilon_0 of the paper).
  float ErrorBound(const uint8_t* code) const;

 private:
  // Rounds rotated_ to bits_ and sets how sums of them count, `weight` being the length of p or
  // twice that. Returns the length of what was lost.
  double RoundDirection(double weight);

  const RabitqCodec& codec_;
  const simd::BitDot bit_dot_;
  std::vector<double> direction_;  // p
  std::vector<float> rotated_;     // p over its length, rotated
  std::vector<uint8_t> numbers_;
  std::vector<uint64_t> bits_memory_;
  uint64_t* bits_;  // in bits_memory_, where a cache line begins

  // The estimate is offset_, plus what the row's own number says, less
  // sum_scale_ * (bit dot + sum_offset_) times the row's scale.
  double offset_ = 0;
  double along_center_ = 0;  // query . c / |c|, not under kL2
  double sum_scale_ = 0;
  double sum_offset_ = 0;
  double error_scale_ = 0;
};

/// Trains a codec: the centre is the mean of the rows, which are scaled to length 1 first under
/// kCosine. `spec` is valid. Cancelled, DeadlineExceeded.
absl::StatusOr<std::unique_ptr<Codec>> TrainRabitqCodec(const CodecSpec& spec,
                                                        const TrainingRows& sample,
                                                        const Host& host, const Context& context);

/// Takes from `reader` what Write put there; its seed counts, not the one of `spec`, which is valid
/// otherwise. DataLoss when bytes are missing or the centre is not finite.
absl::StatusOr<std::unique_ptr<Codec>> ReadRabitqCodec(const CodecSpec& spec,
                                                       base::ByteReader& reader);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_RABITQ_CODEC_H_
