// Pinned states: every read through one agrees, whatever happens meanwhile.
#include <gtest/gtest.h>

#include <functional>

#include "api/api_testing.h"

namespace vecdb::support {
namespace {

class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    db_.options.gc_grace_ms = 0;
    collection_ = *db_->CreateCollection("c", schema_);
    ASSERT_OK(collection_->CreateIndex("v", Hnsw()));
    Put(*collection_, &now_, Ids(0, 1100), "flushed");
    ASSERT_OK(collection_->Flush());
    Remove(*collection_, &now_, {3, 4, 5});
    ASSERT_OK(collection_->Flush());
    ASSERT_OK(collection_->WaitForIndex("v"));
    Put(*collection_, &now_, Ids(1090, 30), "growing");
    Remove(*collection_, &now_, {7, 1095});
    then_ = now_;
    snapshot_ = *collection_->PinSnapshot();
  }

  // What a read through the snapshot shows; searches are compared with those of before.
  void ExpectThen() {
    EXPECT_EQ(*collection_->Count(snapshot_), then_.size());
    const auto rows = collection_->Get(Ids(0, 2000), {}, snapshot_);
    ASSERT_OK(rows);
    EXPECT_TRUE(RowsOf(schema_, *rows) == then_);
    const auto result = Search(snapshot_);
    ASSERT_OK(result);
    if (hits_.empty()) hits_ = HitsOf(*result, schema_);
    EXPECT_EQ(HitsOf(*result, schema_), hits_);
    EXPECT_EQ(hits_.size(), 1110u);
  }
  // Of all rows, so that an approximate index finds the same whatever it is.
  absl::StatusOr<SearchResult> Search(const Consistency& consistency) {
    static constexpr float kQuery[] = {1, 2, 3, 0};
    return collection_->Search({.vectors = kQuery,
                                .limit = 1110,
                                .params = HnswSearchParams{.ef = 2000},
                                .consistency = consistency});
  }
  void CollectEverything() {
    for (int i = 0; i < 3; ++i) ASSERT_OK(db_->CollectGarbage());
  }

  const Schema schema_ = TaggedSchema();
  TestDatabase db_;
  std::unique_ptr<Collection> collection_;
  Oracle now_{schema_};
  Oracle then_{schema_};
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<OracleHit> hits_;
};

TEST_F(SnapshotTest, ReadsAgreeThroughWritesFlushesAndGarbageCollection) {
  ExpectThen();
  const std::pair<const char*, std::function<void()>> steps[] = {
      {"insert", [&] { Put(*collection_, &now_, Ids(1500, 20), "new"); }},
      {"upsert", [&] { Put(*collection_, &now_, Ids(0, 50), "replaced"); }},
      {"upsert of growing rows", [&] { Put(*collection_, &now_, Ids(1100, 5), "replaced"); }},
      {"delete", [&] { Remove(*collection_, &now_, Ids(500, 100)); }},
      {"flush", [&] { ASSERT_OK(collection_->Flush()); }},
      {"collect", [&] { CollectEverything(); }},
      {"delete of flushed rows", [&] { Remove(*collection_, &now_, Ids(900, 210)); }},
      {"second flush", [&] { ASSERT_OK(collection_->Flush()); }},
      {"second collection", [&] { CollectEverything(); }},
      {"rename", [&] { ASSERT_OK(db_->RenameCollection("c", "d")); }},
  };
  for (const auto& [name, step] : steps) {
    SCOPED_TRACE(name);
    step();
    ExpectThen();
    ExpectSameRows(now_, *collection_);
  }
}

TEST_F(SnapshotTest, ReadsAgreeAfterDropIndexAndRelease) {
  ExpectThen();
  ASSERT_OK(collection_->Release());
  CollectEverything();
  ExpectThen();
  ASSERT_OK(collection_->DropIndex("v"));
  CollectEverything();
  ExpectThen();
  EXPECT_EQ(CodeOf(Search(ConsistencyLevel::kEventually)), Code::kFailedPrecondition);
  ASSERT_OK(collection_->CreateIndex("v", Hnsw(Metric::kCosine)));
  ASSERT_OK(collection_->WaitForIndex("v"));
  CollectEverything();
  ExpectThen();
}

TEST_F(SnapshotTest, PinnedObjectsAreCollectedWhenItIsGone) {
  const auto objects = [&](std::string_view end) {
    std::vector<std::string> found = ObjectsWith(*db_.options.store, "/segments/");
    std::erase_if(found, [&](const std::string& path) { return !path.ends_with(end); });
    return found;
  };
  const std::vector<std::string> indexes = objects(".idx");
  const std::vector<std::string> deletes = objects(".del");
  ASSERT_FALSE(indexes.empty());
  ASSERT_FALSE(deletes.empty());
  Remove(*collection_, &now_, {20, 21, 22});
  ASSERT_OK(collection_->Flush());
  ASSERT_OK(collection_->DropIndex("v"));
  const std::vector<std::string> both = objects(".del");
  CollectEverything();
  EXPECT_EQ(objects(".idx"), indexes);
  for (const std::string& path : deletes) {
    EXPECT_EQ(std::count(both.begin(), both.end(), path), 1);
    const std::vector<std::string> left = objects(".del");
    EXPECT_EQ(std::count(left.begin(), left.end(), path), 1);
  }
  EXPECT_GT(collection_->Describe()->orphan_objects, 0u);
  snapshot_.reset();
  CollectEverything();
  EXPECT_TRUE(objects(".idx").empty());
  for (const std::string& path : deletes) {
    const std::vector<std::string> left = objects(".del");
    EXPECT_EQ(std::count(left.begin(), left.end(), path), 0);
  }
  EXPECT_EQ(collection_->Describe()->orphan_objects, 0u);
  ExpectSameRows(now_, *collection_);
}

TEST_F(SnapshotTest, TimestampIsThatOfTheLastWriteInIt) {
  const auto write = collection_->Upsert(TaggedRows(schema_, {1}, "t"));
  ASSERT_OK(write);
  EXPECT_LT(snapshot_->timestamp(), write->timestamp);
  EXPECT_EQ((*collection_->PinSnapshot())->timestamp(), write->timestamp);
}

TEST_F(SnapshotTest, SnapshotOfAnotherCollectionOrNoneIsRefused) {
  const auto other = db_->CreateCollection("other", schema_);
  ASSERT_OK((*other)->CreateIndex("v", Flat()));
  const std::vector<float> query = {1, 1, 1, 1};
  for (const auto& snapshot : {snapshot_, std::shared_ptr<const Snapshot>()}) {
    EXPECT_EQ(CodeOf((*other)->Count(snapshot)), Code::kInvalidArgument);
    EXPECT_EQ(CodeOf((*other)->Get({1}, {}, snapshot)), Code::kInvalidArgument);
    EXPECT_EQ(CodeOf((*other)->Search({.vectors = query, .consistency = snapshot})),
              Code::kInvalidArgument);
  }
  ExpectThen();
}

TEST_F(SnapshotTest, IsUselessButHarmlessAfterCloseDropAndCrash) {
  ASSERT_OK(db_->DropCollection("c"));
  EXPECT_EQ(CodeOf(collection_->Count(snapshot_)), Code::kFailedPrecondition);
  const auto again = db_->CreateCollection("c", schema_);
  EXPECT_EQ(CodeOf((*again)->Count(snapshot_)), Code::kInvalidArgument);
  const auto of_again = (*again)->PinSnapshot();
  ASSERT_OK(db_->Close());
  EXPECT_EQ(CodeOf((*again)->Count(*of_again)), Code::kFailedPrecondition);
  EXPECT_EQ((*of_again)->timestamp(), (*of_again)->timestamp());
  db_.database.reset();
  snapshot_.reset();
}

TEST_F(SnapshotTest, ManySnapshotsShowEachItsState) {
  std::vector<std::pair<std::shared_ptr<const Snapshot>, Oracle>> states;
  for (int64_t i = 0; i < 8; ++i) {
    Put(*collection_, &now_, {i, 2000 + i}, absl::StrCat("round ", i));
    if (i % 3 == 0) Remove(*collection_, &now_, {i + 100});
    states.emplace_back(*collection_->PinSnapshot(), now_);
    if (i % 2 == 0) {
      ASSERT_OK(collection_->Flush());
    }
    CollectEverything();
  }
  for (const auto& [snapshot, oracle] : states) {
    EXPECT_EQ(*collection_->Count(snapshot), oracle.size());
    EXPECT_TRUE(RowsOf(schema_, *collection_->Get(Ids(0, 2100), {}, snapshot)) == oracle);
  }
}

}  // namespace
}  // namespace vecdb::support
