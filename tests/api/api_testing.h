#ifndef VECDB_TESTS_API_API_TESTING_H_
#define VECDB_TESTS_API_API_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file_path.h"
#include "base/mutex.h"
#include "catalog/version_store.h"
#include "engine/segment_objects.h"
#include "format/manifest.h"
#include "journal/log_name.h"
#include "support/file_io.h"
#include "support/status_testing.h"
#include "support/store_testing.h"
#include "support/test_database.h"
#include "support/unlocked_store.h"

namespace vecdb::support {

using Code = absl::StatusCode;

inline bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Keeps what the library tells of its work. Thread-safe.
class LogLines final : public LogSink {
 public:
  void Write(LogLevel level, std::string_view message) override {
    base::MutexLock lock(&mutex_);
    lines_.emplace_back(level, message);
  }
  /// How many lines of this level have `part` in them.
  size_t Count(LogLevel level, std::string_view part) const {
    base::MutexLock lock(&mutex_);
    return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [&](const auto& line) {
      return line.first == level && Contains(line.second, part);
    }));
  }

 private:
  mutable base::Mutex mutex_;  // a leaf
  std::vector<std::pair<LogLevel, std::string>> lines_ ABSL_GUARDED_BY(mutex_);
};

/// The files below a directory, by their whole names; none when it is not there.
inline std::vector<std::string> FilesBelow(FileSystem& files, const std::string& directory) {
  std::vector<std::string> found;
  const auto entries = files.List(directory);
  if (!entries.ok()) return found;
  for (const DirectoryEntry& entry : *entries) {
    const std::string path = base::JoinPath(directory, entry.name);
    if (!entry.is_directory) {
      found.push_back(path);
      continue;
    }
    const std::vector<std::string> below = FilesBelow(files, path);
    found.insert(found.end(), below.begin(), below.end());
  }
  return found;
}

/// The log files among them.
inline std::vector<std::string> LogFiles(FileSystem& files) {
  std::vector<std::string> logs = FilesBelow(files, "");
  std::erase_if(logs, [](const std::string& path) { return !path.ends_with(".log"); });
  return logs;
}

/// The objects whose names have `part` in them.
inline std::vector<std::string> ObjectsWith(ObjectStore& store, std::string_view part) {
  std::vector<std::string> found;
  for (const char* folder : {"catalog", "collections"}) {
    const auto infos = store.List(PathOf(folder));
    EXPECT_OK(infos);
    if (!infos.ok()) continue;
    for (const ObjectInfo& info : *infos) {
      if (Contains(info.path.str(), part)) found.push_back(info.path.str());
    }
  }
  return found;
}

/// The newest manifest of a collection, by its folder: "collections/<id>".
inline format::Manifest NewestManifest(ObjectStore& store, const std::string& folder) {
  const catalog::VersionStore manifests(&store, PathOf(absl::StrCat(folder, "/manifest")),
                                        "manifest");
  return *format::ManifestFromJson("manifest", (*manifests.ReadNewest({}))->body);
}

/// The objects of a database in which nothing is superfluous: the newest catalog, the newest
/// manifest of each collection that it names, and what that names. Boundaries and the identity,
/// which say nothing of rows, are left out.
inline std::set<std::string> ReferencedObjects(ObjectStore& store) {
  const auto newest_of = [&](const std::string& folder) {
    std::vector<std::string> versions = ObjectsWith(store, absl::StrCat(folder, "/"));
    std::erase_if(versions, [&](const std::string& path) {
      return Contains(path, "boundary") || path.rfind('/') != folder.size();
    });
    return versions.back();
  };
  const std::string newest = newest_of("catalog");
  std::set<std::string> names = {newest};
  const catalog::VersionStore catalogs(&store, PathOf("catalog"), "catalog");
  const auto entries = format::CatalogFromJson("catalog", (*catalogs.ReadNewest({}))->body);
  EXPECT_OK(entries);
  for (const format::CatalogEntry& entry : *entries) {
    if (entry.dropped) continue;
    const std::string folder = absl::StrCat("collections/", entry.id);
    names.insert(newest_of(absl::StrCat(folder, "/manifest")));
    const format::Manifest manifest = NewestManifest(store, folder);
    for (const std::string& name : engine::ObjectNamesOf(manifest)) names.insert(name);
    if (manifest.journal.id.empty()) continue;
    const std::string log = absl::StrCat(folder, "/journal/", manifest.journal.id, "/");
    for (const std::string& name : ObjectsWith(store, log)) {
      const auto number = journal::LogFileNumber(std::string_view(name).substr(log.size()));
      if (number >= manifest.journal.first_file) names.insert(name);
    }
  }
  return names;
}

/// Puts other bytes into a file.
inline void ReplaceFile(FileSystem& files, const std::string& path, std::string_view text) {
  EXPECT_OK(files.Unlink(path));
  EXPECT_OK(WriteFile(files, path, text));
}

inline void ReplaceObject(ObjectStore& store, const std::string& path, std::string_view text) {
  EXPECT_OK(store.Delete(PathOf(path)));
  EXPECT_OK(PutObject(store, PathOf(path), text));
}

inline std::string FlipByte(const std::string& text, size_t at) {
  std::string flipped = text;
  char& byte = flipped.at(at);
  byte = static_cast<char>(byte ^ 0x10);
  return flipped;
}

/// Whether the message of an error names something.
template <typename Result>
::testing::AssertionResult Says(const Result& result, std::string_view part) {
  if (Contains(std::string(StatusOf(result).message()), part)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << StatusOf(result) << " does not say \"" << part << "\"";
}

/// Adds rows to a collection and to the oracle.
inline void Put(Collection& collection, Oracle* oracle, const std::vector<int64_t>& ids,
                const std::string& tag, const WriteOptions& options = {}) {
  const RowBatch rows = TaggedRows(oracle->schema(), ids, tag);
  ASSERT_OK(collection.Upsert(rows, options));
  oracle->Put(rows);
}

/// Deletes rows from both.
inline void Remove(Collection& collection, Oracle* oracle, const std::vector<int64_t>& ids) {
  ASSERT_OK(collection.Delete(ids));
  for (const int64_t id : ids) oracle->Delete(id);
}

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_API_TESTING_H_
