#ifndef VECDB_JOURNAL_LOG_READER_H_
#define VECDB_JOURNAL_LOG_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "format/log_file.h"
#include "journal/log_place.h"
#include "journal/log_set.h"
#include "journal/log_writer.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::journal {

/// Which log is to be read, and what a manifest says of it.
struct LogExpectation {
  LogIdentity identity{};
  uint64_t first_file = 1;  ///< files before it are not needed
  uint64_t last_file = 1;   ///< files up to it were there
};

/// A log that was read from end to end and found whole: files without a gap, each valid up to where
/// the next one says that it ends. Changes nothing in its place. Single-threaded.
class LogReader {
 public:
  /// What was found, for a report.
  struct Findings {
    uint64_t num_files = 0;
    uint64_t num_records = 0;
    uint64_t bytes = 0;         ///< of records
    uint64_t newest_epoch = 0;  ///< of the writers of the files
    uint64_t torn_bytes = 0;    ///< behind the last record: a crash cut them off
    std::string torn_file{};
    std::string damage{};  ///< what was salvaged over; "" when nothing was damaged
  };

  /// NotFound when the place has no file of the log. DataLoss, naming file and offset, when a file
  /// is missing or something that was durable is not valid any more; with `salvage` the log is then
  /// what comes before the first damage. FailedPrecondition when a newer library has written it.
  static absl::StatusOr<LogReader> Open(LogPlace* place, const LogExpectation& expected,
                                        bool salvage, const Host& host, const Context& context);

  const Findings& findings() const { return findings_; }

  /// The files, for a Journal that is to continue them.
  const LogSet& files() const { return files_; }
  /// Up to where the last file is known to survive a power cut: a process that was killed may have
  /// left records behind it that the system holds in memory only, and that another sync need not
  /// bring to the disk after one that has failed.
  uint64_t durable_end() const { return durable_end_; }
  /// Where the last file ends.
  uint64_t end() const { return parts_.empty() ? 0 : parts_.back().end; }
  /// That of the last record; 0 when there is none.
  uint64_t last_sequence() const { return last_sequence_; }
  /// Those records, to be written into the next file. None when the file was written at once.
  absl::StatusOr<std::vector<PendingRecord>> ReadTail(const Host& host,
                                                      const Context& context) const;

  using Apply = std::function<absl::Status(std::string_view name, const format::LogRecord&)>;
  /// Calls `apply` for each record in order, with a name for messages, and stops at an error.
  absl::Status ForEach(const Apply& apply, const Host& host, const Context& context) const;

 private:
  // A file, and where it ends as part of the log.
  struct Part {
    uint64_t number = 0;
    uint64_t end = 0;
  };

  struct CheckedFile;

  explicit LogReader(LogPlace* place) : place_(place) {}

  absl::Status CheckFiles(const LogExpectation& expected, std::vector<LogFileInfo> listed,
                          bool salvage, const Host& host, const Context& context);
  absl::Status ForEachOf(const Part& part, const Apply& apply, const Host& host,
                         const Context& context) const;
  absl::StatusOr<CheckedFile> CheckFile(const LogExpectation& expected, uint64_t number,
                                        std::optional<uint64_t> end, const Host& host,
                                        const Context& context) const;

  LogPlace* place_;
  std::vector<Part> parts_;
  uint64_t durable_end_ = 0;  // of the last part
  uint64_t last_sequence_ = 0;
  LogSet files_;
  Findings findings_;
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_READER_H_
