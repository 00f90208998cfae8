#ifndef VECDB_CLOCK_H_
#define VECDB_CLOCK_H_

#include <cstdint>

namespace vecdb {

/// The wall clock that timestamps are made from. Tests hand in their own. Implementations must be
/// thread-safe. A clock that stands still or runs backwards is tolerated: timestamps still grow.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Milliseconds since 1970-01-01 UTC.
  virtual int64_t NowMillis() const = 0;
};

/// The clock of the operating system. Stateless and never destroyed.
const Clock& SystemClock();

}  // namespace vecdb

#endif  // VECDB_CLOCK_H_
