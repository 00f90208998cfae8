// Indexes that were built elsewhere, in a segment and in a collection.
#include <gtest/gtest.h>

#include "api/api_testing.h"

namespace vecdb::support {
namespace {

constexpr size_t kAttachedRows = 2000;

std::vector<float> VectorsOfIds(const std::vector<int64_t>& ids) {
  std::vector<float> rows;
  for (const int64_t id : ids) {
    const std::vector<float> vector = GridVector(id, 4);
    rows.insert(rows.end(), vector.begin(), vector.end());
  }
  return rows;
}

std::unique_ptr<Index> BuildElsewhere(const std::vector<int64_t>& ids, const IndexSpec& spec) {
  auto built = IndexBuilder(4, spec).Build(VectorsOfIds(ids));
  EXPECT_OK(built);
  return *std::move(built);
}

class AttachIndexTest : public ::testing::Test {
 protected:
  std::unique_ptr<Collection> Make(const CollectionOptions& options = {}) {
    return *db_->CreateCollection("c", schema_, options);
  }
  void Insert(Collection* c, const std::vector<int64_t>& ids) {
    ASSERT_OK(c->Insert(TaggedRows(schema_, ids, "t")));
  }
  size_t IndexObjects() {
    size_t count = 0;
    for (const std::string& name : ObjectsWith(*db_.options.store, "")) {
      count += name.ends_with(".idx") ? 1 : 0;
    }
    return count;
  }
  std::vector<int64_t> Nearest(const Collection& c) {
    const auto found = c.Search(
        {.field = "v", .vectors = query_, .limit = 5, .consistency = ConsistencyLevel::kStrong});
    EXPECT_OK(found);
    std::vector<int64_t> keys;
    for (const Hit& hit : found->hits(0)) keys.push_back(hit.int64_key());
    return keys;
  }

  const Schema schema_ = TaggedSchema();
  const std::vector<float> query_ = {1, 2, 3, 0};
  TestDatabase db_;
};

TEST_F(AttachIndexTest, SearchesUseItAtOnceAndAfterOpeningAgain) {
  auto c = Make();
  Insert(c.get(), Ids(0, 1500));
  Insert(c.get(), Ids(1500, 500));
  ASSERT_OK(c->Flush());
  {
    const auto index = BuildElsewhere(Ids(0, kAttachedRows), Hnsw());
    ASSERT_OK(c->AttachIndex("v", *index));
  }
  const auto described = c->DescribeIndex("v");
  ASSERT_OK(described);
  EXPECT_EQ(described->spec, Hnsw());
  EXPECT_EQ(described->indexed_rows, kAttachedRows);
  const std::vector<int64_t> nearest = Nearest(*c);
  EXPECT_EQ(nearest.size(), 5U);
  db_.executor.RunAll();
  EXPECT_EQ(IndexObjects(), 1U);  // nothing was built beside it
  db_.Reopen();
  c = *db_->OpenCollection("c");
  EXPECT_EQ(Nearest(*c), nearest);
  EXPECT_EQ(c->DescribeIndex("v")->indexed_rows, kAttachedRows);
  EXPECT_EQ(IndexObjects(), 1U);
}

TEST_F(AttachIndexTest, DeletedRowsCountAndAreNotFound) {
  const auto c = Make();
  Insert(c.get(), Ids(0, kAttachedRows));
  const std::vector<int64_t> doomed = {0, 7, 1999};
  ASSERT_OK(c->Delete(doomed));
  ASSERT_OK(c->Flush());
  ASSERT_OK(c->AttachIndex("v", *BuildElsewhere(Ids(0, kAttachedRows), Hnsw())));
  EXPECT_EQ(*c->Count(), kAttachedRows - 3);
  const auto all = c->Search({.field = "v", .vectors = query_, .limit = 16384});
  ASSERT_OK(all);
  EXPECT_EQ(all->hits(0).size(), kAttachedRows - 3);
  Insert(c.get(), {7});
  EXPECT_EQ(*c->Count(), kAttachedRows - 2);
}

TEST_F(AttachIndexTest, EveryKindOfIndexIsTaken) {
  for (const IndexParams& params :
       {IndexParams(FlatParams{}), IndexParams(IvfFlatParams{.nlist = 8}),
        IndexParams(IvfSq8Params{.nlist = 8}), IndexParams(IvfPqParams{.nlist = 8, .m = 2}),
        IndexParams(DiskannParams{.max_degree = 8})}) {
    for (const Metric metric : {Metric::kL2, Metric::kCosine}) {
      const auto c = Make();
      Insert(c.get(), Ids(0, kAttachedRows));
      ASSERT_OK(c->Flush());
      const IndexSpec spec{.metric = metric, .params = params};
      ASSERT_OK(c->AttachIndex("v", *BuildElsewhere(Ids(0, kAttachedRows), spec)));
      EXPECT_EQ(c->DescribeIndex("v")->spec, spec);
      EXPECT_EQ(Nearest(*c).size(), 5U);
      ASSERT_OK(c->DropIndex("v"));
      ASSERT_OK(db_->DropCollection("c"));
    }
  }
}

TEST_F(AttachIndexTest, RowsThatNoSegmentHasAreRefused) {
  const auto c = Make();
  const auto index = BuildElsewhere(Ids(0, kAttachedRows), Hnsw());
  EXPECT_EQ(CodeOf(c->AttachIndex("v", *index)), Code::kFailedPrecondition);
  Insert(c.get(), Ids(0, kAttachedRows));
  EXPECT_EQ(CodeOf(c->AttachIndex("v", *index)), Code::kFailedPrecondition);  // not flushed
  ASSERT_OK(c->Flush());
  std::vector<int64_t> turned = Ids(0, kAttachedRows);
  std::swap(turned[10], turned[11]);
  const absl::Status other = c->AttachIndex("v", *BuildElsewhere(turned, Hnsw()));
  EXPECT_EQ(other.code(), Code::kFailedPrecondition);
  EXPECT_TRUE(Contains(std::string(other.message()), "row 10 of the index has another vector"))
      << other;
  EXPECT_FALSE(c->HasIndex("v"));
  EXPECT_OK(c->AttachIndex("v", *index));
}

TEST_F(AttachIndexTest, RowsThatShardsDivideAreRefused) {
  const auto c = Make({.num_shards = 2});
  Insert(c.get(), Ids(0, kAttachedRows));
  ASSERT_OK(c->Flush());
  EXPECT_EQ(CodeOf(c->AttachIndex("v", *BuildElsewhere(Ids(0, kAttachedRows), Hnsw()))),
            Code::kFailedPrecondition);
}

TEST_F(AttachIndexTest, ASegmentTakesOneToo) {
  const auto store = MakeMemoryObjectStore();
  auto builder = *SegmentBuilder::Make(schema_);
  ASSERT_OK(builder->Add(TaggedRows(schema_, Ids(0, 300), "t")));
  const auto info = builder->Finish(*store, PathOf("s"));
  ASSERT_OK(info);
  const auto plain = Segment::Open(*store, *info);
  ASSERT_OK(plain);
  const auto attached = (*plain)->AttachIndex("v", *BuildElsewhere(Ids(0, 300), Hnsw()));
  ASSERT_OK(attached);
  ASSERT_EQ(attached->indexes.size(), 1U);
  EXPECT_EQ(attached->indexes[0].spec, Hnsw());
  const auto segment = Segment::Open(*store, *attached);
  ASSERT_OK(segment);
  const SegmentQuery asked{.field = "v", .vectors = query_, .k = 5};
  const auto found = (*segment)->Search(asked);
  ASSERT_OK(found);
  SegmentQuery exact = asked;
  exact.metric = Metric::kL2;
  const auto expected = (*plain)->Search(exact);
  ASSERT_OK(expected);
  EXPECT_EQ(found->rows, expected->rows);
  EXPECT_EQ(CodeOf((*plain)->AttachIndex("v", *BuildElsewhere(Ids(1, 300), Hnsw()))),
            Code::kInvalidArgument);
  EXPECT_EQ(CodeOf((*plain)->AttachIndex("v", *BuildElsewhere(Ids(0, 299), Hnsw()))),
            Code::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::support
