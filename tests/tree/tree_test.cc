// The checks on the tree itself. VECDB_SOURCE_DIR is its root.
#include <gtest/gtest.h>

#include "absl/strings/str_join.h"
#include "tree/checks.h"

namespace vecdb::tree {
namespace {

class TreeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { tree_ = new SourceTree(SourceTree::Read(VECDB_SOURCE_DIR)); }
  static void TearDownTestSuite() { delete tree_; }

  // A check of nothing would pass.
  void SetUp() override {
    ASSERT_FALSE(tree_->Below("src/").empty());
    ASSERT_FALSE(tree_->Below("include/vecdb/").empty());
  }

  static void ExpectNone(const Violations& violations) {
    EXPECT_TRUE(violations.empty()) << absl::StrJoin(violations, "\n");
  }

  static const SourceTree* tree_;
};

const SourceTree* TreeTest::tree_ = nullptr;

TEST_F(TreeTest, IncludesFollowTheRanks) { ExpectNone(CheckIncludeRanks(*tree_)); }

TEST_F(TreeTest, DependenciesAreIncludedInTheirPlaceOnly) {
  ExpectNone(CheckDependencyIncludes(*tree_));
}

TEST_F(TreeTest, HeadersHaveTheGuardOfTheirPath) { ExpectNone(CheckHeaderGuards(*tree_)); }

TEST_F(TreeTest, EverySourceHasItsTest) { ExpectNone(CheckSourcesHaveTests(*tree_)); }

TEST_F(TreeTest, BannedNamesAreAbsent) { ExpectNone(CheckBannedNames(*tree_)); }

TEST_F(TreeTest, NoFileIsTooLong) { ExpectNone(CheckFileLengths(*tree_)); }

}  // namespace
}  // namespace vecdb::tree
