#include "format/delete_file.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "format/format_testing.h"

namespace vecdb::format {
namespace {

class DeleteFileTest : public ::testing::Test {
 protected:
  FileSummary Write(const std::vector<RowDelete>& deletes) {
    store_->Delete(path_).IgnoreError();
    return WriteDeleteFile(*store_, path_, deletes, {}).value();
  }
  absl::StatusOr<std::vector<RowDelete>> Read(uint64_t num_rows) {
    return ReadDeleteFile(*store_, path_, std::nullopt, num_rows, {});
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = PathOf("s/deletes-1.del");
};

TEST_F(DeleteFileTest, DeletesComeBack) {
  std::vector<RowDelete> many;
  for (uint32_t i = 0; i < 30000; ++i)
    many.push_back({.row = i * 3, .timestamp = ~uint64_t{0} - i});
  for (const auto& deletes : {std::vector<RowDelete>{}, {{0, 1}}, {{7, 9}, {8, 3}}, many}) {
    const FileSummary summary = Write(deletes);
    const auto read = ReadDeleteFile(*store_, path_, summary, 90000, {});
    ASSERT_OK(read);
    EXPECT_TRUE(*read == deletes);
  }
}

TEST_F(DeleteFileTest, RowsThatCannotBeDeletedAreDataLoss) {
  const std::vector<std::pair<const char*, std::vector<RowDelete>>> cases = {
      {"past the last row", {{9, 1}, {10, 1}}},
      {"twice", {{3, 1}, {3, 1}}},
      {"unsorted", {{3, 1}, {2, 1}}},
      {"without a time", {{3, 0}}},
      {"huge", {{~uint32_t{0}, 1}}},
  };
  for (const auto& [what, deletes] : cases) {
    Write(deletes);
    EXPECT_EQ(CodeOf(Read(10)), absl::StatusCode::kDataLoss) << what;
  }
  Write({{9, 1}});
  EXPECT_OK(Read(10));
  EXPECT_EQ(CodeOf(Read(9)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(Read(0)), absl::StatusCode::kDataLoss);
}

TEST_F(DeleteFileTest, SectionsOfDifferentLengthsAreDataLoss) {
  for (const char* tag : {"ROWS", "TIME"}) {
    for (const size_t bytes : {0u, 1u, 7u, 9u, 12u, 17u, 24u}) {
      Write({{1, 1}, {2, 1}});
      const uint32_t number = tag[0] == 'R' ? Tag("ROWS") : Tag("TIME");
      RewriteSection(*store_, path_, FileKind::kDeletes, number,
                     [bytes](std::string* section) { section->resize(bytes); });
      EXPECT_EQ(CodeOf(Read(10)), absl::StatusCode::kDataLoss) << tag << " " << bytes;
    }
  }
}

TEST_F(DeleteFileTest, UnknownCriticalSectionIsRefused) {
  Write({{1, 1}});
  RewriteSection(*store_, path_, FileKind::kDeletes, Tag("WHAT"), [](std::string*) {});
  EXPECT_EQ(CodeOf(Read(10)), absl::StatusCode::kFailedPrecondition);
}

TEST_F(DeleteFileTest, EveryDamagedByteIsFoundOrHarmless) {
  const std::vector<RowDelete> deletes = {{1, 5}, {2, 6}};
  Write(deletes);
  const std::string good = BytesOf(*store_, path_);
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x41);
    Replace(*store_, path_, bad);
    const auto read = Read(10);
    if (read.ok()) {
      EXPECT_EQ(*read, deletes) << at;  // padding
    } else {
      EXPECT_EQ(CodeOf(read), absl::StatusCode::kDataLoss) << at;
    }
  }
}

}  // namespace
}  // namespace vecdb::format
