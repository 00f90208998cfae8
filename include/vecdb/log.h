#ifndef VECDB_LOG_H_
#define VECDB_LOG_H_

#include <string_view>

namespace vecdb {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// Where the library tells of its work: flushes, builds, what it repaired. It never prints by
/// itself: without a sink it is silent. Implementations must be thread-safe and must not call back
/// into vecdb.
class LogSink {
 public:
  virtual ~LogSink() = default;

  /// One event, one line without a line feed. `message` is valid during the call only. It never
  /// holds a credential or the contents of a vector.
  virtual void Write(LogLevel level, std::string_view message) = 0;
};

}  // namespace vecdb

#endif  // VECDB_LOG_H_
