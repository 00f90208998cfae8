#include "engine/checkpoint.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "engine/journal_setup.h"
#include "engine/segment_objects.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class CheckpointTest : public CoreFixture {
 protected:
  Writer writer_{core_.get()};
};

TEST_F(CheckpointTest, CopiesTheObjectsOfTheManifestAndNoJournal) {
  ASSERT_OK(StartJournal(core_.get(), {}));
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 30)), false, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  const auto target = MakeMemoryObjectStore();
  ASSERT_OK(CheckpointCollection(core_.get(), *target, {}));
  for (const std::string& name : ObjectNamesOf(core_->manifest())) {
    EXPECT_EQ(*GetObject(*target, support::PathOf(name), support::kNoLimit),
              *GetObject(*store_, support::PathOf(name), support::kNoLimit));
  }
  EXPECT_TRUE(target->List(support::PathOf("collections/" + id_ + "/journal"))->empty());
  Environment environment = environment_;
  environment.store = target;
  const auto copy = CollectionEngine::Open(environment, id_, "copy", {}, {});
  ASSERT_OK(copy);
  EXPECT_EQ(*(*copy)->Count({}, {}), 30u);
}

TEST_F(CheckpointTest, TakenPlaceIsRefused) {
  const auto target = MakeMemoryObjectStore();
  ASSERT_OK(CheckpointCollection(core_.get(), *target, {}));
  EXPECT_EQ(CodeOf(CheckpointCollection(core_.get(), *target, {})),
            absl::StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace vecdb::engine
