#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "support/test_database.h"

namespace vecdb {
namespace {

using support::CodeOf;
using support::Flat;
using support::Hnsw;
using support::Ids;

const IndexSpec kAlteredIvf{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 16}};

class AlterIndexTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CollectionOptions options;
    options.num_shards = 1;
    const Schema schema = support::TaggedSchema();
    collection_ = *database_->CreateCollection("c", schema, options);
    ASSERT_OK(collection_->Insert(support::TaggedRows(schema, Ids(0, 3000), "t")));
    ASSERT_OK(collection_->Flush());
    ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
    ASSERT_OK(collection_->WaitForIndex("v"));
    ASSERT_OK(collection_->Load());
  }

  SearchRequest Request(const SearchParams& params) {
    return {.field = "v", .vectors = query_, .limit = 10, .params = params};
  }

  support::TestDatabase database_;
  std::shared_ptr<Collection> collection_;
  const std::vector<float> query_ = support::GridVector(17, 4);
};

TEST_F(AlterIndexTest, SearchesGoOnByTheOldIndexAndThenByTheNew) {
  ASSERT_OK(collection_->AlterIndex("v", kAlteredIvf));
  EXPECT_EQ(collection_->DescribeIndex("v")->spec, kAlteredIvf);
  EXPECT_EQ(collection_->DescribeIndex("v")->state, IndexState::kWaiting);
  // Parameters are those of the new type from now on.
  EXPECT_EQ(CodeOf(collection_->Search(Request(HnswSearchParams{.ef = 50}))),
            absl::StatusCode::kInvalidArgument);
  const auto before = collection_->Search(Request(IvfSearchParams{.nprobe = 16}));
  ASSERT_OK(before);
  ASSERT_EQ(before->hits(0).size(), 10u);
  EXPECT_EQ(collection_->Explain(Request({}))->segments.at(0).plan, SearchPlan::kIndex);
  database_.executor.RunAll();  // what was to be done behind
  EXPECT_EQ(collection_->DescribeIndex("v")->state, IndexState::kFinished);
  const auto after = collection_->Search(Request(IvfSearchParams{.nprobe = 16}));
  ASSERT_OK(after);
  std::vector<std::pair<float, int64_t>> exact;
  for (const int64_t id : Ids(0, 3000)) {
    const std::vector<float> row = support::GridVector(id, 4);
    float distance = 0;
    for (size_t d = 0; d < 4; ++d) distance += (row[d] - query_[d]) * (row[d] - query_[d]);
    exact.emplace_back(distance, id);
  }
  std::sort(exact.begin(), exact.end());
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(after->hits(0)[i].int64_key(), exact[i].second);
    EXPECT_EQ(before->hits(0)[i].score(), exact[i].first);
  }
}

TEST_F(AlterIndexTest, GoesOnAfterOpeningAgain) {
  ASSERT_OK(collection_->AlterIndex("v", kAlteredIvf));
  collection_ = nullptr;
  collection_ = *database_.Reopen().OpenCollection("c");
  EXPECT_EQ(collection_->DescribeIndex("v")->spec, kAlteredIvf);
  EXPECT_EQ(collection_->DescribeIndex("v")->pending_rows(), 3000u);
  ASSERT_OK(collection_->Load());
  EXPECT_EQ(collection_->Search(Request({}))->hits(0).size(), 10u);
  ASSERT_OK(collection_->WaitForIndex("v"));
  EXPECT_EQ(collection_->DescribeIndex("v")->pending_rows(), 0u);
  collection_ = nullptr;
  collection_ = *database_.Crash().OpenCollection("c");
  EXPECT_EQ(collection_->DescribeIndex("v")->pending_rows(), 0u);
}

TEST_F(AlterIndexTest, FlatIsExactOnceItIsFinished) {
  ASSERT_OK(collection_->AlterIndex("v", Flat()));
  EXPECT_EQ(collection_->DescribeIndex("v")->state, IndexState::kWaiting);
  ASSERT_OK(collection_->WaitForIndex("v"));
  EXPECT_EQ(collection_->Explain(Request({}))->segments.at(0).plan, SearchPlan::kExactScan);
}

TEST_F(AlterIndexTest, ErrorsSayWhatIsWrong) {
  EXPECT_EQ(CodeOf(collection_->AlterIndex("tag", kAlteredIvf)),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(collection_->AlterIndex("none", kAlteredIvf)), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOf(collection_->AlterIndex("v", Hnsw(Metric::kCosine))),
            absl::StatusCode::kInvalidArgument);
  ASSERT_OK(collection_->DropIndex("v"));
  EXPECT_EQ(CodeOf(collection_->AlterIndex("v", kAlteredIvf)), absl::StatusCode::kNotFound);
  ASSERT_OK(database_->Close());
  EXPECT_EQ(CodeOf(collection_->AlterIndex("v", kAlteredIvf)),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb
