#ifndef VECDB_BASE_POWER_CUT_TESTING_H_
#define VECDB_BASE_POWER_CUT_TESTING_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "base/file_path.h"
#include "support/fake_clock.h"
#include "support/file_io.h"
#include "support/power_cut_file_system.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"

namespace vecdb::support {

constexpr uint64_t kNumSeeds = 200;

// Letters, so none of them 0.
inline std::string Text(size_t size, uint64_t seed) {
  SeededRandom random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>('A' + random.Below(26));
  return text;
}

inline bool Exists(FileSystem& files, const std::string& path) {
  return files.OpenForRead(path).ok();
}

// The text of each file by its path, and "/" for each directory.
inline void AddContents(FileSystem& files, const std::string& path,
                        std::map<std::string, std::string>& found) {
  const auto entries = files.List(path);
  ASSERT_OK(entries);
  for (const DirectoryEntry& entry : *entries) {
    const std::string below = base::JoinPath(path, entry.name);
    if (entry.is_directory) {
      found[below] = "/";
      AddContents(files, below, found);
    } else {
      const auto text = ReadFile(files, below);
      ASSERT_OK(text);
      found[below] = *text;
    }
  }
}

inline std::map<std::string, std::string> ContentsOf(FileSystem& files) {
  std::map<std::string, std::string> found;
  AddContents(files, "", found);
  return found;
}

class PowerCutTest : public ::testing::Test {
 protected:
  // A file whose name and bytes are durable.
  std::unique_ptr<AppendFile> DurableFile(const std::string& path, std::string_view text) {
    auto file = files_.CreateFile(path);
    EXPECT_OK(file);
    EXPECT_OK((*file)->Append(BytesOf(text)));
    EXPECT_OK((*file)->Sync());
    EXPECT_OK(files_.SyncDirectory(std::string(base::ParentPath(path))));
    return std::move(*file);
  }

  // What `look` says of the image of each seed.
  template <typename Look>
  auto OverSeeds(Look look) {
    std::map<decltype(look(files_)), int> seen;
    for (uint64_t seed = 0; seed < kNumSeeds; ++seed) ++seen[look(*files_.Cut(seed))];
    return seen;
  }

  // The text of a file, "none" when it is not there.
  static std::string TextOf(FileSystem& files, const std::string& path) {
    return Exists(files, path) ? *ReadFile(files, path) : "none";
  }
  std::map<std::string, int> TextsOf(const std::string& path) {
    return OverSeeds([&](FileSystem& image) { return TextOf(image, path); });
  }
  std::map<bool, int> ExistenceOf(const std::string& path) {
    return OverSeeds([&](FileSystem& image) { return Exists(image, path); });
  }

  FakeClock clock_;
  PowerCutFileSystem files_{clock_};
};

}  // namespace vecdb::support

#endif  // VECDB_BASE_POWER_CUT_TESTING_H_
