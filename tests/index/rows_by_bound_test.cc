#include "index/rows_by_bound.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "index/index_testing.h"
#include "support/status_testing.h"

namespace vecdb::index {
namespace {

constexpr uint32_t kRowsToBound = 300;

class BeyondDistance final : public RowPosition {
 public:
  explicit BeyondDistance(float distance) : distance_(distance) {}
  bool IsBefore(float distance, uint32_t) const override { return distance > distance_; }

 private:
  const float distance_;
};

class RowsByBoundTest : public testing::Test {
 protected:
  std::vector<uint32_t> RowsWithin(const RowLimits& limits, float bound) const {
    const CodeBounds::OfQuery of_query(bounds_, codes_.codec().spec(), query());
    RowsByBound by_bound(of_query, limits);
    by_bound.Reserve(kRowsToBound);
    for (uint32_t row = 0; row < kRowsToBound; ++row) by_bound.Offer(Said(row), row);
    by_bound.Finish();
    std::vector<uint32_t> found;
    double before = -RowLimits::kUnbounded;
    for (uint32_t row = by_bound.Next(bound); row != kNoRow; row = by_bound.Next(bound)) {
      const double least = of_query.Of(row, Said(row)).least;
      EXPECT_GE(least + 1e-3, before);
      before = least;
      found.push_back(row);
    }
    return found;
  }

  const float* query() const { return rows_.view().row(5); }

  float Said(uint32_t row) const {
    const auto distance = codes_.codec().MakeDistance();
    distance->SetQuery(query());
    return distance->One(codes_.row(row));
  }

  const TestRows rows_ = MixedRows(kRowsToBound, 8, 20, 1);
  const RowCodes codes_ = *RowCodes::Build(
      rows_.view(), {.kind = codec::CodecKind::kPq, .metric = Metric::kL2, .dim = 8, .pq_m = 8}, {},
      {});
  const CodeBounds bounds_ = *CodeBounds::Build(rows_.view(), codes_, {}, {});
  const std::vector<Candidate> exact_ = NaiveSearch(rows_.view(), Metric::kL2, rows_.view().row(5),
                                                    {.num_rows = kRowsToBound}, kRowsToBound);
};

TEST_F(RowsByBoundTest, WithoutLimitsAllRowsComeTheNearestFirst) {
  EXPECT_EQ(RowsWithin({}, RowLimits::kUnbounded).size(), kRowsToBound);
}

TEST_F(RowsByBoundTest, EveryRowWithinTheLimitsComesAndFewOthers) {
  for (const size_t first : {size_t{0}, size_t{10}, size_t{100}}) {
    const RowLimits limits{.min_distance = exact_[first].distance,
                           .max_distance = exact_[first + 40].distance};
    const auto found = RowsWithin(limits, RowLimits::kUnbounded);
    const std::set<uint32_t> rows(found.begin(), found.end());
    EXPECT_EQ(rows.size(), found.size());
    for (const Candidate& one : exact_) {
      EXPECT_TRUE(!limits.Contains(one.distance, one.row) || rows.contains(one.row));
    }
    EXPECT_LT(rows.size(), kRowsToBound * 3 / 4);
  }
}

TEST_F(RowsByBoundTest, ABoundEndsThemAndAPositionBeginsThem) {
  const auto near = RowsWithin({}, exact_[9].distance);
  const std::set<uint32_t> rows(near.begin(), near.end());
  for (size_t i = 0; i < 10; ++i) EXPECT_TRUE(rows.contains(exact_[i].row));
  EXPECT_LT(rows.size(), kRowsToBound / 2);
  const BeyondDistance position(exact_[200].distance);
  const auto behind = RowsWithin({.after = &position}, RowLimits::kUnbounded);
  const std::set<uint32_t> far(behind.begin(), behind.end());
  for (size_t i = 201; i < kRowsToBound; ++i) {
    EXPECT_TRUE(exact_[i].distance <= exact_[200].distance || far.contains(exact_[i].row));
  }
  EXPECT_LT(far.size(), kRowsToBound * 2 / 3);
}

TEST_F(RowsByBoundTest, NothingWasOffered) {
  const CodeBounds::OfQuery of_query(bounds_, codes_.codec().spec(), query());
  RowsByBound by_bound(of_query, {});
  by_bound.Finish();
  EXPECT_EQ(by_bound.size(), 0U);
  EXPECT_EQ(by_bound.Next(RowLimits::kUnbounded), kNoRow);
}

}  // namespace
}  // namespace vecdb::index
