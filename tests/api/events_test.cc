// What a listener is told, and in which order.
#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/str_format.h"
#include "api/api_testing.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

// Keeps the events as text, and those with ids as they are. Thread-safe.
class Recorder final : public EventListener {
 public:
  void OnFlushBegin(const FlushEvent& event) override { Note("flush begins", event.collection); }
  void OnFlushEnd(const FlushEvent& event) override {
    flushes.push_back(event);
    Note(absl::StrFormat("flush ends: %d segments, %d rows, %s", event.segments.size(),
                         event.num_rows, CodeText(event.status)),
         event.collection);
  }
  void OnSeal(const SealEvent& event) override {
    Note(absl::StrFormat("sealed: %d segments, %d rows", event.num_segments, event.num_rows),
         event.collection);
    EXPECT_GT(event.num_bytes, 0u);
  }
  void OnBuildBegin(const BuildEvent& event) override {
    Note(absl::StrFormat("build begins: %s, %d rows", event.field, event.num_rows),
         event.collection);
  }
  void OnBuildEnd(const BuildEvent& event) override {
    builds.push_back(event);
    Note(absl::StrFormat("build ends: %s", CodeText(event.status)), event.collection);
  }
  void OnCompactionBegin(const CompactionEvent& event) override {
    Note(absl::StrFormat("compaction begins: %d segments", event.segments.size()),
         event.collection);
  }
  void OnCompactionEnd(const CompactionEvent& event) override {
    compactions.push_back(event);
    Note(absl::StrFormat("compaction ends: %s", CodeText(event.status)), event.collection);
  }
  void OnLoadBegin(const LoadEvent& event) override { Note("load begins", event.collection); }
  void OnLoadEnd(const LoadEvent& event) override {
    Note(absl::StrFormat("load ends: %d segments, %s", event.num_segments, CodeText(event.status)),
         event.collection);
    EXPECT_EQ(event.num_bytes > 0, event.status.ok());
  }
  void OnStallBegin(const StallEvent& event) override {
    Note(absl::StrFormat("stall begins: %s", std::string(StallReasonName(event.reason))),
         event.collection);
  }
  void OnStallEnd(const StallEvent& event) override {
    Note(absl::StrFormat("stall ends: %s", CodeText(event.status)), event.collection);
  }
  void OnError(const ErrorEvent& event) override {
    Note(absl::StrFormat("error: %s, %s", std::string(ErrorSourceName(event.source)),
                         CodeText(event.status)),
         event.collection);
  }

  /// What came since the last call.
  std::vector<std::string> Take() {
    base::MutexLock lock(&mutex_);
    return std::exchange(notes_, {});
  }

  std::vector<FlushEvent> flushes;
  std::vector<BuildEvent> builds;
  std::vector<CompactionEvent> compactions;
  std::function<void()> at_each_event;  // called as a host might

 private:
  static std::string CodeText(const absl::Status& status) {
    return absl::StatusCodeToString(status.code());
  }
  void Note(const std::string& note, const std::string& collection) {
    EXPECT_EQ(collection, "c");
    {
      base::MutexLock lock(&mutex_);
      notes_.push_back(note);
    }
    if (at_each_event) at_each_event();
  }

  base::Mutex mutex_;  // a leaf
  std::vector<std::string> notes_ ABSL_GUARDED_BY(mutex_);
};

using Notes = std::vector<std::string>;

class EventsTest : public ::testing::Test {
 protected:
  EventsTest() {
    db_.options.store = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults_);
    db_.options.journal_directory =
        std::make_shared<FaultFileSystem>(MakeMemoryFileSystem(), log_faults_);
    db_.options.listener = events_;
    c_ = *db_->CreateCollection("c", schema_,
                                {.load = LoadPolicy::kManual, .auto_compaction = false});
  }
  ~EventsTest() override {
    faults_->Disarm();
    log_faults_->Disarm();
  }

  void Insert(int64_t first, size_t count) {
    ASSERT_OK(c_->Insert(TaggedRows(schema_, Ids(first, count), "t")));
  }
  // Rows of 4 KiB, sealed at 64 KiB.
  void CreateWide() {
    EXPECT_OK(db_->DropCollection("c"));
    c_ = *db_->CreateCollection(
        "c", wide_,
        {.segment_max_bytes = 1 << 20, .seal_proportion = 1.0 / 16, .auto_compaction = false});
    events_->Take();
  }
  void InsertWide(int64_t first, size_t count) {
    ASSERT_OK(c_->Insert(TaggedRows(wide_, Ids(first, count), "t")));
  }
  std::vector<std::string> SegmentIds() const {
    std::vector<std::string> ids;
    const auto segments = c_->Segments();
    EXPECT_OK(segments);
    for (const SegmentDescription& segment : *segments) {
      if (segment.state == SegmentState::kFlushed) ids.push_back(segment.id);
    }
    return ids;
  }
  void FailSegments() {
    faults_->Arm({.call = "Create",
                  .path_contains = "/segments/",
                  .sticky = true,
                  .error = absl::UnavailableError("the store is away")});
  }

  const Schema schema_ = TaggedSchema();
  const Schema wide_ = TaggedSchema(1024);
  const std::shared_ptr<Recorder> events_ = std::make_shared<Recorder>();
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FaultInjector> log_faults_ = std::make_shared<FaultInjector>();
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
};

TEST_F(EventsTest, FlushTellsOfItsBeginTheSealAndItsEnd) {
  Insert(0, 10);
  EXPECT_EQ(events_->Take(), Notes{});
  ASSERT_OK(c_->Flush());
  EXPECT_EQ(events_->Take(), (Notes{"flush begins", "sealed: 1 segments, 10 rows",
                                    "flush ends: 1 segments, 10 rows, OK"}));
  const FlushEvent& flush = events_->flushes.back();
  EXPECT_EQ(flush.segments, SegmentIds());
  EXPECT_EQ(flush.num_bytes, (*c_->Segments())[0].store_bytes);
  EXPECT_GT(flush.duration_ms, 0);
}

TEST_F(EventsTest, FlushOfNothingHasNoSegments) {
  ASSERT_OK(c_->Flush());
  EXPECT_EQ(events_->Take(), (Notes{"flush begins", "flush ends: 0 segments, 0 rows, OK"}));
}

TEST_F(EventsTest, FailedFlushHasSealedAndIsSealedOnce) {
  Insert(0, 10);
  FailSegments();
  EXPECT_FALSE(c_->Flush().ok());
  faults_->Disarm();
  EXPECT_EQ(events_->Take(), (Notes{"flush begins", "sealed: 1 segments, 10 rows",
                                    "flush ends: 0 segments, 0 rows, UNAVAILABLE"}));
  ASSERT_OK(c_->Flush());
  EXPECT_EQ(events_->Take(), (Notes{"flush begins", "flush ends: 1 segments, 10 rows, OK"}));
}

TEST_F(EventsTest, BuildNamesSegmentFieldAndBytes) {
  Insert(0, 1100);
  ASSERT_OK(c_->Flush());
  events_->Take();
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  db_.executor.RunAll();
  EXPECT_EQ(events_->Take(), (Notes{"build begins: v, 1100 rows", "build ends: OK"}));
  const BuildEvent& build = events_->builds.back();
  EXPECT_EQ(std::vector<std::string>{build.segment}, SegmentIds());
  EXPECT_EQ(build.field, "v");
  EXPECT_GT(build.num_bytes, 0u);
  EXPECT_GT(build.duration_ms, 0);
}

TEST_F(EventsTest, FailedBuildIsAnErrorToo) {
  Insert(0, 1100);
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  events_->Take();
  FailSegments();
  db_.executor.RunAll();
  EXPECT_EQ(events_->Take(), (Notes{"build begins: v, 1100 rows", "build ends: UNAVAILABLE",
                                    "error: build, UNAVAILABLE"}));
}

TEST_F(EventsTest, CompactionNamesItsSourcesAndItsTarget) {
  for (int64_t i = 0; i < 3; ++i) {
    Insert(i * 10, 10);
    ASSERT_OK(c_->Flush());
  }
  const auto sources = SegmentIds();
  events_->Take();
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  EXPECT_EQ(events_->Take(), (Notes{"compaction begins: 3 segments", "compaction ends: OK"}));
  const CompactionEvent& compaction = events_->compactions.back();
  EXPECT_EQ(compaction.segments, sources);
  EXPECT_EQ(std::vector<std::string>{compaction.target}, SegmentIds());
  EXPECT_EQ(compaction.reason, CompactionReason::kSmallSegments);
  EXPECT_EQ(compaction.bytes_written, (*c_->Segments())[0].store_bytes);
  EXPECT_GT(compaction.bytes_read, compaction.bytes_written);
}

TEST_F(EventsTest, LoadTellsOfItsBeginAndItsEnd) {
  Insert(0, 10);
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  db_.executor.RunAll();
  events_->Take();
  ASSERT_OK(c_->Load());
  EXPECT_EQ(events_->Take(), (Notes{"load begins", "load ends: 1 segments, OK"}));
}

TEST_F(EventsTest, WriterThatFlushesItselfIsStalled) {
  CreateWide();
  InsertWide(0, 40);
  EXPECT_EQ(events_->Take(), Notes{});
  InsertWide(40, 1);
  EXPECT_EQ(events_->Take(),
            (Notes{"stall begins: growing_rows", "flush begins", "sealed: 1 segments, 40 rows",
                   "flush ends: 1 segments, 40 rows, OK", "stall ends: OK"}));
}

TEST_F(EventsTest, FailedFlushBehindIsAnError) {
  CreateWide();
  InsertWide(0, 20);
  FailSegments();
  db_.executor.RunAll();
  EXPECT_EQ(events_->Take(),
            (Notes{"flush begins", "sealed: 1 segments, 20 rows",
                   "flush ends: 0 segments, 0 rows, UNAVAILABLE", "error: flush, UNAVAILABLE"}));
}

TEST_F(EventsTest, StoppedWritesAreToldOnce) {
  Insert(0, 10);
  log_faults_->Arm({.call = "Sync", .path_contains = ".log", .sticky = true});
  EXPECT_FALSE(c_->Insert(TaggedRows(schema_, {100}, "t")).ok());
  EXPECT_FALSE(c_->Insert(TaggedRows(schema_, {101}, "t")).ok());
  EXPECT_EQ(events_->Take(), Notes{"error: writes, UNKNOWN"});
}

// No lock is held that reading takes.
TEST_F(EventsTest, ListenerMayRead) {
  events_->at_each_event = [this] {
    EXPECT_OK(c_->Describe());
    EXPECT_OK(c_->Segments());
    EXPECT_OK(c_->Count());
    EXPECT_OK(c_->Get({1}));
    EXPECT_FALSE(db_->MetricsText().empty());
  };
  Insert(0, 1100);
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  ASSERT_OK(c_->WaitForIndex("v"));
  Insert(2000, 10);
  ASSERT_OK(c_->Flush());
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  ASSERT_OK(c_->Load());
  log_faults_->Arm({.call = "Sync", .path_contains = ".log", .sticky = true});
  EXPECT_FALSE(c_->Insert(TaggedRows(schema_, {100'000}, "t")).ok());
  EXPECT_EQ(events_->Take().size(), 3u + 2 + 3 + 2 + 2 + 1);
  events_->at_each_event = nullptr;
}

TEST_F(EventsTest, CloseFlushesAndIsTheLastToTell) {
  Insert(0, 10);
  ASSERT_OK(db_->Close());
  EXPECT_EQ(events_->Take().size(), 3u);
  db_.executor.RunAll();
  EXPECT_FALSE(c_->Flush().ok());
  EXPECT_EQ(events_->Take(), Notes{});
}

}  // namespace
}  // namespace vecdb::support
