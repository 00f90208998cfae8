#include "engine/collection_handle.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class CollectionHandleTest : public CoreFixture {
 protected:
  std::shared_ptr<CollectionEngine> OpenReader() {
    return *CollectionEngine::OpenReadOnly(environment_, id_, "test", nullptr, {});
  }
  std::shared_ptr<CollectionEngine> writer_ =
      *CollectionEngine::Open(environment_, id_, "test", {}, {});
};

TEST_F(CollectionHandleTest, WriterIsNeverReplacedByRefresh) {
  CollectionHandle handle(writer_);
  ASSERT_OK(handle.Refresh({}));
  EXPECT_EQ(handle.engine(), writer_);
  EXPECT_EQ(*handle.ForRead(ConsistencyLevel::kStrong, {}), writer_);
}

TEST_F(CollectionHandleTest, ReaderIsReplacedWhenALevelAsksForMore) {
  const auto reader = OpenReader();
  CollectionHandle handle(reader);
  ASSERT_OK(writer_->Insert(Rows(Ids(0, 5)), {}, {}));
  EXPECT_EQ(*handle.ForRead(ConsistencyLevel::kEventually, {}), reader);
  EXPECT_EQ(*(*handle.ForRead(ConsistencyLevel::kEventually, {}))->Count({}, {}), 0u);
  const auto fresh = handle.ForRead(ConsistencyLevel::kStrong, {});
  ASSERT_OK(fresh);
  EXPECT_NE(*fresh, reader);
  EXPECT_EQ(*(*fresh)->Count(ConsistencyLevel::kEventually, {}), 5u);
  EXPECT_EQ(handle.engine(), *fresh);
}

TEST_F(CollectionHandleTest, ReaderRefusesWrites) {
  const auto reader = OpenReader();
  EXPECT_EQ(CodeOf(reader->Insert(Rows(Ids(0, 5)), {}, {})), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(reader->Flush({})), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::engine
