#include "index/build_scratch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "support/status_testing.h"
#include "support/temp_directory.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr size_t kWords = 3;

BuildScratch ScratchIn(std::shared_ptr<ObjectStore> store) {
  return {.store = std::move(store), .folder = *ObjectPath::Parse("some/folder")};
}

std::vector<uint32_t> Records(size_t count) {
  std::vector<uint32_t> words(count * kWords);
  std::iota(words.begin(), words.end(), 7U);
  return words;
}

TEST(BuildScratchTest, ReadsWhatWasWrittenAndLeavesNothing) {
  const auto store = MakeMemoryObjectStore();
  const BuildScratch scratch = ScratchIn(store);
  {
    auto object = ScratchObject::Create(scratch, "part", kWords, {});
    ASSERT_OK(object);
    const std::vector<uint32_t> records = Records(3000);
    ASSERT_OK((*object)->Append(std::span(records).first(2500 * kWords), {}));
    ASSERT_OK((*object)->Append(std::span(records).subspan(2500 * kWords), {}));
    ASSERT_OK((*object)->Finish({}));
    std::vector<uint32_t> all(records.size());
    ASSERT_OK((*object)->Read(0, all, {}));
    EXPECT_EQ(all, records);
    std::vector<uint32_t> some(2 * kWords);
    ASSERT_OK((*object)->Read(2998, some, {}));
    EXPECT_EQ(some, std::vector<uint32_t>(records.end() - 2 * kWords, records.end()));
    EXPECT_EQ(CodeOf((*object)->Read(2999, some, {})), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(store->List(scratch.folder)->size(), 1U);
  }
  EXPECT_TRUE(store->List(scratch.folder)->empty());
}

TEST(BuildScratchTest, AnObjectThatWasNotFinishedLeavesNothing) {
  const auto store = MakeMemoryObjectStore();
  const BuildScratch scratch = ScratchIn(store);
  auto object = ScratchObject::Create(scratch, "part", kWords, {});
  ASSERT_OK(object);
  ASSERT_OK((*object)->Append(Records(10), {}));
  object->reset();
  EXPECT_TRUE(store->List(scratch.folder)->empty());
}

TEST(BuildScratchTest, OtherBytesAreDataLoss) {
  const support::TempDirectory directory;
  const auto store = OpenLocalObjectStore(directory.path());
  ASSERT_OK(store);
  const BuildScratch scratch = ScratchIn(*store);
  auto object = ScratchObject::Create(scratch, "part", kWords, {});
  ASSERT_OK(object);
  ASSERT_OK((*object)->Append(Records(10), {}));
  ASSERT_OK((*object)->Finish({}));
  const auto listed = (*store)->List(scratch.folder);
  ASSERT_OK(listed);
  ASSERT_EQ(listed->size(), 1U);
  const std::string path = directory.path() + "/" + listed->front().path.str();
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4 * (kWords + 1) * sizeof(uint32_t));
  file.put('\xff');  // in record 4
  file.close();
  std::vector<uint32_t> record(kWords);
  EXPECT_OK((*object)->Read(3, record, {}));
  const absl::Status status = (*object)->Read(4, record, {});
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("record 4"));
  EXPECT_OK((*object)->Read(5, record, {}));
}

}  // namespace
}  // namespace vecdb::index
