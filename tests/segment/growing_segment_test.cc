#include "segment/growing_segment.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

// Every row ever appended, the plain way.
struct Oracle {
  struct Row {
    int64_t key = 0;
    int version = 0;
    uint64_t timestamp = 0;
    uint64_t deleted = 0;
  };
  std::vector<Row> rows;

  uint32_t VisibleRows(uint64_t as_of) const {
    uint32_t count = 0;
    for (const Row& row : rows) count += row.timestamp <= as_of ? 1 : 0;
    return count;
  }
  std::optional<uint32_t> FindRow(int64_t key, uint64_t as_of) const {
    for (size_t i = rows.size(); i-- > 0;) {
      const Row& row = rows[i];
      const bool alive = row.deleted == 0 || row.deleted > as_of;
      if (row.key == key && row.timestamp <= as_of && alive) return static_cast<uint32_t>(i);
    }
    return std::nullopt;
  }
};

schema::Key KeyOf(DataType type, int64_t key, std::string* text) {
  *text = TextKey(key);
  return type == DataType::kInt64 ? schema::Key(key) : schema::Key(std::string_view(*text));
}

TEST(GrowingSegmentTest, IsEmptyAtFirst) {
  const auto segment = MakeGrowing(SmallSchema());
  EXPECT_EQ(segment->num_rows(), 0u);
  EXPECT_EQ(segment->VisibleRows(kEver), 0u);
  EXPECT_EQ(segment->memory_bytes(), 0u);
  EXPECT_FALSE(segment->FindRow(schema::Key(int64_t{1}), kEver).has_value());
  EXPECT_TRUE(segment->Vectors(1, 0).empty());
  EXPECT_EQ(segment->GatherAll(1, 0).num_rows(), 0u);
}

TEST(GrowingSegmentTest, AgreesWithThePlainWayAtEveryTime) {
  for (const DataType key_type : {DataType::kInt64, DataType::kVarChar}) {
    const Schema schema = SmallSchema(key_type);
    const auto segment = MakeGrowing(schema);
    Oracle oracle;
    std::mt19937 random(11);
    std::string text;
    uint64_t now = 1;
    for (int step = 0; step < 300; ++step, now += random() % 2) {
      const int64_t key = static_cast<int64_t>(random() % 40) - 20;
      if (const auto old = oracle.FindRow(key, kEver)) {
        ASSERT_TRUE(segment->deletes()->Set(*old, now));
        oracle.rows[*old].deleted = now;
        if (random() % 3 == 0) continue;  // a delete; otherwise an upsert
      }
      Add(segment.get(), MakeRows(schema, {key}, step), now);
      oracle.rows.push_back({key, step, now, 0});
    }
    ASSERT_EQ(segment->num_rows(), oracle.rows.size());
    for (uint64_t as_of = 0; as_of <= now + 1; as_of += 3) {
      ASSERT_EQ(segment->VisibleRows(as_of), oracle.VisibleRows(as_of)) << as_of;
      for (int64_t key = -21; key <= 21; ++key) {
        ASSERT_EQ(segment->FindRow(KeyOf(key_type, key, &text), as_of), oracle.FindRow(key, as_of))
            << key << " at " << as_of;
      }
    }
    for (uint32_t row = 0; row < segment->num_rows(); ++row) {
      const Oracle::Row& expected = oracle.rows[row];
      EXPECT_EQ(segment->timestamp(row), expected.timestamp);
      EXPECT_TRUE(segment->key(row) == KeyOf(key_type, expected.key, &text));
    }
  }
}

TEST(GrowingSegmentTest, GathersEveryTypeOfAnyRows) {
  const Schema schema = WideSchema();
  const auto segment = MakeGrowing(schema);
  // Batches that end on, before and behind the border of a chunk.
  const uint32_t chunk = RowLayout(schema).chunk_rows();
  const std::vector<uint32_t> ends = {1, chunk - 1, chunk, chunk + 1, 2 * chunk + 3};
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    Add(segment.get(), MakeRows(schema, KeyRange(begin, end)), end);
    begin = end;
  }
  const RowBatch all = MakeRows(schema, KeyRange(0, begin));
  std::mt19937 random(5);
  std::vector<uint32_t> rows = {0, begin - 1, chunk - 1, chunk, 0};
  for (int i = 0; i < 200; ++i) rows.push_back(static_cast<uint32_t>(random() % begin));
  for (size_t i = 0; i < NumColumns(schema); ++i) {
    const std::string_view name = FieldName(schema, i);
    if (name == "a" || name == "b") continue;  // their values follow from the place in the batch
    const auto expected = Texts(schema, name, *all.column(name));
    EXPECT_EQ(Texts(schema, name, segment->GatherAll(i, begin)), expected) << name;
    const auto picked = Texts(schema, name, segment->Gather(i, rows));
    ASSERT_EQ(picked.size(), rows.size());
    for (size_t n = 0; n < rows.size(); ++n) EXPECT_EQ(picked[n], expected[rows[n]]) << name;
  }
}

TEST(GrowingSegmentTest, VectorsLieInRunsWithTheirNorms) {
  for (const int32_t dim : {1, 3, 64, 32768}) {
    const Schema schema = SmallSchema(DataType::kInt64, dim);
    const auto segment = MakeGrowing(schema);
    const uint32_t chunk = RowLayout(schema).chunk_rows();
    const uint32_t num_rows = dim == 32768 ? 20 : chunk + 5;
    const RowBatch batch = MakeRows(schema, KeyRange(0, num_rows));
    Add(segment.get(), batch, 1);
    for (const uint32_t visible : {num_rows, chunk, chunk - 1, 1u}) {
      if (visible > num_rows) continue;
      uint32_t next = 0;
      for (const GrowingSegment::VectorRun& run : segment->Vectors(1, visible)) {
        ASSERT_EQ(run.first_row, next);
        for (uint32_t i = 0; i < run.num_rows; ++i, ++next) {
          const auto expected = batch.column("vector")->vector(next);
          const std::span<const float> row(run.rows + size_t{i} * expected.size(), expected.size());
          ASSERT_TRUE(std::ranges::equal(row, expected)) << next;
          ASSERT_TRUE(std::ranges::equal(segment->vector(1, next), expected)) << next;
          ASSERT_EQ(run.inverse_norms[i], simd::InverseNorm(expected.data(), expected.size()));
        }
      }
      EXPECT_EQ(next, visible);
    }
    const Column gathered = segment->Gather(1, std::vector<uint32_t>{num_rows - 1, 0});
    EXPECT_TRUE(
        std::ranges::equal(gathered.vector(0), batch.column("vector")->vector(num_rows - 1)));
    EXPECT_TRUE(std::ranges::equal(gathered.vector(1), batch.column("vector")->vector(0)));
  }
}

TEST(GrowingSegmentTest, TakesChosenRowsOfABatchOnly) {
  const Schema schema = SmallSchema();
  const auto segment = MakeGrowing(schema);
  const RowBatch batch = MakeRows(schema, {10, 11, 12, 13, 14});
  const std::vector<uint32_t> rows = {4, 0, 2};
  ASSERT_OK(segment->Reserve(batch, rows));
  segment->Append(batch, rows, {}, 9);
  ASSERT_EQ(segment->num_rows(), 3u);
  EXPECT_TRUE(segment->key(0) == schema::Key(int64_t{14}));
  EXPECT_TRUE(segment->key(1) == schema::Key(int64_t{10}));
  EXPECT_TRUE(segment->key(2) == schema::Key(int64_t{12}));
  EXPECT_FALSE(segment->FindRow(schema::Key(int64_t{11}), kEver).has_value());
}

TEST(GrowingSegmentTest, MadeKeysGoWithTheirRows) {
  Schema schema = SmallSchema();
  schema.fields[0].auto_id = true;
  schema.enable_dynamic_field = true;
  const auto segment = MakeGrowing(schema);
  RowBatch batch(schema);
  batch.SetFloatVectors("vector", std::vector<float>(12, 1.0f));
  batch.SetInt32("group", std::vector<int32_t>{7, 8, 9});
  const std::vector<uint32_t> rows = {2, 1};
  ASSERT_OK(segment->Reserve(batch, rows));
  segment->Append(batch, rows, std::vector<int64_t>{100, 101, 102}, 1);
  EXPECT_EQ(Texts(schema, "id", segment->GatherAll(0, 2)),
            (std::vector<std::string>{"102", "101"}));
  EXPECT_EQ(Texts(schema, "group", segment->GatherAll(2, 2)), (std::vector<std::string>{"9", "8"}));
  // Without `$meta`, each row has an empty object.
  EXPECT_EQ(segment->string(3, 0), "{}");
  EXPECT_EQ(segment->FindRow(schema::Key(int64_t{101}), kEver), 1u);
}

TEST(GrowingSegmentTest, AppendAtKeepsATimeForEachRow) {
  const Schema schema = SmallSchema();
  const auto segment = MakeGrowing(schema);
  const RowBatch batch = MakeRows(schema, {1, 2, 3});
  ASSERT_OK(segment->Reserve(batch, AllRows(3)));
  segment->AppendAt(batch, AllRows(3), std::vector<int64_t>{30, 10, 20});
  EXPECT_EQ(segment->Timestamps(3), (std::vector<int64_t>{30, 10, 20}));
  EXPECT_EQ(segment->Timestamps(2), (std::vector<int64_t>{30, 10}));
}

TEST(GrowingSegmentTest, LongStringsAreKeptWhole) {
  Schema schema = SmallSchema();
  schema.fields.push_back({.name = "text", .type = DataType::kVarChar, .max_length = 65535});
  const auto segment = MakeGrowing(schema);
  for (int i = 0; i < 5; ++i) {
    RowBatch batch = MakeRows(schema, {i});
    const std::vector<std::string> text = {std::string(65535, static_cast<char>('a' + i))};
    batch.SetVarChar("text", text);
    Add(segment.get(), batch, 1);
  }
  for (uint32_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(segment->string(3, i) == std::string(65535, static_cast<char>('a' + i)));
  }
}

TEST(GrowingSegmentTest, MemoryGrowsWithTheRows) {
  for (const int32_t dim : {1, 100, 768}) {
    const Schema schema = SmallSchema(DataType::kInt64, dim);
    const RowLayout layout(schema);
    const auto segment = MakeGrowing(schema);
    for (int64_t first = 0; first < 8000; first += 500) {
      Add(segment.get(), MakeRows(schema, KeyRange(first, first + 500)), 1);
      const uint64_t data = segment->num_rows() * layout.row_bytes();
      EXPECT_EQ(segment->data_bytes(), data);
      EXPECT_GE(segment->memory_bytes(), data);
      EXPECT_LE(segment->memory_bytes(),
                std::min(2 * data, data + (2u << 20)) * 9 / 8 + 2 * layout.chunk_bytes());
    }
  }
}

TEST(GrowingSegmentTest, MemoryIsReservedBeforehandOrRefused) {
  const Schema schema = WideSchema();
  uint64_t needed = 0;
  {
    MemoryBudget budget;
    const auto segment = MakeGrowing(schema, {.budget = &budget});
    Add(segment.get(), MakeRows(schema, KeyRange(0, 100)), 1);
    needed = budget.used_bytes();
    EXPECT_GE(needed, segment->memory_bytes());
    EXPECT_GT(segment->memory_bytes(), 0u);
  }
  for (const uint64_t limit : {uint64_t{0}, uint64_t{1000}, needed / 2, needed - 1}) {
    MemoryBudget budget(limit);
    {
      const auto segment = MakeGrowing(schema, {.budget = &budget});
      const RowBatch batch = MakeRows(schema, KeyRange(0, 100));
      EXPECT_EQ(CodeOf(segment->Reserve(batch, AllRows(100))), absl::StatusCode::kResourceExhausted)
          << limit;
      EXPECT_EQ(segment->num_rows(), 0u);
    }
    EXPECT_EQ(budget.used_bytes(), 0u);
  }
  MemoryBudget budget(needed);
  const auto segment = MakeGrowing(schema, {.budget = &budget});
  const RowBatch batch = MakeRows(schema, KeyRange(0, 100));
  EXPECT_OK(segment->Reserve(batch, AllRows(100)));
}

TEST(GrowingSegmentTest, RefusedRowsCanBeAddedOnceThereIsRoom) {
  const Schema schema = SmallSchema();
  MemoryBudget budget(4 << 20);
  ASSERT_OK(budget.Reserve(4 << 20, "others"));
  const auto segment = MakeGrowing(schema, {.budget = &budget});
  const RowBatch batch = MakeRows(schema, KeyRange(0, 10));
  EXPECT_EQ(CodeOf(segment->Reserve(batch, AllRows(10))), absl::StatusCode::kResourceExhausted);
  budget.Release(4 << 20);
  Add(segment.get(), batch, 1);
  EXPECT_EQ(segment->FindRow(schema::Key(int64_t{9}), kEver), 9u);
}

}  // namespace
}  // namespace vecdb::segment
