#include "common/machine.h"

#include <malloc.h>

#include <fstream>

#include "base/resident_memory.h"

namespace vecdb::bench {

std::string CpuName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != line.npos) return line.substr(colon + 2);
  }
  return "unknown";
}

uint64_t ResidentBytes() {
  malloc_trim(0);
  return base::ResidentBytes().value_or(0);
}

}  // namespace vecdb::bench
