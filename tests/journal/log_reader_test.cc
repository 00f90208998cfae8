#include "journal/log_reader.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "journal/journal.h"
#include "journal/journal_testing.h"
#include "support/power_cut_file_system.h"

namespace vecdb::journal {
namespace {

constexpr uint64_t kRecordBytes = format::LogRecordBytes(6);
constexpr uint64_t kHeaderBytes = format::kLogHeaderBytes;

// Three files of two records each: 1 to 6.
class LogReaderTest : public ::testing::Test {
 protected:
  LogReaderTest() {
    LogWriter writer(place_.get(), MakeIdentity(), 0, 0, kNoRotation);
    LogSet set;
    for (uint64_t file = 1; file <= 3; ++file) {
      EXPECT_OK(writer.BeginFile(&set));
      for (const uint64_t sequence : {2 * file - 1, 2 * file}) {
        std::vector<PendingRecord> records = MakeRecords(sequence, sequence);
        EXPECT_OK(writer.Write(records, &set));
        EXPECT_OK(writer.Sync());
      }
    }
  }

  absl::StatusOr<LogReader> Open(bool salvage = false, uint64_t first = 1, uint64_t last = 1) {
    return OpenLog(*place_, first, last, salvage);
  }
  // What salvage keeps; fails the test unless the log cannot be opened without.
  std::vector<uint64_t> Salvaged(uint64_t last = 1) {
    EXPECT_EQ(CodeOf(Open(false, 1, last)), kDataLoss);
    const auto reader = Open(true, 1, last);
    EXPECT_OK(reader);
    if (!reader.ok()) return {};
    EXPECT_NE(reader->findings().damage, "");
    EXPECT_EQ(SequencesIn(*reader).size(), reader->findings().num_records);
    return SequencesIn(*reader);
  }
  void Flip(uint64_t number, size_t at) {
    std::string bytes = BytesOfFile(*files_, number);
    bytes[at] = static_cast<char>(bytes[at] ^ 0x41);
    ReplaceFile(*files_, number, bytes);
  }
  // Makes a file anew with another header.
  void Reheader(uint64_t number, const std::function<void(format::LogFileHeader*)>& edit,
                uint64_t first_sequence) {
    format::LogFileHeader header = HeaderOf(BytesOfFile(*files_, number));
    edit(&header);
    std::string bytes = format::EncodeLogHeader(&header);
    for (uint64_t i = 0; i < 2; ++i) {
      PendingRecord record = MakeRecord(first_sequence + i, "record");
      format::EncodeLogFrame(header, bytes.size(),
                             {.payload_bytes = 6,
                              .sequence = record.sequence,
                              .synced_bytes = bytes.size(),
                              .payload_hash = base::Xxh3("record")},
                             reinterpret_cast<std::byte*>(record.bytes.data()));
      bytes += record.bytes;
    }
    ReplaceFile(*files_, number, bytes);
  }

  // Files in it have no zeros behind their records.
  const std::shared_ptr<FileSystem> files_ = MakeMemoryFileSystem();
  const std::unique_ptr<LogPlace> place_ = MakeLocalLogPlace(files_, kFolder);
};

TEST_F(LogReaderTest, WholeLogIsRead) {
  const auto reader = Open(false, 1, 3);
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(1, 6));
  EXPECT_EQ(reader->findings().num_files, 3u);
  EXPECT_EQ(reader->findings().num_records, 6u);
  EXPECT_EQ(reader->findings().bytes, 6 * kRecordBytes);
  EXPECT_EQ(reader->findings().torn_bytes, 0u);
  EXPECT_EQ(reader->findings().damage, "");
  EXPECT_EQ(reader->files().first_number(), 1u);
  EXPECT_EQ(reader->files().last_number(), 3u);
  EXPECT_EQ(reader->files().FirstNeeded(3), 2u);
}

TEST_F(LogReaderTest, RecordsHaveTheirPayloadAndAName) {
  const auto reader = Open();
  ASSERT_OK(reader);
  std::vector<std::string> names;
  ASSERT_OK(reader->ForEach(
      [&](std::string_view name, const format::LogRecord& record) {
        EXPECT_EQ(ToText(record.payload), "record");
        names.emplace_back(name);
        return absl::OkStatus();
      },
      {}, {}));
  ASSERT_EQ(names.size(), 6u);
  EXPECT_TRUE(names[5].ends_with("/00000000000000000003.log, offset 176")) << names[5];
}

TEST_F(LogReaderTest, ErrorOfApplyStopsForEach) {
  const auto reader = Open();
  ASSERT_OK(reader);
  int calls = 0;
  const absl::Status status = reader->ForEach(
      [&](std::string_view, const format::LogRecord&) {
        return ++calls == 3 ? absl::ResourceExhaustedError("enough") : absl::OkStatus();
      },
      {}, {});
  EXPECT_EQ(status, absl::ResourceExhaustedError("enough"));
  EXPECT_EQ(calls, 3);
}

TEST_F(LogReaderTest, FilesBeforeTheFirstNeededAreNotLookedAt) {
  ReplaceFile(*files_, 1, "came back damaged");
  const auto reader = Open(false, 2, 3);
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(3, 6));
}

TEST_F(LogReaderTest, LogWithoutAFileIsNotFound) {
  for (uint64_t number = 1; number <= 3; ++number) ASSERT_OK(place_->Remove(number));
  EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(Open(true)), absl::StatusCode::kNotFound);
}

TEST_F(LogReaderTest, LogWithOnlyFilesThatAreNotNeededIsNotFound) {
  EXPECT_EQ(CodeOf(Open(false, 4, 4)), absl::StatusCode::kNotFound);
}

// ---- missing files

TEST_F(LogReaderTest, MissingFirstFileIsDamage) {
  ASSERT_OK(place_->Remove(1));
  EXPECT_TRUE(Salvaged().empty());
}

TEST_F(LogReaderTest, MissingMiddleFileIsDamage) {
  ASSERT_OK(place_->Remove(2));
  EXPECT_EQ(Salvaged(), Sequences(1, 2));
}

TEST_F(LogReaderTest, MissingLastFileIsDamageWhenTheManifestKnowsOfIt) {
  ASSERT_OK(place_->Remove(3));
  EXPECT_EQ(Salvaged(/*last=*/3), Sequences(1, 4));
  EXPECT_EQ(Salvaged(/*last=*/1'000'000), Sequences(1, 4));
  const auto reader = Open(false, 1, 2);
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(1, 4));
}

TEST_F(LogReaderTest, MissingFilesAreNamed) {
  ASSERT_OK(place_->Remove(2));
  const absl::Status status = Open().status();
  EXPECT_NE(status.message().find("00000000000000000002.log, offset 0: the file is missing"),
            std::string::npos)
      << status;
}

TEST_F(LogReaderTest, FileWithTheLargestNumberDoesNotMakeTheReaderCountThere) {
  ReplaceFile(*files_, ~uint64_t{0}, "who put this here");
  EXPECT_EQ(Salvaged(), Sequences(1, 6));
}

// ---- files that do not belong

TEST_F(LogReaderTest, FileOfAnotherLogCollectionOrNumberIsDamage) {
  const std::string good = BytesOfFile(*files_, 2);
  Reheader(
      2, [](auto* header) { header->log_id = std::string(32, '2'); }, 3);
  EXPECT_EQ(Salvaged(), Sequences(1, 2));
  ReplaceFile(*files_, 2, good);
  Reheader(
      2, [](auto* header) { header->collection_id = std::string(32, 'd'); }, 3);
  EXPECT_EQ(Salvaged(), Sequences(1, 2));
  ReplaceFile(*files_, 2, BytesOfFile(*files_, 1));
  EXPECT_EQ(Salvaged(), Sequences(1, 2));
  ReplaceFile(*files_, 2, good);
  EXPECT_OK(Open());
}

TEST_F(LogReaderTest, SequenceThatRunsBackwardsFromFileToFileIsDamage) {
  for (const uint64_t first : {1u, 2u, 3u}) {  // file 2 ends with 4
    Reheader(
        3, [](auto*) {}, first);
    EXPECT_EQ(Salvaged(), Sequences(1, 4)) << first;
  }
  Reheader(
      3, [](auto*) {}, 5);
  EXPECT_OK(Open());
}

TEST_F(LogReaderTest, FileOfANewerVersionIsFailedPreconditionAlsoWithSalvage) {
  std::string bytes = BytesOfFile(*files_, 2);
  bytes[8] = 2;
  const uint64_t checksum = base::Xxh3(std::string_view(bytes).substr(0, 120));
  std::memcpy(bytes.data() + 120, &checksum, sizeof(checksum));
  ReplaceFile(*files_, 2, bytes);
  EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Open(true)), absl::StatusCode::kFailedPrecondition);
}

// ---- where files end

TEST_F(LogReaderTest, RecordsBehindTheEndThatTheNextFileNamesAreCut) {
  Reheader(
      2, [](auto* header) { header->previous_end = kHeaderBytes + kRecordBytes; }, 3);
  auto reader = Open();
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), (std::vector<uint64_t>{1, 3, 4, 5, 6}));
  Reheader(
      2, [](auto* header) { header->previous_end = kHeaderBytes; }, 3);
  reader = Open();
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(3, 6));
  EXPECT_EQ(reader->findings().num_files, 3u);
}

TEST_F(LogReaderTest, RecordThatWasCutMayComeAgainInTheNextFile) {
  Reheader(
      2, [](auto* header) { header->previous_end = kHeaderBytes + kRecordBytes; }, 2);
  Reheader(
      3, [](auto*) {}, 4);
  const auto reader = Open();
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(1, 5));
}

TEST_F(LogReaderTest, EndThatNoRecordHasIsDamage) {
  const uint64_t end = kHeaderBytes + 2 * kRecordBytes;
  for (const uint64_t wrong :
       {uint64_t{0}, uint64_t{8}, kHeaderBytes - 1, kHeaderBytes + 8,
        kHeaderBytes + kRecordBytes - 8, end - 1, end + 1, end + 48, ~uint64_t{0}}) {
    Reheader(
        2, [&](auto* header) { header->previous_end = wrong; }, 3);
    EXPECT_EQ(CodeOf(Open()), kDataLoss) << wrong;
    const auto salvaged = Open(true);
    ASSERT_OK(salvaged);
    EXPECT_LE(SequencesIn(*salvaged).size(), 2u) << wrong;
  }
}

TEST_F(LogReaderTest, TornTailOfTheLastFileIsCountedAndNoError) {
  std::string bytes = BytesOfFile(*files_, 3);
  ReplaceFile(*files_, 3, bytes.append("torn").append(100, '\0'));
  auto reader = Open(false, 1, 3);
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(1, 6));
  EXPECT_EQ(reader->findings().torn_bytes, 4u);
  EXPECT_EQ(reader->findings().torn_file, place_->NameOf(3));
  EXPECT_EQ(reader->findings().damage, "");
  Flip(3, kHeaderBytes + kRecordBytes + format::kLogFrameBytes);
  reader = Open(false, 1, 3);
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(1, 5));
}

TEST_F(LogReaderTest, BytesBehindTheEndOfAnEarlierFileDoNotMatter) {
  std::string bytes = BytesOfFile(*files_, 2);
  ReplaceFile(*files_, 2, bytes.append("torn once").append(100, '\0'));
  const auto reader = Open();
  ASSERT_OK(reader);
  EXPECT_EQ(SequencesIn(*reader), Sequences(1, 6));
  EXPECT_EQ(reader->findings().torn_bytes, 0u);
}

TEST_F(LogReaderTest, EveryDamagedByteIsToldAndSalvageKeepsWhatComesBefore) {
  for (uint64_t number = 1; number <= 3; ++number) {
    const std::string good = BytesOfFile(*files_, number);
    const uint64_t end = kHeaderBytes + 2 * kRecordBytes;
    for (uint64_t at = 0; at < end; ++at) {
      Flip(number, at);
      const uint64_t before =
          2 * (number - 1) + (at < kHeaderBytes ? 0 : (at - kHeaderBytes) / kRecordBytes);
      if (number == 3 && at >= kHeaderBytes + kRecordBytes) {
        // The last record of all: nothing says that it was ever durable.
        EXPECT_EQ(SequencesIn(*Open()), Sequences(1, 5)) << at;
      } else {
        EXPECT_EQ(Salvaged(), Sequences(1, before)) << number << " at " << at;
      }
      ReplaceFile(*files_, number, good);
    }
  }
}

TEST_F(LogReaderTest, EveryTruncationOfAnEarlierFileIsDamage) {
  const std::string good = BytesOfFile(*files_, 2);
  for (size_t length = 0; length < kHeaderBytes + 2 * kRecordBytes; ++length) {
    ReplaceFile(*files_, 2, good.substr(0, length));
    const uint64_t whole = length < kHeaderBytes ? 0 : (length - kHeaderBytes) / kRecordBytes;
    EXPECT_EQ(Salvaged(), Sequences(1, 2 + whole)) << length;
  }
}

TEST_F(LogReaderTest, DamageNamesFileAndOffset) {
  Flip(2, kHeaderBytes + kRecordBytes + 3);
  const absl::Status status = Open().status();
  EXPECT_NE(status.message().find("00000000000000000002.log, offset 176"), std::string::npos)
      << status;
}

TEST_F(LogReaderTest, FirstDamageIsTheOneThatCounts) {
  Flip(1, kHeaderBytes + kRecordBytes);
  Flip(3, 5);
  EXPECT_EQ(Salvaged(), Sequences(1, 1));
  EXPECT_NE(Open(true)->findings().damage.find("00000000000000000001.log"), std::string::npos);
}

TEST_F(LogReaderTest, OpeningChangesNothing) {
  Flip(2, kHeaderBytes + 3);
  const std::string before = BytesOfFile(*files_, 2);
  EXPECT_EQ(Salvaged(), Sequences(1, 2));
  EXPECT_EQ(BytesOfFile(*files_, 2), before);
  EXPECT_EQ(NumbersIn(*place_), Sequences(1, 3));
}

TEST_F(LogReaderTest, FileThatChangesAfterOpenIsDataLoss) {
  const auto reader = Open();
  ASSERT_OK(reader);
  Flip(2, kHeaderBytes + 3);
  const absl::Status status = reader->ForEach(
      [](std::string_view, const format::LogRecord&) { return absl::OkStatus(); }, {}, {});
  EXPECT_EQ(CodeOf(status), kDataLoss);
}

TEST_F(LogReaderTest, EndedContextAndSmallBudgetStopIt) {
  const LogExpectation expected{.identity = MakeIdentity()};
  EXPECT_EQ(CodeOf(LogReader::Open(place_.get(), expected, true, {}, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  MemoryBudget budget(10);
  EXPECT_EQ(CodeOf(LogReader::Open(place_.get(), expected, true, {.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
}

// ---- objects

TEST(ObjectLogReaderTest, BytesThatAreNoRecordAreDamageInAnyObject) {
  const auto store = MakeMemoryObjectStore();
  const auto place = MakeObjectLogPlace(store, support::PathOf(kFolder));
  LogWriter writer(place.get(), MakeIdentity(), 0, 0, kNoRotation);
  LogSet set;
  std::vector<PendingRecord> records = MakeRecords(1, 2);
  ASSERT_OK(writer.Write(records, &set));
  const ObjectPath path = support::PathOf(PathOfFile(1));
  const std::string good = *GetObject(*store, path, support::kNoLimit);
  for (const std::string& bad :
       {std::string(good).append("x"), std::string(good).append(8, '\0'),
        good.substr(0, good.size() - 1), good.substr(0, good.size() - kRecordBytes).append("x")}) {
    ASSERT_OK(store->Delete(path));
    ASSERT_OK(PutObject(*store, path, bad));
    EXPECT_EQ(CodeOf(OpenLog(*place)), kDataLoss);
    EXPECT_OK(OpenLog(*place, 1, 1, /*salvage=*/true));
  }
}

TEST(ObjectLogReaderTest, ObjectsHaveNoTail) {
  const auto place = MakeObjectLogPlace(MakeMemoryObjectStore(), support::PathOf(kFolder));
  LogWriter writer(place.get(), MakeIdentity(), 0, 0, kNoRotation);
  LogSet set;
  std::vector<PendingRecord> records = MakeRecords(1, 2);
  ASSERT_OK(writer.Write(records, &set));
  const auto reader = OpenLog(*place);
  ASSERT_OK(reader);
  EXPECT_EQ(reader->durable_end(), kHeaderBytes + 2 * kRecordBytes);
  EXPECT_TRUE(reader->ReadTail({}, {})->empty());
}

// ---- what is not known to be durable

TEST_F(LogReaderTest, TailIsWhatNoLaterRecordSaysToBeDurable) {
  auto reader = Open();
  ASSERT_OK(reader);
  EXPECT_EQ(reader->durable_end(), kHeaderBytes + kRecordBytes);
  const auto tail = reader->ReadTail({}, {});
  ASSERT_OK(tail);
  ASSERT_EQ(tail->size(), 1u);
  EXPECT_EQ((*tail)[0].sequence, 6u);
  EXPECT_EQ((*tail)[0].payload_bytes, 6u);
  EXPECT_EQ((*tail)[0].bytes.substr(format::kLogFrameBytes, 6), "record");
}

// ---- one life after the other

// Continues the log of a place as an opening does.
std::unique_ptr<Journal> Continue(const std::shared_ptr<FileSystem>& files, LogPlace& place) {
  if (NumbersIn(place).empty()) {
    auto log = std::make_unique<Journal>(MakeLocalLogPlace(files, kFolder), MakeIdentity(),
                                         LogSet(), 0, 400);
    return log->BeginFile({}).ok() ? std::move(log) : nullptr;
  }
  const auto reader = OpenLog(place);
  EXPECT_OK(reader);
  if (!reader.ok()) return nullptr;
  auto tail = reader->ReadTail({}, {});
  EXPECT_OK(tail);
  return std::make_unique<Journal>(MakeLocalLogPlace(files, kFolder), MakeIdentity(),
                                   reader->files(), reader->durable_end(), 400, *std::move(tail));
}

// Writes until the power goes or `count` records are there. What was acknowledged at least at
// kProcessCrash, and at kSynced, is noted.
struct Acked {
  uint64_t written = 0;
  uint64_t synced = 0;
  uint64_t appended = 0;
};

void WriteSome(Journal& log, support::SeededRandom& random, Acked* acked) {
  for (int i = 0; i < 12; ++i) {
    const uint64_t ticket =
        log.Append(MakeRecord(++acked->appended, std::string(random.Below(300), 'r')));
    const bool synced = random.OneIn(3);
    const auto level = synced ? Durability::kSynced : Durability::kProcessCrash;
    if (!log.Reach(ticket, level, {}).ok()) return;
    acked->written = acked->appended;
    if (synced) acked->synced = acked->appended;
  }
}

TEST(LogGenerationsTest, KillsLoseNothingThatWasWrittenAndPowerCutsNothingThatWasSynced) {
  const uint64_t first_seed = support::TestSeed("LogGenerationsTest");
  for (int round = 0; round < support::ScaledCount(3); ++round) {
    const uint64_t seed = first_seed + static_cast<uint64_t>(round);
    SCOPED_TRACE(seed);
    support::SeededRandom random(seed);
    auto files = std::make_shared<support::PowerCutFileSystem>();
    Acked acked;
    for (int life = 0; life < 6; ++life) {
      files->StopAfter(static_cast<int>(1 + random.Below(40)));
      {
        const auto place = MakeLocalLogPlace(files, kFolder);
        const auto log = Continue(files, *place);
        if (log != nullptr) WriteSome(*log, random, &acked);
      }
      const bool power_cut = random.OneIn(2);
      if (power_cut) {
        files = files->Cut(random.Next());
      } else {
        files->Restart();
      }
      const auto place = MakeLocalLogPlace(files, kFolder);
      const uint64_t kept = power_cut ? acked.synced : acked.written;
      if (NumbersIn(*place).empty()) {
        ASSERT_EQ(kept, 0u);
        acked = {};
        continue;
      }
      const auto reader = OpenLog(*place);
      ASSERT_OK(reader) << "life " << life;
      const std::vector<uint64_t> found = SequencesIn(*reader);
      ASSERT_GE(found.size(), kept) << "life " << life;
      ASSERT_EQ(found, Sequences(1, found.size())) << "life " << life;
      // What is there now is what the next life goes on from.
      acked.appended = found.size();
      acked.written = found.size();
      acked.synced = power_cut ? found.size() : acked.synced;
    }
  }
}

TEST(LogGenerationsTest, PowerCutAfterAKillAndALaterSyncLosesNoSyncedRecord) {
  auto files = std::make_shared<support::PowerCutFileSystem>();
  {
    Journal log(MakeLocalLogPlace(files, kFolder), MakeIdentity(), LogSet(), 0, kNoRotation);
    ASSERT_OK(log.Reach(log.Append(MakeRecord(1, "killed before a sync")),
                        Durability::kProcessCrash, {}));
  }
  {
    const auto place = MakeLocalLogPlace(files, kFolder);
    const auto log = Continue(files, *place);
    ASSERT_NE(log, nullptr);
    ASSERT_OK(log->Reach(log->Append(MakeRecord(2, "synced")), Durability::kSynced, {}));
  }
  EXPECT_EQ(SequencesIn(*MakeLocalLogPlace(files->CutAll(), kFolder)), Sequences(1, 2));
}

}  // namespace
}  // namespace vecdb::journal
