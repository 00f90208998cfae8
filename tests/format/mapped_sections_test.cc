#include "format/mapped_sections.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>

#include "format/format_testing.h"
#include "format/section_file.h"
#include "support/temp_directory.h"
#include "support/test_executors.h"

namespace vecdb::format {
namespace {

constexpr uint32_t kMappedIds = Tag("IDSS");
constexpr uint32_t kMappedRows = Tag("ROWS");
constexpr uint64_t kMappedBytes = 2 * kChecksumBlockBytes + 100;

class MappedSectionsTest : public ::testing::Test {
 protected:
  MappedSectionsTest() { Write(*local_); }

  void Write(ObjectStore& store) {
    auto writer = SectionWriter::Create(store, path_, FileKind::kIndex, {}).value();
    ASSERT_OK(writer->AddSection(kMappedIds, base::AsBytes(ids_), {}));
    ASSERT_OK(writer->AddSection(kMappedRows, base::AsBytes(rows_), {}));
    ASSERT_OK(writer->Finish({}));
  }
  std::unique_ptr<SectionFile> Open(ObjectStore& store) {
    return SectionFile::Open(store, path_, FileKind::kIndex, {}, {}).value();
  }
  // Damages the first byte behind `text`'s beginning, on the disk.
  void Damage(const std::string& section) {
    const std::string name = directory_.path() + "/" + path_.str();
    std::string file = *GetObject(*local_, path_, support::kNoLimit);
    file[file.find(section) + kChecksumBlockBytes + 7] ^= 1;
    ASSERT_OK(local_->Delete(path_));
    ASSERT_OK(PutObject(*local_, path_, file));
  }
  absl::StatusOr<base::LargeBuffer> Read(const SectionFile& file, uint32_t tag, SectionUse use) {
    return file.ReadLarge(tag, kMappedBytes, {}, MemoryUse::kOther, "test", {}, use);
  }

  const support::TempDirectory directory_;
  const std::shared_ptr<ObjectStore> local_ = OpenLocalObjectStore(directory_.path()).value();
  const ObjectPath path_ = support::PathOf("folder/file");
  const std::string ids_ = RandomBytes(kMappedBytes, 1);
  const std::string rows_ = RandomBytes(kMappedBytes, 2);
  MappedSections mapped_;
};

TEST_F(MappedSectionsTest, MappedSectionsAreTheBytesOfTheFile) {
  std::atomic<uint64_t> done = 0;
  const auto file = Open(*local_)->WithReading({&mapped_, &done});
  ASSERT_OK(file);
  const auto ids = Read(**file, kMappedIds, SectionUse::kNumbers);
  const auto rows = Read(**file, kMappedRows, SectionUse::kContent);
  ASSERT_OK(ids);
  ASSERT_OK(rows);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(rows->data()), rows->size()), rows_);
  EXPECT_EQ(mapped_.bytes(), 2 * kMappedBytes);
  EXPECT_EQ(mapped_.unchecked_bytes(), kMappedBytes);
  EXPECT_EQ(done.load(), 2 * kMappedBytes);
  EXPECT_OK(mapped_.Check(nullptr, {}));
  EXPECT_EQ(mapped_.unchecked_bytes(), 0u);
}

TEST_F(MappedSectionsTest, StoreThatCannotMapIsRead) {
  const auto memory = MakeMemoryObjectStore();
  Write(*memory);
  std::atomic<uint64_t> done = 0;
  const auto file = Open(*memory)->WithReading({&mapped_, &done});
  ASSERT_OK(file);
  ASSERT_OK(Read(**file, kMappedRows, SectionUse::kContent));
  EXPECT_EQ(mapped_.bytes(), 0u);
  EXPECT_EQ(done.load(), kMappedBytes);
}

TEST_F(MappedSectionsTest, DamagedNumbersAreFoundAtOnceAndContentLater) {
  Damage(ids_);
  Damage(rows_);
  const auto file = Open(*local_)->WithReading({&mapped_, nullptr});
  ASSERT_OK(file);
  EXPECT_EQ(CodeOf(Read(**file, kMappedIds, SectionUse::kNumbers)), absl::StatusCode::kDataLoss);
  EXPECT_OK(Read(**file, kMappedRows, SectionUse::kContent));
  EXPECT_EQ(CodeOf(mapped_.Check(nullptr, {})), absl::StatusCode::kDataLoss);
}

TEST_F(MappedSectionsTest, ContentIsLookedAtByItsReaderToo) {
  const auto file = Open(*local_)->WithReading({&mapped_, nullptr});
  ASSERT_OK(file);
  const PieceCheck refuse = [](uint64_t, std::span<const std::byte>) {
    return absl::DataLossError("refused");
  };
  ASSERT_OK((*file)->ReadLarge(kMappedRows, kMappedBytes, {}, MemoryUse::kOther, "test", {},
                               SectionUse::kContent, refuse));
  EXPECT_EQ(mapped_.Check(nullptr, {}).message(), "refused");
  // Read, it is refused at once.
  EXPECT_EQ(Open(*local_)
                ->ReadLarge(kMappedRows, kMappedBytes, {}, MemoryUse::kOther, "test", {},
                            SectionUse::kContent, refuse)
                .status()
                .message(),
            "refused");
}

TEST_F(MappedSectionsTest, OneChecksAtATimeAndAnotherGoesOnWhereItStopped) {
  const auto file = Open(*local_)->WithReading({&mapped_, nullptr});
  ASSERT_OK(Read(**file, kMappedRows, SectionUse::kContent));
  EXPECT_TRUE(mapped_.Claim());
  EXPECT_FALSE(mapped_.Claim());
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(mapped_.Check(nullptr, context)), absl::StatusCode::kCancelled);
  EXPECT_TRUE(mapped_.Claim());
  EXPECT_OK(mapped_.Check(nullptr, {}));
}

TEST_F(MappedSectionsTest, BytesStayWhenTheObjectGoes) {
  std::optional<base::LargeBuffer> rows;
  {
    const auto file = Open(*local_)->WithReading({&mapped_, nullptr});
    rows = *Read(**file, kMappedRows, SectionUse::kContent);
  }
  ASSERT_OK(local_->Delete(path_));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(rows->data()), rows->size()), rows_);
  EXPECT_OK(mapped_.Check(nullptr, {}));
}

}  // namespace
}  // namespace vecdb::format
