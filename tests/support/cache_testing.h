#ifndef VECDB_SUPPORT_CACHE_TESTING_H_
#define VECDB_SUPPORT_CACHE_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/fault_injector.h"
#include "support/fault_object_store.h"
#include "support/file_io.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "support/store_testing.h"
#include "support/temp_directory.h"
#include "vecdb/cached_store.h"

namespace vecdb::support {

/// `size` bytes that no other seed gives.
inline std::string RandomText(uint64_t seed, size_t size) {
  SeededRandom random(seed);
  std::string text(size, '\0');
  size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    const uint64_t word = random.Next();
    std::copy_n(reinterpret_cast<const char*>(&word), 8, text.data() + at);
  }
  for (; at < size; ++at) text[at] = static_cast<char>(random.Next());
  return text;
}

inline CacheUse KeepAll(const ObjectPath&) { return CacheUse::kWhole; }
inline CacheUse PassAll(const ObjectPath&) { return CacheUse::kRanges; }

/// The whole object, read in one go.
inline std::string TextOf(ObjectStore& store, std::string_view path) {
  const auto text = GetObject(store, PathOf(path), kNoLimit);
  return text.ok() ? *text : text.status().ToString();
}

/// The files below `directory`, with the folders before their names, sorted.
inline std::vector<std::string> FilesBelow(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, ignored)) {
    if (!entry.is_regular_file()) continue;
    files.push_back(std::filesystem::relative(entry.path(), directory).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// A store whose calls are counted and may fail, and caches of it in one directory.
class CacheTest : public ::testing::Test {
 protected:
  static constexpr uint64_t kMiB = uint64_t{1} << 20;

  CachedStoreOptions Options() const {
    return {.directory = directory_.path() + "/cache",
            .store_name = "a store",
            .budget_bytes = 64 * kMiB,
            .use = KeepAll};
  }

  std::shared_ptr<CachedObjectStore> Open(CachedStoreOptions options, const Host& host = {}) {
    auto store = OpenCachedObjectStore(remote_, std::move(options), host);
    EXPECT_OK(store);
    return store.ok() ? *store : nullptr;
  }
  std::shared_ptr<CachedObjectStore> Open() { return Open(Options()); }

  /// An object in the store, and its text.
  std::string Put(std::string_view path, size_t size) {
    std::string text = RandomText(std::hash<std::string_view>()(path) + size, size);
    EXPECT_OK(PutObject(*memory_, PathOf(path), text));
    return text;
  }

  /// How often a method of the store was called since the last call of faults_->Disarm.
  int64_t Calls(std::string_view method) const {
    const auto calls = faults_->calls();
    return std::count(calls.begin(), calls.end(), method);
  }

  std::vector<std::string> Kept() const { return FilesBelow(directory_.path() + "/cache/objects"); }
  std::vector<std::string> OnTheirWay() const {
    return FilesBelow(directory_.path() + "/cache/fetching");
  }

  const TempDirectory directory_;
  const std::shared_ptr<ObjectStore> memory_ = MakeMemoryObjectStore();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<ObjectStore> remote_ = std::make_shared<FaultObjectStore>(memory_, faults_);
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_CACHE_TESTING_H_
