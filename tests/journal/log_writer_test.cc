#include "journal/log_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "journal/journal_testing.h"
#include "support/power_cut_file_system.h"

namespace vecdb::journal {
namespace {

class LogWriterTest : public ::testing::Test {
 protected:
  LogWriter MakeWriter(uint64_t file_bytes = kNoRotation) {
    return LogWriter(place_.get(), MakeIdentity(), 0, 0, file_bytes);
  }
  absl::Status Write(LogWriter& writer, std::vector<PendingRecord> records) {
    return writer.Write(records, &set_);
  }
  int64_t Calls(std::string_view name) {
    const auto calls = injector_->calls();
    return std::count(calls.begin(), calls.end(), name);
  }

  const std::shared_ptr<support::PowerCutFileSystem> files_ =
      std::make_shared<support::PowerCutFileSystem>();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  const std::unique_ptr<LogPlace> place_ =
      MakeLocalLogPlace(std::make_shared<support::FaultFileSystem>(files_, injector_), kFolder);
  LogSet set_;
};

TEST_F(LogWriterTest, FirstRecordMakesTheFirstFile) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, {}));
  EXPECT_TRUE(NumbersIn(*place_).empty());
  ASSERT_OK(Write(writer, MakeRecords(10, 12)));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1}));
  EXPECT_EQ(SequencesIn(*place_), Sequences(10, 12));
  const format::LogFileHeader header = HeaderOf(BytesOfFile(*files_, 1));
  EXPECT_EQ(header.number, 1u);
  EXPECT_EQ(header.epoch, 3u);
  EXPECT_EQ(header.previous_end, 0u);
  EXPECT_EQ(header.collection_id, MakeIdentity().collection_id);
  EXPECT_EQ(header.log_id, MakeIdentity().log_id);
}

TEST_F(LogWriterTest, FilesOfOneLogHaveDifferentSalt) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(writer.BeginFile(&set_));
  ASSERT_OK(writer.BeginFile(&set_));
  EXPECT_NE(HeaderOf(BytesOfFile(*files_, 1)).salt, HeaderOf(BytesOfFile(*files_, 2)).salt);
}

TEST_F(LogWriterTest, FileThatHasComeToItsSizeIsFollowedByAnother) {
  // A record of "record" takes 48 bytes: after four the file has 320.
  LogWriter writer = MakeWriter(/*file_bytes=*/320);
  ASSERT_OK(Write(writer, MakeRecords(1, 5)));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(ScanOf(BytesOfFile(*files_, 1)).records.size(), 4u);
  EXPECT_EQ(ScanOf(BytesOfFile(*files_, 2)).records.size(), 1u);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 5));
  EXPECT_EQ(set_.FirstNeeded(3), 1u);
  EXPECT_EQ(set_.FirstNeeded(4), 2u);
}

TEST_F(LogWriterTest, FileThatIsOneByteShortOfItsSizeTakesAnotherRecord) {
  LogWriter writer = MakeWriter(/*file_bytes=*/321);
  for (uint64_t i = 1; i <= 6; ++i) ASSERT_OK(Write(writer, MakeRecords(i, i)));
  EXPECT_EQ(ScanOf(BytesOfFile(*files_, 1)).records.size(), 5u);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 6));
}

TEST_F(LogWriterTest, FileSaysWhereTheOneBeforeItEndsAndThatIsDurable) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, MakeRecords(1, 3)));
  ASSERT_OK(writer.BeginFile(&set_));
  EXPECT_EQ(HeaderOf(BytesOfFile(*files_, 2)).previous_end,
            format::kLogHeaderBytes + 3 * format::LogRecordBytes(6));
  const auto image = files_->CutAll();
  EXPECT_EQ(ScanOf(BytesOfFile(*image, 1)).records.size(), 3u);
  EXPECT_EQ(HeaderOf(BytesOfFile(*image, 2)).number, 2u);
}

TEST_F(LogWriterTest, RecordsAreDurableAfterSyncOnly) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, MakeRecords(1, 2)));
  EXPECT_EQ(ScanOf(BytesOfFile(*files_->CutAll(), 1)).records.size(), 0u);
  EXPECT_EQ(ScanOf(BytesOfFile(*files_->KeepAll(), 1)).records.size(), 2u);
  ASSERT_OK(writer.Sync());
  EXPECT_EQ(ScanOf(BytesOfFile(*files_->CutAll(), 1)).records.size(), 2u);
}

TEST_F(LogWriterTest, SyncWithNothingNewCallsNobody) {
  LogWriter writer = MakeWriter();
  EXPECT_OK(writer.Sync());
  ASSERT_OK(Write(writer, MakeRecords(1, 1)));
  ASSERT_OK(writer.Sync());
  injector_->Disarm();
  EXPECT_OK(writer.Sync());
  EXPECT_EQ(injector_->numbered(), 0);
}

TEST_F(LogWriterTest, RecordsSayHowMuchWasDurableWhenTheyWereWritten) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, MakeRecords(1, 2)));
  ASSERT_OK(writer.Sync());
  ASSERT_OK(Write(writer, MakeRecords(3, 3)));
  const std::string file = BytesOfFile(*files_, 1);
  const auto records = ScanOf(file).records;
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(MarkOf(file, records[0].offset), format::kLogHeaderBytes);
  EXPECT_EQ(MarkOf(file, records[1].offset), format::kLogHeaderBytes);
  EXPECT_EQ(MarkOf(file, records[2].offset), records[2].offset);
}

TEST_F(LogWriterTest, RoomIsMadeInStepsThatGrowWithTheFile) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, MakeRecords(1, 1)));
  EXPECT_EQ(place_->List({})->front().size_bytes, 256u << 10);
  injector_->Disarm();
  uint64_t sequence = 1;
  std::vector<uint64_t> sizes;
  for (int i = 0; i < 40; ++i) {
    ++sequence;
    ASSERT_OK(Write(writer, {MakeRecord(sequence, std::string(100'000, 'x'))}));
    const uint64_t size = place_->List({})->front().size_bytes;
    if (sizes.empty() || sizes.back() != size) sizes.push_back(size);
  }
  EXPECT_EQ(Calls("Append"), 40);
  EXPECT_LE(Calls("Preallocate"), 5);  // 0.25, 0.5, 1, 2, 4 MB: each at least twice the last
  for (size_t i = 1; i < sizes.size(); ++i) EXPECT_GE(sizes[i], 2 * sizes[i - 1]);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 41));
}

TEST_F(LogWriterTest, SmallRecordsAreHandedOverTogether) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, MakeRecords(1, 1)));
  injector_->Disarm();
  ASSERT_OK(Write(writer, MakeRecords(2, 500)));
  EXPECT_EQ(Calls("Append"), 1);
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 500));
}

// Notes where the bytes lay that were appended to its files.
class WatchedPlace : public LogPlace {
 public:
  absl::StatusOr<std::vector<LogFileInfo>> List(const Context&) override {
    return std::vector<LogFileInfo>();
  }
  absl::StatusOr<base::LargeBuffer> Read(uint64_t, const Host&, const Context&) override {
    return absl::NotFoundError("");
  }
  absl::StatusOr<std::unique_ptr<AppendFile>> Create(uint64_t, std::span<const std::byte>,
                                                     uint64_t) override {
    class File : public AppendFile {
     public:
      explicit File(std::vector<const std::byte*>* appended) : appended_(appended) {}
      absl::Status Append(std::span<const std::byte> bytes) override {
        appended_->push_back(bytes.data());
        return absl::OkStatus();
      }
      absl::Status Sync() override { return absl::OkStatus(); }

     private:
      std::vector<const std::byte*>* appended_;
    };
    return std::make_unique<File>(&appended);
  }
  absl::Status Remove(uint64_t) override { return absl::OkStatus(); }
  bool grows() const override { return true; }
  std::string NameOf(uint64_t) const override { return "watched"; }

  std::vector<const std::byte*> appended;
};

TEST_F(LogWriterTest, LargeRecordsAreNotCopied) {
  WatchedPlace place;
  LogWriter writer(&place, MakeIdentity(), 0, 0, kNoRotation);
  std::vector<PendingRecord> records;
  records.push_back(MakeRecord(1, "small"));
  records.push_back(MakeRecord(2, std::string(64 << 10, 'x')));
  records.push_back(MakeRecord(3, "small"));
  ASSERT_OK(writer.Write(records, &set_));
  ASSERT_EQ(place.appended.size(), 3u);
  EXPECT_EQ(place.appended[1], base::AsBytes(records[1].bytes).data());
}

TEST_F(LogWriterTest, LargeAndSmallRecordsComeInTheirOrder) {
  LogWriter writer = MakeWriter(/*file_bytes=*/300'000);
  std::vector<PendingRecord> records;
  for (uint64_t i = 1; i <= 60; ++i) {
    records.push_back(MakeRecord(i, std::string(i % 3 == 0 ? 70'000 : 9000, 'x')));
  }
  ASSERT_OK(Write(writer, std::move(records)));
  EXPECT_EQ(SequencesIn(*place_), Sequences(1, 60));
  EXPECT_EQ(NumbersIn(*place_).size(), 5u);
}

TEST_F(LogWriterTest, FileThatCannotBeMadeLeavesTheOneBeforeItUsable) {
  for (const char* call : {"CreateFile", "Preallocate", "Append"}) {
    LogWriter writer = MakeWriter();
    LogSet set;
    std::vector<PendingRecord> records = MakeRecords(1, 2);
    ASSERT_OK(writer.Write(records, &set));
    injector_->Arm({.call = call, .error = absl::ResourceExhaustedError("full")});
    EXPECT_EQ(CodeOf(writer.BeginFile(&set)), absl::StatusCode::kResourceExhausted) << call;
    injector_->Disarm();
    records = MakeRecords(3, 4);
    ASSERT_OK(writer.Write(records, &set));
    ASSERT_OK(writer.Sync());
    EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1})) << call;
    EXPECT_EQ(SequencesIn(*place_), Sequences(1, 4)) << call;
    ASSERT_OK(writer.BeginFile(&set));
    EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1, 2})) << call;
    ASSERT_OK(place_->Remove(1));
    ASSERT_OK(place_->Remove(2));
  }
}

TEST_F(LogWriterTest, FileWhoseEndCannotBeMadeDurableIsUnknown) {
  LogWriter writer = MakeWriter();
  ASSERT_OK(Write(writer, MakeRecords(1, 2)));
  injector_->Arm({.call = "Sync", .error = absl::ResourceExhaustedError("full")});
  EXPECT_EQ(CodeOf(writer.BeginFile(&set_)), kUnknown);
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1}));
}

TEST_F(LogWriterTest, ContinuesBehindTheFilesThatWereThere) {
  LogWriter writer(place_.get(), MakeIdentity(), 5, 1000, kNoRotation);
  ASSERT_OK(Write(writer, MakeRecords(1, 1)));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{6}));
  EXPECT_EQ(HeaderOf(BytesOfFile(*files_, 6)).previous_end, 1000u);
}

TEST_F(LogWriterTest, FullFileThatIsContinuedIsFollowedByOneOther) {
  LogWriter writer(place_.get(), MakeIdentity(), 5, 1000, /*file_bytes=*/500);
  ASSERT_OK(Write(writer, MakeRecords(1, 1)));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{6}));
}

TEST_F(LogWriterTest, CarriedRecordsComeIntoBeingWithTheNextFile) {
  LogWriter writer(place_.get(), MakeIdentity(), 5, 1000, kNoRotation, MakeRecords(3, 4));
  ASSERT_OK(writer.BeginFile(&set_));
  const std::string file = BytesOfFile(*files_->CutAll(), 6);  // durable without a sync
  const format::LogScan scan = ScanOf(file);
  ASSERT_EQ(scan.records.size(), 2u);
  EXPECT_EQ(scan.records[0].sequence, 3u);
  EXPECT_EQ(scan.synced_end, scan.records[1].offset);
  EXPECT_EQ(set_.FirstNeeded(3), 6u);
  ASSERT_OK(writer.BeginFile(&set_));  // which does not carry them once more
  EXPECT_TRUE(ScanOf(BytesOfFile(*files_, 7)).records.empty());
  EXPECT_EQ(set_.FirstNeeded(3), 6u);
  EXPECT_EQ(set_.FirstNeeded(4), 7u);
}

TEST_F(LogWriterTest, CarriedRecordsAreKeptWhenTheFileCannotBeMade) {
  LogWriter writer(place_.get(), MakeIdentity(), 5, 1000, kNoRotation, MakeRecords(3, 4));
  injector_->Arm({.call = "CreateFile", .error = absl::ResourceExhaustedError("full")});
  EXPECT_EQ(CodeOf(writer.BeginFile(&set_)), absl::StatusCode::kResourceExhausted);
  injector_->Disarm();
  ASSERT_OK(Write(writer, MakeRecords(5, 5)));
  EXPECT_EQ(SequencesIn(*place_, 6), Sequences(3, 5));
}

TEST_F(LogWriterTest, ObjectHoldsTheRecordsOfOneWrite) {
  const auto store = MakeMemoryObjectStore();
  const auto place = MakeObjectLogPlace(store, support::PathOf(kFolder));
  LogWriter writer(place.get(), MakeIdentity(), 0, 0, kNoRotation);
  ASSERT_OK(Write(writer, MakeRecords(1, 3)));
  ASSERT_OK(Write(writer, MakeRecords(4, 4)));
  EXPECT_OK(writer.Sync());
  EXPECT_EQ(NumbersIn(*place), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(SequencesIn(*place), Sequences(1, 4));
  const auto first = place->Read(1, {}, {});
  const auto second = place->Read(2, {}, {});
  EXPECT_EQ(HeaderOf(ToText(second->bytes())).previous_end, first->size());
}

TEST_F(LogWriterTest, ObjectThatAnotherWriterHasMadeIsAborted) {
  const auto place = MakeObjectLogPlace(MakeMemoryObjectStore(), support::PathOf(kFolder));
  LogWriter older(place.get(), MakeIdentity(), 0, 0, kNoRotation);
  LogWriter newer(place.get(), MakeIdentity(), 0, 0, kNoRotation);
  ASSERT_OK(newer.BeginFile(&set_));
  EXPECT_EQ(CodeOf(Write(older, MakeRecords(1, 1))), absl::StatusCode::kAborted);
  EXPECT_TRUE(SequencesIn(*place).empty());
}

}  // namespace
}  // namespace vecdb::journal
