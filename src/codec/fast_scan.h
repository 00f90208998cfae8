#ifndef VECDB_CODEC_FAST_SCAN_H_
#define VECDB_CODEC_FAST_SCAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "codec/product_codec.h"
#include "simd/nibble_tables.h"

namespace vecdb::codec {

/// Codes of product quantisation with up to 4 bits, 32 rows together, as simd::SumNibbleTables
/// wants them. The last block is filled up with zeros; a row takes as many bytes as alone.
constexpr size_t FastScanBlocks(size_t num_rows) {
  return (num_rows + simd::kBlockRows - 1) / simd::kBlockRows;
}
constexpr size_t FastScanBlockBytes(size_t code_bytes) { return 2 * code_bytes * simd::kPartBytes; }

/// Packs `num_rows` codes of `code_bytes` each into whole blocks.
void PackFastScan(const uint8_t* codes, size_t num_rows, size_t code_bytes, uint8_t* blocks);

/// Takes the code of row `row` of the first block on out again.
void UnpackFastScan(const uint8_t* blocks, size_t row, size_t code_bytes, uint8_t* code);

/// Distances from one query to packed rows: those of ProductCodec with the table entries rounded to
/// bytes. Borrows its codec, which has nibbles. Thread-compatible; nothing is allocated after
/// construction.
class FastScanDistance {
 public:
  explicit FastScanDistance(const ProductCodec& codec);

  /// `query` holds dim finite floats, which are not needed afterwards.
  void SetQuery(const float* query);

  /// The same without the query's own square, which kL2 has in every distance.
  void SetQueryLessSquare(const float* query);

  /// The sums of whole blocks, 32 for each.
  void Sum(const uint8_t* blocks, size_t num_blocks, uint16_t* sums) const {
    simd::SumNibbleTables(bytes_.data(), bytes_.size() / 16, blocks, num_blocks, sums);
  }

  /// The distance that a sum stands for; they rise together.
  float DistanceOf(uint16_t sum) const { return base_ + step_ * static_cast<float>(sum); }

  /// The greatest sum whose distance is at most `distance`, or a few more where float cannot tell
  /// them apart; nothing when there is none.
  std::optional<uint16_t> SumOf(float distance) const;

  float step() const { return step_; }
  float base() const { return base_; }

  /// Adds `distance` to all distances of this query.
  void AddToAll(float distance);

  /// How far it is from that of ProductCodec, but for the rounding of floats: half a step for each
  /// part.
  float error_bound() const { return step_ * static_cast<float>(codec_.m()) / 2; }

 private:
  void Round(double above);

  const ProductCodec& codec_;
  std::vector<float> scratch_;
  std::vector<float> tables_;
  std::vector<float> leasts_;
  std::vector<uint8_t> bytes_;  ///< the rounded tables; zeros behind the last part
  float start_ = 0;             ///< of the query alone
  float base_ = 0;
  float step_ = 0;
};

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_FAST_SCAN_H_
