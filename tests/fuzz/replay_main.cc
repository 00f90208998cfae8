// Runs a target over its corpus without libFuzzer: every file, and of small ones every truncation
// and a few changes of every byte.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr size_t kSmallBytes = 4096;

void Run(const std::string& bytes, size_t size) {
  // A copy of just that size, so that a sanitizer sees the end of it.
  const std::vector<uint8_t> copy(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(copy.data(), copy.size());
}

size_t RunWithChanges(std::string bytes) {
  Run(bytes, bytes.size());
  if (bytes.size() > kSmallBytes) return 1;
  size_t runs = 1;
  for (size_t size = 0; size < bytes.size(); ++size, ++runs) Run(bytes, size);
  for (char& c : bytes) {
    const char good = c;
    for (const int changed : {0, good ^ 0x01, good ^ 0x80, good ^ 0xff}) {
      c = static_cast<char>(changed);
      if (c == good) continue;
      Run(bytes, bytes.size());
      ++runs;
    }
    c = good;
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s <corpus folder>\n", argv[0]);
    return 2;
  }
  size_t files = 0;
  size_t runs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    ++files;
    runs += RunWithChanges(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  std::printf("%zu files, %zu runs\n", files, runs);
  return files > 0 ? 0 : 1;
}
