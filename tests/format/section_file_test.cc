#include "format/section_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "format/format_testing.h"
#include "store/forwarding_store.h"
#include "support/fault_object_store.h"

namespace vecdb::format {
namespace {

constexpr uint64_t kBlock = kChecksumBlockBytes;
constexpr uint32_t kA = Tag("AAAA");
constexpr uint32_t kB = Tag("BBBB");
constexpr uint32_t kC = Tag("CCCC");

class SectionFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<SectionWriter> Create() {
    return SectionWriter::Create(*store_, path_, FileKind::kIndex, {}).value();
  }
  absl::StatusOr<std::unique_ptr<SectionFile>> Open(
      FileKind kind = FileKind::kIndex, const std::optional<FileSummary>& expected = {}) {
    return SectionFile::Open(*store_, path_, kind, expected, {});
  }
  // Sections A of 10, B of 0 and C of 70 bytes.
  FileSummary WriteSmall() {
    auto writer = Create();
    EXPECT_OK(writer->AddSection(kA, base::AsBytes(RandomBytes(10, 1)), {}));
    EXPECT_OK(writer->AddSection(kB, {}, {}));
    EXPECT_OK(writer->AddSection(kC, base::AsBytes(RandomBytes(70, 2)), {}));
    return writer->Finish({}).value();
  }
  // Opens the file and reads all of it.
  absl::Status ReadAll() {
    auto file = Open();
    if (!file.ok()) return file.status();
    for (const SectionInfo& section : (*file)->sections()) {
      const auto bytes = (*file)->ReadSmall(section.tag, 1 << 30, {});
      if (!bytes.ok()) return bytes.status();
    }
    return (*file)->Verify({});
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = PathOf("folder/file");
};

TEST_F(SectionFileTest, SectionsOfEverySizeComeBack) {
  const std::vector<size_t> sizes = {0,          1,      63,         64,         65,
                                     kBlock - 1, kBlock, kBlock + 1, 2 * kBlock, (4 << 20) + 1};
  std::map<uint32_t, std::string> sections;
  auto writer = Create();
  for (size_t i = 0; i < sizes.size(); ++i) {
    const uint32_t tag = kA + static_cast<uint32_t>(i);
    const std::string& bytes = sections[tag] = RandomBytes(sizes[i], static_cast<uint32_t>(i));
    ASSERT_OK(writer->AddSection(tag, base::AsBytes(bytes), {}));
  }
  const auto summary = writer->Finish({});
  ASSERT_OK(summary);
  auto file = Open(FileKind::kIndex, *summary);
  ASSERT_OK(file);
  EXPECT_EQ((*file)->summary(), *summary);
  EXPECT_EQ((*file)->path(), path_.str());
  EXPECT_TRUE(SectionsOf(**file) == sections);
  EXPECT_OK((*file)->Verify({}));
  for (const SectionInfo& section : (*file)->sections()) {
    EXPECT_EQ(section.offset % kSectionAlignment, 0u);
    const auto large =
        (*file)->ReadLarge(section.tag, section.size_bytes, {}, MemoryUse::kOther, "test", {});
    ASSERT_OK(large);
    EXPECT_TRUE(std::ranges::equal(large->bytes(), base::AsBytes(sections[section.tag])));
  }
}

TEST_F(SectionFileTest, PiecesOfAnyLengthMakeTheSameFile) {
  const std::string bytes = RandomBytes(3 * kBlock + 77, 3);
  ASSERT_OK(Create()->Finish({}));
  std::vector<std::string> files;
  for (const size_t piece :
       {size_t{1000}, size_t{kBlock - 1}, size_t{kBlock}, size_t{kBlock + 1}, bytes.size()}) {
    ASSERT_OK(store_->Delete(path_));
    auto writer = Create();
    ASSERT_OK(writer->BeginSection(kA, {}));
    for (size_t at = 0; at < bytes.size(); at += piece) {
      ASSERT_OK(writer->Append(base::AsBytes(std::string_view(bytes).substr(at, piece)), {}));
      ASSERT_OK(writer->Append({}, {}));
    }
    ASSERT_OK(writer->Finish({}));
    files.push_back(BytesOf(*store_, path_));
    EXPECT_TRUE(files.back() == files.front()) << piece;
  }
}

TEST_F(SectionFileTest, FileWithoutSectionsIsAFile) {
  ASSERT_OK(Create()->Finish({}));
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_TRUE((*file)->sections().empty());
  EXPECT_FALSE((*file)->Has(kA));
  EXPECT_EQ(CodeOf((*file)->Find(kA)), absl::StatusCode::kDataLoss);
}

TEST_F(SectionFileTest, AnyRangeReadsAsTheBytesThere) {
  const std::string bytes = RandomBytes(2 * kBlock + 100, 4);
  auto writer = Create();
  ASSERT_OK(writer->AddSection(kB, base::AsBytes(RandomBytes(100, 5)), {}));
  ASSERT_OK(writer->AddSection(kA, base::AsBytes(bytes), {}));
  ASSERT_OK(writer->Finish({}));
  const auto file = Open();
  ASSERT_OK(file);
  std::mt19937 random(6);
  std::vector<std::pair<size_t, size_t>> ranges = {
      {0, 0},           {bytes.size(), 0}, {0, bytes.size()},    {kBlock - 1, 2},
      {kBlock, kBlock}, {2 * kBlock, 100}, {2 * kBlock + 99, 1}, {kBlock - 1, kBlock + 2}};
  for (int i = 0; i < 30; ++i) {
    const size_t begin = random() % bytes.size();
    ranges.emplace_back(begin, random() % (bytes.size() - begin + 1));
  }
  for (const auto& [begin, count] : ranges) {
    std::string out(count, '?');
    ASSERT_OK((*file)->ReadRange(kA, begin, std::as_writable_bytes(std::span(out)), {}));
    EXPECT_TRUE(out == bytes.substr(begin, count)) << begin << " " << count;
  }
  for (const auto& [begin, count] : std::vector<std::pair<uint64_t, size_t>>{
           {bytes.size(), 1}, {bytes.size() + 1, 0}, {0, bytes.size() + 1}, {~uint64_t{0}, 2}}) {
    std::string out(count, '?');
    EXPECT_EQ(CodeOf((*file)->ReadRange(kA, begin, std::as_writable_bytes(std::span(out)), {})),
              absl::StatusCode::kDataLoss);
  }
}

TEST_F(SectionFileTest, SizesThatTheReaderDoesNotExpectAreDataLoss) {
  WriteSmall();
  const auto file = Open();
  ASSERT_OK(file);
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  std::string out(11, '?');
  EXPECT_EQ(CodeOf((*file)->Read(kA, std::as_writable_bytes(std::span(out)), {})), kDataLoss);
  EXPECT_EQ(CodeOf((*file)->ReadSmall(kA, 9, {})), kDataLoss);
  EXPECT_OK((*file)->ReadSmall(kA, 10, {}));
  EXPECT_EQ(CodeOf((*file)->ReadLarge(kA, 11, {}, MemoryUse::kOther, "test", {})), kDataLoss);
  EXPECT_EQ(CodeOf((*file)->ReadSmall(Tag("NONE"), 9, {})), kDataLoss);
  const absl::Status damaged = (*file)->Damaged("why");
  EXPECT_EQ(damaged, absl::DataLossError("object folder/file: why"));
}

TEST_F(SectionFileTest, ReadLargeIsTakenFromTheBudget) {
  WriteSmall();
  MemoryBudget budget(69);
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_EQ(CodeOf((*file)->ReadLarge(kC, 70, {.budget = &budget}, MemoryUse::kOther, "test", {})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

// Reads as `base` does, wants to be asked for `preferred` bytes at a time, and notes the most.
class PreferringReader final : public ObjectReader {
 public:
  PreferringReader(std::unique_ptr<ObjectReader> base, uint64_t preferred, size_t* most)
      : base_(std::move(base)), preferred_(preferred), most_(most) {}

  uint64_t size() const override { return base_->size(); }
  uint64_t preferred_read_bytes() const override { return preferred_; }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override {
    *most_ = std::max(*most_, out.size());
    return base_->ReadAt(offset, out, context);
  }

 private:
  const std::unique_ptr<ObjectReader> base_;
  const uint64_t preferred_;
  size_t* const most_;
};

class PreferringStore final : public store::ForwardingStore {
 public:
  PreferringStore(std::shared_ptr<ObjectStore> base, uint64_t preferred, size_t* most)
      : ForwardingStore(std::move(base)), preferred_(preferred), most_(most) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    auto base = ForwardingStore::Open(path, context);
    if (!base.ok()) return base.status();
    return std::make_unique<PreferringReader>(*std::move(base), preferred_, most_);
  }

 private:
  const uint64_t preferred_;
  size_t* const most_;
};

TEST_F(SectionFileTest, LargeSectionsAreReadInPiecesOfWhatTheStorePrefers) {
  const std::string bytes = RandomBytes((5 << 20) + 17, 4);
  auto writer = Create();
  ASSERT_OK(writer->AddSection(kA, base::AsBytes(bytes), {}));
  ASSERT_OK(writer->Finish({}));
  constexpr size_t kLeast = 512 << 10;
  const std::pair<uint64_t, size_t> kinds[] = {{0, kLeast},
                                               {kLeast - 1, kLeast},
                                               {(2 << 20) + 5, 2 << 20},
                                               {8 << 20, 5 << 20},
                                               {uint64_t{1} << 50, 5 << 20}};
  for (const auto& [preferred, expected] : kinds) {
    size_t most = 0;
    PreferringStore store(store_, preferred, &most);
    const auto file = SectionFile::Open(store, path_, FileKind::kIndex, {}, {});
    ASSERT_OK(file);
    const auto read = (*file)->ReadLarge(kA, bytes.size(), {}, MemoryUse::kOther, "a test", {});
    ASSERT_OK(read);
    EXPECT_TRUE(std::ranges::equal(read->bytes(), base::AsBytes(bytes)));
    EXPECT_GE(most, expected) << preferred;
    EXPECT_LE(most, expected + 17) << preferred;
    most = 0;
    ASSERT_OK((*file)->Verify({}));
    EXPECT_EQ(most, std::min<size_t>(expected, 2 << 20)) << preferred;
  }
}

TEST_F(SectionFileTest, WriterRefusesWhatIsOurBug) {
  auto writer = Create();
  EXPECT_EQ(CodeOf(writer->Append({}, {})), absl::StatusCode::kInternal);
  ASSERT_OK(writer->AddSection(kA, {}, {}));
  EXPECT_EQ(CodeOf(writer->BeginSection(kA, {})), absl::StatusCode::kInternal);
  auto many = SectionWriter::Create(*store_, PathOf("many"), FileKind::kIndex, {});
  ASSERT_OK(many);
  for (uint32_t i = 0; i < kMaxSections; ++i) ASSERT_OK((*many)->AddSection(i, {}, {}));
  EXPECT_EQ(CodeOf((*many)->BeginSection(kMaxSections, {})), absl::StatusCode::kInternal);
}

TEST_F(SectionFileTest, EverySingleDamagedByteIsFound) {
  WriteSmall();
  const std::string good = BytesOf(*store_, path_);
  ASSERT_OK(ReadAll());
  std::vector<bool> padding(good.size());
  {
    const auto file = Open();
    ASSERT_OK(file);
    for (const SectionInfo& section : (*file)->sections()) {
      for (uint64_t at = section.offset + section.size_bytes; at % kSectionAlignment != 0; ++at) {
        padding[at] = true;
      }
    }
  }
  for (size_t at = 0; at < good.size(); ++at) {
    for (const int change : {0x01, 0x10, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ change);
      Replace(*store_, path_, bad);
      EXPECT_EQ(CodeOf(ReadAll()),
                padding[at] ? absl::StatusCode::kOk : absl::StatusCode::kDataLoss)
          << at << " ^ " << change;
    }
  }
}

TEST_F(SectionFileTest, EveryOtherLengthIsFound) {
  WriteSmall();
  const std::string good = BytesOf(*store_, path_);
  for (size_t length = 0; length < good.size(); ++length) {
    Replace(*store_, path_, good.substr(0, length));
    EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss) << length;
    Replace(*store_, path_, good.substr(length + 1));
    EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss) << "from " << length + 1;
  }
  for (const size_t more : {1u, 63u, 64u, 4096u}) {
    Replace(*store_, path_, good + std::string(more, '\0'));
    EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss) << more;
  }
}

TEST_F(SectionFileTest, DamageInALargeSectionIsFoundByEveryReader) {
  auto writer = Create();
  ASSERT_OK(writer->AddSection(kA, base::AsBytes(RandomBytes(3 * kBlock, 7)), {}));
  ASSERT_OK(writer->Finish({}));
  std::string bytes = BytesOf(*store_, path_);
  bytes[64 + kBlock + 5] = static_cast<char>(bytes[64 + kBlock + 5] ^ 1);  // in the second block
  Replace(*store_, path_, bytes);
  const auto file = Open();
  ASSERT_OK(file);
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  EXPECT_EQ(CodeOf((*file)->Verify({})), kDataLoss);
  EXPECT_EQ(CodeOf((*file)->ReadSmall(kA, 1 << 20, {})), kDataLoss);
  EXPECT_EQ(CodeOf((*file)->ReadLarge(kA, 3 * kBlock, {}, MemoryUse::kOther, "test", {})),
            kDataLoss);
  std::string out(10, '?');
  const auto range = std::as_writable_bytes(std::span(out));
  EXPECT_OK((*file)->ReadRange(kA, 0, range, {}));
  EXPECT_OK((*file)->ReadRange(kA, 2 * kBlock, range, {}));
  const absl::Status damaged = (*file)->ReadRange(kA, kBlock + 100, range, {});
  EXPECT_EQ(damaged,
            absl::DataLossError(absl::StrCat(
                "object folder/file: checksum of section AAAA differs, at offset ", 64 + kBlock)));
}

TEST_F(SectionFileTest, ExchangedBlocksAreFound) {
  auto writer = Create();
  ASSERT_OK(writer->AddSection(kA, base::AsBytes(RandomBytes(2 * kBlock, 8)), {}));
  ASSERT_OK(writer->Finish({}));
  std::string bytes = BytesOf(*store_, path_);
  std::swap_ranges(bytes.begin() + 64, bytes.begin() + 64 + kBlock, bytes.begin() + 64 + kBlock);
  Replace(*store_, path_, bytes);
  EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss);
}

TEST_F(SectionFileTest, FileOfAnotherKindIsDataLoss) {
  WriteSmall();
  EXPECT_OK(Open(FileKind::kIndex));
  EXPECT_EQ(CodeOf(Open(FileKind::kVectors)), absl::StatusCode::kDataLoss);
}

TEST_F(SectionFileTest, FileThatTheManifestDoesNotMeanIsDataLoss) {
  const FileSummary summary = WriteSmall();
  EXPECT_OK(Open(FileKind::kIndex, summary));
  FileSummary other = summary;
  other.checksum ^= 1;
  EXPECT_EQ(CodeOf(Open(FileKind::kIndex, other)), absl::StatusCode::kDataLoss);
  other = summary;
  ++other.size_bytes;
  EXPECT_EQ(CodeOf(Open(FileKind::kIndex, other)), absl::StatusCode::kDataLoss);
}

TEST_F(SectionFileTest, MissingFileIsNotFound) {
  EXPECT_EQ(CodeOf(Open()), absl::StatusCode::kNotFound);
}

TEST_F(SectionFileTest, NewerFormatIsFailedPrecondition) {
  WriteSmall();
  std::string bytes = BytesOf(*store_, path_);
  PutAt(&bytes, kVersionAt, uint32_t{2});
  Reseal(&bytes);
  Replace(*store_, path_, bytes);
  const auto opened = Open();
  EXPECT_EQ(opened.status(),
            absl::FailedPreconditionError(
                "object folder/file: format version 2; this library reads up to 1"));
}

TEST_F(SectionFileTest, UnknownCriticalSectionIsRefusedAndOptionalOneSkipped) {
  struct Case {
    uint32_t tag;
    uint16_t version;
    bool critical;
    absl::StatusCode code;
  };
  constexpr auto kRefused = absl::StatusCode::kFailedPrecondition;
  for (const Case& c : {Case{kB, 1, true, absl::StatusCode::kOk}, Case{kB, 2, true, kRefused},
                        Case{kB, 2, false, absl::StatusCode::kOk}, Case{kC, 1, true, kRefused},
                        Case{kC, 1, false, absl::StatusCode::kOk}}) {
    store_->Delete(path_).IgnoreError();
    auto writer = Create();
    ASSERT_OK(writer->AddSection(kA, {}, {}));
    ASSERT_OK(writer->BeginSection(c.tag, {}, c.version, c.critical));
    ASSERT_OK(writer->Finish({}));
    const auto file = Open();
    ASSERT_OK(file);
    EXPECT_EQ(CodeOf((*file)->CheckKnown(std::vector<uint32_t>{kA, kB})), c.code)
        << c.tag << " " << c.version << " " << c.critical;
  }
}

TEST_F(SectionFileTest, ImpossibleTablesWithRightChecksumsAreDataLoss) {
  WriteSmall();
  const std::string good = BytesOf(*store_, path_);
  const size_t footer = FooterAt(good);
  const size_t table = footer - 3 * kTableEntryBytes;  // of A, B, C
  const auto entry = [&](size_t section, size_t at) { return table + 40 * section + at; };
  constexpr uint64_t kHuge[] = {1, 63, 64, 1000, 1ULL << 32, 1ULL << 46, 1ULL << 63, ~0ULL, ~63ULL};
  std::vector<std::pair<size_t, uint64_t>> edits;
  for (const uint64_t value : kHuge) {
    for (const size_t section : {0u, 1u, 2u}) {
      for (const size_t at : {8u, 16u, 24u}) edits.emplace_back(entry(section, at), value);
    }
    for (const size_t at : {kChecksumsOffsetAt, kNumChecksumsAt}) {
      edits.emplace_back(footer + at, value);
    }
  }
  for (const auto& [at, value] : edits) {
    std::string bad = good;
    PutAt(&bad, at, value);
    if (bad == good) continue;
    Reseal(&bad);
    Replace(*store_, path_, bad);
    EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss) << at - table << " = " << value;
  }
}

TEST_F(SectionFileTest, ImpossibleCountsWithRightChecksumsAreDataLoss) {
  WriteSmall();
  const std::string good = BytesOf(*store_, path_);
  const size_t footer = FooterAt(good);
  for (const uint32_t value : {0u, 1u, 2u, 4u, kMaxSections, kMaxSections + 1, 0x80000000u, ~0u}) {
    std::string bad = good;
    PutAt(&bad, footer + kNumSectionsAt, value);
    Reseal(&bad);
    Replace(*store_, path_, bad);
    EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss) << value;
  }
  for (const size_t at : {kVersionAt, kVersionAt + 4}) {  // version and kind of the footer alone
    std::string bad = good;
    PutAt(&bad, footer + at, uint32_t{2});
    Reseal(&bad);
    Replace(*store_, path_, bad);
    EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss) << at;
  }
}

TEST_F(SectionFileTest, TableOfMoreChecksumsThanBytesIsRefusedBeforeItIsRead) {
  // As many checksums as fit into the file, and no section: nothing that they could cover.
  std::string file(64, '\0');
  WriteSmall();
  file = BytesOf(*store_, path_).substr(0, 64) + std::string(8 * 5000, '\0');
  const std::string footer = BytesOf(*store_, path_).substr(FooterAt(BytesOf(*store_, path_)));
  file += footer;
  PutAt(&file, FooterAt(file) + kChecksumsOffsetAt, uint64_t{64});
  PutAt(&file, FooterAt(file) + kNumChecksumsAt, uint64_t{5000});
  PutAt(&file, FooterAt(file) + kNumSectionsAt, uint32_t{0});
  Reseal(&file);
  Replace(*store_, path_, file);
  EXPECT_EQ(ReadAll(), absl::DataLossError("object folder/file: footer is impossible"));
}

TEST_F(SectionFileTest, SameTagTwiceIsDataLoss) {
  WriteSmall();
  std::string bad = BytesOf(*store_, path_);
  PutAt(&bad, FooterAt(bad) - kTableEntryBytes, kA);  // C becomes a second A
  Reseal(&bad);
  Replace(*store_, path_, bad);
  EXPECT_EQ(CodeOf(ReadAll()), absl::StatusCode::kDataLoss);
}

TEST_F(SectionFileTest, ErrorsOfTheStorePassThrough) {
  WriteSmall();
  const auto injector = std::make_shared<support::FaultInjector>();
  support::FaultObjectStore faulty(store_, injector);
  for (int nth = 1; nth <= 3; ++nth) {
    injector->Arm({.call = "ReadAt", .nth = nth, .error = absl::UnavailableError("later")});
    EXPECT_EQ(CodeOf(SectionFile::Open(faulty, path_, FileKind::kIndex, std::nullopt, {})),
              absl::StatusCode::kUnavailable);
  }
  injector->Arm({.call = "Append", .nth = 2, .error = absl::ResourceExhaustedError("full")});
  auto writer = SectionWriter::Create(faulty, PathOf("other"), FileKind::kIndex, {});
  ASSERT_OK(writer);
  EXPECT_EQ(CodeOf((*writer)->AddSection(kA, {}, {})), absl::StatusCode::kResourceExhausted);
}

TEST_F(SectionFileTest, ReadsHonourTheContext) {
  WriteSmall();
  const auto file = Open();
  ASSERT_OK(file);
  EXPECT_EQ(CodeOf((*file)->ReadSmall(kA, 100, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf((*file)->Verify(support::CancelledContext())), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::format
