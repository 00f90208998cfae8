#include "engine/garbage.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/journal_setup.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

using support::Ids;
using support::PathOf;

class GarbageTest : public CoreFixture {
 protected:
  size_t Objects(const std::string& folder) {
    return store_->List(PathOf("collections/" + id_ + folder))->size();
  }
  void FlushRows(int64_t first) {
    ASSERT_OK(writer_.Insert(Rows(Ids(first, 10)), false, {}, {}));
    ASSERT_OK(Flush(core_.get(), &writer_, {}));
  }
  Writer writer_{core_.get()};
};

TEST_F(GarbageTest, YoungGarbageIsCountedAndStays) {
  FlushRows(0);
  ASSERT_OK(PutObject(*store_, PathOf("collections/" + id_ + "/segments/orphan/x"), "12345"));
  const auto report = CollectCollection(*core_, 60'000, {});
  ASSERT_OK(report);
  EXPECT_EQ(report->objects_deleted, 0u);
  EXPECT_EQ(report->orphan_objects, 1u);
  EXPECT_EQ(report->orphan_bytes, 5u);
}

TEST_F(GarbageTest, OldGarbageGoesWithOldManifestsAndStaleLogs) {
  ASSERT_OK(StartJournal(core_.get(), {}));
  FlushRows(0);
  const std::string stale = "collections/" + id_ + "/journal/" + std::string(32, 'e');
  ASSERT_OK(PutObject(*store_, PathOf(stale + "/00000000000000000001.log"), "x"));
  ASSERT_OK(PutObject(*store_, PathOf("collections/" + id_ + "/segments/orphan/x"), "12345"));
  const size_t segments = Objects("/segments");
  const auto report = CollectCollection(*core_, -1, {});
  EXPECT_FALSE(report.ok());  // a negative grace is nobody's wish
  base::Mutex mutex;
  base::CondVar never;
  base::MutexLock lock(&mutex);  // the clock must have passed the objects' time
  never.WaitUntil(&mutex, std::chrono::steady_clock::now() + std::chrono::milliseconds(3));
  const auto collected = CollectCollection(*core_, 0, {});
  ASSERT_OK(collected);
  EXPECT_EQ(Objects("/segments"), segments - 1);
  EXPECT_EQ(Objects("/journal"), 1u);
  EXPECT_GT(collected->versions_deleted, 0u);
  EXPECT_EQ(collected->orphan_objects, 0u);
}

TEST_F(GarbageTest, WhatARunningJobMayHaveWrittenStays) {
  const CollectionCore::Job job(core_.get());
  ASSERT_OK(PutObject(*store_, PathOf("collections/" + id_ + "/segments/fresh/x"), "12345"));
  const auto report = CollectCollection(*core_, 0, {});
  ASSERT_OK(report);
  EXPECT_EQ(report->orphan_objects, 1u);
  EXPECT_EQ(Objects("/segments/fresh"), 1u);
}

TEST_F(GarbageTest, CollectionsThatNoCatalogKnowsGo) {
  ASSERT_OK(PutObject(*store_, PathOf("collections/unknown/manifest/x"), "x"));
  const auto young = CollectDatabase(environment_, 0, {id_}, 60'000, {});
  // Without a catalog there is nothing to compare with.
  EXPECT_FALSE(young.ok());
  EXPECT_EQ(store_->List(PathOf("collections/unknown"))->size(), 1u);
}

TEST(GarbageReportTest, ReportsAddUp) {
  GarbageReport sum{.versions_deleted = 1, .orphan_bytes = 5};
  Add({.versions_deleted = 2, .objects_deleted = 3, .delete_errors = 1}, &sum);
  EXPECT_EQ(sum.versions_deleted, 3u);
  EXPECT_EQ(sum.objects_deleted, 3u);
  EXPECT_EQ(sum.orphan_bytes, 5u);
  EXPECT_EQ(sum.delete_errors, 1u);
}

}  // namespace
}  // namespace vecdb::engine
