#include "index/ivf_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "index/index_testing.h"
#include "index/ivf_builder.h"
#include "index/ivf_testing.h"

namespace vecdb::index {
namespace {

std::vector<Candidate> Unpacked(const std::vector<PackedCandidate>& packed) {
  std::vector<Candidate> candidates;
  for (const PackedCandidate one : packed) candidates.push_back(UnpackCandidate(one));
  return candidates;
}

TEST(IvfSearchTest, ListsComeByTheDistanceOfTheirCentroids) {
  const codec::Centroids centroids(RandomValues(100 * 6, 1), 6, codec::Nearness::kL2);
  const std::vector<float> query = RandomValues(6, 2);
  std::vector<float> distances(100);
  centroids.Compare(query.data(), distances.data());
  std::vector<uint32_t> expected(100);
  std::iota(expected.begin(), expected.end(), 0U);
  std::sort(expected.begin(), expected.end(), [&](uint32_t a, uint32_t b) {
    return distances[a] != distances[b] ? distances[a] < distances[b] : a < b;
  });
  for (const size_t wanted : std::initializer_list<size_t>{0, 1, 7, 99, 100, 1000}) {
    ListOrder order;
    order.Reset(centroids, query.data(), wanted);
    for (size_t place = 0; place < 100; ++place) {
      EXPECT_EQ(order.At(place), (Candidate{distances[expected[place]], expected[place]}));
    }
  }
  // Begun elsewhere: the third and the first, and then the others.
  ListOrder order;
  order.Reset(centroids, query.data(),
              std::vector<Candidate>{{distances[expected[0]], expected[0]},
                                     {distances[expected[2]], expected[2]}});
  EXPECT_EQ(order.At(0).row, expected[0]);
  EXPECT_EQ(order.At(1).row, expected[2]);
  EXPECT_EQ(order.At(2).row, expected[1]);
  for (size_t place = 3; place < 100; ++place) EXPECT_EQ(order.At(place).row, expected[place]);
}

// Every code is offered once, near to the distance of the row it stands for.
TEST(IvfSearchTest, AListOffersItsRows) {
  const TestRows rows = MixedRows(1000, 8, 5, 3);
  const std::vector<float> vector = RandomValues(8, 4);
  for (const IndexSpec& spec : IvfSpecs(5)) {
    if (spec.metric == Metric::kCosine) continue;  // as kIp, once rows are scaled
    const auto lists = BuildIvf(rows.view(), spec, {}, {});
    ASSERT_OK(lists);
    ListScanner scanner(*lists, spec);
    scanner.SetQuery(vector.data());
    ListOrder order;
    order.Reset(lists->centroids, vector.data(), 5);
    const QueryDistance exact(rows.view(), spec.metric, vector.data());
    const Context context;
    for (size_t place = 0; place < lists->layout.num_lists(); ++place) {
      const auto [centroid_distance, list] = order.At(place);
      Poller poller(context, 8);
      Reservoir nearest;
      nearest.Reset(1000);
      ASSERT_OK(scanner.Scan(list, centroid_distance, {.num_rows = 1000}, &nearest, &poller));
      const std::vector<Candidate> found = Unpacked(nearest.Finish());
      ASSERT_EQ(found.size(), lists->layout.size(list)) << IvfName(spec);
      double error = 0, scale = 0;
      for (const Candidate& candidate : found) {
        const double distance = exact.One(candidate.row);
        error += std::abs(static_cast<double>(candidate.distance) - distance);
        // A dot product is small beside the lengths that it is off in proportion to.
        const float* row = rows.view().row(candidate.row);
        scale += spec.metric == Metric::kL2
                     ? distance
                     : std::sqrt(static_cast<double>(codec::SquaredNorm(row, 8)) *
                                 static_cast<double>(codec::SquaredNorm(vector.data(), 8)));
      }
      EXPECT_LT(error, 0.35 * scale) << IvfName(spec);
    }
  }
}

// Scans all lists for one query under masks of every density, and finds what is allowed.
void ExpectMasksHeldTo(const TestRows& rows, const IndexSpec& spec) {
  const VectorView view = rows.view();
  const std::vector<float> vector = RandomValues(static_cast<size_t>(view.dim), 6);
  const auto lists = BuildIvf(view, spec, {}, {});
  ASSERT_OK(lists);
  ListScanner scanner(*lists, spec);
  scanner.SetQuery(vector.data());
  ListOrder order;
  order.Reset(lists->centroids, vector.data(), lists->layout.num_lists());
  const Context context;
  AnswerDistance exact(view, spec.metric, nullptr);
  exact.SetQuery(vector.data(), context);
  for (const double share : {0.0, 0.01, 0.1, 0.5, 0.99}) {
    const auto bits = RandomBitmap(view.num_rows, share, 7);
    const base::RowMask mask{.num_rows = view.num_rows, .allowed = bits.data()};
    Poller poller(context, view.dim);
    Reservoir nearest;
    nearest.Reset(view.num_rows);
    TopRows exactly(view.num_rows);
    for (size_t place = 0; place < lists->layout.num_lists(); ++place) {
      const auto [centroid_distance, list] = order.At(place);
      ASSERT_OK(scanner.Scan(list, centroid_distance, mask, &nearest, &poller));
      ASSERT_OK(ScanListExactly(*lists, list, mask, &exact, &exactly, &poller));
    }
    std::vector<Candidate> naive;
    exactly.Finish(&naive);
    EXPECT_EQ(naive, NaiveSearch(view, spec.metric, vector.data(), mask, view.num_rows));
    const std::vector<Candidate> found = Unpacked(nearest.Finish());
    ASSERT_EQ(found.size(), naive.size()) << IvfName(spec) << share;
    for (const Candidate& candidate : found) EXPECT_TRUE(mask.Contains(candidate.row));
    TopRows again(view.num_rows);
    ASSERT_OK(RefineCandidates(found, found.size(), &exact, &again, &poller));
    std::vector<Candidate> offered;
    again.Finish(&offered);
    EXPECT_EQ(offered, naive);
  }
}

TEST(IvfSearchTest, TheMaskIsHeldToWhereverItsBitsLie) {
  const TestRows rows = MixedRows(1000, 8, 2, 5);
  for (const IndexSpec& spec : IvfSpecs(2)) ExpectMasksHeldTo(rows, spec);
}

// Of these, blocks without an allowed row are not read.
TEST(IvfSearchTest, TheMaskIsHeldToWhereBlocksAreSkipped) {
  const TestRows rows = RandomRows(700, 72, 8);
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    ExpectMasksHeldTo(rows, {metric, IvfPqParams{.nlist = 3, .m = 72, .nbits = 4}});
  }
}

}  // namespace
}  // namespace vecdb::index
