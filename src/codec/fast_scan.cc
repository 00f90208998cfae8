#include "codec/fast_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "codec/held.h"

namespace vecdb::codec {
namespace {

constexpr size_t kNibbleWords = 16;
constexpr int kMostCorrections = 3;  // of a sum, by one
constexpr size_t kHalfBlock = simd::kBlockRows / 2;

struct BytePlace {
  size_t byte;
  int shift;
};

// Where a block holds part `part` of its row `row`.
BytePlace PlaceOf(size_t row, size_t part) {
  return {part * simd::kPartBytes + row % kHalfBlock, row < kHalfBlock ? 0 : 4};
}

}  // namespace

void PackFastScan(const uint8_t* codes, size_t num_rows, size_t code_bytes, uint8_t* blocks) {
  const size_t block_bytes = FastScanBlockBytes(code_bytes);
  std::fill_n(blocks, FastScanBlocks(num_rows) * block_bytes, uint8_t{0});
  for (size_t i = 0; i < num_rows; ++i) {
    const uint8_t* code = codes + i * code_bytes;
    uint8_t* block = blocks + i / simd::kBlockRows * block_bytes;
    for (size_t part = 0; part < 2 * code_bytes; ++part) {
      const BytePlace place = PlaceOf(i % simd::kBlockRows, part);
      const int nibble = (code[part / 2] >> (part % 2 * 4)) & 15;
      block[place.byte] = static_cast<uint8_t>(block[place.byte] | nibble << place.shift);
    }
  }
}

void UnpackFastScan(const uint8_t* blocks, size_t row, size_t code_bytes, uint8_t* code) {
  const uint8_t* block = blocks + row / simd::kBlockRows * FastScanBlockBytes(code_bytes);
  std::fill_n(code, code_bytes, uint8_t{0});
  for (size_t part = 0; part < 2 * code_bytes; ++part) {
    const BytePlace place = PlaceOf(row % simd::kBlockRows, part);
    const int nibble = (block[place.byte] >> place.shift) & 15;
    code[part / 2] = static_cast<uint8_t>(code[part / 2] | nibble << (part % 2 * 4));
  }
}

FastScanDistance::FastScanDistance(const ProductCodec& codec)
    : codec_(codec),
      scratch_(2 * codec.dim()),
      tables_(codec.m() * kNibbleWords),
      leasts_(codec.m()),
      bytes_(2 * codec.code_bytes() * kNibbleWords) {}

void FastScanDistance::SetQuery(const float* query) {
  Round(static_cast<double>(codec_.FillTables(query, scratch_.data(), tables_.data())));
}

void FastScanDistance::SetQueryLessSquare(const float* query) {
  const float above = codec_.FillTables(query, scratch_.data(), tables_.data());
  Round(codec_.spec().metric == Metric::kL2 ? 0 : static_cast<double>(above));
}

// Rounds the tables of a query that has `above` in every distance.
void FastScanDistance::Round(double above) {
  const simd::RoundedTables rounded =
      simd::RoundTables(tables_.data(), codec_.m(), leasts_.data(), bytes_.data());
  step_ = rounded.step;
  start_ = HeldToFloat(above + rounded.sum_of_leasts);
  if (!std::isfinite(start_)) {  // beyond float: all rows are equally far
    start_ = std::numeric_limits<float>::max();
    step_ = 0;
  }
  base_ = start_;
}

std::optional<uint16_t> FastScanDistance::SumOf(float distance) const {
  constexpr uint16_t kGreatest = 65535;
  if (distance < base_) return std::nullopt;
  if (!(step_ > 0)) return kGreatest;
  const float steps = (distance - base_) / step_;
  if (!(steps < kGreatest)) return kGreatest;
  auto sum = static_cast<uint16_t>(steps);
  for (int i = 0; i < kMostCorrections && sum > 0 && DistanceOf(sum) > distance; ++i) --sum;
  for (int i = 0; i < kMostCorrections && sum < kGreatest; ++i) {
    if (DistanceOf(static_cast<uint16_t>(sum + 1)) > distance) return sum;
    ++sum;
  }
  return kGreatest;
}

void FastScanDistance::AddToAll(float distance) {
  base_ = HeldToFloat(static_cast<double>(start_) + static_cast<double>(distance));
}

}  // namespace vecdb::codec
