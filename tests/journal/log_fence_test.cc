#include "journal/log_fence.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "journal/journal_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::journal {
namespace {

class LogFenceTest : public ::testing::Test {
 protected:
  absl::Status Write(uint64_t sequence) {
    auto records = MakeRecords(sequence, sequence);
    return old_.Write(records, &files_);
  }
  absl::StatusOr<bool> Fence(const NeededFiles& needed = {.first = 1}) {
    return FenceLog(place_.get(), MakeIdentity(), needed, {}, {});
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const std::shared_ptr<support::FaultInjector> faults_ =
      std::make_shared<support::FaultInjector>();
  const std::unique_ptr<LogPlace> place_ = MakeObjectLogPlace(
      std::make_shared<support::FaultObjectStore>(store_, faults_), support::PathOf(kFolder));
  const std::unique_ptr<LogPlace> of_old_ = MakeObjectLogPlace(store_, support::PathOf(kFolder));
  LogWriter old_{of_old_.get(), MakeIdentity(), 0, 0, kNoRotation};
  LogSet files_;
};

TEST_F(LogFenceTest, OldWriterIsStoppedAndTheLogIsWhole) {
  ASSERT_OK(Write(1));
  ASSERT_OK(Write(2));
  EXPECT_TRUE(*Fence());
  EXPECT_EQ(CodeOf(Write(3)), absl::StatusCode::kAborted);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 2));
  EXPECT_TRUE(*Fence());
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 2));
  EXPECT_EQ(NumbersIn(*place_), Sequences(1, 4));
}

// It writes between the list and the put, again and again.
TEST_F(LogFenceTest, BusyWriterIsCaughtUpWith) {
  ASSERT_OK(Write(1));
  uint64_t last = 1;
  const auto write = [&] {
    if (++last <= 20) {
      EXPECT_OK(Write(last));
    }
  };
  faults_->Arm(
      {.call = "Create", .sticky = true, .mode = support::FaultMode::kSlow, .on_slow = write});
  EXPECT_TRUE(*Fence());
  EXPECT_EQ(CodeOf(Write(100)), absl::StatusCode::kAborted);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 20));
}

TEST_F(LogFenceTest, WriterThatIsAlwaysFasterIsAborted) {
  ASSERT_OK(Write(1));
  uint64_t last = 1;
  faults_->Arm(
      {.call = "Create", .sticky = true, .mode = support::FaultMode::kSlow, .on_slow = [&] {
         EXPECT_OK(Write(++last));
       }});
  EXPECT_EQ(CodeOf(Fence()), absl::StatusCode::kAborted);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, last));
}

TEST_F(LogFenceTest, NothingIsMadeWhereThereIsNoLogOrTheLastFileIsDamaged) {
  EXPECT_FALSE(*Fence());
  ASSERT_OK(Write(1));
  EXPECT_FALSE(*Fence({.first = 2}));
  EXPECT_FALSE(*Fence({.first = 1, .last = 2}));
  const auto path = support::PathOf(PathOfFile(1));
  const std::string whole = *GetObject(*store_, path, support::kNoLimit);
  for (const size_t size : {whole.size() - 1, whole.size() - 8, size_t{50}, size_t{0}}) {
    ASSERT_OK(store_->Delete(path));
    ASSERT_OK(PutObject(*store_, path, whole.substr(0, size)));
    EXPECT_FALSE(*Fence()) << size;
    EXPECT_EQ(NumbersIn(*place_), Sequences(1, 1));
  }
}

// What is lost is found by reading the log: an empty file in its place would hide it.
TEST_F(LogFenceTest, NothingIsMadeBehindAFileThatIsMissing) {
  for (uint64_t sequence = 1; sequence <= 3; ++sequence) ASSERT_OK(Write(sequence));
  EXPECT_FALSE(*Fence({.first = 1, .last = 4}));
  ASSERT_OK(store_->Delete(support::PathOf(PathOfFile(2))));
  EXPECT_FALSE(*Fence());
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1, 3}));
  EXPECT_TRUE(*Fence({.first = 3, .last = 3}));
}

TEST_F(LogFenceTest, ANewerWriterIsNotFenced) {
  LogIdentity newer = MakeIdentity();
  newer.epoch += 1;
  LogWriter writer(of_old_.get(), newer, 0, 0, kNoRotation);
  auto records = MakeRecords(1, 1);
  ASSERT_OK(writer.Write(records, &files_));
  EXPECT_EQ(CodeOf(Fence()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(NumbersIn(*place_), Sequences(1, 1));
  EXPECT_TRUE(*FenceLog(place_.get(), newer, {.first = 1}, {}, {}));
}

}  // namespace
}  // namespace vecdb::journal
