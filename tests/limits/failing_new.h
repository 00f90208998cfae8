#ifndef VECDB_LIMITS_FAILING_NEW_H_
#define VECDB_LIMITS_FAILING_NEW_H_

#include <cstdint>

namespace vecdb::support {

/// The operator new of this process, of which one call fails, or some in a row, on whatever thread
/// they come.
///
/// One caller is left out: the destructor of nlohmann's JSON, which allocates and throws nothing.
/// That ends the process, in a library that cannot be mended from here.
class FailingNew {
 public:
  /// What became of it.
  struct Seen {
    uint64_t num_calls = 0;  ///< while it was armed
    bool failed = false;
    bool left_out = false;
  };

  /// The `number`-th call from now on, counted from 1, throws std::bad_alloc, and so do those
  /// behind it until there are `count`; no other does.
  static void Arm(uint64_t number, uint64_t count = 1);
  static Seen Disarm();

  /// For who must tell why the process ends: what is armed.
  static uint64_t armed();
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_FAILING_NEW_H_
