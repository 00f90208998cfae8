// The library as a guest in its host's process: a scripted run in a forked child, and what it
// leaves behind there.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <clocale>
#include <filesystem>
#include <fstream>
#include <locale>
#include <map>
#include <set>
#include <thread>

#include "support/temp_directory.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

// What belongs to the host.
struct ProcessState {
  std::map<int, std::string> signals;  // the bytes of each action
  std::set<std::string> descriptors;
  size_t threads = 0;
  std::string locale;
  std::string cpp_locale;
  std::string directory;
  mode_t mask = 0;
};

std::set<std::string> NamesIn(const char* directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

size_t CountThreads() { return NamesIn("/proc/self/task").size(); }

// The kernel lists a thread for a moment after it was joined, so this waits until at most
// `expected` are left, ten seconds long.
size_t CountThreadsOnce(size_t expected) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (CountThreads() > expected && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  return CountThreads();
}

ProcessState Observe() {
  ProcessState state;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action = {};
    if (::sigaction(number, nullptr, &action) != 0) continue;
    state.signals[number] = std::to_string(reinterpret_cast<uintptr_t>(action.sa_handler)) + "," +
                            std::to_string(action.sa_flags);
  }
  state.descriptors = NamesIn("/proc/self/fd");
  state.threads = CountThreadsOnce(1);
  state.locale = std::setlocale(LC_ALL, nullptr);
  state.cpp_locale = std::locale().name();
  state.directory = std::filesystem::current_path().string();
  state.mask = ::umask(0);
  ::umask(state.mask);
  return state;
}

// A host's day: everything a database does, mistakes included. False when something surprises.
bool UseDatabase(const std::string& path) {
  const Schema schema = TaggedSchema();
  const auto db = Database::Open({.path = path, .num_threads = 3});
  if (!db.ok()) return false;
  bool good = !Database::Open({.path = path}).ok();
  good &= !(*db)->CreateCollection("../x", schema).ok();
  const auto c = (*db)->CreateCollection("c", schema, {.num_shards = 3});
  if (!c.ok()) return false;
  good &= (*c)->CreateIndex("v", Hnsw()).ok();
  good &= (*c)->Insert(TaggedRows(schema, Ids(0, 4000), "t")).ok();
  good &= !(*c)->Insert(TaggedRows(schema, Ids(0, 1), "t")).ok();
  good &= (*c)->Flush().ok();
  good &= (*c)->Upsert(TaggedRows(schema, Ids(10, 50), "u")).ok();
  good &= (*c)->Delete({1, 2, 3}).ok();
  good &= (*c)->WaitForIndex("v").ok();
  const std::vector<float> queries(40, 1.5f);
  const auto result = (*c)->Search({.vectors = queries, .output_fields = {"tag", "v"}});
  good &= result.ok() && result->num_queries() == 10;
  good &= (*c)->Release().ok() && (*c)->Load().ok();
  good &= (*db)->RenameCollection("c", "d").ok();
  good &= (*db)->CreateCollection("gone", schema).ok() && (*db)->DropCollection("gone").ok();
  good &= (*db)->Close().ok();
  return good && !(*c)->Count().ok();
}

// Damages every object and opens the database: errors, but no word on the host's terminal.
bool UseDamagedDatabase(const std::string& path) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && entry.path().filename() != "vecdb.json" &&
        entry.path().string().find("catalog") == std::string::npos &&
        entry.path().string().find("manifest") == std::string::npos) {
      std::ofstream(entry.path(), std::ios::app) << "damage";
    }
  }
  const auto db = Database::Open({.path = path});
  if (!db.ok()) return false;
  const auto collection = (*db)->OpenCollection("d");
  return collection.ok() && absl::IsDataLoss((*collection)->Get({20}).status());
}

// The exit status of the child.
int RunInChild(const std::string& path) {
  std::setlocale(LC_ALL, "C");
  UseDatabase(path + "/warm_up");  // what the C library itself opens or starts once
  const ProcessState before = Observe();
  int failures = UseDatabase(path + "/db") ? 0 : 1;
  failures += UseDamagedDatabase(path + "/db") ? 0 : 2;
  const ProcessState after = Observe();
  failures += before.signals == after.signals ? 0 : 4;
  failures += before.descriptors == after.descriptors ? 0 : 8;
  failures += after.threads == 1 ? 0 : 16;
  failures += before.locale == after.locale && before.cpp_locale == after.cpp_locale ? 0 : 32;
  failures += before.directory == after.directory && before.mask == after.mask ? 0 : 64;
  return failures;
}

TEST(GuestContractTest, HostFindsItsProcessAsItWas) {
  TempDirectory directory;
  std::array<int, 2> output = {};
  ASSERT_EQ(::pipe(output.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(output[1], STDERR_FILENO);
    ::_exit(RunInChild(directory.path()));
  }
  ::close(output[1]);
  std::string printed;
  std::array<char, 4096> buffer;
  for (ssize_t got = 0; (got = ::read(output[0], buffer.data(), buffer.size())) > 0;) {
    printed.append(buffer.data(), static_cast<size_t>(got));
  }
  ::close(output[0]);
  int state = 0;
  ASSERT_EQ(::waitpid(child, &state, 0), child);
  EXPECT_TRUE(WIFEXITED(state)) << state;
  EXPECT_EQ(WEXITSTATUS(state), 0) << "see RunInChild for the meaning of the bits";
  EXPECT_EQ(printed, "");
}

TEST(GuestContractTest, NoThreadIsLeftAfterCloseAndNoneIsStartedWithAnExecutorOfTheHost) {
  const size_t before = CountThreads();
  {
    const auto own = Database::Open({.store = MakeMemoryObjectStore(), .num_threads = 4});
    ASSERT_OK(own);
    EXPECT_EQ(CountThreads(), before + 4);
    ASSERT_OK((*own)->Close());
    EXPECT_EQ(CountThreadsOnce(before), before);
  }
  { const auto abandoned = Database::Open({.store = MakeMemoryObjectStore(), .num_threads = 2}); }
  EXPECT_EQ(CountThreadsOnce(before), before);
  TestDatabase hosted;
  ASSERT_OK(hosted->CreateCollection("c", TaggedSchema()));
  EXPECT_EQ(CountThreads(), before);
}

}  // namespace
}  // namespace vecdb::support
