#include "segment/filter_bitmap.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace vecdb::segment {
namespace {

std::shared_ptr<const FilterBitmap> Bitmap(uint64_t count) {
  auto bitmap = std::make_shared<FilterBitmap>();
  bitmap->words.resize(4);
  bitmap->count = count;
  return bitmap;
}

TEST(FilterBitmapCacheTest, WhatWasAddedIsFoundByItsFilter) {
  FilterBitmapCache cache(nullptr);
  EXPECT_EQ(cache.Find("a == 1"), nullptr);
  cache.Add("a == 1", Bitmap(1));
  cache.Add("a == 2", Bitmap(2));
  EXPECT_EQ(cache.Find("a == 1")->count, 1u);
  EXPECT_EQ(cache.Find("a == 2")->count, 2u);
  EXPECT_EQ(cache.bytes(), 2 * (4 * sizeof(uint64_t) + 6));
  cache.DropUnused();
  EXPECT_EQ(cache.Find("a == 1"), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(FilterBitmapCacheTest, TheLeastRecentlyUsedGoesFirst) {
  FilterBitmapCache cache(nullptr);
  for (size_t i = 0; i < FilterBitmapCache::kMaxBitmaps; ++i) cache.Add(absl::StrCat(i), Bitmap(i));
  EXPECT_NE(cache.Find("0"), nullptr);  // used now
  cache.Add("new", Bitmap(0));
  EXPECT_NE(cache.Find("0"), nullptr);
  EXPECT_EQ(cache.Find("1"), nullptr);
  EXPECT_NE(cache.Find("2"), nullptr);
}

TEST(FilterBitmapCacheTest, TheBudgetBoundsWhatIsKept) {
  MemoryBudget budget(2 * (4 * sizeof(uint64_t) + 1));
  {
    FilterBitmapCache cache(&budget);
    for (const char* filter : {"1", "2", "3"}) cache.Add(filter, Bitmap(1));
    EXPECT_NE(cache.Find("1"), nullptr);
    EXPECT_NE(cache.Find("2"), nullptr);
    EXPECT_EQ(cache.Find("3"), nullptr);
    EXPECT_EQ(budget.used_bytes(), budget.limit_bytes());
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(FilterBitmapCacheTest, VeryLongFiltersAreNotKept) {
  FilterBitmapCache cache(nullptr);
  const std::string longest(FilterBitmapCache::kMaxFilterBytes, 'x');
  cache.Add(longest, Bitmap(1));
  EXPECT_NE(cache.Find(longest), nullptr);
  cache.Add(longest + "x", Bitmap(1));
  EXPECT_EQ(cache.Find(longest + "x"), nullptr);
}

}  // namespace
}  // namespace vecdb::segment
