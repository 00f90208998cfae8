#include "format/column_encoder.h"

#include <algorithm>

#include "format/block_encoder.h"
#include "format/block_table.h"
#include "format/bloom.h"

namespace vecdb::format {

std::string ColumnEncoder::Add(const schema::ColumnBlock& block) {
  distinct_.Find(block);
  for (const uint64_t hash : distinct_.hashes()) estimate_.Add(hash);
  if (type_ == DataType::kVarChar) {
    hashes_.insert(hashes_.end(), distinct_.hashes().begin(), distinct_.hashes().end());
  }
  stats_.blocks.push_back(StatsOfBlock(block, distinct_));
  AddStats(stats_.blocks.back(), &stats_.segment);
  EncodedBlock encoded = EncodeBlock(block, distinct_);
  encoded.entry.offset = offset_;
  offset_ += encoded.bytes.size();
  PutBlockEntry(encoded.entry, &table_);
  return std::move(encoded.bytes);
}

// Held between what the blocks alone allow.
uint32_t ColumnEncoder::NumDistinct() const {
  uint64_t most = 0;
  uint64_t sum = 0;
  for (const schema::ColumnStats& block : stats_.blocks) {
    most = std::max<uint64_t>(most, block.distinct);
    sum += block.distinct;
  }
  return static_cast<uint32_t>(std::clamp(estimate_.Estimate(), most, sum));
}

std::string ColumnEncoder::Stats() const {
  SegmentStats stats = stats_;
  stats.segment.distinct = NumDistinct();
  return EncodeStats(type_, stats);
}

std::vector<uint32_t> ColumnEncoder::Bloom() const {
  const uint64_t distinct = NumDistinct();
  if (hashes_.empty() ||
      (distinct <= schema::kBlockRows && 2 * distinct <= stats_.segment.num_rows)) {
    return {};
  }
  // Room for what the estimate may be short of.
  std::vector<uint32_t> words = MakeBloom(distinct + distinct / 16);
  for (const uint64_t hash : hashes_) BloomAdd(words, hash);
  return words;
}

}  // namespace vecdb::format
