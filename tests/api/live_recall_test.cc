#include <gtest/gtest.h>

#include <vector>

#include "support/test_database.h"

namespace vecdb {
namespace {

using support::Flat;
using support::Ids;

constexpr int32_t kRecallDim = 32;

class LiveRecallTest : public ::testing::Test {
 protected:
  void Open(uint64_t every, const IndexSpec& spec) {
    database_.options.recall_sample_every = every;
    const Schema schema = support::TaggedSchema(kRecallDim);
    collection_ = *database_->CreateCollection("c", schema, {.num_shards = 1});
    ASSERT_OK(collection_->Insert(support::TaggedRows(schema, Ids(0, 4000), "t")));
    ASSERT_OK(collection_->Flush());
    ASSERT_OK(collection_->CreateIndex("v", spec));
    ASSERT_OK(collection_->WaitForIndex("v"));
    database_.executor.RunAll();
  }
  void Search(const SearchRequest& request) { ASSERT_OK(collection_->Search(request)); }
  SearchRequest Request(int64_t id, const SearchParams& params = {}) {
    query_ = support::GridVector(id, kRecallDim);
    return {.field = "v", .vectors = query_, .limit = 10, .params = params};
  }
  LiveRecallFigures Figures() const { return collection_->DescribeIndex("v")->live_recall; }

  support::TestDatabase database_;
  std::shared_ptr<Collection> collection_;
  std::vector<float> query_;
};

const IndexSpec kRecallLists{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 64}};

TEST_F(LiveRecallTest, OneSearchInSoManyIsRepeatedBehind) {
  Open(5, kRecallLists);
  for (int64_t i = 0; i < 50; ++i) {
    Search(Request(100'000 + i, IvfSearchParams{.nprobe = 64}));
    database_.executor.RunAll();
  }
  EXPECT_EQ(Figures().num_searches, 10u);
  EXPECT_EQ(Figures().recall, 1);  // all lists were read
}

TEST_F(LiveRecallTest, PoorSearchesAreSeen) {
  Open(1, kRecallLists);
  EXPECT_EQ(Figures().num_searches, 0u);
  EXPECT_EQ(Figures().recall, 1);
  for (int64_t i = 0; i < 40; ++i) {
    Search(Request(100'000 + i, IvfSearchParams{.nprobe = 1}));
    database_.executor.RunAll();
  }
  EXPECT_EQ(Figures().num_searches, 40u);
  EXPECT_LT(Figures().recall, 0.9);
  EXPECT_GT(Figures().recall, 0);
  // Later searches count for more than earlier ones.
  const double poor = Figures().recall;
  for (int64_t i = 0; i < 400; ++i) {
    Search(Request(200'000 + i, IvfSearchParams{.nprobe = 64}));
    database_.executor.RunAll();
  }
  EXPECT_GT(Figures().recall, 0.97) << poor;
}

TEST_F(LiveRecallTest, TheTargetIsWhatSearchesAskFor) {
  Open(1, kRecallLists);
  EXPECT_EQ(Figures().target, 0.95);
  const auto search = [this](int64_t id, const SearchParams& params) {
    Search(Request(id, params));
    database_.executor.RunAll();
  };
  search(1, TargetRecall{.recall = 0.8});
  EXPECT_DOUBLE_EQ(Figures().target, 0.8);
  search(2, IvfSearchParams{.nprobe = 64});
  EXPECT_GT(Figures().target, 0.87);
  EXPECT_LT(Figures().target, 0.88);
}

TEST_F(LiveRecallTest, OneWaitsAtATimeAndSeesTheStateOfItsSearch) {
  Open(1, kRecallLists);
  Search(Request(0, IvfSearchParams{.nprobe = 64}));
  Search(Request(1, IvfSearchParams{.nprobe = 64}));  // the first one waits still
  // What changes meanwhile is not held against the search.
  ASSERT_OK(collection_->DeleteWhere("id < 3000"));
  database_.executor.RunAll();
  EXPECT_EQ(Figures().num_searches, 1u);
  EXPECT_EQ(Figures().recall, 1);
}

TEST_F(LiveRecallTest, FilteredSearchesCountAndThoseOfCallbacksDoNot) {
  Open(1, kRecallLists);
  SearchRequest request = Request(7, IvfSearchParams{.nprobe = 64});
  request.filter = "id < 20";
  Search(request);
  database_.executor.RunAll();
  EXPECT_EQ(Figures().num_searches, 1u);
  EXPECT_EQ(Figures().recall, 1);
  request.filter = RowFilter::Custom([](const FilteredRows&, std::span<uint64_t> bits) {
    for (uint64_t& word : bits) word = ~uint64_t{0};
    return absl::OkStatus();
  });
  Search(request);
  request.filter = {};
  request.radius = 1000.0F;
  Search(request);
  request.radius = {};
  request.group_by = "tag";
  Search(request);
  database_.executor.RunAll();
  EXPECT_EQ(Figures().num_searches, 1u);
}

TEST_F(LiveRecallTest, NothingIsRepeatedUnlessAsked) {
  Open(0, kRecallLists);
  Search(Request(7));
  database_.executor.RunAll();
  EXPECT_EQ(Figures().num_searches, 0u);
}

TEST_F(LiveRecallTest, FlatIsExactAnyway) {
  Open(1, Flat());
  Search(Request(7));
  database_.executor.RunAll();
  EXPECT_EQ(Figures().num_searches, 0u);
}

}  // namespace
}  // namespace vecdb
