#include "segment/segment_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "segment/segment_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::segment {
namespace {

std::vector<std::string> NamesIn(ObjectStore& store, const std::string& folder) {
  std::vector<std::string> names;
  const auto objects = store.List(PathOf(folder));
  EXPECT_OK(objects);
  for (const ObjectInfo& object : *objects) names.push_back(object.path.str());
  return names;
}

TEST(WriteRowsTest, InfoDescribesTheRows) {
  const Schema schema = SmallSchema(DataType::kVarChar);
  const auto rows = MakeGrowing(schema);
  Add(rows.get(), MakeRows(schema, {5, -3, 40}), 7);
  Add(rows.get(), MakeRows(schema, {1}), 9);
  const auto store = MakeMemoryObjectStore();
  const auto info = WriteRows(*rows, 4, *store, PathOf("s"), {}, {});
  ASSERT_OK(info);
  EXPECT_EQ(info->folder, "s");
  EXPECT_EQ(info->schema, schema);
  EXPECT_EQ(info->num_rows, 4u);
  EXPECT_EQ(info->min_timestamp, 7u);
  EXPECT_EQ(info->max_timestamp, 9u);
  EXPECT_EQ(info->min_key, "\"k-3\"");
  EXPECT_EQ(info->max_key, "\"k5\"");
  EXPECT_EQ(info->num_deletes, 0u);
  EXPECT_FALSE(info->deletes.has_value());
  EXPECT_EQ(NamesIn(*store, "s"),
            (std::vector<std::string>{"s/101.vec", "s/columns.vseg", "s/segment.json"}));
  uint64_t bytes = 0;
  for (const ObjectRef& object : info->objects) bytes += object.size_bytes;
  EXPECT_EQ(info->size_bytes(), bytes);
  const auto read = SegmentInfo::Read(*store, PathOf("s"));
  ASSERT_OK(read);
  EXPECT_EQ(*read, *info);
}

TEST(WriteRowsTest, WritesTheFirstRowsOnly) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), {5, 6}), 7);
  Add(rows.get(), MakeRows(SmallSchema(), {9}), 9);
  const auto store = MakeMemoryObjectStore();
  const auto info = WriteRows(*rows, 2, *store, PathOf("s"), {}, {});
  ASSERT_OK(info);
  EXPECT_EQ(info->num_rows, 2u);
  EXPECT_EQ(info->max_key, "6");
  EXPECT_EQ(info->max_timestamp, 7u);
  const auto sealed = SealedSegment::Open(store, *info, {}, nullptr, {});
  ASSERT_OK(sealed);
  EXPECT_EQ((*sealed)->num_rows(), 2u);
}

TEST(WriteRowsTest, SameRowsGiveTheSameBytesWhateverTheThreads) {
  const Schema schema = WideSchema();
  const auto rows = MakeGrowing(schema);
  Add(rows.get(), MakeRows(schema, KeyRange(0, 500)), 7);
  std::vector<SegmentInfo> infos;
  for (const int threads : {0, 4}) {
    const auto pool = threads == 0 ? nullptr : MakeThreadPool(threads);
    const auto store = MakeMemoryObjectStore();
    auto info = WriteRows(*rows, 500, *store, PathOf("s"), {.executor = pool.get()}, {});
    ASSERT_OK(info);
    infos.push_back(*info);
  }
  EXPECT_EQ(infos[0], infos[1]);
}

TEST(WriteRowsTest, FolderThatIsNotFreshIsAlreadyExistsAndUnchanged) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), {5, 6}), 7);
  const auto store = MakeMemoryObjectStore();
  const auto info = WriteRows(*rows, 2, *store, PathOf("s"), {}, {});
  ASSERT_OK(info);
  EXPECT_EQ(CodeOf(WriteRows(*rows, 1, *store, PathOf("s"), {}, {})),
            absl::StatusCode::kAlreadyExists);
  EXPECT_OK(SealedSegment::Open(store, *info, {}, nullptr, {}));
}

TEST(WriteRowsTest, FaultAnywhereIsReturnedAndSegmentJsonIsLast) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), {5, 6}), 7);
  const auto injector = std::make_shared<support::FaultInjector>();
  int faults = 0;
  for (int nth = 1; nth < 100; ++nth) {
    const auto base = MakeMemoryObjectStore();
    support::FaultObjectStore store(base, injector);
    injector->Arm({.nth = nth, .error = absl::ResourceExhaustedError("disk full")});
    const auto info = WriteRows(*rows, 2, store, PathOf("s"), {}, {});
    if (info.ok()) break;
    ++faults;
    EXPECT_EQ(CodeOf(info), absl::StatusCode::kResourceExhausted) << nth;
    EXPECT_EQ(CodeOf(SegmentInfo::Read(*base, PathOf("s"))), absl::StatusCode::kNotFound) << nth;
  }
  EXPECT_GT(faults, 10);
  EXPECT_LT(faults, 99);
}

TEST(WriteDeletesTest, HoldsTheDeletesUpToATime) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), KeyRange(0, 10)), 1);
  const auto store = MakeMemoryObjectStore();
  const auto info = WriteRows(*rows, 10, *store, PathOf("s"), {}, {});
  ASSERT_OK(info);
  EXPECT_EQ(*WriteDeletes(*info, *rows->deletes(), kEver, *store, {}), *info);
  rows->deletes()->Set(3, 20);
  rows->deletes()->Set(4, 30);
  const auto first = WriteDeletes(*info, *rows->deletes(), 20, *store, {});
  ASSERT_OK(first);
  EXPECT_EQ(first->num_deletes, 1u);
  EXPECT_EQ(*WriteDeletes(*first, *rows->deletes(), 29, *store, {}), *first);  // nothing new
  const auto second = WriteDeletes(*first, *rows->deletes(), 30, *store, {});
  ASSERT_OK(second);
  EXPECT_EQ(second->num_deletes, 2u);
  EXPECT_NE(second->deletes->name, first->deletes->name);
  for (const auto& [with, row_4] :
       {std::pair(*info, uint64_t{0}), {*first, uint64_t{0}}, {*second, uint64_t{30}}}) {
    const auto sealed = SealedSegment::Open(store, with, {}, nullptr, {});
    ASSERT_OK(sealed);
    EXPECT_EQ((*sealed)->deletes()->at(3), with.num_deletes > 0 ? 20u : 0u);
    EXPECT_EQ((*sealed)->deletes()->at(4), row_4);
  }
}

TEST(WriteSegmentTest, SegmentJsonKnowsItsIndexes) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), KeyRange(0, 50)), 1);
  const auto store = MakeMemoryObjectStore();
  const std::vector<WantedIndex> wanted = {
      {.column = kVector, .spec = {.metric = Metric::kCosine, .params = HnswParams{.m = 4}}}};
  const auto info = WriteSegment(*rows, wanted, store, PathOf("s"), {}, {});
  ASSERT_OK(info);
  ASSERT_EQ(info->indexes.size(), 1u);
  EXPECT_EQ(info->indexes[0].field, "vector");
  EXPECT_EQ(info->indexes[0].spec, wanted[0].spec);
  EXPECT_EQ(*SegmentInfo::Read(*store, PathOf("s")), *info);
  const auto sealed = SealedSegment::Open(store, *info, {}, nullptr, {});
  ASSERT_OK(sealed);
  const auto vectors = (*sealed)->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  EXPECT_NE(*(*sealed)->LoadIndex(kVector, **vectors, {}), nullptr);
}

TEST(BuildIndexTest, IndexIsTheSameFileWhateverTheThreads) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), KeyRange(0, 300)), 1);
  const Written written = segment::Write(*rows);
  std::vector<ObjectRef> objects;
  for (const int threads : {0, 3}) {
    const auto pool = threads == 0 ? nullptr : MakeThreadPool(threads);
    const auto sealed = OpenSealed(written, {.executor = pool.get()});
    const auto vectors = sealed->LoadVectors(kVector, {});
    ASSERT_OK(vectors);
    auto built = BuildIndex(*sealed, kVector, {.metric = Metric::kL2, .params = HnswParams{}},
                            **vectors, {});
    ASSERT_OK(built);
    objects.push_back(built->info.object);
  }
  EXPECT_NE(objects[0].name, objects[1].name);
  EXPECT_EQ(objects[0].name.substr(0, 4), "101-");
  EXPECT_EQ(objects[0].checksum, objects[1].checksum);
  EXPECT_EQ(objects[0].size_bytes, objects[1].size_bytes);
}

TEST(BuildIndexTest, WithoutRoomForMeasuringAnIndexIsWrittenAllTheSame) {
  const auto rows = MakeGrowing(SmallSchema());
  Add(rows.get(), MakeRows(SmallSchema(), KeyRange(0, 2000)), 1);
  const Written written = segment::Write(*rows);
  const auto vectors = OpenSealed(written, {})->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  const auto index = index::BuildVectorIndex(
      (*vectors)->view, {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 8}}, {}, {});
  ASSERT_OK(index);
  for (const uint64_t limit : {uint64_t{10'000}, uint64_t{64} << 20}) {
    MemoryBudget budget(limit);
    const auto sealed = OpenSealed(written, {.budget = &budget});
    const auto info = WriteIndex(*sealed, kVector, **index, (*vectors)->view, {});
    ASSERT_OK(info);
    EXPECT_EQ(info->calibration.empty(), limit == 10'000);
  }
}

TEST(SegmentWriterTest, RefusesWhatDoesNotFit) {
  SegmentWriter writer(SmallSchema(), {});
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_OK(writer.Add(MakeRows(SmallSchema(), {1, 2}), 5));
  EXPECT_OK(writer.Add(MakeRows(SmallSchema(), {3}), 5));
  EXPECT_EQ(CodeOf(writer.Add(MakeRows(SmallSchema(), {4}), 4)), kInvalid);
  EXPECT_EQ(CodeOf(writer.Add(MakeRows(SmallSchema(), {4, 4}), 5)), kInvalid);
  EXPECT_EQ(CodeOf(writer.Add(MakeRows(WideSchema(), {4}), 5)), kInvalid);
  EXPECT_EQ(CodeOf(writer.Add(RowBatch(SmallSchema()), 5)), kInvalid);
  EXPECT_EQ(writer.num_rows(), 3u);
  SegmentWriter fresh(SmallSchema(), {});
  EXPECT_EQ(CodeOf(fresh.Add(MakeRows(SmallSchema(), {4}), 0)), kInvalid);
}

TEST(SegmentWriterTest, IsUsedUpByFinish) {
  const auto store = MakeMemoryObjectStore();
  SegmentWriter writer(SmallSchema(), {});
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(CodeOf(writer.Finish(store, PathOf("s"), {})), kFailed);
  ASSERT_OK(writer.Add(MakeRows(SmallSchema(), {1, 2}), 5));
  EXPECT_OK(writer.Finish(store, PathOf("s"), {}));
  EXPECT_EQ(CodeOf(writer.Finish(store, PathOf("t"), {})), kFailed);
  EXPECT_EQ(CodeOf(writer.Add(MakeRows(SmallSchema(), {3}), 5)), kFailed);
}

}  // namespace
}  // namespace vecdb::segment
