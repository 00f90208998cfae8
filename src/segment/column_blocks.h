#ifndef VECDB_SEGMENT_COLUMN_BLOCKS_H_
#define VECDB_SEGMENT_COLUMN_BLOCKS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/reservation.h"
#include "format/column_file.h"
#include "schema/column_block.h"
#include "vecdb/context.h"
#include "vecdb/memory_budget.h"
#include "vecdb/schema.h"

namespace vecdb::segment {

/// The columns of a sealed segment in blocks: each is read and decoded when it is first needed, and
/// kept as long as the memory budget allows. Thread-safe; borrows file and budget.
class ColumnBlocks final : public MemoryCache {
 public:
  /// `budget` may be null.
  ColumnBlocks(const format::ColumnFile* file, MemoryBudget* budget);
  ~ColumnBlocks() override;
  ColumnBlocks(const ColumnBlocks&) = delete;
  ColumnBlocks& operator=(const ColumnBlocks&) = delete;

  /// The values of a block of a column. When the budget has no room what is kept elsewhere goes
  /// first; ResourceExhausted when that is not enough.
  absl::StatusOr<schema::ColumnBlock> Read(int32_t field_id, DataType type, uint32_t block,
                                           const Context& context);

  /// What the file says of the values of a column.
  absl::StatusOr<std::shared_ptr<const format::ColumnSummary>> Summary(int32_t field_id,
                                                                       DataType type,
                                                                       const Context& context);

  /// The paths into Json fields that have columns of their own.
  absl::StatusOr<std::shared_ptr<const std::vector<format::ShreddedField>>> Shredded(
      const Context& context);

  /// Forgets the blocks. Those in use stay until their users are done.
  void DropUnused() override;

  /// Forgets the summaries too.
  void Drop();
  uint64_t bytes() const;

 private:
  struct Block {
    schema::ColumnBlock values;
    base::Reservation reservation;
  };
  struct Summarized {
    format::ColumnSummary summary;
    base::Reservation reservation;
  };
  using Blocks = std::vector<std::shared_ptr<const Block>>;
  using Columns = std::map<int32_t, Blocks>;
  using Summaries = std::map<int32_t, std::shared_ptr<const format::ColumnSummary>>;

  std::shared_ptr<const Block> Find(int32_t field_id, uint32_t block) const;

  const format::ColumnFile* const file_;
  MemoryBudget* const budget_;

  mutable base::Mutex mutex_;  // a leaf; never held while reading
  Columns columns_ ABSL_GUARDED_BY(mutex_);
  Summaries summaries_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const std::vector<format::ShreddedField>> shredded_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_COLUMN_BLOCKS_H_
