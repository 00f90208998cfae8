#ifndef VECDB_JOURNAL_JOURNAL_H_
#define VECDB_JOURNAL_JOURNAL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "journal/log_counts.h"
#include "journal/log_place.h"
#include "journal/log_set.h"
#include "journal/log_writer.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"

namespace vecdb::journal {

/// How far a log has come: records with tickets up to these have been handed to the system, and are
/// durable.
struct LogProgress {
  uint64_t written = 0;
  uint64_t synced = 0;

  bool HasReached(uint64_t ticket, Durability level) const {
    if (level == Durability::kNone) return true;
    return (level == Durability::kSynced ? synced : written) >= ticket;
  }
};

/// The write-ahead log of one collection, with group commit: whoever needs its record durable and
/// finds nobody writing writes those of all who wait, with one sync, on its own thread.
/// Thread-safe.
///
/// In a log of objects, where each group is a put of many milliseconds, it first waits for the
/// writers that the last put has let go, an eighth of the time of that put at most: otherwise each
/// of them would miss every other put. Nobody waits for a writer that is alone.
///
/// After an error the log is dead: nothing is written to it any more, no sync is tried again, and
/// what was on its way may or may not be found by the next opening.
class Journal {
 public:
  /// Continues a log whose files are `files`; the last stops being part of it at `previous_end`,
  /// and `carried` are the records behind that, which begin the next file. `is_fenced` says that
  /// the last file is one of FenceLog.
  Journal(std::unique_ptr<LogPlace> place, LogIdentity identity, LogSet files,
          uint64_t previous_end, uint64_t file_bytes, std::vector<PendingRecord> carried = {},
          bool is_fenced = false);

  /// Counts in `counts` from now on. Called before the log is used by several threads.
  void CountIn(std::shared_ptr<LogCounts> counts) { counts_ = std::move(counts); }

  /// A buffer of an earlier record, or an empty one, to make the next record in: its pages are
  /// mapped already.
  std::string TakeBuffer();

  /// Gives a record its place behind all earlier ones, and a ticket, counted from 1. Records come
  /// in the order of their sequences. Does no I/O.
  uint64_t Append(PendingRecord record);

  /// Hands all that was appended to the system unless another thread is writing, so that the disk
  /// works on it while the caller does something else before Reach. Does nothing for a log of
  /// objects. An error is for Reach to tell.
  void StartWriting();

  /// Waits until everything up to `ticket` has reached `level`, and writes if nobody does. With
  /// kNone it writes only when much has been gathered. Unknown when the log has died before that,
  /// or the context has ended: the record may be found by the next opening.
  absl::Status Reach(uint64_t ticket, Durability level, const Context& context);

  LogProgress progress() const;
  /// That of the record behind which nothing has been appended; 0 when nothing was.
  uint64_t last_ticket() const;

  /// Why the log is dead; OK while it lives.
  absl::Status error() const;

  /// Makes a new file for later records, so that those of now can be deleted, or, for a new log, so
  /// that a place in which no file can be made is known before anything is written. Among objects
  /// it fences an older writer: the next number is taken. Everything appended must be synced. When
  /// it fails without killing the log, the file of now goes on.
  absl::Status BeginFile(const Context& context);

  /// Where a manifest that covers everything up to `watermark` says that the log begins, and its
  /// last file so far.
  uint64_t FirstNeeded(uint64_t watermark) const;
  uint64_t last_number() const;

  uint64_t bytes() const;
  const std::string& log_id() const { return writer_.log_id(); }

  /// Deletes the files below `first_needed`, a number that a committed manifest holds. What cannot
  /// be deleted now is left, and so is the object that fences an older writer: one that sleeps
  /// would make its number anew, and acknowledge a write that nobody ever reads. Garbage collection
  /// leaves it, too: the first object of an epoch.
  void DeleteBelow(uint64_t first_needed);

  /// Deletes every file, after a committed manifest has said that the log is not needed.
  void DeleteAll();

 private:
  // Waits for the right to write; false when `ticket` has reached `level` before that.
  void AwaitGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<bool> BeginWriting(uint64_t ticket, Durability level, const Context& context)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LogProgress TakePending(std::vector<PendingRecord>* records)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WriteAll(std::vector<PendingRecord>* records, LogSet* news);
  void EndWriting(const absl::Status& status, LogProgress reached, LogSet news);
  void KeepBuffers(std::vector<PendingRecord> records) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasReached(uint64_t ticket, Durability level) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<LogPlace> place_;
  // The numbers that older writers would use next, one after the other: files without records.
  const std::vector<uint64_t> fences_;
  LogWriter writer_;                   // of the thread that has set busy_
  std::shared_ptr<LogCounts> counts_;  // may be null; set before the log is used

  mutable base::Mutex mutex_;  // a leaf
  base::CondVar changed_;
  LogSet files_ ABSL_GUARDED_BY(mutex_);
  std::vector<PendingRecord> pending_ ABSL_GUARDED_BY(mutex_);
  uint64_t pending_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t appended_ ABSL_GUARDED_BY(mutex_) = 0;  // tickets given
  LogProgress progress_ ABSL_GUARDED_BY(mutex_);
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  // Of a log of objects: whoever is busy waits for records, of as many as were there lately.
  base::CondVar appended_one_;
  bool gathers_ ABSL_GUARDED_BY(mutex_) = false;
  size_t group_size_ ABSL_GUARDED_BY(mutex_) = 0;
  std::chrono::nanoseconds last_put_ ABSL_GUARDED_BY(mutex_){};
  std::vector<std::string> spare_ ABSL_GUARDED_BY(mutex_);  // buffers that were written
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_JOURNAL_H_
