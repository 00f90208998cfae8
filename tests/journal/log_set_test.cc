#include "journal/log_set.h"

#include <gtest/gtest.h>

#include <vector>

namespace vecdb::journal {
namespace {

// Files 4, 5 and 6 with records up to 10, none, and up to 30.
LogSet ThreeFiles() {
  LogSet files;
  files.Update(4, 10, 100);
  files.Update(5, 0, 20);
  files.Update(6, 30, 300);
  return files;
}

TEST(LogSetTest, FileIsNeededWhileItHoldsARecordBeyondTheWatermark) {
  const LogSet files = ThreeFiles();
  EXPECT_EQ(files.FirstNeeded(0), 4u);
  EXPECT_EQ(files.FirstNeeded(9), 4u);
  EXPECT_EQ(files.FirstNeeded(10), 6u);  // 5 holds nothing
}

TEST(LogSetTest, LastFileIsAlwaysNeeded) {
  const LogSet files = ThreeFiles();
  EXPECT_EQ(files.FirstNeeded(30), 6u);
  EXPECT_EQ(files.FirstNeeded(~uint64_t{0}), 6u);
}

TEST(LogSetTest, NeededFileKeepsAllBehindIt) {
  LogSet files;
  files.Update(1, 10, 1);
  files.Update(2, 50, 1);
  files.Update(3, 20, 1);  // no log has this, and yet nothing beyond the watermark may go
  files.Update(4, 60, 1);
  EXPECT_EQ(files.FirstNeeded(20), 2u);
}

TEST(LogSetTest, UpdatesOfTheLastFileTakeThePlaceOfEarlierOnes) {
  LogSet files = ThreeFiles();
  files.Update(6, 40, 450);
  EXPECT_EQ(files.bytes(), 570u);
  EXPECT_EQ(files.last_number(), 6u);
  files.Update(7, 0, 128);
  EXPECT_EQ(files.FirstNeeded(39), 6u);
  EXPECT_EQ(files.FirstNeeded(40), 7u);
}

TEST(LogSetTest, UpdateWithoutRecordsForgetsNone) {
  LogSet files = ThreeFiles();
  files.Update(6, 0, 300);
  files.Update(7, 0, 128);
  EXPECT_EQ(files.FirstNeeded(29), 6u);
}

TEST(LogSetTest, MergeTakesOverNewsOfTheLastFileAndOfLaterOnes) {
  LogSet files = ThreeFiles();
  LogSet news;
  news.Update(6, 35, 350);
  news.Update(7, 40, 200);
  files.Merge(news);
  EXPECT_EQ(files.last_number(), 7u);
  EXPECT_EQ(files.bytes(), 670u);
  EXPECT_EQ(files.FirstNeeded(34), 6u);
  EXPECT_EQ(files.FirstNeeded(35), 7u);
  files.Merge({});
  EXPECT_EQ(files.bytes(), 670u);
}

TEST(LogSetTest, MergeIntoAnEmptySetIsACopy) {
  LogSet files;
  EXPECT_TRUE(files.empty());
  files.Merge(ThreeFiles());
  EXPECT_FALSE(files.empty());
  EXPECT_EQ(files.first_number(), 4u);
  EXPECT_EQ(files.last_number(), 6u);
  EXPECT_EQ(files.bytes(), 420u);
}

TEST(LogSetTest, RemoveBelowForgetsEarlierFilesAndReturnsThem) {
  LogSet files = ThreeFiles();
  EXPECT_EQ(files.RemoveBelow(4), std::vector<uint64_t>());
  EXPECT_EQ(files.RemoveBelow(6), (std::vector<uint64_t>{4, 5}));
  EXPECT_EQ(files.first_number(), 6u);
  EXPECT_EQ(files.bytes(), 300u);
  EXPECT_EQ(files.RemoveBelow(~uint64_t{0}), (std::vector<uint64_t>{6}));
  EXPECT_TRUE(files.empty());
  EXPECT_EQ(files.bytes(), 0u);
}

}  // namespace
}  // namespace vecdb::journal
