// One column of one segment is damaged, which shows only when it is read.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/api_testing.h"
#include "segment/sealed_segment.h"
#include "support/column_damage.h"

namespace vecdb::support {
namespace {

constexpr size_t kTagColumn = 1;

// Four shards with a flushed segment each, in one of which a column cannot be read.
class DamagedColumnTest : public ::testing::Test {
 protected:
  void SetUp() override {
    collection_ = *db_->CreateCollection("c", schema_, {.num_shards = 4});
    ASSERT_OK(collection_->CreateIndex("v", Flat()));
    ASSERT_OK(collection_->Insert(TaggedRows(schema_, Ids(0, 200), "t")));
    ASSERT_OK(collection_->Flush());
    DamageTags();
  }

  void DamageTags() {
    const auto segments = collection_->Segments();
    ASSERT_EQ(segments->size(), 4u);
    left_ = 200 - segments->at(1).num_rows;
    const std::string id = segments->at(1).id;
    ASSERT_OK(db_->Close());
    for (const std::string& path : ObjectsWith(*db_.options.store, id)) {
      if (!path.ends_with("columns.vseg")) continue;
      DamageColumn(*db_.options.store, path, segment::FieldIdOf(schema_, kTagColumn));
    }
    db_.Crash();
    collection_ = *db_->OpenCollection("c");
  }

  SearchRequest Request(bool allow_partial) const {
    return {
        .vectors = query_, .limit = 200, .output_fields = {"tag"}, .allow_partial = allow_partial};
  }

  const Schema schema_ = TaggedSchema();
  const std::vector<float> query_ = {1, 2, 3, 0};
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  uint64_t left_ = 0;
};

TEST_F(DamagedColumnTest, IteratorsGoOnWithoutTheSegmentWhenItsFieldsCannotBeRead) {
  const auto whole = *collection_->OpenSearchIterator(Request(false), {.batch_size = 30});
  EXPECT_EQ(CodeOf(whole->Next()), Code::kDataLoss);
  EXPECT_EQ(CodeOf(whole->Next()), Code::kDataLoss);
  const auto expected = collection_->Search(Request(true));
  ASSERT_OK(expected);
  EXPECT_TRUE(expected->partial());
  EXPECT_EQ(expected->hits(0).size(), left_);
  const auto part = *collection_->OpenSearchIterator(Request(true), {.batch_size = 30});
  std::vector<int64_t> keys;
  for (bool more = true; more;) {
    const auto batch = part->Next();
    ASSERT_OK(batch);
    EXPECT_TRUE(batch->partial());
    for (const Hit& hit : batch->hits(0)) {
      keys.push_back(hit.int64_key());
      EXPECT_EQ(hit.GetVarChar("tag"), "t");
    }
    more = !batch->hits(0).empty();
  }
  std::vector<int64_t> expected_keys;
  for (const Hit& hit : expected->hits(0)) expected_keys.push_back(hit.int64_key());
  EXPECT_EQ(keys, expected_keys);
}

TEST_F(DamagedColumnTest, IteratorsThatDoNotReadTheFieldGiveEveryRow) {
  SearchRequest request = Request(true);
  request.output_fields = {};
  const auto iterator = *collection_->OpenSearchIterator(request, {.batch_size = 300});
  const auto batch = iterator->Next();
  ASSERT_OK(batch);
  EXPECT_FALSE(batch->partial());
  EXPECT_EQ(batch->hits(0).size(), 200u);
}

TEST_F(DamagedColumnTest, ACancelledBatchCanBeAskedForAgain) {
  const auto part = *collection_->OpenSearchIterator(Request(true), {.batch_size = 300});
  EXPECT_EQ(CodeOf(part->Next(CancelledContext())), Code::kCancelled);
  const auto batch = part->Next();
  ASSERT_OK(batch);
  EXPECT_TRUE(batch->partial());
  EXPECT_EQ(batch->hits(0).size(), left_);
}

TEST_F(DamagedColumnTest, GroupsOfTheOtherSegmentsAreFound) {
  SearchRequest request = Request(true);
  request.output_fields = {};
  request.group_by = "tag";
  request.limit = 10;
  request.group_size = 1000;
  const auto part = collection_->Search(request);
  ASSERT_OK(part);
  EXPECT_TRUE(part->partial());
  EXPECT_EQ(part->hits(0).size(), left_);
  request.allow_partial = false;
  EXPECT_EQ(CodeOf(collection_->Search(request)), Code::kDataLoss);
}

}  // namespace
}  // namespace vecdb::support
