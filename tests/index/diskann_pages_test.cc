#include "index/diskann_pages.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "index/diskann_page.h"
#include "index/diskann_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(DiskannPagesTest, PagesOfABuiltIndexAreThoseOfItsFile) {
  const TestRows rows = RandomRows(200, 64, 1);
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
  const auto store = WriteFile(*built);
  const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
  ASSERT_OK(loaded);
  const DiskannLayout& layout = PartsOf(*built).layout;
  ASSERT_EQ(PartsOf(**loaded).layout, layout);
  EXPECT_EQ(PartsOf(**loaded).pages->begin() % store::kPageBytes, 0U);
  const auto made = PartsOf(*built).pages->MakeQueue(2);
  const auto read = PartsOf(**loaded).pages->MakeQueue(2);
  ASSERT_OK(made);
  ASSERT_OK(read);
  for (uint32_t page = 0; page < layout.num_pages(); ++page) {
    const uint64_t offset = uint64_t{page} * layout.page_bytes;
    (*made)->Start(page % 2, offset);
    (*read)->Start(page % 2, PartsOf(**loaded).pages->begin() + offset);
    ASSERT_OK((*made)->Submit());
    ASSERT_OK((*read)->Submit());
    ASSERT_OK((*made)->Wait(page % 2, {}));
    ASSERT_OK((*read)->Wait(page % 2, {}));
    EXPECT_EQ(std::memcmp((*made)->buffer(page % 2), (*read)->buffer(page % 2), layout.page_bytes),
              0);
  }
}

TEST(DiskannPagesTest, ACancelledReadIsCancelled) {
  const TestRows rows = RandomRows(20, 8, 1);
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
  const auto queue = PartsOf(*built).pages->MakeQueue(1);
  ASSERT_OK(queue);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  (*queue)->Start(0, 0);
  ASSERT_OK((*queue)->Submit());
  EXPECT_EQ(CodeOf((*queue)->Wait(0, {.cancel = token})), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
