#include "faiss/row_ids.h"

#include <gtest/gtest.h>

#include "faiss/faiss_testing.h"

namespace vecdb::faiss {
namespace {

using RowIdsTest = FaissFixture;

// Lists of these ids, with codes of a byte.
std::unique_ptr<::faiss::ArrayInvertedLists> ListsWith(
    const std::vector<std::vector<int64_t>>& ids) {
  auto lists = std::make_unique<::faiss::ArrayInvertedLists>(ids.size(), 1);
  for (size_t list = 0; list < ids.size(); ++list) {
    const std::vector<uint8_t> codes(ids[list].size());
    lists->add_entries(list, ids[list].size(), ids[list].data(), codes.data());
  }
  return lists;
}

absl::StatusOr<ListedIds> Listed(const std::vector<std::vector<int64_t>>& ids, uint32_t num_rows,
                                 bool are_rows = false) {
  return ListedIds::Make(*ListsWith(ids), num_rows, are_rows, {}, {});
}

TEST_F(RowIdsTest, IdsMustBeDifferentAndNotNegative) {
  EXPECT_OK(CheckIds({}, {}, {}));
  EXPECT_OK(CheckIds(std::vector<int64_t>{5, 0, int64_t{1} << 62}, {}, {}));
  ExpectInvalid(CheckIds(std::vector<int64_t>{5, -1}, {}, {}), "id -1 is negative");
  ExpectInvalid(CheckIds(std::vector<int64_t>{5, 7, 5}, {}, {}), "id 5 occurs twice");
}

TEST_F(RowIdsTest, RowNumbersStandForThemselves) {
  auto listed = Listed({{3, 0}, {}, {1, 2}}, 4);
  ASSERT_OK(listed);
  EXPECT_EQ(listed->RowOf(3), 3U);
  EXPECT_TRUE(std::move(*listed).TakeIds().empty());
}

TEST_F(RowIdsTest, OtherIdsStandForRowsInTheirOrder) {
  auto listed = Listed({{30, 10}, {int64_t{1} << 40, 2}}, 4);
  ASSERT_OK(listed);
  EXPECT_EQ(listed->RowOf(2), 0U);
  EXPECT_EQ(listed->RowOf(30), 2U);
  EXPECT_EQ(listed->RowOf(int64_t{1} << 40), 3U);
  EXPECT_EQ(std::move(*listed).TakeIds(), (std::vector<int64_t>{2, 10, 30, int64_t{1} << 40}));
}

TEST_F(RowIdsTest, ListsWithWrongIdsAreRefused) {
  ExpectInvalid(Listed({{0, 1}, {1}}, 3), "list 1 holds id 1 a second time");
  ExpectInvalid(Listed({{0, 90}, {90}}, 3), "id 90 occurs twice");
  ExpectInvalid(Listed({{0, -1}, {2}}, 3), "id -1 is negative");
  ExpectInvalid(Listed({{0, 3}, {2}}, 3, true), "list 0 holds id 3, which is none of the 3 rows");
  ExpectInvalid(Listed({{0}, {-7, 2}}, 3, true), "list 1 holds id -7");
  ExpectInvalid(Listed({{0}, {0, 2}}, 3, true), "list 1 holds id 0 a second time");
}

TEST_F(RowIdsTest, TheContextAndTheBudgetAreKept) {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(ListedIds::Make(*ListsWith({{0}}), 1, false, {}, context)),
            absl::StatusCode::kCancelled);
  MemoryBudget none(4);
  EXPECT_EQ(CodeOf(CheckIds(std::vector<int64_t>{1}, {.budget = &none}, {})),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::faiss
