#ifndef VECDB_JOURNAL_LOG_FOLLOWER_H_
#define VECDB_JOURNAL_LOG_FOLLOWER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "journal/log_place.h"
#include "journal/log_reader.h"
#include "journal/log_writer.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::journal {

/// Goes on reading a log whose files come whole, where a LogReader has ended and while a writer
/// adds to it: each file is read once. Single-threaded.
class LogFollower {
 public:
  /// Behind everything that `reader` has found in `place`, whose files do not grow.
  LogFollower(std::shared_ptr<LogPlace> place, LogIdentity identity, const LogReader& reader);

  /// The files that have come. One request.
  absl::StatusOr<std::vector<LogFileInfo>> ListNews(const Context& context) const;

  /// Reads `news`, which ListNews has given, and calls `apply` for each record in order. After an
  /// error it may be called again with what ListNews gives then, and goes on behind the last record
  /// that was applied. DataLoss when a file is missing, is damaged or belongs to another log: all
  /// of it is to be read anew.
  absl::Status Read(std::span<const LogFileInfo> news, const LogReader::Apply& apply,
                    const Host& host, const Context& context);

 private:
  absl::Status ReadFile(uint64_t number, const LogReader::Apply& apply, const Host& host,
                        const Context& context);

  const std::shared_ptr<LogPlace> place_;
  const LogIdentity identity_;
  uint64_t last_number_;
  uint64_t last_end_;       // of that file
  uint64_t last_sequence_;  // that was applied
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_FOLLOWER_H_
