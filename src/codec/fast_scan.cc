#include "codec/fast_scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace vecdb::codec {
namespace {

constexpr size_t kNibbleWords = 16;
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
  std::memset(blocks, 0, FastScanBlocks(num_rows) * block_bytes);
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
  std::memset(code, 0, code_bytes);
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
      bytes_(2 * codec.code_bytes() * kNibbleWords) {}

void FastScanDistance::SetQuery(const float* query) {
  const size_t words = codec_.words();
  double base = static_cast<double>(codec_.FillTables(query, scratch_.data(), tables_.data()));
  double sum_of_ranges = 0;
  float widest = 0;
  for (size_t j = 0; j < codec_.m(); ++j) {
    const float* table = &tables_[j * kNibbleWords];
    const auto [least, greatest] = std::minmax_element(table, table + words);
    base += static_cast<double>(*least);
    widest = std::max(widest, *greatest - *least);
    sum_of_ranges += static_cast<double>(*greatest - *least);
  }
  // So that no entry is beyond a byte and no sum beyond 16 bits, rounded up as each may be.
  const double greatest_sum = 65535 - static_cast<double>(codec_.m()) / 2;
  step_ = std::max(widest / 255, static_cast<float>(sum_of_ranges / greatest_sum));
  if (!std::isfinite(step_)) step_ = 0;  // distances beyond float: all are equally far
  base_ = static_cast<float>(base);
  for (size_t j = 0; j < codec_.m(); ++j) {
    const float* table = &tables_[j * kNibbleWords];
    RoundTable(j, *std::min_element(table, table + words));
  }
}

void FastScanDistance::RoundTable(size_t part, float least) {
  const float scale = step_ > 0 ? 1 / step_ : 0;
  for (size_t w = 0; w < codec_.words(); ++w) {
    const float steps = (tables_[part * kNibbleWords + w] - least) * scale;
    bytes_[part * kNibbleWords + w] = static_cast<uint8_t>(std::lrint(std::min(steps, 255.0f)));
  }
}

}  // namespace vecdb::codec
