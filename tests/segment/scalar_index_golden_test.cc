#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "segment/scalar_index_testing.h"

namespace vecdb::segment {
namespace {

// To write the files anew, which nobody may do after a release:
//   VECDB_WRITE_GOLDEN=1 vecdb_segment_test --gtest_filter='ScalarIndexGoldenTest.*'

struct Golden {
  const char* name;
  IndexSpec spec{};
  Column column;
};

std::vector<Golden> GoldenIndexes() {
  using namespace std::string_literals;
  std::vector<Golden> files;
  files.push_back(
      {"bool-inverted.idx", kInverted, Column(DataType::kBool, 0, std::vector<uint8_t>{1, 0, 1})});
  files.push_back({"int64-sorted.idx", kSorted,
                   Column(DataType::kInt64, 0,
                          std::vector<int64_t>{7, std::numeric_limits<int64_t>::max(), -1, 7,
                                               std::numeric_limits<int64_t>::min(), 7})});
  files.push_back({"float-sorted.idx", kSorted,
                   Column(DataType::kFloat, 0, std::vector<float>{0.5f, -0.0f, 0.1f, 0.0f})});
  files.push_back(
      {"varchar-inverted.idx", kInverted,
       TextColumn({"b", "", "\xc3\xa9", "b", "a\0"s, "a", "longer than eight bytes", ""})});
  return files;
}

std::filesystem::path PathOfGolden(const char* name) {
  return std::filesystem::path(VECDB_GOLDEN_DIR) / "scalar_index" / name;
}

std::string ReadGolden(const char* name) {
  std::ifstream file(PathOfGolden(name), std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string BytesOfIndex(const Golden& golden) {
  const auto store = WriteIndexFile(MakeIndex(golden.column).data(), golden.spec);
  return *GetObject(*store, IndexPath(), support::kNoLimit);
}

// The index in `bytes`, put behind a file of its own.
absl::StatusOr<SealedScalarIndex> Load(const Golden& golden, const std::string& bytes) {
  const auto store = MakeMemoryObjectStore();
  EXPECT_OK(PutObject(*store, IndexPath(), bytes));
  auto data = ReadIndexFile(
      *store, golden.spec, {golden.column.type(), static_cast<uint32_t>(golden.column.num_rows())});
  if (!data.ok()) return data.status();
  return SealedScalarIndex(*std::move(data));
}

void ExpectSameAnswers(const Golden& golden, const SealedScalarIndex& index) {
  support::SeededRandom random(3);
  for (int i = 0; i < 20; ++i) {
    const ValueSet set = RandomValueSet(random);
    EXPECT_EQ(Marked(index, golden.column.num_rows(), set), NaiveMatches(golden.column, set));
  }
}

TEST(ScalarIndexGoldenTest, FilesAreWrittenAsTheyWere) {
  for (const Golden& golden : GoldenIndexes()) {
    const std::string bytes = BytesOfIndex(golden);
    if (std::getenv("VECDB_WRITE_GOLDEN") != nullptr) {
      std::filesystem::create_directories(PathOfGolden(golden.name).parent_path());
      std::ofstream(PathOfGolden(golden.name), std::ios::binary) << bytes;
    }
    EXPECT_EQ(ReadGolden(golden.name), bytes) << golden.name;
  }
}

TEST(ScalarIndexGoldenTest, FilesAnswerAsTheirRowsDo) {
  for (const Golden& golden : GoldenIndexes()) {
    const auto index = Load(golden, ReadGolden(golden.name));
    ASSERT_OK(index) << golden.name;
    ExpectSameAnswers(golden, *index);
  }
}

TEST(ScalarIndexGoldenTest, EveryChangedOrMissingByteIsRefusedOrChangesNothing) {
  for (const Golden& golden : GoldenIndexes()) {
    const std::string good = ReadGolden(golden.name);
    for (size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
      const auto index = Load(golden, bad);
      if (index.ok()) {
        ExpectSameAnswers(golden, *index);
      } else {
        EXPECT_EQ(support::CodeOf(index), absl::StatusCode::kDataLoss) << golden.name << " " << at;
      }
      EXPECT_EQ(support::CodeOf(Load(golden, good.substr(0, at))), absl::StatusCode::kDataLoss);
    }
  }
}

}  // namespace
}  // namespace vecdb::segment
