#include "journal/log_follower.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "journal/journal_testing.h"
#include "support/counting_object_store.h"

namespace vecdb::journal {
namespace {

class LogFollowerTest : public ::testing::Test {
 protected:
  LogFollowerTest() { Write(1, 2); }

  // One file, as of a group commit.
  void Write(uint64_t first, uint64_t last) {
    auto records = MakeRecords(first, last);
    ASSERT_OK(writer_.Write(records, &files_));
  }
  LogFollower Follow() {
    const auto reader = OpenLog(*place_);
    EXPECT_OK(reader);
    return LogFollower(place_, MakeIdentity(), *reader);
  }
  absl::Status Read(LogFollower& follower, const Context& context = {}) {
    const auto news = follower.ListNews({});
    EXPECT_OK(news);
    return follower.Read(
        *news,
        [this](std::string_view, const format::LogRecord& record) -> absl::Status {
          if (record.sequence == fails_at_) return absl::ResourceExhaustedError("no room");
          read_.push_back(record.sequence);
          return absl::OkStatus();
        },
        {}, context);
  }

  const std::shared_ptr<support::CountingObjectStore> store_ =
      std::make_shared<support::CountingObjectStore>(MakeMemoryObjectStore());
  const std::shared_ptr<LogPlace> place_ = MakeObjectLogPlace(store_, support::PathOf(kFolder));
  LogWriter writer_{place_.get(), MakeIdentity(), 0, 0, kNoRotation};
  LogSet files_;
  std::vector<uint64_t> read_;
  uint64_t fails_at_ = 0;
};

TEST_F(LogFollowerTest, ReadsWhatHasComeOnceAndInOrder) {
  LogFollower follower = Follow();
  ASSERT_OK(Read(follower));
  EXPECT_TRUE(read_.empty());
  Write(3, 3);
  Write(4, 6);
  ASSERT_OK(Read(follower));
  EXPECT_EQ(read_, Sequences(3, 6));
  ASSERT_OK(writer_.BeginFile(&files_));  // without a record
  Write(7, 7);
  ASSERT_OK(Read(follower));
  EXPECT_EQ(read_, Sequences(3, 7));
}

TEST_F(LogFollowerTest, CostsOneRequestAndOneForEachNewFile) {
  for (uint64_t i = 3; i < 40; ++i) Write(i, i);
  LogFollower follower = Follow();
  const uint64_t before = store_->num_requests();
  ASSERT_OK(Read(follower));
  EXPECT_EQ(store_->num_requests() - before, 1u);
  Write(40, 41);
  Write(42, 42);
  const uint64_t written = store_->num_requests();
  ASSERT_OK(Read(follower));
  EXPECT_EQ(store_->num_requests() - written, 3u);
}

TEST_F(LogFollowerTest, GoesOnBehindTheLastRecordThatWasApplied) {
  LogFollower follower = Follow();
  Write(3, 4);
  Write(5, 7);
  fails_at_ = 6;
  EXPECT_EQ(CodeOf(Read(follower)), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(read_, Sequences(3, 5));
  fails_at_ = 0;
  Write(8, 8);
  ASSERT_OK(Read(follower));
  EXPECT_EQ(read_, Sequences(3, 8));
}

TEST_F(LogFollowerTest, MissingFileIsDataLossAndWhatIsBehindItIsNotRead) {
  LogFollower follower = Follow();
  Write(3, 3);
  Write(4, 4);
  ASSERT_OK(place_->Remove(2));
  EXPECT_EQ(CodeOf(Read(follower)), kDataLoss);
  EXPECT_TRUE(read_.empty());
}

TEST_F(LogFollowerTest, DamagedAndForeignFilesAreDataLoss) {
  Write(3, 3);
  const std::string file = *GetObject(*store_, support::PathOf(PathOfFile(2)), support::kNoLimit);
  LogIdentity other = MakeIdentity();
  other.log_id = std::string(32, '2');
  LogPlace* place = place_.get();
  const std::pair<const char*, std::function<void()>> cases[] = {
      {"cut",
       [&] {
         ASSERT_OK(
             PutObject(*store_, support::PathOf(PathOfFile(2)), file.substr(0, file.size() - 8)));
       }},
      {"no header", [&] { ASSERT_OK(PutObject(*store_, support::PathOf(PathOfFile(2)), "x")); }},
      {"of another log",
       [&] {
         LogWriter writer(place, other, 1, files_.bytes(), kNoRotation);
         auto records = MakeRecords(3, 3);
         ASSERT_OK(writer.Write(records, &files_));
       }},
      {"behind another end",
       [&] {
         LogWriter writer(place, MakeIdentity(), 1, 1, kNoRotation);
         auto records = MakeRecords(3, 3);
         ASSERT_OK(writer.Write(records, &files_));
       }},
  };
  for (const auto& [name, put] : cases) {
    SCOPED_TRACE(name);
    ASSERT_OK(place_->Remove(2));
    LogFollower follower = Follow();
    put();
    EXPECT_EQ(CodeOf(Read(follower)), kDataLoss);
    EXPECT_TRUE(read_.empty());
  }
}

}  // namespace
}  // namespace vecdb::journal
