#include "format/log_file.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/checksum.h"
#include "format/format_testing.h"
#include "support/seeded_random.h"

namespace vecdb::format {
namespace {

using absl::StatusCode::kDataLoss;
using absl::StatusCode::kFailedPrecondition;

// Where the fields lie, as docs/formats.md gives them.
constexpr size_t kHeaderVersionAt = 8;
constexpr size_t kHeaderFeaturesAt = 12;
constexpr size_t kHeaderNumberAt = 16;
constexpr size_t kHeaderCollectionAt = 48;
constexpr size_t kHeaderReservedAt = 112;
constexpr size_t kHeaderChecksumAt = 120;
constexpr size_t kFrameTypeAt = 4;
constexpr size_t kFrameFlagsAt = 5;
constexpr size_t kFrameReservedAt = 6;
constexpr size_t kFrameCheckAt = 32;

LogFileHeader MakeHeader(uint64_t salt = 7) {
  return {.collection_id = "00112233445566778899aabbccddeeff",
          .log_id = "ffeeddccbbaa99887766554433221100",
          .number = 3,
          .epoch = 9,
          .previous_end = 4096,
          .salt = salt};
}

// A file under construction.
class LogBuilder {
 public:
  explicit LogBuilder(uint64_t salt = 7) : header_(MakeHeader(salt)) {
    bytes_ = EncodeLogHeader(&header_);
    offsets_.push_back(bytes_.size());
  }

  // Appends a record; all before the first of `unsynced` records before it is durable by default.
  LogBuilder& Add(std::string_view payload, uint64_t sequence, size_t unsynced = 0) {
    const uint64_t synced = offsets_[offsets_.size() - 1 - unsynced];
    return AddFrame(payload, {.payload_bytes = payload.size(),
                              .sequence = sequence,
                              .synced_bytes = synced,
                              .payload_hash = base::Xxh3(payload)});
  }

  LogBuilder& AddFrame(std::string_view payload, const LogFrame& frame) {
    std::string record(kLogFrameBytes, '\0');
    EncodeLogFrame(header_, bytes_.size(), frame, reinterpret_cast<std::byte*>(record.data()));
    record.append(payload);
    record.resize(LogRecordBytes(payload.size()), '\0');
    bytes_.append(record);
    offsets_.push_back(bytes_.size());
    return *this;
  }

  const LogFileHeader& header() const { return header_; }
  const std::string& bytes() const { return bytes_; }
  /// Where record `i` begins; one more than there are records.
  uint64_t at(size_t i) const { return offsets_[i]; }

 private:
  LogFileHeader header_;
  std::string bytes_;
  std::vector<uint64_t> offsets_;
};

absl::StatusOr<LogScan> Scan(const LogFileHeader& header, std::string_view file) {
  return ScanLogFile("a.log", header, base::AsBytes(file));
}

// Makes the check of the frame at `offset` right again.
void SealFrame(const LogFileHeader& header, uint64_t offset, std::string* file) {
  base::ByteWriter covered;
  covered.Put(header.checksum);
  covered.Put(offset);
  covered.PutBytes(std::string_view(*file).substr(offset, kFrameCheckAt));
  PutAt(file, offset + kFrameCheckAt, base::Xxh3(covered.str()));
}

std::vector<std::string> PayloadsOf(const LogScan& scan) {
  std::vector<std::string> payloads;
  for (const LogRecord& record : scan.records) {
    payloads.emplace_back(reinterpret_cast<const char*>(record.payload.data()),
                          record.payload.size());
  }
  return payloads;
}

// ---- the header

TEST(LogHeaderTest, ComesBack) {
  LogFileHeader header = MakeHeader();
  const std::string bytes = EncodeLogHeader(&header);
  ASSERT_EQ(bytes.size(), kLogHeaderBytes);
  EXPECT_NE(header.checksum, 0u);
  const auto read = DecodeLogHeader("a.log", base::AsBytes(bytes));
  ASSERT_OK(read);
  EXPECT_EQ(*read, header);
  LogFileHeader largest = MakeHeader();
  largest.number = largest.epoch = largest.previous_end = largest.salt = ~uint64_t{0};
  EXPECT_EQ(*DecodeLogHeader("a.log", base::AsBytes(EncodeLogHeader(&largest))), largest);
}

TEST(LogHeaderTest, OtherSaltGivesOtherChecksum) {
  EXPECT_NE(LogBuilder(1).header().checksum, LogBuilder(2).header().checksum);
}

TEST(LogHeaderTest, EveryFlippedBitIsDataLoss) {
  const std::string good = LogBuilder().bytes();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(CodeOf(DecodeLogHeader("a.log", base::AsBytes(bad))), kDataLoss) << bit;
  }
}

TEST(LogHeaderTest, EveryTruncationIsDataLoss) {
  const std::string good = LogBuilder().bytes();
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(CodeOf(DecodeLogHeader("a.log", base::AsBytes(good.substr(0, length)))), kDataLoss);
  }
}

template <typename T>
absl::Status DecodeWith(size_t at, T value) {
  std::string bytes = LogBuilder().bytes();
  PutAt(&bytes, at, value);
  PutAt(&bytes, kHeaderChecksumAt, base::Xxh3(std::string_view(bytes).substr(0, 120)));
  return DecodeLogHeader("a.log", base::AsBytes(bytes)).status();
}

TEST(LogHeaderTest, NewerVersionsAndFeaturesAreFailedPrecondition) {
  EXPECT_OK(DecodeWith(kHeaderVersionAt, uint32_t{1}));
  EXPECT_EQ(CodeOf(DecodeWith(kHeaderVersionAt, uint32_t{2})), kFailedPrecondition);
  EXPECT_EQ(CodeOf(DecodeWith(kHeaderFeaturesAt, uint32_t{1})), kFailedPrecondition);
  EXPECT_EQ(CodeOf(DecodeWith(kHeaderReservedAt, uint64_t{1})), kFailedPrecondition);
}

TEST(LogHeaderTest, ImpossibleValuesAreDataLoss) {
  EXPECT_EQ(CodeOf(DecodeWith(0, uint8_t{'v'})), kDataLoss);
  EXPECT_EQ(CodeOf(DecodeWith(kHeaderNumberAt, uint64_t{0})), kDataLoss);
  EXPECT_EQ(CodeOf(DecodeWith(kHeaderCollectionAt, 'A')), kDataLoss);
  EXPECT_EQ(CodeOf(DecodeWith(kHeaderCollectionAt + 32, '/')), kDataLoss);
}

TEST(LogHeaderTest, ErrorsNameTheFile) {
  EXPECT_EQ(DecodeLogHeader("some/1.log", {}).status(),
            absl::DataLossError("log file some/1.log, offset 0: too short for a header"));
}

// ---- records

TEST(LogScanTest, RecordsComeBackInTheirOrder) {
  LogBuilder log;
  log.Add("first", 10).Add("", 11).Add("exactly8", 12).Add(std::string(5000, 'x'), 1000);
  const auto scan = Scan(log.header(), log.bytes());
  ASSERT_OK(scan);
  EXPECT_EQ(PayloadsOf(*scan),
            (std::vector<std::string>{"first", "", "exactly8", std::string(5000, 'x')}));
  EXPECT_EQ(scan->end, log.bytes().size());
  EXPECT_EQ(scan->torn_bytes, 0u);
  EXPECT_EQ(scan->durable_bytes, 0u);
  EXPECT_EQ(scan->records[1].offset, log.at(1));
  EXPECT_EQ(scan->records[1].sequence, 11u);
  EXPECT_EQ(scan->records[3].sequence, 1000u);
}

TEST(LogScanTest, FileWithoutRecordsIsEmpty) {
  const LogBuilder log;
  for (const size_t zeros : {0u, 1u, 39u, 40u, 5000u}) {
    const auto scan = Scan(log.header(), log.bytes() + std::string(zeros, '\0'));
    ASSERT_OK(scan);
    EXPECT_TRUE(scan->records.empty());
    EXPECT_EQ(scan->end, kLogHeaderBytes);
    EXPECT_EQ(scan->torn_bytes, 0u);
  }
}

TEST(LogScanTest, LengthOfARecordIsAMultipleOf8) {
  EXPECT_EQ(LogRecordBytes(0), 40u);
  EXPECT_EQ(LogRecordBytes(1), 48u);
  EXPECT_EQ(LogRecordBytes(8), 48u);
  EXPECT_EQ(LogRecordBytes(9), 56u);
}

TEST(LogScanTest, ZerosBehindTheRecordsAreNotTorn) {
  LogBuilder log;
  log.Add("one", 1).Add("two", 2);
  for (const size_t zeros : {1u, 7u, 8u, 39u, 41u, 100000u}) {
    const auto scan = Scan(log.header(), log.bytes() + std::string(zeros, '\0'));
    ASSERT_OK(scan);
    EXPECT_EQ(scan->records.size(), 2u);
    EXPECT_EQ(scan->end, log.bytes().size());
    EXPECT_EQ(scan->torn_bytes, 0u);
  }
}

TEST(LogScanTest, NoiseBehindTheRecordsIsTorn) {
  LogBuilder log;
  log.Add("one", 1);
  const uint64_t seed = support::TestSeed("LogScanTest.NoiseBehindTheRecordsIsTorn");
  SCOPED_TRACE(seed);
  for (const size_t count : {1u, 7u, 8u, 40u, 41u, 3000u}) {
    std::string noise = RandomBytes(count, static_cast<uint32_t>(seed + count));
    noise.back() = 'x';
    const auto scan = Scan(log.header(), log.bytes() + noise + std::string(50, '\0'));
    ASSERT_OK(scan);
    EXPECT_EQ(scan->records.size(), 1u);
    EXPECT_EQ(scan->end, log.bytes().size());
    EXPECT_EQ(scan->torn_bytes, count);
    EXPECT_EQ(scan->durable_bytes, 0u);
  }
}

// What is left of `bad`, which differs from the whole of `log` in record `damaged` only: the
// records before it, and damage when a later one says that more had been durable.
void ExpectGap(const LogBuilder& log, size_t num_records, size_t damaged, std::string_view bad,
               size_t where) {
  const auto scan = Scan(log.header(), bad);
  ASSERT_OK(scan);
  ASSERT_EQ(scan->records.size(), damaged) << where;
  EXPECT_EQ(scan->end, log.at(damaged)) << where;
  if (damaged + 1 == num_records) {
    EXPECT_LE(scan->durable_bytes, scan->end) << where;  // torn
  } else {
    EXPECT_GT(scan->durable_bytes, scan->end) << where;  // damage
  }
}

TEST(LogScanTest, EveryFlippedBitIsFoundAndToldFromATornTail) {
  LogBuilder log;
  log.Add("first", 1).Add(std::string(30, 'x'), 2).Add("a third one", 3).Add("", 4).Add("z", 5);
  size_t record = 0;
  for (size_t bit = kLogHeaderBytes * 8; bit < log.bytes().size() * 8; ++bit) {
    if (bit / 8 == log.at(record + 1)) ++record;
    std::string bad = log.bytes();
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ExpectGap(log, 5, record, bad, bit);
  }
}

TEST(LogScanTest, EveryTruncationLeavesTheWholeRecordsBeforeIt) {
  LogBuilder log;
  log.Add("first", 1).Add(std::string(30, 'x'), 2).Add("a third one", 3);
  for (size_t length = kLogHeaderBytes; length < log.bytes().size(); ++length) {
    const auto scan = Scan(log.header(), log.bytes().substr(0, length));
    ASSERT_OK(scan);
    size_t whole = 0;
    while (log.at(whole + 1) <= length) ++whole;
    EXPECT_EQ(scan->records.size(), whole) << length;
    EXPECT_EQ(scan->end, log.at(whole)) << length;
    EXPECT_LE(scan->durable_bytes, scan->end) << length;
    EXPECT_LE(scan->torn_bytes, length - log.at(whole)) << length;
  }
}

TEST(LogScanTest, FileShorterThanItsHeaderIsDataLoss) {
  const LogBuilder log;
  for (const size_t length : {size_t{0}, size_t{1}, kLogHeaderBytes - 1}) {
    EXPECT_EQ(CodeOf(Scan(log.header(), log.bytes().substr(0, length))), kDataLoss) << length;
  }
}

TEST(LogScanTest, EveryZeroedSectorIsToldFromATornTail) {
  LogBuilder log;
  for (uint64_t i = 1; i <= 12; ++i) log.Add(std::string(300, static_cast<char>('a' + i)), i);
  for (size_t sector = 512; sector < log.bytes().size(); sector += 512) {
    const size_t count = std::min<size_t>(512, log.bytes().size() - sector);
    std::string bad = log.bytes();
    bad.replace(sector, count, count, '\0');
    size_t damaged = 0;
    while (log.at(damaged + 1) <= sector) ++damaged;
    const auto scan = Scan(log.header(), bad);
    ASSERT_OK(scan);
    EXPECT_EQ(scan->records.size(), damaged);
    // The mark of the next record is where that record begins.
    const bool has_later = log.at(12) > log.at(damaged + 1) && sector + count <= log.at(11);
    EXPECT_EQ(scan->durable_bytes > scan->end, has_later) << sector;
  }
}

TEST(LogScanTest, HoleInWhatWasNotSyncedIsTornThoughARecordLiesBehindIt) {
  LogBuilder log;
  log.Add("durable", 1).Add("hole", 2).Add("behind", 3, /*unsynced=*/1).Add("last", 4, 2);
  std::string bad = log.bytes();
  bad.replace(log.at(1), log.at(2) - log.at(1), log.at(2) - log.at(1), '\0');
  const auto scan = Scan(log.header(), bad);
  ASSERT_OK(scan);
  EXPECT_EQ(PayloadsOf(*scan), (std::vector<std::string>{"durable"}));
  EXPECT_EQ(scan->torn_bytes, bad.size() - scan->end - 4);  // up to the last byte that is not zero
  EXPECT_EQ(scan->durable_bytes, scan->end);
}

TEST(LogScanTest, HoleBelowTheMarkOfALaterRecordIsDamage) {
  LogBuilder log;
  log.Add("durable", 1).Add("hole", 2).Add("behind", 3, 1).Add("synced up to here", 4, 0);
  std::string bad = log.bytes();
  bad.replace(log.at(1), log.at(2) - log.at(1), log.at(2) - log.at(1), '\0');
  const auto scan = Scan(log.header(), bad);
  ASSERT_OK(scan);
  EXPECT_EQ(scan->end, log.at(1));
  EXPECT_EQ(scan->durable_bytes, log.at(3));
}

TEST(LogScanTest, MarkOfARecordWithATornPayloadCounts) {
  LogBuilder log;
  log.Add("hole", 1).Add("torn payload", 2);
  std::string bad = log.bytes();
  bad[log.at(0) + kLogFrameBytes] ^= 1;
  bad[log.at(1) + kLogFrameBytes] ^= 1;
  const auto scan = Scan(log.header(), bad);
  ASSERT_OK(scan);
  EXPECT_EQ(scan->end, log.at(0));
  EXPECT_EQ(scan->durable_bytes, log.at(1));
}

TEST(LogScanTest, RecordOfAnotherFileNeverPasses) {
  LogBuilder log;
  log.Add("mine", 1);
  for (int difference = 0; difference < 5; ++difference) {
    LogFileHeader other = MakeHeader();
    if (difference == 0) other.salt += 1;
    if (difference == 1) other.number += 1;
    if (difference == 2) other.epoch += 1;
    if (difference == 3) other.log_id[0] = '0';
    if (difference == 4) other.previous_end += 8;
    EncodeLogHeader(&other);
    const auto scan = Scan(other, log.bytes());
    ASSERT_OK(scan);
    EXPECT_TRUE(scan->records.empty()) << difference;
    EXPECT_EQ(scan->durable_bytes, 0u) << difference;
  }
}

TEST(LogScanTest, StaleBlockOfAnotherFileIsTorn) {
  LogBuilder old(1);
  LogBuilder now(2);
  old.Add("first", 1).Add("stale", 2).Add("stale, with a mark", 3);
  now.Add("first", 1);
  const std::string file = now.bytes() + old.bytes().substr(now.bytes().size());
  const auto scan = Scan(now.header(), file);
  ASSERT_OK(scan);
  EXPECT_EQ(PayloadsOf(*scan), (std::vector<std::string>{"first"}));
  EXPECT_GT(scan->torn_bytes, 0u);
  EXPECT_EQ(scan->durable_bytes, 0u);
}

TEST(LogScanTest, RecordAtAnotherOffsetNeverPasses) {
  LogBuilder log;
  log.Add("one", 1).Add("two", 2).Add("six", 3);
  const size_t size = log.at(1) - log.at(0);
  const std::string third = log.bytes().substr(log.at(2), size);
  std::string bad = log.bytes();
  bad.replace(log.at(1), size, third);  // later, from where a later record lay
  auto scan = Scan(log.header(), bad);
  ASSERT_OK(scan);
  EXPECT_EQ(PayloadsOf(*scan), (std::vector<std::string>{"one"}));
  scan = Scan(log.header(), log.bytes() + third);  // the same again behind all
  ASSERT_OK(scan);
  EXPECT_EQ(scan->records.size(), 3u);
  EXPECT_GT(scan->torn_bytes, 0u);
  for (size_t shift = 1; shift < 16; ++shift) {
    const auto shifted =
        Scan(log.header(), log.bytes().substr(0, log.at(0)) + std::string(shift, '\0') +
                               log.bytes().substr(log.at(0)));
    ASSERT_OK(shifted);
    EXPECT_TRUE(shifted->records.empty()) << shift;
    EXPECT_EQ(shifted->durable_bytes, 0u) << shift;
  }
}

TEST(LogScanTest, LengthsAboveTheCapOrTheFileEndTheLog) {
  for (const uint64_t length :
       {uint64_t{9}, kMaxLogPayloadBytes, kMaxLogPayloadBytes + 1, uint64_t{0xffffffff}}) {
    LogBuilder log;
    log.Add("good", 1);
    const uint64_t end = log.bytes().size();
    log.AddFrame("8 bytes.", {.payload_bytes = length,
                              .sequence = 2,
                              .synced_bytes = end,
                              .payload_hash = base::Xxh3("8 bytes.")});
    const auto scan = Scan(log.header(), log.bytes());
    ASSERT_OK(scan);
    EXPECT_EQ(scan->records.size(), 1u) << length;
    EXPECT_EQ(scan->end, end) << length;
  }
}

TEST(LogScanTest, MarkBehindTheRecordItselfIsNoRecord) {
  LogBuilder log;
  const LogFrame frame{.payload_bytes = 0,
                       .sequence = 1,
                       .synced_bytes = kLogHeaderBytes + 1,
                       .payload_hash = base::Xxh3("")};
  log.AddFrame("", frame);
  const auto scan = Scan(log.header(), log.bytes());
  ASSERT_OK(scan);
  EXPECT_TRUE(scan->records.empty());
}

TEST(LogScanTest, UnknownTypesAndFlagsAreFailedPrecondition) {
  LogBuilder log;
  log.Add("one", 1).Add("two", 2);
  for (const auto& [at, value] : {std::pair(kFrameTypeAt, 2), std::pair(kFrameTypeAt, 255),
                                  std::pair(kFrameFlagsAt, 1), std::pair(kFrameFlagsAt, 128)}) {
    std::string bad = log.bytes();
    bad[log.at(1) + at] = static_cast<char>(value);
    SealFrame(log.header(), log.at(1), &bad);
    const auto scan = Scan(log.header(), bad);
    EXPECT_EQ(CodeOf(scan), kFailedPrecondition) << at;
    EXPECT_NE(scan.status().message().find("a.log, offset 176"), std::string::npos)
        << scan.status();
  }
}

TEST(LogScanTest, TornRecordOfUnknownTypeIsTorn) {
  LogBuilder log;
  log.Add("one", 1).Add("two", 2);
  std::string bad = log.bytes();
  bad[log.at(1) + kFrameTypeAt] = 2;
  SealFrame(log.header(), log.at(1), &bad);
  bad[log.at(1) + kLogFrameBytes] ^= 1;
  const auto scan = Scan(log.header(), bad);
  ASSERT_OK(scan);
  EXPECT_EQ(scan->records.size(), 1u);
}

TEST(LogScanTest, TypeZeroAndReservedBitsAreNoRecord) {
  LogBuilder log;
  log.Add("one", 1).Add("two", 2);
  for (const auto& [at, value] : {std::pair(kFrameTypeAt, 0), std::pair(kFrameReservedAt, 1)}) {
    std::string bad = log.bytes();
    bad[log.at(1) + at] = static_cast<char>(value);
    SealFrame(log.header(), log.at(1), &bad);
    const auto scan = Scan(log.header(), bad);
    ASSERT_OK(scan);
    EXPECT_EQ(scan->records.size(), 1u);
  }
}

TEST(LogScanTest, SequenceThatDoesNotGrowIsDataLoss) {
  for (const uint64_t sequence : {0u, 4u, 5u}) {
    LogBuilder log;
    log.Add("one", 5).Add("two", sequence);
    EXPECT_EQ(CodeOf(Scan(log.header(), log.bytes())), kDataLoss) << sequence;
  }
  LogBuilder zero;
  zero.Add("one", 0);
  EXPECT_EQ(CodeOf(Scan(zero.header(), zero.bytes())), kDataLoss);
}

TEST(LogScanTest, RandomBytesBehindAHeaderNeverCrash) {
  const uint64_t seed = support::TestSeed("LogScanTest.RandomBytesBehindAHeaderNeverCrash");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  const LogBuilder log;
  for (int round = 0; round < 300; ++round) {
    std::string bytes = log.bytes() + RandomBytes(random.Below(400), static_cast<uint32_t>(round));
    // Frames whose check fits, with random contents.
    for (uint64_t at = kLogHeaderBytes; at + kLogFrameBytes <= bytes.size(); at += 40) {
      PutAt(&bytes, at, static_cast<uint32_t>(random.Below(100)));
      PutAt(&bytes, at + kFrameTypeAt, uint32_t{1});
      PutAt(&bytes, at + 16, random.Below(600));
      SealFrame(log.header(), at, &bytes);
    }
    const auto scan = Scan(log.header(), bytes);
    ASSERT_OK(scan);
    EXPECT_TRUE(scan->records.empty());
    EXPECT_LE(scan->durable_bytes, bytes.size());
  }
}

}  // namespace
}  // namespace vecdb::format
