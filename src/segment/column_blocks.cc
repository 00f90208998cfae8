#include "segment/column_blocks.h"

#include <string_view>
#include <utility>

#include "base/status_macros.h"

namespace vecdb::segment {
namespace {

constexpr std::string_view kWhatOfBlocks = "a block of a column";

}  // namespace

ColumnBlocks::ColumnBlocks(const format::ColumnFile* file, MemoryBudget* budget)
    : file_(file), budget_(budget) {
  if (budget_ != nullptr) budget_->AddCache(this);
}

ColumnBlocks::~ColumnBlocks() {
  if (budget_ != nullptr) budget_->RemoveCache(this);
}

std::shared_ptr<const ColumnBlocks::Block> ColumnBlocks::Find(int32_t field_id,
                                                              uint32_t block) const {
  base::MutexLock lock(&mutex_);
  const auto found = columns_.find(field_id);
  if (found == columns_.end() || block >= found->second.size()) return nullptr;
  return found->second[block];
}

// Two threads may both read a block; the first to come back wins.
absl::StatusOr<schema::ColumnBlock> ColumnBlocks::Read(int32_t field_id, DataType type,
                                                       uint32_t block, const Context& context) {
  std::shared_ptr<const Block> kept = Find(field_id, block);
  if (kept == nullptr) {
    VECDB_ASSIGN_OR_RETURN(const uint64_t bytes,
                           file_->BlockMemoryBytes(field_id, type, block, context));
    auto read = std::make_shared<Block>();
    VECDB_ASSIGN_OR_RETURN(read->reservation, base::Reservation::Make(budget_, bytes, kWhatOfBlocks,
                                                                      MemoryUse::kColumns));
    VECDB_ASSIGN_OR_RETURN(auto decoded, file_->ReadBlock(field_id, type, block, context));
    read->values = std::move(decoded.block);
    base::MutexLock lock(&mutex_);
    Blocks& blocks = columns_[field_id];
    if (blocks.size() <= block) blocks.resize(block + 1);
    if (blocks[block] == nullptr) blocks[block] = std::move(read);
    kept = blocks[block];
  }
  schema::ColumnBlock values = kept->values;
  values.owner = std::move(kept);
  return values;
}

absl::StatusOr<std::shared_ptr<const format::ColumnSummary>> ColumnBlocks::Summary(
    int32_t field_id, DataType type, const Context& context) {
  {
    base::MutexLock lock(&mutex_);
    if (const auto found = summaries_.find(field_id); found != summaries_.end()) {
      return found->second;
    }
  }
  VECDB_ASSIGN_OR_RETURN(const auto read, file_->ReadSummary(field_id, type, context));
  auto summarized = std::make_shared<Summarized>();
  summarized->summary = *read;
  VECDB_ASSIGN_OR_RETURN(
      summarized->reservation,
      base::Reservation::Make(budget_, read->memory_bytes, kWhatOfBlocks, MemoryUse::kColumns));
  std::shared_ptr<const format::ColumnSummary> summary(summarized, &summarized->summary);
  base::MutexLock lock(&mutex_);
  return summaries_.emplace(field_id, std::move(summary)).first->second;
}

absl::StatusOr<std::shared_ptr<const std::vector<format::ShreddedField>>> ColumnBlocks::Shredded(
    const Context& context) {
  {
    base::MutexLock lock(&mutex_);
    if (shredded_ != nullptr) return shredded_;
  }
  VECDB_ASSIGN_OR_RETURN(auto fields, file_->ReadShredded(context));
  base::MutexLock lock(&mutex_);
  if (shredded_ == nullptr) {
    shredded_ = std::make_shared<const std::vector<format::ShreddedField>>(std::move(fields));
  }
  return shredded_;
}

void ColumnBlocks::DropUnused() {
  Columns columns;  // outlives the lock: what goes gives its memory back without it
  base::MutexLock lock(&mutex_);
  columns_.swap(columns);
}

void ColumnBlocks::Drop() {
  DropUnused();
  Summaries summaries;
  base::MutexLock lock(&mutex_);
  summaries_.swap(summaries);
}

uint64_t ColumnBlocks::bytes() const {
  base::MutexLock lock(&mutex_);
  uint64_t bytes = 0;
  for (const auto& [id, blocks] : columns_) {
    for (const auto& block : blocks) {
      if (block != nullptr) bytes += block->reservation.bytes();
    }
  }
  for (const auto& [id, summary] : summaries_) bytes += summary->memory_bytes;
  return bytes;
}

}  // namespace vecdb::segment
