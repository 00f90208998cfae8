#include "engine/segment_objects.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

class SegmentObjectsTest : public CoreFixture {
 protected:
  SegmentObjectsTest() : CoreFixture({.num_shards = 2}) {}
  Writer writer_{core_.get()};
};

TEST_F(SegmentObjectsTest, AreExactlyWhatLiesInTheFoldersOfTheManifest) {
  ASSERT_OK(writer_.Insert(Rows(support::Ids(0, 40)), false, {}, {}));
  ASSERT_OK(writer_.Delete({1, 2, 3}, {}, {}));
  ASSERT_OK(Flush(core_.get(), &writer_, {}));
  std::vector<std::string> names = ObjectNamesOf(core_->manifest());
  std::sort(names.begin(), names.end());
  std::vector<std::string> found;
  const ObjectPath segments = support::PathOf("collections/" + id_ + "/segments");
  const auto listed = store_->List(segments);
  for (const ObjectInfo& object : *listed) found.push_back(object.path.str());
  EXPECT_EQ(names, found);
}

TEST_F(SegmentObjectsTest, TellTheKindOfEachFile) {
  const SegmentInfo info{
      .folder = "f",
      .objects = {{.name = "columns.vseg", .size_bytes = 1}, {.name = "101.vec", .size_bytes = 2}},
      .indexes = {{.field = "v", .object = {.name = "101-x.idx", .size_bytes = 3}}},
      .deletes = ObjectRef{.name = "deletes-x.del", .size_bytes = 4, .checksum = 5}};
  const std::vector<SegmentObject> objects = ObjectsOf(info);
  ASSERT_EQ(objects.size(), 4u);
  EXPECT_EQ(objects[0].kind, format::FileKind::kColumns);
  EXPECT_EQ(objects[1].kind, format::FileKind::kVectors);
  EXPECT_EQ(objects[2].kind, format::FileKind::kIndex);
  EXPECT_EQ(objects[3].kind, format::FileKind::kDeletes);
  EXPECT_EQ(objects[3].name, "f/deletes-x.del");
  EXPECT_EQ(objects[3].summary.size_bytes, 4u);
}

}  // namespace
}  // namespace vecdb::engine
