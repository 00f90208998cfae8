#include "support/fault_injector.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/fault_file_system.h"
#include "support/fault_object_store.h"
#include "support/file_io.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::support {
namespace {

using Calls = std::vector<std::string>;

using absl::StatusCode::kUnknown;

// Which of `count` calls of `call` on `path` fail: "x" for each that does, "." for the others.
std::string Failures(FaultInjector& injector, int count, const std::string& call = "Sync",
                     const std::string& path = "f") {
  std::string seen;
  for (int i = 0; i < count; ++i) {
    const absl::Status status = injector.Run(call, path, [] { return absl::OkStatus(); });
    seen += status.ok() ? '.' : 'x';
  }
  return seen;
}

TEST(FaultInjectorTest, NothingFailsUnlessArmed) {
  FaultInjector injector;
  EXPECT_EQ(Failures(injector, 3), "...");
  injector.Arm({});
  EXPECT_EQ(Failures(injector, 3), "x..");
  injector.Arm({});
  injector.Disarm();
  EXPECT_EQ(Failures(injector, 3), "...");
}

TEST(FaultInjectorTest, TheNthFailsAndWhenStickyAllAfterIt) {
  FaultInjector injector;
  injector.Arm({.nth = 3});
  EXPECT_EQ(Failures(injector, 6), "..x...");
  injector.Arm({.nth = 3, .sticky = true});
  EXPECT_EQ(Failures(injector, 6), "..xxxx");
}

TEST(FaultInjectorTest, StickyFaultFailsOnlyWhatItsFiltersMatch) {
  FaultInjector injector;
  injector.Arm({.call = "Sync", .path_contains = "log", .nth = 2, .sticky = true});
  EXPECT_EQ(Failures(injector, 2, "Append", "log/1"), "..");
  EXPECT_EQ(Failures(injector, 2, "Sync", "data/1"), "..");
  EXPECT_EQ(Failures(injector, 3, "Sync", "a/log/1"), ".xx");
  EXPECT_EQ(Failures(injector, 2, "Append", "log/1"), "..");
  EXPECT_EQ(Failures(injector, 2, "Sync", ""), "..");
}

TEST(FaultInjectorTest, CountsCallsAndThoseThatTheFiltersMatch) {
  FaultInjector injector;
  injector.Arm({.call = "Sync", .path_contains = "g", .nth = 100});
  Failures(injector, 2, "Sync", "f");
  Failures(injector, 3, "Sync", "g");
  Failures(injector, 1, "Append", "g");
  EXPECT_EQ(injector.calls(), (Calls{"Sync", "Sync", "Sync", "Sync", "Sync", "Append"}));
  EXPECT_EQ(injector.numbered(), 6);
  EXPECT_EQ(injector.num_matched(), 3);
  injector.Disarm();
  EXPECT_EQ(injector.numbered(), 0);
  Failures(injector, 2);
  EXPECT_EQ(injector.numbered(), 2);
  EXPECT_EQ(injector.num_matched(), 2);
}

TEST(FaultInjectorTest, EachModeDoesWhatItsNameSays) {
  struct Case {
    FaultMode mode;
    bool happens;
    absl::StatusCode code;
  };
  FaultInjector injector;
  for (const Case& c : {Case{FaultMode::kFailBefore, false, absl::StatusCode::kUnavailable},
                        Case{FaultMode::kFailAfter, true, absl::StatusCode::kUnavailable},
                        Case{FaultMode::kShortAppend, false, absl::StatusCode::kUnavailable},
                        Case{FaultMode::kSlow, true, absl::StatusCode::kOk}}) {
    bool happened = false;
    injector.Arm({.mode = c.mode, .error = absl::UnavailableError("injected")});
    const absl::Status status = injector.Run("Link", "f", [&] {
      happened = true;
      return absl::OkStatus();
    });
    EXPECT_EQ(CodeOf(status), c.code);
    EXPECT_EQ(happened, c.happens);
  }
}

TEST(FaultInjectorTest, AppendIsWholeHalfOrNotThere) {
  struct Case {
    FaultMode mode;
    std::string written;
    absl::StatusCode code;
  };
  for (const Case& c :
       {Case{FaultMode::kFailBefore, "", kUnknown}, Case{FaultMode::kFailAfter, "012345", kUnknown},
        Case{FaultMode::kShortAppend, "012", kUnknown},
        Case{FaultMode::kSlow, "012345", absl::StatusCode::kOk}}) {
    const auto injector = std::make_shared<FaultInjector>();
    FaultFileSystem files(MakeMemoryFileSystem(), injector);
    const auto file = files.CreateFile("f");
    ASSERT_OK(file);
    injector->Arm({.mode = c.mode});
    EXPECT_EQ(CodeOf((*file)->Append(BytesOf("012345"))), c.code);
    EXPECT_EQ(*ReadFile(files, "f"), c.written);
  }
}

TEST(FaultInjectorTest, SlowCallWaitsBeforeItHappensAndHoldsNoLock) {
  FaultInjector injector;
  std::string order;
  injector.Arm({.nth = 2, .mode = FaultMode::kSlow, .on_slow = [&] {
                  order += injector.numbered() == 2 ? "slow " : "? ";
                }});
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(injector.Run("Link", "f", [&] {
      order += "link ";
      return absl::OkStatus();
    }));
  }
  EXPECT_EQ(order, "link slow link link ");
  injector.Arm({.mode = FaultMode::kSlow});
  EXPECT_EQ(Failures(injector, 1), ".");
}

TEST(FaultInjectorTest, OddsAreThoseAskedForAndRepeatWithTheSeed) {
  FaultInjector injector;
  injector.ArmOdds(1, 8);
  const std::string first = Failures(injector, 8000);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(first, 'x')), 1000, 100);
  injector.ArmOdds(1, 8);
  EXPECT_EQ(Failures(injector, 8000), first);
  injector.ArmOdds(2, 8);
  EXPECT_NE(Failures(injector, 8000), first);
  injector.ArmOdds(1, 1, FaultMode::kFailBefore, absl::ResourceExhaustedError("full"));
  EXPECT_EQ(CodeOf(injector.Run("Sync", "f", [] { return absl::OkStatus(); })),
            absl::StatusCode::kResourceExhausted);
}

TEST(FaultInjectorTest, OddsTakeFilters) {
  FaultInjector injector;
  injector.Arm({.call = "Sync", .one_in = 1});
  EXPECT_EQ(Failures(injector, 3, "Sync"), "xxx");
  EXPECT_EQ(Failures(injector, 3, "Append"), "...");
}

class FaultFileSystemTest : public ::testing::Test {
 protected:
  void FailOn(const std::string& part) { injector_->Arm({.path_contains = part, .sticky = true}); }

  const std::shared_ptr<FaultInjector> injector_ = std::make_shared<FaultInjector>();
  FaultFileSystem files_{MakeMemoryFileSystem(), injector_};
};

TEST_F(FaultFileSystemTest, EveryCallCarriesItsPath) {
  ASSERT_OK(WriteFile(files_, "good", "text"));
  FailOn("bad");
  EXPECT_EQ(CodeOf(files_.CreateFile("bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.OpenForRead("bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.Link("bad", "x")), kUnknown);
  EXPECT_EQ(CodeOf(files_.Link("good", "bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.Unlink("bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.CreateDirectories("a/bad/c")), kUnknown);
  EXPECT_EQ(CodeOf(files_.RemoveDirectory("bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.List("bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.SyncDirectory("bad")), kUnknown);
  EXPECT_EQ(CodeOf(files_.Lock("bad")), kUnknown);
  EXPECT_EQ(injector_->num_matched(), 10);
  EXPECT_OK(files_.Link("good", "better"));
  EXPECT_OK(files_.SyncDirectory(""));
}

TEST_F(FaultFileSystemTest, FilesRememberTheirPath) {
  const auto bad = files_.CreateFile("bad");
  const auto good = files_.CreateFile("good");
  const auto bad_reader = files_.OpenForRead("bad");
  const auto good_reader = files_.OpenForRead("good");
  FailOn("bad");
  EXPECT_EQ(CodeOf((*bad)->Preallocate(1)), kUnknown);
  EXPECT_EQ(CodeOf((*bad)->Append(BytesOf("text"))), kUnknown);
  EXPECT_EQ(CodeOf((*bad)->Sync()), kUnknown);
  EXPECT_EQ(CodeOf((*bad_reader)->ReadAt(0, {})), kUnknown);
  EXPECT_OK((*good)->Preallocate(1));
  EXPECT_OK((*good)->Append(BytesOf("text")));
  EXPECT_OK((*good)->Sync());
  EXPECT_OK((*good_reader)->ReadAt(0, {}));
}

TEST(FaultObjectStoreTest, CallsReadersAndWritersCarryTheirPath) {
  const auto injector = std::make_shared<FaultInjector>();
  FaultObjectStore store(MakeMemoryObjectStore(), injector);
  const auto bad = store.Create(PathOf("a/bad"), {});
  const auto good = store.Create(PathOf("a/good"), {});
  ASSERT_OK(bad);
  ASSERT_OK(good);
  injector->Arm({.path_contains = "a/bad", .sticky = true});
  EXPECT_EQ(CodeOf((*bad)->Append(BytesOf("text"), {})), kUnknown);
  EXPECT_EQ(CodeOf((*bad)->Finish({})), kUnknown);
  EXPECT_OK((*good)->Append(BytesOf("text"), {}));
  EXPECT_OK((*good)->Finish({}));
  EXPECT_EQ(CodeOf(store.Open(PathOf("a/bad"), {})), kUnknown);
  EXPECT_EQ(CodeOf(store.Create(PathOf("a/bad2"), {})), kUnknown);
  EXPECT_EQ(CodeOf(store.Delete(PathOf("a/bad"), {})), kUnknown);
  EXPECT_EQ(CodeOf(store.List(PathOf("a/bad"), {})), kUnknown);
  EXPECT_OK(store.Lock({}));
  const auto reader = store.Open(PathOf("a/good"), {});
  ASSERT_OK(reader);
  EXPECT_OK((*reader)->ReadAt(0, {}));
  injector->Arm({.path_contains = "good"});
  EXPECT_EQ(CodeOf((*reader)->ReadAt(0, {})), kUnknown);
}

}  // namespace
}  // namespace vecdb::support
