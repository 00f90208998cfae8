#ifndef VECDB_LIMITS_SHORTAGE_H_
#define VECDB_LIMITS_SHORTAGE_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/fault_injector.h"

namespace vecdb::support {

/// What a process runs out of.
enum class Shortage {
  kDescriptors,  ///< RLIMIT_NOFILE is 20, and all of them are taken
  kFileSize,     ///< RLIMIT_FSIZE
  kFullDisk,     ///< of the segments and the journal
  kFullJournal,  ///< of the journal alone
  kThrottled,    ///< the store refuses every call
};
inline constexpr int kNumShortages = 5;

/// Brings shortages upon the process that it lives in, which is to be a forked child, and takes
/// them away. The disks are a small one of their own where the system allows that.
class ShortProcess {
 public:
  ShortProcess(std::string path, Shortage shortage) : path_(std::move(path)) {
    ::signal(SIGXFSZ, SIG_IGN);
    // Others' files, which a test runner has left open.
    for (int descriptor = 3; descriptor < 1024; ++descriptor) ::close(descriptor);
    if (shortage == Shortage::kDescriptors) Limit(RLIMIT_NOFILE, 20);
    is_small_disk_ = MountSmallDisk();
  }

  const std::string& path() const { return path_; }
  std::shared_ptr<FaultInjector> store_faults() const { return store_faults_; }
  std::shared_ptr<FaultInjector> journal_faults() const { return journal_faults_; }

  void Begin(Shortage shortage) {
    switch (shortage) {
      case Shortage::kDescriptors:
        for (int taken; (taken = ::open("/dev/null", O_RDONLY)) >= 0;) taken_.push_back(taken);
        return;
      case Shortage::kFileSize:
        return Limit(RLIMIT_FSIZE, 512);
      case Shortage::kFullDisk:
        if (is_small_disk_) return FillDisk();
        Fail(store_faults_, "Create", NoSpace());
        return Fail(journal_faults_, "Append", NoSpace());
      case Shortage::kFullJournal:
        return Fail(journal_faults_, "Append", NoSpace());
      case Shortage::kThrottled:
        return Fail(store_faults_, "", absl::UnavailableError("slow down: the store is throttled"));
    }
  }

  void End() {
    for (const int taken : taken_) ::close(taken);
    taken_.clear();
    Limit(RLIMIT_FSIZE, RLIM_INFINITY);
    std::error_code ignored;
    std::filesystem::remove(Filler(), ignored);
    store_faults_->Disarm();
    journal_faults_->Disarm();
  }

  /// What an error says that comes of it.
  static std::string Cause(Shortage shortage) {
    switch (shortage) {
      case Shortage::kDescriptors:
        return "Too many open files";
      case Shortage::kFileSize:
        return "File too large";
      case Shortage::kFullDisk:
      case Shortage::kFullJournal:
        return "No space left on device";
      case Shortage::kThrottled:
        return "the store is throttled";
    }
    return {};
  }

 private:
  static absl::Status NoSpace() {
    return absl::ResourceExhaustedError("injected: No space left on device");
  }

  static void Fail(const std::shared_ptr<FaultInjector>& faults, const char* call,
                   const absl::Status& error) {
    faults->Arm({.call = call, .sticky = true, .error = error});
  }

  static void Limit(int what, rlim_t most) {
    struct rlimit limit;
    ASSERT_EQ(::getrlimit(static_cast<__rlimit_resource>(what), &limit), 0);
    limit.rlim_cur = std::min(most, limit.rlim_max);
    ASSERT_EQ(::setrlimit(static_cast<__rlimit_resource>(what), &limit), 0);
  }

  static bool WriteProc(const char* file, const std::string& text) {
    std::ofstream out(file);
    out << text;
    out.close();
    return !out.fail();
  }

  // Who has not the right to mount may have it in a world of his own, as its root.
  static bool MayMount() {
    const std::string user = absl::StrCat("0 ", ::getuid(), " 1");
    const std::string group = absl::StrCat("0 ", ::getgid(), " 1");
    if (::unshare(CLONE_NEWNS) == 0) return true;
    return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           WriteProc("/proc/self/setgroups", "deny") && WriteProc("/proc/self/uid_map", user) &&
           WriteProc("/proc/self/gid_map", group);
  }

  bool MountSmallDisk() const {
    return MayMount() && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=32m") == 0;
  }

  std::string Filler() const { return path_ + "/filler"; }

  void FillDisk() const {
    const int filler = ::open(Filler().c_str(), O_CREAT | O_WRONLY, 0600);
    ASSERT_GE(filler, 0);
    const std::vector<char> zeros(1 << 16);
    while (::write(filler, zeros.data(), zeros.size()) > 0) continue;
    ::close(filler);
  }

  const std::string path_;
  bool is_small_disk_ = false;
  std::vector<int> taken_;
  const std::shared_ptr<FaultInjector> store_faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FaultInjector> journal_faults_ = std::make_shared<FaultInjector>();
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_SHORTAGE_H_
