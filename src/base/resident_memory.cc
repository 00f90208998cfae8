#include "base/resident_memory.h"

#include <unistd.h>

#include <fstream>

namespace vecdb::base {

std::optional<uint64_t> ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  if (!(statm >> total_pages >> resident_pages)) return std::nullopt;
  const long page_bytes = sysconf(_SC_PAGESIZE);
  if (page_bytes <= 0) return std::nullopt;
  return resident_pages * static_cast<uint64_t>(page_bytes);
}

}  // namespace vecdb::base
