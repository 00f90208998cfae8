#ifndef VECDB_CRASH_PENDING_ORACLE_H_
#define VECDB_CRASH_PENDING_ORACLE_H_

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "support/oracle.h"
#include "vecdb/collection.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::support {

/// The number of the batch that wrote the row, by key: says all, since a row follows from the two.
using RowState = std::map<int64_t, uint64_t>;

/// The rows of `keys` as batch `batch` writes them; the schema is that of TaggedSchema.
RowBatch RowsOfBatch(const Schema& schema, const std::vector<int64_t>& keys, uint64_t batch);

/// What a collection holds of `keys`, by Get. Internal when a row is not as any batch wrote it, or
/// when Count says another number: `keys` must be all that were ever used.
absl::StatusOr<RowState> ReadState(const Collection& collection, const Schema& schema,
                                   const std::set<int64_t>& keys);

Oracle OracleOf(const Schema& schema, const RowState& rows);

/// One write: rows of `keys`, or their deletion.
struct WriteBatch {
  uint64_t number = 0;
  bool is_delete = false;
  std::vector<int64_t> keys{};
};

/// What has happened to a collection since its rows were known.
enum class Crash {
  kNone,      ///< it is open: every acknowledged write is there
  kKill,      ///< the process ended: those of kNone may be lost
  kPowerCut,  ///< those below kSynced may be lost
};

/// Which rows one writer may find: every acknowledged batch whole and in order, up to the last that
/// the crash must leave; what is lost is a suffix, without holes; a batch with no answer, or
/// Unknown for one, is there whole or not at all. A value; thread-compatible.
class PendingOracle {
 public:
  /// A batch is on its way, and has no answer yet.
  void Begin(const WriteBatch& batch);
  /// The batch begun last was acknowledged, and survives what `level` says.
  void Acknowledge(Durability level);
  /// The batch begun last was refused: it is not there.
  void Refuse();
  /// Everything acknowledged survives whatever happens.
  void Flushed() { FlushedUpTo(entries_.size()); }
  /// The same for the first `num_batches` since the last crash.
  void FlushedUpTo(size_t num_batches);

  /// Internal when `found` cannot be what the crash has left. Otherwise it is what there is from
  /// now on.
  absl::Status Match(const RowState& found, Crash crash);
  /// The collection goes on behind a crash, and nobody has looked at its rows.
  void GoOnAfter(Crash crash);

  /// All keys ever written.
  const std::set<int64_t>& keys() const { return keys_; }
  size_t num_batches() const { return entries_.size(); }
  size_t num_unanswered() const;
  /// The rows when every batch without an answer has been applied.
  RowState Latest() const;

 private:
  struct Entry {
    WriteBatch batch{};
    bool acknowledged = false;
    Durability level = Durability::kNone;
  };

  size_t NumRequired(Crash crash) const;
  std::set<RowState> Possible(Crash crash) const;

  std::set<RowState> bases_ = {RowState()};  // what may have been there before the entries
  // What a power cut may leave, from before a kill, as long as nothing behind it is durable.
  std::set<RowState> not_durable_;
  std::vector<Entry> entries_;
  size_t num_flushed_ = 0;
  std::set<int64_t> keys_;
};

}  // namespace vecdb::support

#endif  // VECDB_CRASH_PENDING_ORACLE_H_
