#ifndef VECDB_JOURNAL_LOG_WRITER_H_
#define VECDB_JOURNAL_LOG_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "format/log_file.h"
#include "journal/log_place.h"
#include "journal/log_set.h"

namespace vecdb::journal {

/// Whose log it is; goes into the header of every file.
struct LogIdentity {
  std::string collection_id{};
  std::string log_id{};
  uint64_t epoch = 0;
};

/// A record on its way: its bytes as format::EncodeRows makes them, with room for the frame in
/// front.
struct PendingRecord {
  std::string bytes{};
  uint64_t payload_bytes = 0;
  uint64_t sequence = 0;
};

/// Writes records into the files of a log, one file after the other. Single-threaded. After an
/// error of Write or Sync it can only be destroyed.
class LogWriter {
 public:
  /// Continues behind file `last_number` (0 when there is none), whose records stop at
  /// `previous_end`: those behind it are `carried`, and the next file begins with them. `place` is
  /// borrowed.
  LogWriter(LogPlace* place, LogIdentity identity, uint64_t last_number, uint64_t previous_end,
            uint64_t file_bytes, std::vector<PendingRecord> carried = {});

  /// Hands records to the system, and fills in their frames; notes in `files` what they have become
  /// part of. In a place whose files do not grow they are durable then. Begins with the first that
  /// `num_written` does not count yet, and counts on: without memory it throws std::bad_alloc, and
  /// may be called again.
  absl::Status Write(std::span<PendingRecord> records, size_t* num_written, LogSet* files);
  absl::Status Write(std::span<PendingRecord> records, LogSet* files) {
    size_t num_written = 0;
    return Write(records, &num_written, files);
  }

  /// Makes durable what was written. Throws nothing.
  absl::Status Sync();

  /// Ends the file of now, durable, and makes the next one. Errors other than Unknown and Aborted:
  /// the file of now goes on, and so may this object.
  absl::Status BeginFile(LogSet* files);

  const std::string& log_id() const { return identity_.log_id; }

 private:
  std::string EncodeNextHeader(format::LogFileHeader* header) const;
  std::string EncodeCarried(const format::LogFileHeader& header, uint64_t offset);
  absl::Status Create(format::LogFileHeader header, std::string_view bytes, uint64_t last_sequence,
                      LogSet* files);
  absl::Status WriteWhole(std::span<PendingRecord> records, LogSet* files);
  absl::Status WriteGrowing(std::span<PendingRecord> records, size_t* num_written, LogSet* files);
  absl::Status Append(std::string_view bytes, uint64_t last_sequence, LogSet* files);
  absl::Status MakeRoom(uint64_t bytes);

  LogPlace* const place_;
  const LogIdentity identity_;
  const uint64_t file_bytes_;  // a file that has come to this is followed by another
  std::vector<PendingRecord> carried_;
  std::unique_ptr<AppendFile> file_;
  format::LogFileHeader header_;  // of the file of now
  uint64_t end_ = 0;              // where its records stop
  uint64_t synced_ = 0;           // of those bytes, the durable ones
  uint64_t preallocated_ = 0;     // bytes that the file has room for
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_WRITER_H_
