#include "index/answer_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "index/coded_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr int32_t kAnswerDim = 7;
constexpr float kNoBound = std::numeric_limits<float>::infinity();

// Ordinary rows, zero vectors, huge and tiny ones, and equal ones.
TestRows OddRows() {
  std::vector<float> values = RandomValues(300 * kAnswerDim, 1);
  for (size_t i = 0; i < values.size(); ++i) {
    switch (i / kAnswerDim % 10) {
      case 3:
        values[i] = 0;
        break;
      case 5:
        values[i] *= 1e30f;
        break;
      case 6:
        values[i] *= 3e37f;
        break;
      case 7:
        values[i] *= 1e-30f;
        break;
      case 8:
        values[i] *= 1e-42f;
        break;
      case 9:
        values[i] = 2;
        break;
      default:
        break;
    }
  }
  return {std::move(values), kAnswerDim};
}

std::vector<uint32_t> RowsInDisorder(uint32_t num_rows) {
  std::vector<uint32_t> ids(num_rows);
  std::iota(ids.begin(), ids.end(), 0U);
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(2));
  return ids;
}

// In memory and read, by Gather and by Block, for a query after a query.
TEST(AnswerDistanceTest, RowsHaveTheBitsOfQueryDistanceWhereverTheyLie) {
  const TestRows rows = OddRows();
  const ArrayReader reader(rows);
  const std::vector<uint32_t> ids = RowsInDisorder(300);
  const Context context;
  for (const Metric metric : kAllMetrics) {
    AnswerDistance in_memory(rows.view(), metric, nullptr);
    AnswerDistance read(reader.view(), metric, nullptr);
    EXPECT_FALSE(in_memory.reads_rows());
    EXPECT_TRUE(read.reads_rows());
    for (uint32_t row = 0; row < 20; ++row) {
      const float* query = rows.view().row(row);
      const QueryDistance expected(rows.view(), metric, query);
      for (AnswerDistance* distance : {&in_memory, &read}) {
        distance->SetQuery(query, context);
        std::vector<float> gathered(300);
        std::vector<float> block(300);
        ASSERT_OK(distance->Gather(ids.data(), 300, kNoBound, gathered.data()));
        ASSERT_OK(distance->Block(3, 297, &block[3]));
        for (uint32_t i = 0; i < 300; ++i) {
          EXPECT_EQ(gathered[i], expected.One(ids[i])) << MetricName(metric) << " row " << ids[i];
          if (i >= 3) {
            EXPECT_EQ(block[i], expected.One(i)) << MetricName(metric) << " row " << i;
          }
        }
      }
    }
  }
  EXPECT_GT(reader.num_read(), 0U);
}

TEST(AnswerDistanceTest, ABoundChangesOnlyWhatIsAboveIt) {
  const TestRows rows = RandomRows(300, 200, 3);
  const ArrayReader reader(rows);
  const std::vector<uint32_t> ids = RowsInDisorder(300);
  const Context context;
  for (const Metric metric : kAllMetrics) {
    const float* query = rows.view().row(9);
    const QueryDistance expected(rows.view(), metric, query);
    const float bound = expected.One(20);
    for (const VectorView& view : {rows.view(), reader.view()}) {
      AnswerDistance distance(view, metric, nullptr);
      distance.SetQuery(query, context);
      std::vector<float> gathered(300);
      ASSERT_OK(distance.Gather(ids.data(), 300, bound, gathered.data()));
      for (uint32_t i = 0; i < 300; ++i) {
        const float exact = expected.One(ids[i]);
        if (exact <= bound) {
          EXPECT_EQ(gathered[i], exact);
        } else {
          EXPECT_GT(gathered[i], bound);
        }
      }
    }
  }
}

// Of a row that is not in memory either.
TEST(AnswerDistanceTest, CopiesHaveTheDistancesOfTheirCodec) {
  const TestRows rows = RandomRows(200, kAnswerDim, 4);
  const ArrayReader none(rows, absl::InternalError("a row was read"));
  const std::vector<uint32_t> ids = RowsInDisorder(200);
  const Context context;
  for (const Metric metric : kAllMetrics) {
    for (const codec::CodecKind kind : {codec::CodecKind::kFloat16, codec::CodecKind::kSq8}) {
      const auto copies =
          RowCodes::Build(rows.view(), {.kind = kind, .metric = metric, .dim = kAnswerDim}, {}, {});
      ASSERT_OK(copies);
      AnswerDistance distance(none.view(), metric, &*copies);
      EXPECT_FALSE(distance.reads_rows());
      const auto expected = copies->codec().MakeDistance();
      for (uint32_t row = 0; row < 200; row += 40) {
        const float* query = rows.view().row(row);
        distance.SetQuery(query, context);
        expected->SetQuery(query);
        std::vector<float> gathered(200);
        std::vector<float> block(200);
        ASSERT_OK(distance.Gather(ids.data(), 200, 0, gathered.data()));
        ASSERT_OK(distance.Block(0, 200, block.data()));
        for (uint32_t i = 0; i < 200; ++i) {
          float exact = expected->One(copies->row(i));
          if (metric == Metric::kCosine) exact = std::clamp(exact, -1.0f, 1.0f);
          EXPECT_EQ(block[i], exact);
          EXPECT_EQ(gathered[i], block[ids[i]]);
        }
      }
    }
  }
  EXPECT_EQ(none.num_read(), 0U);
}

// Within what index_spec.h says of copies.
TEST(AnswerDistanceTest, CopiesAreNearTheRows) {
  const TestRows rows = RandomRows(300, 64, 5);
  const Context context;
  for (const Metric metric : kAllMetrics) {
    for (const codec::CodecKind kind : {codec::CodecKind::kFloat16, codec::CodecKind::kSq8}) {
      const auto copies =
          RowCodes::Build(rows.view(), {.kind = kind, .metric = metric, .dim = 64}, {}, {});
      ASSERT_OK(copies);
      const float* query = rows.view().row(2);
      const QueryDistance exact(rows.view(), metric, query);
      AnswerDistance distance(rows.view(), metric, &*copies);
      distance.SetQuery(query, context);
      std::vector<float> block(300);
      ASSERT_OK(distance.Block(0, 300, block.data()));
      // A share of |query| |row|: a 2000th, or a step of the 256 in six deviations.
      const double share = kind == codec::CodecKind::kFloat16 ? 1.0 / 2000 : 1.0 / 100;
      const double length = metric == Metric::kCosine ? 1 : 64;
      for (uint32_t row = 0; row < 300; ++row) {
        EXPECT_NEAR(block[row], exact.One(row), 4 * share * length)
            << MetricName(metric) << " " << codec::CodecName(kind);
      }
    }
  }
}

TEST(AnswerDistanceTest, ACosineOfCopiesIsNeverBeyondOne) {
  std::vector<float> values(100 * 3);
  for (size_t i = 0; i < values.size(); ++i) values[i] = i / 3 % 2 == 0 ? 1.0f : -1.0f;
  const TestRows rows(std::move(values), 3);
  const Context context;
  for (const codec::CodecKind kind : {codec::CodecKind::kFloat16, codec::CodecKind::kSq8}) {
    const auto copies =
        RowCodes::Build(rows.view(), {.kind = kind, .metric = Metric::kCosine, .dim = 3}, {}, {});
    ASSERT_OK(copies);
    AnswerDistance distance(rows.view(), Metric::kCosine, &*copies);
    distance.SetQuery(rows.view().row(0), context);
    std::vector<float> block(100);
    ASSERT_OK(distance.Block(0, 100, block.data()));
    for (uint32_t row = 0; row < 100; ++row) {
      EXPECT_GE(block[row], -1);
      EXPECT_LE(block[row], 1);
      EXPECT_NEAR(block[row], row % 2 == 0 ? -1 : 1, 0.01);
    }
  }
}

// Of codes that know nothing.
std::vector<Candidate> AsCandidates(const std::vector<uint32_t>& rows) {
  std::vector<Candidate> candidates;
  for (const uint32_t row : rows) candidates.push_back({0, row});
  return candidates;
}

TEST(AnswerDistanceTest, WhatReadingReturnsComesBackUnchanged) {
  const TestRows rows = RandomRows(200, kAnswerDim, 6);
  const absl::Status lost = absl::DataLossError("block 3 of 101.vec");
  const ArrayReader reader(rows, lost);
  const std::vector<uint32_t> ids = RowsInDisorder(200);
  std::vector<float> distances(200);
  const Context context;
  AnswerDistance distance(reader.view(), Metric::kL2, nullptr);
  distance.SetQuery(rows.view().row(0), context);
  EXPECT_EQ(distance.Gather(ids.data(), 200, kNoBound, distances.data()), lost);
  EXPECT_EQ(distance.Block(0, 200, distances.data()), lost);
  EXPECT_OK(distance.Gather(ids.data(), 0, kNoBound, distances.data()));
  TopRows top(10);
  Poller poller(context, kAnswerDim);
  EXPECT_EQ(RefineCandidates(AsCandidates(ids), 1, &distance, &top, &poller), lost);
}

TEST(AnswerDistanceTest, TheContextOfTheQueryReachesTheReader) {
  const TestRows rows = RandomRows(200, kAnswerDim, 7);
  const ArrayReader reader(rows);
  const CancelToken token = CancelToken::Make();
  const Context context{.cancel = token};
  AnswerDistance distance(reader.view(), Metric::kIp, nullptr);
  distance.SetQuery(rows.view().row(0), context);
  std::vector<float> distances(200);
  EXPECT_OK(distance.Block(0, 200, distances.data()));
  token.Cancel();
  EXPECT_EQ(CodeOf(distance.Block(0, 200, distances.data())), absl::StatusCode::kCancelled);
}

TEST(AnswerDistanceTest, OfferedAnswersAreTheNearestOfTheirRows) {
  const TestRows rows = GridRows(500, kAnswerDim, 3, 8);
  const ArrayReader reader(rows);
  const ReverseOrder reverse;
  const Context context;
  std::vector<uint32_t> ids = RowsInDisorder(500);
  const std::vector<uint64_t> offered = BitmapWhere(500, [](uint32_t row) { return row % 3 != 0; });
  std::erase_if(ids, [](uint32_t row) { return row % 3 == 0; });
  for (const Metric metric : kAllMetrics) {
    for (const VectorView& view : {rows.view(), reader.view()}) {
      AnswerDistance distance(view, metric, nullptr);
      const float* query = rows.view().row(4);
      distance.SetQuery(query, context);
      for (const size_t k : std::initializer_list<size_t>{1, 40, 1000}) {
        TopRows top(k, &reverse);
        Poller poller(context, kAnswerDim);
        ASSERT_OK(RefineCandidates(AsCandidates(ids), ids.size(), &distance, &top, &poller));
        EXPECT_EQ(poller.rows(), ids.size());
        std::vector<Candidate> found;
        top.Finish(&found);
        const base::RowMask mask{.num_rows = 500, .allowed = offered.data()};
        EXPECT_EQ(found, NaiveSearch(rows.view(), metric, query, mask, k, &reverse));
      }
    }
  }
}

// Rows of one dimension, so that the squared distance from 0 is known.
TEST(AnswerDistanceTest, RefiningEndsWhereNoOtherCandidateCanComeIn) {
  std::vector<float> values(100);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  const TestRows rows(values, 1);
  const float query = 0;
  const Context context;
  AnswerDistance distance(rows.view(), Metric::kL2, nullptr);
  distance.SetQuery(&query, context);
  const struct {
    float error;  // of every code: its row seems so much farther
    size_t k;
    size_t least;
    uint64_t rows;
  } cases[] = {
      {0, 10, 10, 10},     // exact codes: 10^2 is beyond 9^2
      {0, 10, 50, 50},     // as many as asked for
      {0, 10, 100, 100},   // all
      {0, 100, 100, 100},  // all are wanted
      {600, 3, 8, 32},     // 32^2 + 600 - 2 * 600 is beyond 2^2, 24^2 - 600 is not
      {-600, 3, 8, 32},    // what seems nearer than it is is looked at
      {1e9f, 3, 8, 100},   // nothing is known
  };
  for (const auto& c : cases) {
    std::vector<Candidate> candidates;
    for (uint32_t row = 0; row < 100; ++row) {
      candidates.push_back({values[row] * values[row] + c.error, row});
    }
    TopRows top(c.k);
    Poller poller(context, 1);
    ASSERT_OK(RefineCandidates(candidates, c.least, &distance, &top, &poller));
    EXPECT_EQ(poller.rows(), c.rows) << c.error << " " << c.k << " " << c.least;
    std::vector<Candidate> found;
    top.Finish(&found);
    ASSERT_EQ(found.size(), c.k);
    for (uint32_t i = 0; i < c.k; ++i) EXPECT_EQ(found[i].row, i);
  }
}

TEST(AnswerDistanceTest, NoAnswersAreOfferedOfNoRows) {
  const TestRows rows = RandomRows(5, kAnswerDim, 9);
  const Context context;
  AnswerDistance distance(rows.view(), Metric::kL2, nullptr);
  distance.SetQuery(rows.view().row(0), context);
  TopRows top(3);
  Poller poller(context, kAnswerDim);
  EXPECT_OK(RefineCandidates({}, 1, &distance, &top, &poller));
  EXPECT_EQ(top.size(), 0U);
}

}  // namespace
}  // namespace vecdb::index
