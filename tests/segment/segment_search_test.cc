#include "segment/segment_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

constexpr Metric kMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

double Distance(Metric metric, std::span<const float> a, std::span<const float> b) {
  double dot = 0, square = 0, norm_a = 0, norm_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += double{a[i]} * b[i];
    norm_a += double{a[i]} * a[i];
    norm_b += double{b[i]} * b[i];
    square += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  }
  if (metric == Metric::kL2) return square;
  if (metric == Metric::kIp) return -dot;
  return norm_a == 0 || norm_b == 0 ? 0 : -dot / std::sqrt(norm_a * norm_b);
}

// What SearchGrowing must find, the plain way.
std::vector<uint32_t> Expected(const GrowingSegment& rows, const SegmentSearch& search) {
  std::vector<std::tuple<double, schema::Key, uint32_t>> candidates;
  const auto dim = static_cast<size_t>(rows.schema().fields[search.column].dim);
  for (uint32_t row = 0; row < rows.num_rows(); ++row) {
    if (rows.timestamp(row) > search.as_of || rows.timestamp(row) < search.alive_from) continue;
    if (rows.deletes()->DeletedAt(row, search.as_of)) continue;
    if (search.allowed != nullptr && (search.allowed[row / 64] >> row % 64 & 1) == 0) continue;
    candidates.emplace_back(
        Distance(search.metric, {search.query, dim}, rows.vector(search.column, row)),
        rows.key(row), row);
  }
  std::sort(candidates.begin(), candidates.end());
  std::vector<uint32_t> expected;
  for (const auto& [distance, key, row] : candidates) {
    if (expected.size() < search.k) expected.push_back(row);
  }
  return expected;
}

std::vector<uint32_t> RowsOf(const std::vector<index::Candidate>& candidates) {
  std::vector<uint32_t> rows;
  for (const index::Candidate& candidate : candidates) rows.push_back(candidate.row);
  return rows;
}

std::shared_ptr<const Resident> LoadVector(const SealedSegment& segment) {
  const std::vector<size_t> columns = {kVector};
  const auto resident = segment.LoadResident(columns, {});
  EXPECT_OK(resident);
  return *resident;
}

// Rows with versions, deletes and many equal distances, keys in no order.
std::shared_ptr<GrowingSegment> MakeHistory(DataType key_type, int32_t dim, int steps) {
  const Schema schema = SmallSchema(key_type, dim);
  const auto segment = MakeGrowing(schema);
  std::mt19937 random(static_cast<uint32_t>(dim));
  for (int step = 1; step <= steps; ++step) {
    const int64_t key = static_cast<int64_t>(random() % static_cast<uint32_t>(steps)) * 7919 % 1000;
    const std::string text = TextKey(key);
    const schema::Key wanted =
        key_type == DataType::kInt64 ? schema::Key(key) : schema::Key(std::string_view(text));
    const auto now = static_cast<uint64_t>(step);
    if (const auto old = segment->FindRow(wanted, kEver)) segment->deletes()->Set(*old, now);
    RowBatch batch = MakeRows(schema, {key}, step);
    std::vector<float> vector(static_cast<size_t>(dim));
    for (float& value : vector) value = static_cast<float>(random() % 3);  // small whole numbers
    batch.SetFloatVectors("vector", std::move(vector));
    Add(segment.get(), batch, now);
  }
  return segment;
}

TEST(SegmentSearchTest, GrowingSealedAndPlainAgreeBitForBit) {
  for (const auto& [key_type, dim] : std::vector<std::pair<DataType, int32_t>>{
           {DataType::kInt64, 3}, {DataType::kVarChar, 2}, {DataType::kInt64, 70}}) {
    const auto growing = MakeHistory(key_type, dim, 300);
    const auto sealed = OpenSealed(segment::Write(*growing));
    ASSERT_NE(sealed, nullptr);
    const auto resident = LoadVector(*sealed);
    std::mt19937_64 random(9);
    std::vector<uint64_t> bitmap((growing->num_rows() + 63) / 64);
    for (uint64_t& word : bitmap) word = random() & random();
    std::vector<float> query(static_cast<size_t>(dim));
    for (int round = 0; round < 20; ++round) {
      for (float& value : query) value = static_cast<float>(random() % 3);
      for (const Metric metric : kMetrics) {
        const SegmentSearch search{
            .column = kVector,
            .query = query.data(),
            .k = static_cast<uint32_t>(round % 4 == 0 ? 1000 : 1 + round),
            .metric = metric,
            .allowed = round % 3 == 0 ? bitmap.data() : nullptr,
            .as_of = round % 2 == 0 ? kEver : static_cast<uint64_t>(round * 15),
            .alive_from = round % 5 == 0 ? 0 : static_cast<uint64_t>(round * 9)};
        std::vector<index::Candidate> from_growing;
        std::vector<index::Candidate> from_sealed;
        ASSERT_OK(SearchGrowing(*growing, search, {}, &from_growing));
        ASSERT_OK(SearchSealed(*sealed, *resident, search, {}, &from_sealed));
        EXPECT_EQ(from_growing, from_sealed);  // floats too
        if (metric != Metric::kCosine) {       // whole numbers: exact in float and double
          EXPECT_EQ(RowsOf(from_growing), Expected(*growing, search));
        } else {
          EXPECT_EQ(from_growing.size(), Expected(*growing, search).size());
        }
      }
    }
  }
}

// Over many chunks of growing rows, to both sides of the ends of blocks.
TEST(SegmentSearchTest, ExpiredRowsAreNotFoundHoweverManyThereAre) {
  const Schema schema = SmallSchema(DataType::kInt64, 2);
  const auto growing = MakeGrowing(schema);
  constexpr int64_t kNumRows = 12'000;
  for (int64_t i = 0; i < kNumRows; ++i) {
    Add(growing.get(), MakeRows(schema, {i}), static_cast<uint64_t>(i + 1));
  }
  const auto sealed = OpenSealed(segment::Write(*growing));
  const auto resident = LoadVector(*sealed);
  const std::vector<float> query = {1, 2};
  for (const uint64_t alive_from : {1u, 2u, 4096u, 4097u, 4098u, 11'999u, 12'000u, 12'001u}) {
    const SegmentSearch search{.column = kVector,
                               .query = query.data(),
                               .k = kNumRows,
                               .as_of = kEver,
                               .alive_from = alive_from};
    std::vector<index::Candidate> found;
    ASSERT_OK(SearchGrowing(*growing, search, {}, &found));
    EXPECT_EQ(RowsOf(found), Expected(*growing, search)) << alive_from;
    EXPECT_EQ(found.size(), kNumRows + 1 - alive_from);
    std::vector<index::Candidate> from_sealed;
    ASSERT_OK(SearchSealed(*sealed, *resident, search, {}, &from_sealed));
    EXPECT_EQ(from_sealed, found);
    EXPECT_EQ(*sealed->CountBefore(alive_from, {}), alive_from - 1);
    EXPECT_EQ(growing->ExpiredRows(alive_from), alive_from - 1);
  }
}

TEST(SegmentSearchTest, EqualDistancesGoByKeyAndNotByRow) {
  for (const DataType key_type : {DataType::kInt64, DataType::kVarChar}) {
    const Schema schema = SmallSchema(key_type, 1);
    const auto growing = MakeGrowing(schema);
    RowBatch batch = MakeRows(schema, {30, -2, 7, 100, 8});
    batch.SetFloatVectors("vector", std::vector<float>(5, 1.0f));
    Add(growing.get(), batch, 1);
    const auto sealed = OpenSealed(segment::Write(*growing));
    const auto resident = LoadVector(*sealed);
    // As text: k-2, k100, k30, k7, k8.
    const std::vector<uint32_t> expected = key_type == DataType::kInt64
                                               ? std::vector<uint32_t>{1, 2, 4}
                                               : std::vector<uint32_t>{1, 3, 0};
    const float query = 5;
    const SegmentSearch search{.column = kVector, .query = &query, .k = 3, .as_of = kEver};
    std::vector<index::Candidate> found;
    ASSERT_OK(SearchGrowing(*growing, search, {}, &found));
    EXPECT_EQ(RowsOf(found), expected);
    ASSERT_OK(SearchSealed(*sealed, *resident, search, {}, &found));
    EXPECT_EQ(RowsOf(found), expected);
  }
}

TEST(SegmentSearchTest, EqualKeysGoByRow) {
  const Schema schema = SmallSchema(DataType::kInt64, 1);
  const auto growing = MakeGrowing(schema);
  RowBatch batch = MakeRows(schema, std::vector<int64_t>(40, 5));
  batch.SetFloatVectors("vector", std::vector<float>(40, 1.0f));
  Add(growing.get(), batch, 1);
  const float query = 5;
  const SegmentSearch search{.column = kVector, .query = &query, .k = 3, .as_of = kEver};
  std::vector<index::Candidate> found;
  ASSERT_OK(SearchGrowing(*growing, search, {}, &found));
  EXPECT_EQ(RowsOf(found), (std::vector<uint32_t>{0, 1, 2}));
  const auto sealed = OpenSealed(segment::Write(*growing));
  ASSERT_OK(SearchSealed(*sealed, *LoadVector(*sealed), search, {}, &found));
  EXPECT_EQ(RowsOf(found), (std::vector<uint32_t>{0, 1, 2}));
}

TEST(SegmentSearchTest, IndexedSegmentHonoursDeletesTimesAndBitmap) {
  const auto growing = MakeHistory(DataType::kInt64, 8, 300);
  Written written = segment::Write(*growing);
  const auto plain = OpenSealed(written);
  const auto vectors = plain->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  for (const IndexParams& params : {IndexParams(FlatParams{}), IndexParams(HnswParams{.m = 32})}) {
    auto built =
        BuildIndex(*plain, kVector, {.metric = Metric::kL2, .params = params}, **vectors, {});
    ASSERT_OK(built);
    SegmentInfo info = written.info;
    info.indexes = {built->info};
    const auto sealed = OpenSealed({written.store, info});
    const auto resident = LoadVector(*sealed);
    ASSERT_NE(resident->fields[kVector].index, nullptr);
    std::mt19937_64 random(4);
    std::vector<uint64_t> bitmap((growing->num_rows() + 63) / 64);
    for (uint64_t& word : bitmap) word = random();
    for (int round = 0; round < 12; ++round) {
      std::vector<float> query(8);
      for (float& value : query) value = static_cast<float>(random() % 3);
      const SegmentSearch search{.column = kVector,
                                 .query = query.data(),
                                 .k = 10,
                                 .metric = Metric::kL2,
                                 .allowed = round % 3 == 0 ? bitmap.data() : nullptr,
                                 .as_of = round % 2 == 0 ? kEver : 150};
      std::vector<index::Candidate> found;
      std::vector<index::Candidate> expected;
      ASSERT_OK(SearchSealed(*sealed, *resident, search, {}, &found));
      ASSERT_OK(SearchGrowing(*growing, search, {}, &expected));
      // With so many links and so few rows the graph finds all that the scan finds.
      EXPECT_EQ(found, expected) << round;
    }
  }
}

TEST(SegmentSearchTest, RowsUnderCodedIndexesStayInTheStore) {
  const auto growing = MakeHistory(DataType::kInt64, 8, 700);
  Written written = segment::Write(*growing);
  const auto plain = OpenSealed(written);
  const auto vectors = plain->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  const HnswSearchParams graph{.ef = 300, .refine_k = 1000};
  const IvfSearchParams lists{.nprobe = 1000, .refine_k = 1000};
  const struct {
    IndexParams params;
    SearchParams search;
  } cases[] = {
      {HnswParams{.m = 32, .codec = HnswCodec::kSq8}, graph},
      {HnswParams{.m = 32, .codec = HnswCodec::kSq8, .refine = Refine::kFloat32}, graph},
      {HnswParams{.m = 32, .codec = HnswCodec::kSq4, .refine = Refine::kSq8}, graph},
      {HnswParams{.m = 32, .codec = HnswCodec::kFloat16}, graph},
      {IvfSq8Params{.nlist = 4}, lists},
      {IvfPqParams{.nlist = 4, .m = 8, .refine = Refine::kFloat16}, lists},
      {DiskannParams{.max_degree = 32, .pq_code_budget = 0.25},
       DiskannSearchParams{.search_list = 700}},
  };
  for (const auto& c : cases) {
    const IndexSpec spec{.metric = Metric::kL2, .params = c.params};
    SCOPED_TRACE(spec.ToJson());
    auto built = BuildIndex(*plain, kVector, spec, **vectors, {});
    ASSERT_OK(built);
    SegmentInfo info = written.info;
    info.indexes = {built->info};
    const auto sealed = OpenSealed({written.store, info});
    const auto resident = LoadVector(*sealed);
    const ResidentField& field = resident->fields[kVector];
    ASSERT_NE(field.index, nullptr);
    EXPECT_EQ(field.vectors->view.rows, nullptr);
    EXPECT_EQ(resident->bytes(), field.index->index_bytes());
    std::mt19937_64 random(4);
    std::vector<uint64_t> bitmap((growing->num_rows() + 63) / 64);
    for (int round = 0; round < 16; ++round) {
      for (uint64_t& word : bitmap) word = round < 8 ? random() : random() & random() & random();
      std::vector<float> query(8);
      for (float& value : query) value = static_cast<float>(random() % 3);
      SegmentSearch search{.column = kVector,
                           .query = query.data(),
                           .k = 10,
                           .metric = Metric::kL2,
                           .allowed = round % 3 == 0 ? bitmap.data() : nullptr,
                           .as_of = round % 2 == 0 ? kEver : 350};
      search.params = c.search;
      if (round % 4 == 3) search.range.min_distance = 3;
      std::vector<index::Candidate> found;
      std::vector<index::Candidate> expected;
      ASSERT_OK(SearchSealed(*sealed, *resident, search, {}, &found));
      ASSERT_OK(SearchGrowing(*growing, search, {}, &expected));
      EXPECT_EQ(found, expected) << round;
      search.exact = true;  // compares the rows where they lie
      ASSERT_OK(SearchSealed(*sealed, *resident, search, {}, &found));
      EXPECT_EQ(found, expected) << round;
    }
    const std::vector<uint32_t> some = {5, 6, 7, 3};
    EXPECT_TRUE(std::ranges::equal(sealed->Gather(kVector, some, resident.get(), {})->vectors(),
                                   growing->Gather(kVector, some).vectors()));
  }
}

TEST(SegmentSearchTest, FieldThatIsNotLoadedIsFailedPrecondition) {
  const auto growing = MakeHistory(DataType::kInt64, 2, 10);
  const auto sealed = OpenSealed(segment::Write(*growing));
  const auto resident = sealed->LoadResident({}, {});
  ASSERT_OK(resident);
  const std::vector<float> query(2);
  std::vector<index::Candidate> found(3);
  EXPECT_EQ(
      CodeOf(SearchSealed(*sealed, **resident,
                          {.column = kVector, .query = query.data(), .as_of = kEver}, {}, &found)),
      absl::StatusCode::kFailedPrecondition);
}

TEST(SegmentSearchTest, NothingThereOrNothingVisibleGivesNothing) {
  const auto empty = MakeGrowing(SmallSchema(DataType::kInt64, 2));
  const auto rows = MakeHistory(DataType::kInt64, 2, 10);
  const std::vector<float> query(2);
  std::vector<index::Candidate> found(3);
  ASSERT_OK(SearchGrowing(*empty, {.column = kVector, .query = query.data(), .as_of = kEver}, {},
                          &found));
  EXPECT_TRUE(found.empty());
  found.resize(3);
  ASSERT_OK(
      SearchGrowing(*rows, {.column = kVector, .query = query.data(), .as_of = 0}, {}, &found));
  EXPECT_TRUE(found.empty());
}

TEST(SegmentSearchTest, CancelledSearchSaysSo) {
  const auto rows = MakeHistory(DataType::kInt64, 2, 10);
  const auto sealed = OpenSealed(segment::Write(*rows));
  const auto resident = LoadVector(*sealed);
  const std::vector<float> query(2);
  const SegmentSearch search{.column = kVector, .query = query.data(), .as_of = kEver};
  std::vector<index::Candidate> found;
  const Context cancelled = support::CancelledContext();
  EXPECT_EQ(CodeOf(SearchGrowing(*rows, search, cancelled, &found)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(SearchSealed(*sealed, *resident, search, cancelled, &found)),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::segment
