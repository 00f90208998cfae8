#include "engine/collection_events.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace vecdb::engine {
namespace {

class NamesOfEvents final : public EventListener {
 public:
  void OnFlushBegin(const FlushEvent& event) override { Add("flush begins", event.status); }
  void OnFlushEnd(const FlushEvent& event) override { Add("flush ends", event.status); }
  void OnSeal(const SealEvent& event) override {
    names.push_back(absl::StrCat("sealed ", event.num_segments));
  }
  void OnError(const ErrorEvent& event) override { Add("error", event.status); }

  std::vector<std::string> names;

 private:
  void Add(const std::string& name, const absl::Status& status) {
    names.push_back(absl::StrCat(name, " ", status.ToString()));
  }
};

class CollectionEventsTest : public ::testing::Test {
 protected:
  const std::shared_ptr<CollectionMetrics> metrics_ = std::make_shared<CollectionMetrics>();
  const std::shared_ptr<NamesOfEvents> listener_ = std::make_shared<NamesOfEvents>();
  const CollectionEvents events_{metrics_, listener_};
};

TEST_F(CollectionEventsTest, WorkRunsBetweenItsBeginAndItsEnd) {
  const absl::Status status = events_.Watch(FlushEvent{}, [&](FlushEvent* event) {
    EXPECT_EQ(metrics_->flushes.Peek()->running(), 1);
    events_.Sealed({.num_segments = 2});
    event->num_rows = 10;
    event->num_bytes = 100;
    return absl::UnavailableError("away");
  });
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(listener_->names, (std::vector<std::string>{"flush begins OK", "sealed 2",
                                                        "flush ends UNAVAILABLE: away"}));
  EXPECT_EQ(metrics_->flushes.Peek()->running(), 0);
  EXPECT_EQ(metrics_->flushes.Peek()->failed(), 1u);
  EXPECT_EQ(metrics_->flush_rows, 10u);
  EXPECT_EQ(metrics_->flush_bytes, 100u);
  EXPECT_EQ(metrics_->sealed_segments, 2u);
}

TEST_F(CollectionEventsTest, ErrorsAreCountedBySource) {
  events_.Failed({.source = ErrorSource::kGarbage, .status = absl::AbortedError("x")});
  EXPECT_EQ(listener_->names, std::vector<std::string>{"error ABORTED: x"});
  EXPECT_EQ(metrics_->errors_by_source[static_cast<size_t>(ErrorSource::kGarbage)], 1u);
}

TEST_F(CollectionEventsTest, EachKindOfWorkIsCountedWithoutAListener) {
  const CollectionEvents events(metrics_, nullptr);
  const auto run = [&](auto event) {
    EXPECT_TRUE(events.Watch(event, [](auto*) { return absl::OkStatus(); }).ok());
  };
  run(FlushEvent{});
  run(BuildEvent{.num_rows = 5});
  run(CompactionEvent{.bytes_read = 2, .bytes_written = 1});
  run(LoadEvent{});
  run(StallEvent{.reason = StallReason::kMemory});
  EXPECT_EQ(metrics_->flushes.Peek()->succeeded(), 1u);
  EXPECT_EQ(metrics_->builds.Peek()->succeeded(), 1u);
  EXPECT_EQ(metrics_->build_rows, 5u);
  EXPECT_EQ(metrics_->compactions.Peek()->succeeded(), 1u);
  EXPECT_EQ(metrics_->compaction_bytes_read, 2u);
  EXPECT_EQ(metrics_->compaction_bytes_written, 1u);
  EXPECT_EQ(metrics_->loads.Peek()->succeeded(), 1u);
  EXPECT_EQ(metrics_->stalls.Peek()->succeeded(), 1u);
  EXPECT_EQ(metrics_->stalls_by_reason[static_cast<size_t>(StallReason::kMemory)], 1u);
}

TEST_F(CollectionEventsTest, ReasonsAndSourcesHaveNames) {
  EXPECT_EQ(StallReasonName(StallReason::kGrowingRows), "growing_rows");
  EXPECT_EQ(StallReasonName(StallReason::kMemory), "memory");
  EXPECT_EQ(ErrorSourceName(ErrorSource::kWrites), "writes");
  EXPECT_EQ(ErrorSourceName(ErrorSource::kGarbage), "garbage");
  EXPECT_EQ(ErrorSourceName(ErrorSource::kRefresh), "refresh");
}

}  // namespace
}  // namespace vecdb::engine
