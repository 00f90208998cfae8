// A cache whose directory is full, read-only, damaged, taken away or failing: opening says so, and
// later on reads are right all the same.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "store/cache_name.h"
#include "support/cache_testing.h"
#include "support/fault_file_system.h"
#include "support/forked_child.h"

namespace vecdb::support {
namespace {

class LinesOfLog : public LogSink {
 public:
  void Write(LogLevel, std::string_view message) override {
    base::MutexLock lock(&mutex_);
    lines_.emplace_back(message);
  }
  std::vector<std::string> lines() const {
    base::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable base::Mutex mutex_;  // a leaf
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

class CacheFaultsTest : public CacheTest {
 protected:
  CacheFaultsTest() {
    for (const char* path : {"a", "b", "c"}) Put(path, 10'000);
  }

  CachedStoreOptions FaultyOptions() {
    CachedStoreOptions options = Options();
    options.directory = "";
    options.file_system = std::make_shared<FaultFileSystem>(
        OpenLocalFileSystem(directory_.path() + "/cache").value(), disk_);
    return options;
  }

  void ExpectRight(CachedObjectStore& store) {
    for (const char* path : {"a", "b", "c"}) {
      EXPECT_TRUE(TextOf(store, path) == TextOf(*memory_, path)) << path;
    }
  }

  std::string PathOfKept(size_t i) const {
    return directory_.path() + "/cache/objects/" + Kept()[i];
  }

  const std::shared_ptr<FaultInjector> disk_ = std::make_shared<FaultInjector>();
};

// Row N1 for the cache: whichever call fails, however, what is read is right, then and by the next
// process.
TEST_F(CacheFaultsTest, AnyCallOfTheDirectoryMayFail) {
  int runs = 0;
  const absl::Status full = absl::ResourceExhaustedError("full");
  const absl::Status broken = absl::UnknownError("broken");
  for (const Fault& fault :
       {Fault{.error = full}, Fault{.mode = FaultMode::kFailAfter, .error = full},
        Fault{.sticky = true, .error = full}, Fault{.mode = FaultMode::kShortAppend, .error = full},
        Fault{.error = broken}, Fault{.mode = FaultMode::kFailAfter, .error = broken},
        Fault{.sticky = true, .error = broken},
        Fault{.sticky = true, .error = absl::PermissionDeniedError("read-only")},
        Fault{.error = absl::NotFoundError("gone")},
        Fault{.sticky = true, .error = absl::NotFoundError("gone")}}) {
    bool was_reached = true;
    for (int nth = 1; was_reached; ++nth, ++runs) {
      const std::shared_ptr<FileSystem> files = MakeMemoryFileSystem();
      CachedStoreOptions options = Options();
      options.directory = "";
      options.budget_bytes = 25'000;  // the third evicts the first
      options.file_system = std::make_shared<FaultFileSystem>(files, disk_);
      Fault armed = fault;
      armed.nth = nth;
      disk_->Arm(armed);
      const auto store = OpenCachedObjectStore(remote_, options);
      if (store.ok()) {
        ExpectRight(**store);
        ExpectRight(**store);
      } else {
        EXPECT_EQ(store.status().code(), fault.error.code()) << nth;
        EXPECT_NE(store.status().message().find("cannot keep objects in"), std::string::npos);
      }
      was_reached = disk_->num_matched() >= nth;
      disk_->Disarm();
      options.file_system = files;
      ExpectRight(*Open(options));
    }
  }
  std::printf("%d faults, 0 wrong reads\n", runs);
}

TEST_F(CacheFaultsTest, FullDiskIsReadPastAndSaidOnce) {
  LinesOfLog log;
  const auto store = Open(FaultyOptions(), {.log = &log});
  disk_->Arm({.call = "Append", .sticky = true, .error = absl::ResourceExhaustedError("full")});
  ExpectRight(*store);
  ExpectRight(*store);
  EXPECT_EQ(store->usage().failures, 6U);
  EXPECT_EQ(store->usage().passed_opens, 6U);
  EXPECT_TRUE(OnTheirWay().empty());
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_NE(log.lines()[0].find("full"), std::string::npos);
  disk_->Disarm();
  ExpectRight(*store);
  EXPECT_EQ(Kept().size(), 3U);
}

TEST_F(CacheFaultsTest, DiskSmallerThanTheBudgetEvictsAsIfItWereReached) {
  const auto store = Open(FaultyOptions());
  TextOf(*store, "a");
  TextOf(*store, "b");
  disk_->Arm({.call = "Preallocate", .error = absl::ResourceExhaustedError("full")});
  TextOf(*store, "c");
  EXPECT_EQ(store->usage().evicted_objects, 1U);
  EXPECT_EQ(store->usage().failures, 0U);
  EXPECT_EQ(Kept().size(), 2U);
  faults_->Disarm();
  TextOf(*store, "b");
  TextOf(*store, "c");
  EXPECT_EQ(Calls("Open"), 0);
}

// The system's own answer to a file that may not grow.
TEST_F(CacheFaultsTest, SystemThatRefusesBytesIsReadPast) {
  EXPECT_EQ(CodeInChild([&]() -> absl::Status {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{.rlim_cur = 5000, .rlim_max = 5000};
              if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return absl::InternalError("limit");
              auto store = OpenCachedObjectStore(remote_, Options());
              if (!store.ok()) return store.status();
              for (const char* path : {"a", "b", "c"}) {
                if (TextOf(**store, path) != TextOf(*memory_, path)) {
                  return absl::DataLossError(path);
                }
              }
              const CacheUsage usage = (*store)->usage();
              const bool is_right = usage.failures == 3 && usage.held_objects == 0;
              return is_right ? absl::OkStatus() : absl::InternalError("counts");
            }),
            absl::StatusCode::kOk);
}

// A directory of its own for this process, with room for three objects.
bool MountDiskOfOneMiB(const std::string& path) {
  const bool is_apart = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
  return is_apart && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m") == 0;
}

TEST_F(CacheFaultsTest, DiskThatIsFullKeepsWhatWasUsedLast) {
  for (int i = 0; i < 8; ++i) Put("large/" + std::to_string(i), 300'000);
  std::filesystem::create_directory(directory_.path() + "/cache");
  const absl::StatusCode code = CodeInChild([&]() -> absl::Status {
    if (!MountDiskOfOneMiB(directory_.path() + "/cache")) return absl::UnimplementedError("mount");
    const auto store = OpenCachedObjectStore(remote_, Options());
    if (!store.ok()) return store.status();
    for (int i = 0; i < 8; ++i) {
      const std::string path = "large/" + std::to_string(i);
      if (TextOf(**store, path) != TextOf(*memory_, path)) return absl::DataLossError(path);
    }
    TextOf(**store, "large/7");
    const CacheUsage usage = (*store)->usage();
    const bool is_right = usage.held_objects == 3 && usage.evicted_objects == 5 &&
                          usage.failures == 0 && usage.hits == 1;
    return is_right ? absl::OkStatus() : absl::InternalError("counts");
  });
  if (code == absl::StatusCode::kUnimplemented) GTEST_SKIP() << "no disk may be mounted here";
  EXPECT_EQ(code, absl::StatusCode::kOk);
}

TEST_F(CacheFaultsTest, ReadOnlyDirectoryIsRefusedWithItsName) {
  Open();
  for (const char* part : {"", "/objects", "/fetching"}) {
    std::filesystem::permissions(directory_.path() + "/cache" + part, std::filesystem::perms(0555));
  }
  std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
  EXPECT_EQ(CodeInChild([&]() -> absl::Status {
              // Root may write anywhere.
              if (::geteuid() == 0 && ::setuid(65534) != 0) return absl::InternalError("setuid");
              const auto store = OpenCachedObjectStore(remote_, Options());
              const bool is_named =
                  store.status().message().find(directory_.path()) != std::string::npos;
              return is_named ? store.status() : absl::InternalError(store.status().message());
            }),
            absl::StatusCode::kPermissionDenied);
  for (const char* part : {"", "/objects", "/fetching"}) {
    std::filesystem::permissions(directory_.path() + "/cache" + part, std::filesystem::perms(0755));
  }
}

TEST_F(CacheFaultsTest, DirectoryThatBecomesReadOnlyServesWhatItHas) {
  const auto store = Open(FaultyOptions());
  TextOf(*store, "a");
  const absl::Status read_only = absl::PermissionDeniedError("read-only");
  for (const char* call : {"CreateFile", "Lock", "Link", "Unlink"}) {
    disk_->Arm({.call = call, .sticky = true, .error = read_only});
    faults_->Disarm();
    ExpectRight(*store);
    EXPECT_EQ(Calls("Open"), 2) << call;
    disk_->Disarm();
  }
}

TEST_F(CacheFaultsTest, FileInThePlaceOfTheDirectoryIsRefused) {
  std::ofstream(directory_.path() + "/cache") << "x";
  EXPECT_EQ(CodeOf(OpenCachedObjectStore(remote_, Options())),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(CacheFaultsTest, DirectoryThatIsEmptiedUnderItFillsAgain) {
  const auto store = Open();
  ExpectRight(*store);
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path() + "/cache")) {
    std::filesystem::remove_all(entry.path());
  }
  ExpectRight(*store);
  EXPECT_EQ(store->usage().failures, 0U);
  EXPECT_EQ(store->usage().fetched_objects, 6U);
}

TEST_F(CacheFaultsTest, DirectoryThatIsRemovedUnderItIsReadPast) {
  const auto store = Open();
  ExpectRight(*store);
  std::filesystem::remove_all(directory_.path() + "/cache");
  ExpectRight(*store);
  EXPECT_EQ(store->usage().failures, 3U);
  ExpectRight(*Open());
}

TEST_F(CacheFaultsTest, DamagedFilesAreFetchedAgain) {
  ExpectRight(*Open());
  const auto damage = [&](size_t i, const std::function<void(std::string&)>& change) {
    std::ifstream in(PathOfKept(i), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    change(text);
    std::ofstream(PathOfKept(i), std::ios::binary | std::ios::trunc) << text;
  };
  damage(0, [](std::string& text) { text[5000] = static_cast<char>(text[5000] ^ 4); });
  damage(1, [](std::string& text) { text.resize(9999); });
  damage(2, [](std::string& text) { std::fill(text.begin() + 4096, text.begin() + 8192, '\0'); });
  LinesOfLog log;
  const auto store = Open(Options(), {.log = &log});
  ExpectRight(*store);
  EXPECT_EQ(store->usage().damaged_files, 3U);
  EXPECT_EQ(log.lines().size(), 3U);
  faults_->Disarm();
  ExpectRight(*Open());
  EXPECT_EQ(Calls("Open"), 0);
}

TEST_F(CacheFaultsTest, NamesThatLieAreNotBelieved) {
  ExpectRight(*Open());
  // One object under the name of another, with the size and checksum of its own.
  const auto a = store::ParseCacheName(std::filesystem::path(Kept()[0]).filename().string());
  const auto b = store::ParseCacheName(std::filesystem::path(Kept()[1]).filename().string());
  const std::string root = directory_.path() + "/cache/";
  store::CacheName lie = *b;
  lie.key = a->key;
  lie.checksum ^= 1;
  std::filesystem::rename(root + b->path(), root + lie.path());
  std::filesystem::remove(root + a->path());
  ExpectRight(*Open());
  // A link in the place of an object.
  std::filesystem::remove(root + a->path());
  std::ofstream(root + "elsewhere") << std::string(10'000, 'x');
  std::filesystem::create_symlink(root + "elsewhere", root + a->path());
  ExpectRight(*Open());
  ExpectRight(*Open());
}

TEST_F(CacheFaultsTest, DeleteWorksWhereTheDirectoryDoesNot) {
  const auto store = Open(FaultyOptions());
  TextOf(*store, "a");
  disk_->Arm({.sticky = true, .error = absl::PermissionDeniedError("read-only")});
  ASSERT_OK(store->Delete(PathOf("a")));
  EXPECT_EQ(CodeOf(store->Open(PathOf("a"))), absl::StatusCode::kNotFound);
  disk_->Disarm();
  EXPECT_EQ(CodeOf(store->Open(PathOf("a"))), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vecdb::support
