#include "vecdb/clock.h"

#include <chrono>

namespace vecdb {
namespace {

class SystemClockImpl final : public Clock {
 public:
  int64_t NowMillis() const override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }
};

}  // namespace

const Clock& SystemClock() {
  // Never destroyed, so that a database closed late in the host's exit can still ask for the time.
  static const Clock* const clock = new SystemClockImpl();
  return *clock;
}

}  // namespace vecdb
