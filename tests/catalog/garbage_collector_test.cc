#include "catalog/garbage_collector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "catalog/garbage_testing.h"

namespace vecdb::catalog {
namespace {

using support::CodeOf;
using support::FaultMode;
using support::PathOf;

class GarbageCollectorTest : public ::testing::Test, protected GarbageFixture {
 protected:
  GarbageReport Report(const GarbageOptions& how) {
    const auto report = Collect(how);
    EXPECT_OK(report);
    return report.ok() ? *report : GarbageReport{};
  }
  GarbageReport Report() { return Report(options()); }

  // Versions 1 to 4; the newest names b and c, the ones before a and b. x is named by none.
  void MakeHistory() {
    for (const char* name : {"a", "b", "c", "x"}) PutData(name);
    Commit({"a"});
    Commit({"a", "b"});
    Commit({"b", "c"});
  }
};

TEST_F(GarbageCollectorTest, NothingYoungIsDeleted) {
  MakeHistory();
  EXPECT_EQ(Report(), (GarbageReport{.orphan_objects = 1, .orphan_bytes = 10}));
  EXPECT_EQ(Data(), "d/a d/b d/c d/x ");
  EXPECT_EQ(Versions(), "1 2 3 4 ");
  EXPECT_EQ(Boundaries(), "");
}

TEST_F(GarbageCollectorTest, AfterTheGraceOnlyWhatTheNewestNamesIsLeft) {
  MakeHistory();
  clock.Advance(kGraceMs);
  uint64_t version_bytes = 0;
  const VersionList before = List();
  for (const VersionInfo& info : before.versions) {
    if (info.number < 4) version_bytes += info.size_bytes;
  }
  EXPECT_EQ(Report(),
            (GarbageReport{
                .versions_deleted = 3, .objects_deleted = 2, .bytes_deleted = 20 + version_bytes}));
  EXPECT_EQ(Data(), "d/b d/c ");
  EXPECT_EQ(Versions(), "4 ");
  EXPECT_EQ(Boundaries(), "4 ");
  EXPECT_EQ(Report(), GarbageReport{});
  ASSERT_OK(writer->Commit(BodyNaming({"b"}), {}));
}

TEST_F(GarbageCollectorTest, ObjectGoesWhenItIsAsOldAsTheGraceAndNotBefore) {
  PutData("x", 7);
  clock.Advance(kGraceMs - 1);
  EXPECT_EQ(Report(), (GarbageReport{.orphan_objects = 1, .orphan_bytes = 7}));
  clock.Advance(1);
  EXPECT_EQ(Report(), (GarbageReport{.objects_deleted = 1, .bytes_deleted = 7}));
  EXPECT_EQ(Data(), "");
}

TEST_F(GarbageCollectorTest, VersionStaysUntilTheOneThatReplacedItIsAsOldAsTheGrace) {
  PutData("a");
  Commit({"a"});
  clock.Advance(10 * kGraceMs);
  Commit({});
  clock.Advance(kGraceMs - 1);
  EXPECT_EQ(Report().objects_deleted, 0u);
  EXPECT_EQ(Versions(), "2 3 ");  // 2 was replaced less than the grace ago, 1 long before
  EXPECT_EQ(Boundaries(), "2 ");
  EXPECT_EQ(Data(), "d/a ");
  clock.Advance(1);
  EXPECT_EQ(Report().objects_deleted, 1u);
  EXPECT_EQ(Versions(), "3 ");
  EXPECT_EQ(Boundaries(), "3 ");
  EXPECT_EQ(Data(), "");
}

TEST_F(GarbageCollectorTest, NewestStaysHoweverOldItIs) {
  clock.Advance(1'000 * kGraceMs);
  EXPECT_EQ(Report(), GarbageReport{});
  EXPECT_EQ(Versions(), "1 ");
}

TEST_F(GarbageCollectorTest, DatesInTheFutureAreYoung) {
  clock.Advance(100 * kGraceMs);
  PutData("x");
  Commit({});
  clock.Advance(-100 * kGraceMs);
  Commit({});
  clock.Advance(2 * kGraceMs);
  EXPECT_EQ(Report(), (GarbageReport{.orphan_objects = 1, .orphan_bytes = 10}));
  EXPECT_EQ(Versions(), "1 2 3 ");
}

TEST_F(GarbageCollectorTest, PinnedObjectsStayAndAreCounted) {
  PutData("x");
  PutData("y");
  clock.Advance(kGraceMs);
  is_pinned = [](const std::string& name) { return name == "d/x"; };
  const GarbageReport report = Report();
  EXPECT_EQ(report.objects_deleted, 1u);
  EXPECT_EQ(report.orphan_objects, 1u);
  EXPECT_EQ(Data(), "d/x ");
}

TEST_F(GarbageCollectorTest, WhatARunningJobMayHaveWrittenStays) {
  PutData("x");
  clock.Advance(kGraceMs);
  const int64_t job_ms = clock.NowMillis();
  clock.Advance(10 * kGraceMs);
  GarbageOptions how = options();
  how.oldest_job_ms = job_ms;
  EXPECT_EQ(Report(how).orphan_objects, 1u);
  EXPECT_EQ(Data(), "d/x ");
  how.oldest_job_ms = job_ms + 1;
  EXPECT_EQ(Report(how).objects_deleted, 1u);
  EXPECT_EQ(Data(), "");
}

TEST_F(GarbageCollectorTest, ObjectCommittedBetweenTheTwoListsStays) {
  PutData("a");
  GarbageOptions how = options();
  how.grace_ms = 0;
  injector->Arm(
      {.call = "List", .nth = 2, .mode = FaultMode::kSlow, .on_slow = [&] { Commit({"a"}); }});
  EXPECT_EQ(Report(how).objects_deleted, 0u);
  EXPECT_EQ(Data(), "d/a ");
}

TEST_F(GarbageCollectorTest, BoundaryIsPutBeforeTheFirstDeleteAndReplacesTheOlderOnes) {
  Commit({});
  ASSERT_OK(VersionsOf(*base).PutBoundary(1, {}));
  clock.Advance(kGraceMs);
  injector->Disarm();
  Report();
  const std::vector<std::string> calls = injector->calls();
  const auto put = std::find(calls.begin(), calls.end(), "Finish");
  const auto first_delete = std::find(calls.begin(), calls.end(), "Delete");
  EXPECT_LT(put - calls.begin(), first_delete - calls.begin());
  EXPECT_LT(first_delete - calls.begin(), static_cast<ptrdiff_t>(calls.size()));
  EXPECT_EQ(Boundaries(), "2 ");
}

TEST_F(GarbageCollectorTest, BoundaryThatCannotBePutStopsAllDeletes) {
  MakeHistory();
  clock.Advance(kGraceMs);
  for (const absl::Status& error :
       {absl::UnavailableError("503"), absl::DataLossError("not synced")}) {
    injector->Arm({.call = "Finish", .error = error});
    EXPECT_EQ(Collect().status(), error);
    EXPECT_EQ(Versions(), "1 2 3 4 ");
    EXPECT_EQ(Data(), "d/a d/b d/c d/x ");
  }
}

TEST_F(GarbageCollectorTest, VersionsMadeAnewBelowTheBoundaryGoWhateverTheirDate) {
  MakeHistory();
  clock.Advance(kGraceMs);
  Report();
  // By date alone the one that was replaced by the other just now would be in retention.
  for (const uint64_t number : {2u, 3u}) {
    PutVersion(*base, {.number = number, .commit_id = "sleeper", .body = BodyNaming({"gone"})});
  }
  PutData("x");
  const GarbageReport report = Report();
  EXPECT_EQ(report.versions_deleted, 2u);
  EXPECT_EQ(report.orphan_objects, 1u);
  EXPECT_EQ(Versions(), "4 ");
}

TEST_F(GarbageCollectorTest, DryRunDeletesNothingAndReportsTheSame) {
  MakeHistory();
  ASSERT_OK(VersionsOf(*base).PutBoundary(1, {}));
  clock.Advance(kGraceMs);
  PutData("young");
  const auto before = PathsBelow(*base, "m");
  GarbageOptions how = options();
  how.dry_run = true;
  GarbageReport dry = Report(how);
  EXPECT_EQ(PathsBelow(*base, "m"), before);
  EXPECT_EQ(Data(), "d/a d/b d/c d/x d/young ");
  GarbageReport report = Report();
  EXPECT_GT(report.bytes_deleted, dry.bytes_deleted);  // by the old boundary
  report.bytes_deleted = dry.bytes_deleted;
  EXPECT_EQ(report, dry);
}

TEST_F(GarbageCollectorTest, DamagedVersionInRetentionStopsTheCollection) {
  MakeHistory();
  clock.Advance(kGraceMs);
  Commit({});
  ASSERT_OK(base->Delete(PathOf(absl::StrCat("m/", NameOf(4)))));
  ASSERT_OK(PutObject(*base, PathOf(absl::StrCat("m/", NameOf(4))), "damaged"));
  EXPECT_EQ(CodeOf(Collect()), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Data(), "d/a d/b d/c d/x ");
  EXPECT_EQ(Boundaries(), "");
  clock.Advance(kGraceMs);
  EXPECT_OK(Collect());  // out of retention: nobody reads it
  EXPECT_EQ(Data(), "");
}

TEST_F(GarbageCollectorTest, ErrorOfTheReferencesStopsTheCollection) {
  MakeHistory();
  clock.Advance(kGraceMs);
  const auto fails = [](const Version&) -> absl::StatusOr<std::vector<std::string>> {
    return absl::DataLossError("no manifest");
  };
  EXPECT_EQ(
      CodeOf(CollectGarbage(store, VersionsOf(store), PathOf("d"), fails, nullptr, options(), {})),
      absl::StatusCode::kDataLoss);
  EXPECT_EQ(Data(), "d/a d/b d/c d/x ");
}

TEST_F(GarbageCollectorTest, DocumentWithoutVersionsIsNotTakenForOneThatNamesNothing) {
  PutData("x");
  clock.Advance(kGraceMs);
  ASSERT_OK(VersionsOf(*base).DeleteVersion(1, {}));
  EXPECT_EQ(CodeOf(Collect()), absl::StatusCode::kNotFound);
  ASSERT_OK(VersionsOf(*base).PutBoundary(1, {}));
  EXPECT_EQ(CodeOf(Collect()), absl::StatusCode::kUnavailable);
  EXPECT_EQ(Data(), "d/x ");
}

TEST_F(GarbageCollectorTest, FencedWriterMayNotCollect) {
  PutData("x");
  clock.Advance(kGraceMs);
  ASSERT_OK(VersionWriter::TakeOver(VersionsOf(*base), SameBody, {}));
  GarbageOptions how = options();
  how.epoch = 1;
  EXPECT_EQ(CodeOf(Collect(how)), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Data(), "d/x ");
  how.epoch = 2;
  EXPECT_OK(Collect(how));
  EXPECT_EQ(Data(), "");
}

TEST_F(GarbageCollectorTest, NegativeGraceIsInvalidArgument) {
  EXPECT_EQ(CodeOf(Collect({.grace_ms = -1})), absl::StatusCode::kInvalidArgument);
  EXPECT_OK(Collect({.grace_ms = 0}));
}

TEST_F(GarbageCollectorTest, DeletesThatFailAreCountedAndTheRestGoesOn) {
  MakeHistory();
  clock.Advance(kGraceMs);
  injector->Arm({.call = "Delete",
                 .path_contains = "d/a",
                 .sticky = true,
                 .error = absl::PermissionDeniedError("no")});
  GarbageReport report = Report();
  EXPECT_EQ(report.delete_errors, 1u);
  EXPECT_EQ(report.objects_deleted, 1u);
  EXPECT_EQ(report.orphan_objects, 1u);
  EXPECT_EQ(Data(), "d/a d/b d/c ");
  injector->Arm(
      {.call = "Delete", .sticky = true, .error = absl::NotFoundError("somebody was quicker")});
  report = Report();
  EXPECT_EQ(report.delete_errors, 0u);
  EXPECT_EQ(report.objects_deleted, 1u);
}

TEST_F(GarbageCollectorTest, CancelEndsItBetweenTwoDeletes) {
  for (int i = 0; i < 5; ++i) PutData(absl::StrCat("x", i));
  clock.Advance(kGraceMs);
  Context context{.cancel = CancelToken::Make()};
  injector->Arm({.call = "Delete", .nth = 3, .mode = FaultMode::kSlow, .on_slow = [&] {
                   context.cancel.Cancel();
                 }});
  EXPECT_EQ(CodeOf(Collect(options(), context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(Data(), "d/x2 d/x3 d/x4 ");
}

TEST_F(GarbageCollectorTest, CrashOrFaultAtAnyCallLosesNothingAndTheNextOneCleansUp) {
  int num_cases = 0;
  const auto run = [&](int nth, FaultMode mode, bool sticky) {
    ++num_cases;
    GarbageFixture garbage;
    for (const char* name : {"a", "b", "c", "x"}) garbage.PutData(name);
    garbage.Commit({"a"});
    garbage.Commit({"a", "b"});
    ASSERT_OK(VersionsOf(*garbage.base).PutBoundary(1, {}));
    garbage.clock.Advance(kGraceMs);
    garbage.Commit({"b", "c"});
    garbage.injector->Arm({.nth = nth, .sticky = sticky, .mode = mode});
    garbage.Collect().status().IgnoreError();
    garbage.ExpectWhole(4);
    garbage.injector->Disarm();
    ASSERT_OK(garbage.Collect());
    garbage.ExpectWhole(4);
    EXPECT_EQ(garbage.Data(), "d/a d/b d/c ") << nth;
    EXPECT_EQ(garbage.Versions(), "3 4 ") << nth;
    EXPECT_EQ(garbage.Boundaries(), "3 ") << nth;
  };
  // 2 lists, 2 versions read, the boundary put, 2 versions, 1 boundary and 1 object deleted.
  constexpr int kCalls = 2 + 2 * 2 + 3 + 4;
  for (int nth = 1; nth <= kCalls; ++nth) {
    for (const FaultMode mode : {FaultMode::kFailBefore, FaultMode::kFailAfter}) {
      for (const bool sticky : {true, false}) run(nth, mode, sticky);
    }
  }
  RecordProperty("cases", num_cases);
  EXPECT_EQ(num_cases, kCalls * 4);
}

TEST_F(GarbageCollectorTest, SecondCollectionAtAnyCallOfTheFirstDoesNoHarm) {
  int num_calls = 1;
  for (int nth = 1; nth <= num_calls; ++nth) {
    GarbageFixture garbage;
    for (const char* name : {"a", "b", "x"}) garbage.PutData(name);
    garbage.Commit({"a"});
    garbage.Commit({"b"});
    garbage.clock.Advance(kGraceMs);
    const auto meanwhile = [&] {
      garbage.PutData("y");
      garbage.Commit({"b", "y"});
      ASSERT_OK(CollectGarbage(*garbage.base, VersionsOf(*garbage.base), PathOf("d"), NamesIn,
                               nullptr, garbage.options(), {}));
    };
    garbage.injector->Arm({.nth = nth, .mode = FaultMode::kSlow, .on_slow = meanwhile});
    const auto report = garbage.Collect();
    EXPECT_TRUE(report.ok() || absl::IsUnavailable(report.status())) << report.status();
    num_calls = std::max(num_calls, garbage.injector->numbered());
    garbage.ExpectWhole(4);
    EXPECT_EQ(garbage.Data(), "d/b d/y ") << nth;
    EXPECT_EQ(garbage.Versions(), "3 4 ") << nth;
  }
  EXPECT_GE(num_calls, 10);
}

}  // namespace
}  // namespace vecdb::catalog
