#include "engine/database_engine.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"
#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::PathOf;
using support::TaggedSchema;

// The calls are tried through the API, in tests/api/database_test.cc; here is what it does not
// show.
class DatabaseEngineTest : public ::testing::Test {
 protected:
  void Open() {
    engine_ = nullptr;
    auto opened = DatabaseEngine::Open({.store = store_, .host = {.executor = &executor_}}, {});
    ASSERT_OK(opened);
    engine_ = *std::move(opened);
  }
  size_t Objects(std::string_view folder) { return store_->List(PathOf(folder))->size(); }

  const Schema schema_ = TaggedSchema();
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  support::ManualExecutor executor_;
  std::shared_ptr<DatabaseEngine> engine_;
};

TEST_F(DatabaseEngineTest, EveryOpenBeginsAnEpochOfTheCatalogAndTheIdentityStays) {
  Open();
  EXPECT_EQ(Objects("catalog"), 1u);
  const auto identity = GetObject(*store_, PathOf("vecdb.json"), support::kNoLimit);
  ASSERT_OK(identity);
  Open();
  EXPECT_EQ(Objects("catalog"), 2u);
  EXPECT_EQ(*GetObject(*store_, PathOf("vecdb.json"), support::kNoLimit), *identity);
}

TEST_F(DatabaseEngineTest, OpenedCollectionIsOneForAllHandles) {
  Open();
  const auto created = engine_->Create("c", schema_, {}, {});
  ASSERT_OK(created);
  EXPECT_EQ(*engine_->OpenCollection("c", {}, {}), *created);
  ASSERT_OK(engine_->Rename("c", "d", {}));
  EXPECT_EQ(*engine_->OpenCollection("d", {}, {}), *created);
}

TEST_F(DatabaseEngineTest, DroppedCollectionsLeaveTheCatalogWithTheNextCommit) {
  Open();
  ASSERT_OK(engine_->Create("a", schema_, {}, {}));
  ASSERT_OK(engine_->Create("b", schema_, {}, {}));
  ASSERT_OK(engine_->Drop("a", {}));
  ASSERT_OK(engine_->Rename("b", "c", {}));
  const auto text =
      GetObject(*store_, PathOf("catalog/00000000000000000005.json"), support::kNoLimit);
  ASSERT_OK(text);
  EXPECT_EQ(text->find("\"a\""), std::string::npos);
  EXPECT_EQ(engine_->List(), std::vector<std::string>{"c"});
}

TEST_F(DatabaseEngineTest, AnotherWriterOfTheCatalogIsNoticed) {
  Open();
  ASSERT_OK(engine_->Create("a", schema_, {}, {}));
  ASSERT_OK(catalog::VersionWriter::TakeOver(
      {store_.get(), PathOf("catalog"), "catalog"},
      [](const catalog::Version& newest) { return newest.body; }, {}));
  EXPECT_EQ(CodeOf(engine_->Create("b", schema_, {}, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(engine_->Has("b"));
  Open();
  EXPECT_OK(engine_->Create("b", schema_, {}, {}));
}

TEST_F(DatabaseEngineTest, LostCatalogIsNotTakenForAnEmptyOne) {
  Open();
  ASSERT_OK(engine_->Create("a", schema_, {}, {}));
  engine_ = nullptr;
  const auto versions = store_->List(PathOf("catalog"));
  for (const ObjectInfo& object : *versions) {
    ASSERT_OK(store_->Delete(object.path));
  }
  EXPECT_EQ(CodeOf(DatabaseEngine::Open({.store = store_}, {})), absl::StatusCode::kDataLoss);
}

TEST_F(DatabaseEngineTest, AbandonedDatabaseHasNotFlushedAndKeepsItsJournal) {
  Open();
  const auto collection = engine_->Create("c", schema_, {}, {});
  ASSERT_OK((*collection)->engine()->Insert(support::TaggedRows(schema_, {1}, "t"), {}, {}));
  engine_->Abandon();
  engine_->Abandon();
  EXPECT_EQ(CodeOf((*collection)->engine()->Count({}, {})), absl::StatusCode::kFailedPrecondition);
  Open();
  const auto again = engine_->OpenCollection("c", {}, {});
  ASSERT_OK(again);
  EXPECT_EQ(*(*again)->engine()->Count({}, {}), 1u);
  EXPECT_EQ((*again)->engine()->Segments()->front().state, SegmentState::kGrowing);
}

}  // namespace
}  // namespace vecdb::engine
