#ifndef VECDB_BASE_SABOTAGE_H_
#define VECDB_BASE_SABOTAGE_H_

#ifdef VECDB_SABOTAGE
#include <cstdlib>
#endif

namespace vecdb::base {

/// Whether the library is to make its deliberate mistake number `n`, each of which must turn a test
/// red: tests/sabotage.sh has the list. False, at no cost, unless the library was configured with
/// VECDB_SABOTAGE; then the environment variable of that name holds the number. Thread-safe.
#ifdef VECDB_SABOTAGE
inline bool Sabotaged(int n) {
  static const int chosen = [] {
    const char* given = std::getenv("VECDB_SABOTAGE");
    return given == nullptr ? 0 : std::atoi(given);
  }();
  return n == chosen;
}
#else
constexpr bool Sabotaged(int) { return false; }
#endif

}  // namespace vecdb::base

#endif  // VECDB_BASE_SABOTAGE_H_
