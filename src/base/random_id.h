#ifndef VECDB_BASE_RANDOM_ID_H_
#define VECDB_BASE_RANDOM_ID_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace vecdb::base {

/// What an id is made of. Machines exist whose random source answers zeros, so no single member may
/// be what keeps two ids apart.
struct IdEntropy {
  std::array<uint64_t, 2> random{};  ///< from the operating system
  uint64_t process = 0;
  uint64_t wall_clock = 0;
  uint64_t steady_clock = 0;
  uint64_t counter = 0;  ///< of ids made in this process
  uint64_t address = 0;  ///< of the stack, which the system places at random
};

/// Reads every source once.
IdEntropy GatherIdEntropy();

/// 32 hexadecimal digits that depend on every member.
std::string MakeId(const IdEntropy& entropy);

/// Whether `text` could be what RandomId gives.
inline bool IsRandomId(std::string_view text) {
  return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A name that no other call, thread, process or machine gives: 128 bits as 32 hexadecimal digits.
/// Thread-safe.
std::string RandomId();

}  // namespace vecdb::base

#endif  // VECDB_BASE_RANDOM_ID_H_
