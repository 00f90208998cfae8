#ifndef VECDB_CRASH_SCENARIOS_H_
#define VECDB_CRASH_SCENARIOS_H_

#include <span>

#include "crash/workload.h"

namespace vecdb::support {

/// Something that a program does with a new database, step by step.
struct Scenario {
  const char* name;
  void (*run)(Workload&);
  int stride = 1;  ///< from a step that is cut to the next
};

/// The 22 that are cut at every step, the cheap ones first.
std::span<const Scenario> Scenarios();

/// 40 steps at random with one to three collections, kills and closings among them.
void RunAtRandom(Workload& workload);

}  // namespace vecdb::support

#endif  // VECDB_CRASH_SCENARIOS_H_
