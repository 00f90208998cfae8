#include "vecdb/index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "base/byte_io.h"
#include "format/section_file.h"
#include "support/fault_object_store.h"
#include "support/status_testing.h"

namespace vecdb {
namespace {

using support::CodeOf;

constexpr int32_t kIndexDim = 6;
constexpr uint32_t kIndexRows = 400;

const IndexSpec kFlat = {.metric = Metric::kL2};
const IndexSpec kHnsw = {.metric = Metric::kCosine,
                         .params = HnswParams{.m = 6, .ef_construction = 40}};
const IndexSpec kSpecs[] = {kFlat, kHnsw};

std::vector<float> RandomFloats(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

class IndexTest : public ::testing::Test {
 protected:
  IndexTest()
      : rows_(RandomFloats(kIndexRows * kIndexDim, 1)), query_(RandomFloats(kIndexDim, 2)) {}

  std::unique_ptr<Index> Build(const IndexSpec& spec, RowStorage storage = RowStorage::kView,
                               const Host& host = {}) {
    auto index = IndexBuilder(kIndexDim, spec, host).Build(rows_, storage);
    EXPECT_OK(index);
    return *std::move(index);
  }

  // The oracle: scores in double over the rows that are allowed.
  std::vector<uint32_t> Nearest(Metric metric, std::optional<RowBitmap> allowed, size_t k) const {
    std::vector<std::pair<double, uint32_t>> all;
    for (uint32_t row = 0; row < kIndexRows; ++row) {
      if (allowed && ((*allowed)[row / 64] >> (row % 64) & 1) == 0) continue;
      double l2 = 0, dot = 0, norm = 0;
      for (size_t i = 0; i < kIndexDim; ++i) {
        const double a = query_[i], b = rows_[row * kIndexDim + i];
        l2 += (a - b) * (a - b);
        dot += a * b;
        norm += b * b;
      }
      all.emplace_back(metric == Metric::kL2 ? l2 : -dot / std::sqrt(norm), row);
    }
    std::sort(all.begin(), all.end());
    std::vector<uint32_t> rows;
    for (size_t i = 0; i < std::min(k, all.size()); ++i) rows.push_back(all[i].second);
    return rows;
  }

  const std::vector<float> rows_;
  const std::vector<float> query_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = *ObjectPath::Parse("a.idx");
};

std::vector<uint32_t> RowsOf(std::span<const Neighbor> hits) {
  std::vector<uint32_t> rows;
  for (const Neighbor& hit : hits) rows.push_back(hit.row);
  return rows;
}

TEST_F(IndexTest, FindsTheNearestRowsBestFirst) {
  for (const IndexSpec& spec : kSpecs) {
    const auto index = Build(spec);
    const auto found = index->Search({.vectors = query_, .k = 10});
    ASSERT_OK(found);
    EXPECT_EQ(RowsOf(found->of(0)), Nearest(spec.metric, {}, 10)) << spec.type_name();
  }
}

TEST_F(IndexTest, ScoresAreRaw) {
  const std::vector<float> rows = {3, 4, /**/ 0, 0, /**/ -1, 0};
  const struct {
    Metric metric;
    std::vector<Neighbor> expected;
  } cases[] = {
      {Metric::kL2, {{1, 1}, {2, 4}, {0, 20}}},
      {Metric::kIp, {{0, 3}, {1, 0}, {2, -1}}},
      {Metric::kCosine, {{0, 0.6f}, {1, 0}, {2, -1}}},
  };
  const float query[] = {1, 0};
  for (const auto& c : cases) {
    for (const IndexParams& params : {IndexParams(FlatParams{}), IndexParams(HnswParams{})}) {
      const auto index = IndexBuilder(2, {.metric = c.metric, .params = params}).Build(rows);
      ASSERT_OK(index);
      const auto found = (*index)->Search({.vectors = query, .k = 5});
      ASSERT_OK(found);
      ASSERT_EQ(found->rows.size(), 3U);
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(found->rows[i].row, c.expected[i].row) << MetricName(c.metric);
        EXPECT_FLOAT_EQ(found->rows[i].score, c.expected[i].score);
      }
      EXPECT_FALSE(std::signbit(found->rows[1].score));
    }
  }
}

TEST_F(IndexTest, ABitmapSaysWhichRowsMayComeBack) {
  std::vector<uint64_t> bitmap((kIndexRows + 63) / 64);
  for (uint32_t row = 5; row < kIndexRows; row += 11) bitmap[row / 64] |= uint64_t{1} << (row % 64);
  for (const IndexSpec& spec : kSpecs) {
    const auto index = Build(spec);
    for (const int32_t k : {3, 100}) {
      const auto found = index->Search({.vectors = query_, .k = k, .allowed = bitmap});
      ASSERT_OK(found);
      EXPECT_EQ(RowsOf(found->of(0)), Nearest(spec.metric, bitmap, static_cast<size_t>(k)));
    }
  }
}

TEST_F(IndexTest, EqualScoresComeByRow) {
  const std::vector<float> rows(50 * kIndexDim, 1.0f);
  for (const IndexSpec& spec : kSpecs) {
    const auto index = IndexBuilder(kIndexDim, spec).Build(rows);
    ASSERT_OK(index);
    const auto found = (*index)->Search({.vectors = query_, .k = 50});
    ASSERT_OK(found);
    for (uint32_t i = 0; i < 50; ++i) EXPECT_EQ(found->rows[i].row, i);
  }
}

TEST_F(IndexTest, ABatchAnswersAsItsQueriesAlone) {
  const auto executor = MakeThreadPool(3);
  const std::vector<float> queries = RandomFloats(20 * kIndexDim, 3);
  for (const IndexSpec& spec : kSpecs) {
    const auto index = Build(spec, RowStorage::kView, {.executor = executor.get()});
    const auto batch = index->Search({.vectors = queries, .k = 7});
    ASSERT_OK(batch);
    ASSERT_EQ(batch->ends.size(), 20U);
    for (size_t i = 0; i < 20; ++i) {
      const auto one =
          index->Search({.vectors = std::span(queries).subspan(i * kIndexDim, kIndexDim), .k = 7});
      ASSERT_OK(one);
      EXPECT_TRUE(std::ranges::equal(batch->of(i), one->of(0)));
    }
  }
}

TEST_F(IndexTest, AnEmptyIndexAnswersWithNothing) {
  for (const IndexSpec& spec : kSpecs) {
    const auto index = IndexBuilder(kIndexDim, spec).Build({});
    ASSERT_OK(index);
    EXPECT_EQ((*index)->num_rows(), 0U);
    const auto found = (*index)->Search({.vectors = query_, .k = 3});
    ASSERT_OK(found);
    EXPECT_TRUE(found->of(0).empty());
    const ObjectPath path = *ObjectPath::Parse(std::string(spec.type_name()));
    ASSERT_OK((*index)->Save(*store_, path));
    const auto loaded = Index::Load(*store_, path);
    ASSERT_OK(loaded);
    EXPECT_OK((*loaded)->Search({.vectors = query_, .k = 3}));
  }
}

TEST_F(IndexTest, RefusesQueriesThatAreNone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> with_nan = query_, with_inf = query_;
  with_nan[3] = nan;
  with_inf[5] = -inf;
  const std::vector<uint64_t> short_bitmap((kIndexRows + 63) / 64 - 1);
  const std::span<const float> vector(query_);
  for (const IndexSpec& spec : kSpecs) {
    const auto index = Build(spec);
    const IndexQuery cases[] = {
        {.vectors = {}},
        {.vectors = vector.first(kIndexDim - 1)},
        {.vectors = vector, .k = 0},
        {.vectors = vector, .k = -1},
        {.vectors = vector, .k = 16385},
        {.vectors = with_nan},
        {.vectors = with_inf},
        {.vectors = vector, .k = 10, .params = HnswSearchParams{.ef = 9}},
        {.vectors = vector, .k = 10, .params = HnswSearchParams{.ef = 65537}},
        {.vectors = vector, .allowed = short_bitmap},
    };
    for (const IndexQuery& query : cases) {
      EXPECT_EQ(CodeOf(index->Search(query)), absl::StatusCode::kInvalidArgument);
    }
    EXPECT_OK(index->Search({.vectors = vector, .k = 16384}));
  }
  EXPECT_EQ(CodeOf(Build(kFlat)->Search({.vectors = vector, .params = HnswSearchParams{}})),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(IndexTest, SearchStopsWhenCancelledOrLate) {
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  for (const IndexSpec& spec : kSpecs) {
    const auto index = Build(spec);
    EXPECT_EQ(CodeOf(index->Search({.vectors = query_}, {.cancel = token})),
              absl::StatusCode::kCancelled);
    EXPECT_EQ(
        CodeOf(index->Search({.vectors = query_}, Context::WithTimeout(absl::ZeroDuration()))),
        absl::StatusCode::kDeadlineExceeded);
  }
}

TEST_F(IndexTest, ALoadedIndexAnswersAsTheSavedOne) {
  for (const IndexSpec& spec : kSpecs) {
    for (const bool include_rows : {true, false}) {
      const auto store = MakeMemoryObjectStore();
      const auto index = Build(spec);
      ASSERT_OK(index->Save(*store, path_, {.include_rows = include_rows}));
      const auto loaded =
          Index::Load(*store, path_, {}, include_rows ? std::span<const float>() : rows_);
      ASSERT_OK(loaded);
      EXPECT_EQ((*loaded)->spec(), spec);
      EXPECT_EQ((*loaded)->dim(), kIndexDim);
      EXPECT_EQ((*loaded)->num_rows(), kIndexRows);
      EXPECT_EQ((*loaded)->index_bytes(), index->index_bytes());
      const uint64_t own_rows = include_rows ? rows_.size() * sizeof(float) : 0;
      EXPECT_EQ((*loaded)->memory_bytes(), index->index_bytes() + own_rows);
      EXPECT_EQ((*loaded)->Search({.vectors = query_, .k = 50})->rows,
                index->Search({.vectors = query_, .k = 50})->rows);
    }
  }
}

TEST_F(IndexTest, AFileWithoutRowsHoldsNoCopyOfThem) {
  for (const IndexSpec& spec : kSpecs) {
    const auto index = Build(spec);
    const auto store = MakeMemoryObjectStore();
    ASSERT_OK(index->Save(*store, path_, {.include_rows = false}));
    const auto list = store->List(path_);
    const auto bytes = GetObject(*store, path_, 1 << 20);
    ASSERT_OK(bytes);
    EXPECT_LT(bytes->size(), index->index_bytes() + 2048);
  }
}

TEST_F(IndexTest, LoadSaysWhatIsWrongWithTheRows) {
  ASSERT_OK(Build(kHnsw)->Save(*store_, path_, {.include_rows = false}));
  const ObjectPath whole = *ObjectPath::Parse("whole.idx");
  ASSERT_OK(Build(kHnsw)->Save(*store_, whole));
  const std::span<const float> rows(rows_);
  EXPECT_EQ(CodeOf(Index::Load(*store_, path_)), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf(Index::Load(*store_, path_, {}, rows.first(rows.size() - kIndexDim))),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Index::Load(*store_, whole, {}, rows)), absl::StatusCode::kInvalidArgument);
  std::vector<float> with_nan = rows_;
  with_nan[7] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(CodeOf(Index::Load(*store_, path_, {}, with_nan)), absl::StatusCode::kInvalidArgument);
}

TEST_F(IndexTest, LoadOfAMissingForeignOrNewerFileFails) {
  EXPECT_EQ(CodeOf(Index::Load(*store_, path_)), absl::StatusCode::kNotFound);
  ASSERT_OK(PutObject(*store_, path_, std::string(5000, 'x')));
  EXPECT_EQ(CodeOf(Index::Load(*store_, path_)), absl::StatusCode::kDataLoss);
  const ObjectPath newer = *ObjectPath::Parse("newer.idx");
  auto writer = format::SectionWriter::Create(*store_, newer, format::FileKind::kIndex, {});
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->AddSection(format::Tag("NEWS"), {}, {}));
  ASSERT_OK((*writer)->Finish({}));
  EXPECT_EQ(CodeOf(Index::Load(*store_, newer)), absl::StatusCode::kFailedPrecondition);
}

TEST_F(IndexTest, EveryFlippedByteAndEveryTruncationIsDataLoss) {
  const auto small = IndexBuilder(2, kHnsw).Build(std::span(rows_).first(2 * 40));
  ASSERT_OK(small);
  ASSERT_OK((*small)->Save(*store_, path_));
  const auto sound = GetObject(*store_, path_, 1 << 20);
  ASSERT_OK(sound);
  for (size_t at = 0; at < sound->size(); at += 1 + at % 13) {
    const auto store = MakeMemoryObjectStore();
    std::string bytes = *sound;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << at % 8));
    ASSERT_OK(PutObject(*store, path_, bytes));
    const auto loaded = Index::Load(*store, path_);
    // Padding between sections carries no meaning; a flipped version reads as a newer format.
    if (loaded.ok()) continue;
    EXPECT_TRUE(CodeOf(loaded) == absl::StatusCode::kDataLoss ||
                CodeOf(loaded) == absl::StatusCode::kFailedPrecondition)
        << at << " " << loaded.status();
  }
  for (size_t size = 0; size < sound->size(); size += 101) {
    const auto store = MakeMemoryObjectStore();
    ASSERT_OK(PutObject(*store, path_, std::string_view(*sound).substr(0, size)));
    EXPECT_EQ(CodeOf(Index::Load(*store, path_)), absl::StatusCode::kDataLoss) << size;
  }
}

TEST_F(IndexTest, RowsInAFileThatAreNotFiniteAreDataLoss) {
  const auto index = Build(kFlat);
  ASSERT_OK(index->Save(*store_, path_, {.include_rows = false}));
  const auto file =
      format::SectionFile::Open(*store_, path_, format::FileKind::kIndex, std::nullopt, {});
  ASSERT_OK(file);
  const auto meta = (*file)->ReadSmall(format::Tag("META"), 100, {});
  ASSERT_OK(meta);
  std::vector<float> rows = rows_;
  rows[9] = std::numeric_limits<float>::infinity();
  const ObjectPath path = *ObjectPath::Parse("b.idx");
  auto writer = format::SectionWriter::Create(*store_, path, format::FileKind::kIndex, {});
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->AddSection(format::Tag("META"), base::AsBytes(*meta), {}));
  ASSERT_OK((*writer)->AddSection(format::Tag("ROWS"), std::as_bytes(std::span(rows)), {}));
  ASSERT_OK((*writer)->Finish({}));
  EXPECT_EQ(CodeOf(Index::Load(*store_, path)), absl::StatusCode::kDataLoss);
}

TEST_F(IndexTest, SaveDoesNotReplaceAnObject) {
  ASSERT_OK(Build(kFlat)->Save(*store_, path_));
  EXPECT_EQ(CodeOf(Build(kHnsw)->Save(*store_, path_)), absl::StatusCode::kAlreadyExists);
  const auto loaded = Index::Load(*store_, path_);
  ASSERT_OK(loaded);
  EXPECT_EQ((*loaded)->spec(), kFlat);
}

TEST_F(IndexTest, LoadStaysWithinTheBudget) {
  ASSERT_OK(Build(kHnsw)->Save(*store_, path_));
  MemoryBudget budget(20000);
  EXPECT_EQ(CodeOf(Index::Load(*store_, path_, {.budget = &budget})),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0U);
  MemoryBudget enough;
  {
    const auto loaded = Index::Load(*store_, path_, {.budget = &enough});
    ASSERT_OK(loaded);
    EXPECT_EQ(enough.used_bytes(), (*loaded)->memory_bytes());
  }
  EXPECT_EQ(enough.used_bytes(), 0U);
}

}  // namespace
}  // namespace vecdb
