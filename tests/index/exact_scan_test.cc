#include "index/exact_scan.h"

#include <gtest/gtest.h>

#include <chrono>

#include "index/index_testing.h"
#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

std::vector<Candidate> Scan(const VectorView& view, Metric metric, const float* query,
                            const base::RowMask& mask, size_t k, const RowOrder* order = nullptr,
                            const RowLimits& limits = {}) {
  TopRows top(k, order, limits);
  EXPECT_OK(ScanRows(view, metric, query, mask, 0, {}, &top));
  std::vector<Candidate> found;
  top.Finish(&found);
  return found;
}

TEST(ExactScanTest, EqualsTheNaiveSearchForEveryMetricMaskAndK) {
  const ReverseOrder reverse;
  for (const int32_t dim : {3, 300}) {
    const TestRows rows = GridRows(700, dim, 3, 1);  // ties everywhere
    const TestRows queries = GridRows(2, dim, 3, 2);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      for (const double share : {1.0, 0.5, 0.1, 0.01, 0.0}) {
        const std::vector<uint64_t> bitmap = RandomBitmap(700, share, 3);
        const base::RowMask mask{.num_rows = 700, .allowed = bitmap.data()};
        for (const size_t k : std::initializer_list<size_t>{1, 10, 699, 1000}) {
          const float* query = queries.view().row(k % 2);
          EXPECT_EQ(Scan(rows.view(), metric, query, mask, k, &reverse),
                    NaiveSearch(rows.view(), metric, query, mask, k, &reverse));
        }
      }
    }
  }
}

// Bounds on distances that rows have, so that both ends fall on ties; wide rows, so that the
// kernels stop early.
TEST(ExactScanTest, LimitsGiveWhatTheNaiveSearchGives) {
  const ReverseOrder reverse;
  for (const int32_t dim : {3, 600}) {
    const TestRows rows = GridRows(400, dim, 3, 11);
    const float* query = rows.view().row(399);
    const std::vector<uint64_t> bitmap = RandomBitmap(400, 0.5, 12);
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      const base::RowMask mask{.num_rows = 400, .allowed = bitmap.data()};
      const auto all = NaiveSearch(rows.view(), metric, query, mask, 400, &reverse);
      const Behind behind(all[57], &reverse);
      const RowLimits limits[] = {
          {.max_distance = all[80].distance},
          {.min_distance = all[40].distance},
          {.min_distance = all[40].distance, .max_distance = all[80].distance},
          {.min_distance = all[40].distance, .max_distance = all[40].distance},
          {.after = &behind},
          {.max_distance = all[80].distance, .after = &behind}};
      for (const RowLimits& limit : limits) {
        for (const size_t k : std::initializer_list<size_t>{1, 10, 400}) {
          EXPECT_EQ(Scan(rows.view(), metric, query, mask, k, &reverse, limit),
                    NaiveSearch(rows.view(), metric, query, mask, k, &reverse, limit));
        }
      }
    }
  }
}

TEST(ExactScanTest, PagesFromPositionToPositionGiveEveryRowOnce) {
  const TestRows rows = GridRows(200, 2, 4, 13);  // 16 points: ties at every end of a page
  const base::RowMask all{.num_rows = 200};
  const float* query = rows.view().row(0);
  const auto expected = NaiveSearch(rows.view(), Metric::kL2, query, all, 200);
  std::vector<Candidate> found = Scan(rows.view(), Metric::kL2, query, all, 7);
  for (size_t before = 0; before < found.size();) {
    before = found.size();
    const Behind behind(found.back());
    const auto page = Scan(rows.view(), Metric::kL2, query, all, 7, nullptr, {.after = &behind});
    found.insert(found.end(), page.begin(), page.end());
  }
  EXPECT_EQ(found, expected);
}

TEST(ExactScanTest, CountsTheRowsItCompares) {
  const TestRows rows = RandomRows(300, 4, 14);
  const std::vector<uint64_t> bitmap = BitmapWhere(300, [](uint32_t row) { return row % 3 == 0; });
  TopRows top(5);
  uint64_t count = 7;
  ASSERT_OK(ScanRows(rows.view(), Metric::kL2, rows.view().row(0),
                     {.num_rows = 300, .allowed = bitmap.data()}, 0, {}, &top, &count));
  EXPECT_EQ(count, 107U);
  ASSERT_OK(ScanRows(rows.view(), Metric::kL2, rows.view().row(0), {.num_rows = 300}, 0, {}, &top,
                     &count));
  EXPECT_EQ(count, 407U);
}

TEST(ExactScanTest, ScansAllRowsWithoutAMask) {
  const TestRows rows = RandomRows(1030, 17, 4);
  const std::vector<float> query = RandomValues(17, 5);
  const base::RowMask all{.num_rows = 1030};
  EXPECT_EQ(Scan(rows.view(), Metric::kL2, query.data(), all, 25),
            NaiveSearch(rows.view(), Metric::kL2, query.data(), all, 25));
}

TEST(ExactScanTest, RespectsDeletesAndRowTimes) {
  const TestRows rows = RandomRows(200, 4, 6);
  base::DeleteTimes deletes;
  std::vector<uint64_t> times(200);
  for (uint32_t row = 0; row < 200; ++row) {
    times[row] = row;
    if (row % 3 == 0) deletes.Set(row, row + 50);
  }
  for (const uint64_t as_of : std::initializer_list<uint64_t>{0, 60, 120, 500}) {
    const base::RowMask mask{
        .num_rows = 200, .deletes = &deletes, .row_times = times.data(), .as_of = as_of};
    EXPECT_EQ(Scan(rows.view(), Metric::kL2, rows.view().row(7), mask, 50),
              NaiveSearch(rows.view(), Metric::kL2, rows.view().row(7), mask, 50));
  }
}

TEST(ExactScanTest, ChunksAtAnyRowGiveTheSameAsOneScan) {
  const TestRows rows = GridRows(500, 5, 3, 7);
  const std::vector<uint64_t> bitmap = RandomBitmap(500, 0.4, 8);
  for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), bitmap.data()}) {
    const base::RowMask mask{.num_rows = 500, .allowed = allowed};
    TopRows top(60);
    for (uint32_t first = 0; first < 500;) {
      const uint32_t count = std::min<uint32_t>(1 + first * 2 / 3, 500 - first);
      VectorView chunk = rows.view();
      chunk.rows = rows.view().row(first);
      chunk.inverse_norms += first;
      chunk.num_rows = count;
      ASSERT_OK(ScanRows(chunk, Metric::kCosine, rows.view().row(3), mask, first, {}, &top));
      first += count;
    }
    std::vector<Candidate> found;
    top.Finish(&found);
    EXPECT_EQ(found, NaiveSearch(rows.view(), Metric::kCosine, rows.view().row(3), mask, 60));
  }
}

TEST(ExactScanTest, NoRowsGiveNothing) {
  const float query[] = {1, 2};
  EXPECT_TRUE(Scan({.dim = 2}, Metric::kL2, query, {}, 10).empty());
}

TEST(ExactScanTest, StopsWhenCancelledOrLate) {
  const TestRows rows = RandomRows(10, 4, 9);
  const base::RowMask mask{.num_rows = 10};
  TopRows top(1);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(ScanRows(rows.view(), Metric::kL2, rows.view().row(0), mask, 0,
                            {.cancel = token}, &top)),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(ScanRows(rows.view(), Metric::kL2, rows.view().row(0), mask, 0,
                            Context::WithTimeout(absl::ZeroDuration()), &top)),
            absl::StatusCode::kDeadlineExceeded);
}

TEST(ExactScanTest, LooksAtTheDeadlineWhileItScans) {
  const TestRows rows = RandomRows(8192, 512, 10);
  const base::RowMask mask{.num_rows = 8192};
  // Enough passes over 16 MiB that one of them is under way when the deadline comes.
  const Context context = Context::WithTimeout(absl::Milliseconds(5));
  absl::Status status;
  for (int i = 0; i < 100000 && status.ok(); ++i) {
    TopRows top(1);
    status = ScanRows(rows.view(), Metric::kL2, rows.view().row(0), mask, 0, context, &top);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace vecdb::index
