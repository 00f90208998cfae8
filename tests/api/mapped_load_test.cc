// Collections that are mapped instead of read.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "api/load_testing.h"

namespace vecdb::support {
namespace {

const LoadOptions kMapped{.mode = LoadMode::kMap};

class MappedLoadTest : public LoadWorld {
 protected:
  MappedLoadTest() : LoadWorld(4, {.load = LoadPolicy::kManual}) {}
};

TEST_F(MappedLoadTest, MappedBytesAreToldAndCountAgainstNoBudget) {
  Put(0, 1100);
  Index("v", Hnsw());
  Reopen();
  ASSERT_OK(c_->Load());
  const uint64_t read = budget_.used_bytes();
  const auto answer = *Found({});
  ASSERT_OK(c_->Release());
  const uint64_t before = budget_.used_bytes();
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_EQ(*Found({}), answer);
  EXPECT_GE(MappedBytes(), 1100u * 5 * sizeof(float) + 1100u * 16 * sizeof(uint32_t));
  EXPECT_LT(budget_.used_bytes() - before, (read - before) / 2);
  EXPECT_EQ(SumOf(&SegmentDescription::memory_bytes), 1100u * sizeof(int64_t));  // the keys
  EXPECT_EQ(UncheckedBytes(), 1100u * 5 * sizeof(float));  // links were checked
  db_.executor.RunAll();
  EXPECT_EQ(UncheckedBytes(), 0u);
  EXPECT_EQ(*Found({}), answer);
  ASSERT_OK(c_->Release());
  EXPECT_EQ(MappedBytes(), 0u);
  EXPECT_EQ(budget_.used_bytes(), before);
}

TEST_F(MappedLoadTest, StoreThatCannotMapIsRead) {
  Put(0, 40);
  Index("v");
  ReopenSlow();
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_EQ(MappedBytes(), 0u);
  EXPECT_EQ(Found({})->size(), 40u);
}

TEST_F(MappedLoadTest, FlushedAndIndexedSegmentsAreMappedToo) {
  Index("v", Hnsw());
  ASSERT_OK(c_->Load(kMapped));
  Put(0, 1100);
  const uint64_t rows = MappedBytes();
  EXPECT_GT(rows, 0u);
  ASSERT_OK(c_->WaitForIndex("v"));
  EXPECT_GT(MappedBytes(), rows);
  db_.executor.RunAll();
  EXPECT_EQ(UncheckedBytes(), 0u);
  EXPECT_EQ(Found({})->size(), 1100u);
}

TEST_F(MappedLoadTest, DamagedVectorsAreFoundBehind) {
  Put(0, 40);
  Index("v");
  Reopen();
  Flip("102.vec", 200);  // of a mantissa
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_OK(Search());
  db_.executor.RunAll();
  EXPECT_EQ(CodeOf(Search()), Code::kDataLoss);
  EXPECT_OK(Search({.allow_partial = true}));
  EXPECT_EQ((*c_->Segments())[0].state, SegmentState::kDamaged);
  EXPECT_EQ(MappedBytes(), 0u);
  EXPECT_EQ(log_.Count(LogLevel::kError, "checksum"), 1u);
  ASSERT_OK(c_->Load());  // does not make it whole
  EXPECT_EQ(CodeOf(Search()), Code::kDataLoss);
}

TEST_F(MappedLoadTest, NoDamageCrashesASearchBeforeItIsFound) {
  Put(0, 1100);
  Index("v", Hnsw());
  Reopen();
  // Infinity and NaN where numbers were: exponents of all ones.
  std::FILE* file = std::fopen(FileOf("102.vec").c_str(), "r+b");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fseek(file, 128, SEEK_SET), 0);
  for (int i = 0; i < 4000; ++i) ASSERT_NE(std::fputc(0xff, file), EOF);
  ASSERT_EQ(std::fclose(file), 0);
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_OK(Search());
  EXPECT_OK(Search({.radius = 5.0f}));
  db_.executor.RunAll();
  EXPECT_EQ(CodeOf(Search()), Code::kDataLoss);
}

TEST_F(MappedLoadTest, DamagedLinksAreFoundAtOnceAndTheIndexLeftAside) {
  Put(0, 1100);
  Index("v", Hnsw());
  Reopen();
  Flip(".idx", std::filesystem::file_size(FileOf(".idx")) / 2);
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_EQ(log_.Count(LogLevel::kWarning, "left aside"), 1u);
  EXPECT_EQ(Found({})->size(), 1100u);
  EXPECT_EQ(c_->DescribeIndex("v")->indexed_rows, 0u);
  ASSERT_OK(c_->WaitForIndex("v"));
  EXPECT_EQ(c_->DescribeIndex("v")->indexed_rows, 1100u);
}

TEST_F(MappedLoadTest, FileThatWasCutOffIsDamageAndNoSignal) {
  Put(0, 40);
  Index("v");
  Reopen();
  const std::string path = FileOf("102.vec");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  for (const LoadMode mode : {LoadMode::kMap, LoadMode::kRead}) {
    ASSERT_OK(c_->Load({.mode = mode}));
    EXPECT_EQ(CodeOf(Search()), Code::kDataLoss);
    ASSERT_OK(c_->Release());
  }
}

TEST_F(MappedLoadTest, ModeOfWhatIsLoadedStays) {
  Put(0, 40);
  Index("v");
  Reopen();
  ASSERT_OK(c_->Load());
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_EQ(MappedBytes(), 0u);
  Put(40, 40);
  EXPECT_GT(MappedBytes(), 0u);
}

TEST_F(MappedLoadTest, MappedSegmentsOutliveTheRemovalOfTheirFiles) {
  Put(0, 40);
  Index("v");
  Reopen();
  ASSERT_OK(c_->Load(kMapped));
  std::filesystem::remove(FileOf("102.vec"));
  EXPECT_EQ(Found({})->size(), 40u);
}

// From dim 64 on graphs are walked on codes.
class MappedCodesTest : public LoadWorld {
 protected:
  MappedCodesTest() : LoadWorld(64, {.load = LoadPolicy::kManual}) {}
};

const LoadOptions kMappedCopies{.mode = LoadMode::kMapCopies};

TEST_F(MappedCodesTest, CopiesAloneAreMappedWhereThatIsAskedFor) {
  Put(0, 1100);
  Index("v", Hnsw());
  Reopen();
  const uint64_t copy_bytes = 1100u * 64 * 2;
  const uint64_t before = budget_.used_bytes();
  const auto load = [&](const LoadOptions& options) {
    const uint64_t estimate = c_->EstimateLoad(options)->total_bytes();
    EXPECT_OK(c_->Load(options));
    const uint64_t taken = budget_.used_bytes() - before;
    EXPECT_NEAR(static_cast<double>(taken), static_cast<double>(estimate),
                0.1 * static_cast<double>(taken));
    return taken;
  };
  const uint64_t read = load({});
  const auto answer = *Found({});
  ASSERT_OK(c_->Release());
  const uint64_t with_copies_mapped = load(kMappedCopies);
  EXPECT_EQ(with_copies_mapped + copy_bytes, read);
  EXPECT_EQ(MappedBytes(), copy_bytes);
  EXPECT_EQ(UncheckedBytes(), copy_bytes);
  EXPECT_EQ(*Found({}), answer);
  db_.executor.RunAll();
  EXPECT_EQ(UncheckedBytes(), 0u);
  // A segment that is flushed and indexed later is loaded alike.
  Put(2000, 1100);
  ASSERT_OK(c_->WaitForIndex("v"));
  EXPECT_EQ(MappedBytes(), 2 * copy_bytes);
}

TEST_F(MappedCodesTest, DamagedCopiesAreFoundBehindToo) {
  Put(0, 1100);
  Index("v", Hnsw());
  Reopen();
  Flip(".idx", std::filesystem::file_size(FileOf(".idx")) - 5000);
  ASSERT_OK(c_->Load(kMappedCopies));
  EXPECT_OK(Search());
  EXPECT_EQ(log_.Count(LogLevel::kWarning, "left aside"), 0u);
  db_.executor.RunAll();
  EXPECT_EQ(log_.Count(LogLevel::kWarning, "left aside"), 1u);
  EXPECT_EQ(Found({})->size(), 1100u);
}

TEST_F(MappedCodesTest, WithoutCopiesNothingIsMapped) {
  Put(0, 1100);
  Index("v", {.metric = Metric::kL2, .params = HnswParams{.codec = HnswCodec::kFloat32}});
  Reopen();
  ASSERT_OK(c_->Load(kMappedCopies));
  EXPECT_EQ(MappedBytes(), 0u);
  EXPECT_EQ(Found({})->size(), 1100u);
}

TEST_F(MappedCodesTest, UnknownModeIsRefused) {
  Put(0, 40);
  Index("v");
  for (const int32_t mode : {-1, 3}) {
    EXPECT_EQ(CodeOf(c_->Load({.mode = static_cast<LoadMode>(mode)})), Code::kInvalidArgument);
  }
}

TEST_F(MappedCodesTest, DamagedCodesAreFoundBehindAndTheIndexIsBuiltAgain) {
  Put(0, 1100);
  Index("v", Hnsw());
  Reopen();
  // Copies in float16 are the last large section.
  Flip(".idx", std::filesystem::file_size(FileOf(".idx")) - 5000);
  ASSERT_OK(c_->Load(kMapped));
  EXPECT_EQ(UncheckedBytes(), 1100u * 64 * 3);
  EXPECT_OK(Search());
  EXPECT_EQ(log_.Count(LogLevel::kWarning, "left aside"), 0u);
  db_.executor.RunAll();
  EXPECT_EQ(log_.Count(LogLevel::kWarning, "left aside"), 1u);
  EXPECT_EQ(c_->DescribeIndex("v")->indexed_rows, 1100u);
  EXPECT_EQ(UncheckedBytes(), 0u);
  EXPECT_EQ(Found({})->size(), 1100u);
}

}  // namespace
}  // namespace vecdb::support
