#include "format/block_table.h"

#include <gtest/gtest.h>

#include <functional>

#include "format/format_testing.h"

namespace vecdb::format {
namespace {

constexpr BlockEntry kEntries[] = {{.offset = 0,
                                    .size_bytes = 1000,
                                    .num_rows = 4096,
                                    .encoding = BlockEncoding::kDictionary,
                                    .compressed = true,
                                    .raw_bytes = 5000,
                                    .text_bytes = 30000},
                                   {.offset = 1000,
                                    .size_bytes = 700,
                                    .num_rows = 4,
                                    .encoding = BlockEncoding::kPlain,
                                    .raw_bytes = 700}};

class BlockTableTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto writer = SectionWriter::Create(*store_, path_, FileKind::kColumns, {});
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Finish({}));
    auto file = SectionFile::Open(*store_, path_, FileKind::kColumns, std::nullopt, {});
    ASSERT_OK(file);
    file_ = *std::move(file);
    for (const BlockEntry& entry : kEntries) PutBlockEntry(entry, &table_);
  }
  absl::StatusCode Parse(const std::string& table) {
    return CodeOf(ParseBlockTable(*file_, 100, table, 4100, 1700));
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = PathOf("s/columns.vseg");
  std::unique_ptr<SectionFile> file_;
  base::ByteWriter table_;
};

TEST_F(BlockTableTest, EntriesComeBack) {
  const auto table = ParseBlockTable(*file_, 100, table_.str(), 4100, 1700);
  ASSERT_OK(table);
  ASSERT_EQ(table->size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*table)[i].offset, kEntries[i].offset);
    EXPECT_EQ((*table)[i].size_bytes, kEntries[i].size_bytes);
    EXPECT_EQ((*table)[i].num_rows, kEntries[i].num_rows);
    EXPECT_EQ((*table)[i].encoding, kEntries[i].encoding);
    EXPECT_EQ((*table)[i].compressed, kEntries[i].compressed);
    EXPECT_EQ((*table)[i].raw_bytes, kEntries[i].raw_bytes);
    EXPECT_EQ((*table)[i].text_bytes, kEntries[i].text_bytes);
  }
}

TEST_F(BlockTableTest, EntriesOfPlainBlocksAreThoseOfOldFiles) {
  EXPECT_EQ(table_.str().size(), 64u);
  EXPECT_EQ(GetAt<uint32_t>(table_.str(), 32 + 20), 1u);
  EXPECT_EQ(GetAt<uint64_t>(table_.str(), 32 + 24), 0u);
}

TEST_F(BlockTableTest, ImpossibleSizesAndUnknownEncodingsAreRefused) {
  struct Case {
    const char* what;
    std::function<void(std::string*)> edit;
    absl::StatusCode code = absl::StatusCode::kDataLoss;
  };
  constexpr auto kUnknown = absl::StatusCode::kFailedPrecondition;
  const std::vector<Case> cases = {
      {"as written", [](std::string*) {}, absl::StatusCode::kOk},
      {"unfolds far", [](std::string* t) { PutAt(t, 24, uint32_t{1000 * 1001}); }},
      {"unfolds just as far", [](std::string* t) { PutAt(t, 24, uint32_t{1000 * 1000}); },
       absl::StatusCode::kOk},
      {"raw size of an unfolded block", [](std::string* t) { PutAt(t, 20, uint32_t{4}); }},
      {"most text", [](std::string* t) { PutAt(t, 28, uint32_t{4096} * 65536); },
       absl::StatusCode::kOk},
      {"more text", [](std::string* t) { PutAt(t, 28, uint32_t{4096} * 65536 + 1); }},
      {"more text of a plain block",
       [](std::string* t) { PutAt(t, 32 + 28, uint32_t{4} * 65536 + 1); }},
      {"encoding 0", [](std::string* t) { PutAt(t, 20, uint32_t{0}); }, kUnknown},
      {"encoding 5", [](std::string* t) { PutAt(t, 20, uint32_t{5}); }, kUnknown},
      {"frame of encoding 0", [](std::string* t) { PutAt(t, 20, uint32_t{256}); }, kUnknown},
      {"another flag", [](std::string* t) { PutAt(t, 20, uint32_t{512 + 4}); }, kUnknown},
      {"another high flag", [](std::string* t) { PutAt(t, 20, uint32_t{0x80000004}); }, kUnknown},
  };
  for (const Case& c : cases) {
    std::string table = table_.str();
    c.edit(&table);
    EXPECT_EQ(Parse(table), c.code) << c.what;
  }
}

}  // namespace
}  // namespace vecdb::format
