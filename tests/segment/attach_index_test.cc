#include "segment/attach_index.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

const FieldSpec kAttachField = {.name = "vector", .type = DataType::kFloatVector, .dim = 4};

std::unique_ptr<Index> IndexOfRows(const std::vector<float>& rows, int32_t dim = 4,
                                   const IndexSpec& spec = {.params = HnswParams{.m = 4}}) {
  auto built = IndexBuilder(dim, spec).Build(rows);
  EXPECT_OK(built);
  return *std::move(built);
}

std::vector<float> CountingFloats(size_t count) {
  std::vector<float> floats(count);
  for (size_t i = 0; i < count; ++i) floats[i] = static_cast<float>(i);
  return floats;
}

TEST(AttachIndexTest, FieldsOfAnotherKindOrDimAreRefused) {
  const auto index = IndexOfRows(CountingFloats(20));
  EXPECT_OK(CheckIndexFits(kAttachField, *index));
  FieldSpec other = kAttachField;
  other.dim = 5;
  EXPECT_EQ(CodeOf(CheckIndexFits(other, *index)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(CheckIndexFits({.name = "id", .type = DataType::kInt64}, *index)),
            absl::StatusCode::kInvalidArgument);
}

TEST(AttachIndexTest, EveryBitOfEveryRowIsCompared) {
  const std::vector<float> rows = CountingFloats(400);
  const auto index = IndexOfRows(rows);
  const auto check = [&](const std::vector<float>& against) {
    return CheckSameRows(
        *index,
        {.rows = against.data(), .num_rows = static_cast<uint32_t>(against.size() / 4), .dim = 4},
        {});
  };
  EXPECT_OK(check(rows));
  EXPECT_EQ(check(CountingFloats(396)).message(), "the index has 100 rows; there are 99");
  std::vector<float> other = rows;
  other[0] = -0.0f;  // equal, but not the same
  EXPECT_EQ(check(other).message(), "row 0 of the index has another vector");
  other = rows;
  other[399] += 1;
  EXPECT_EQ(check(other).message(), "row 99 of the index has another vector");
}

TEST(AttachIndexTest, TheObjectIsReadAsOneThatWasBuiltHere) {
  const Schema schema = SmallSchema();
  const auto rows = MakeGrowing(schema);
  Add(rows.get(), MakeRows(schema, {5, -3, 40}), 7);
  const auto store = MakeMemoryObjectStore();
  auto info = WriteRows(*rows, 3, *store, PathOf("s"), {}, {});
  ASSERT_OK(info);
  const auto sealed = SealedSegment::Open(store, *info, {}, nullptr, {});
  ASSERT_OK(sealed);
  const auto vectors = (*sealed)->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  const float* floats = (*vectors)->view.rows;
  for (const IndexParams& params :
       {IndexParams(FlatParams{}), IndexParams(HnswParams{.m = 4}), IndexParams(IvfFlatParams{}),
        IndexParams(IvfSq8Params{}), IndexParams(IvfPqParams{}), IndexParams(DiskannParams{})}) {
    const IndexSpec spec{.metric = Metric::kCosine, .params = params};
    const auto index = IndexOfRows({floats, floats + 12}, 4, spec);
    ASSERT_OK(CheckSameRows(*index, (*vectors)->view, {}));
    const auto attached = AttachIndex(**sealed, kVector, *index, {});
    ASSERT_OK(attached);
    EXPECT_EQ(attached->field, "vector");
    EXPECT_EQ(attached->spec, spec);
    SegmentInfo with = *info;
    with.indexes.push_back(*attached);
    const auto loaded = (*sealed)->WithInfo(with)->LoadIndex(kVector, **vectors, {});
    ASSERT_OK(loaded);
    ASSERT_NE(*loaded, nullptr);
    EXPECT_EQ((*loaded)->spec(), spec);
  }
}

}  // namespace
}  // namespace vecdb::segment
