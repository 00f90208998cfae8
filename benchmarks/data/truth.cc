#include "data/truth.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "data/distance.h"

namespace vecdb::bench {
namespace {

// Queries that share one pass over the base, which is then read from memory less often.
constexpr size_t kQueriesPerPass = 16;

// 1 / length of each row; 0 for a zero row.
std::vector<double> InverseLengths(const Matrix& matrix) {
  std::vector<double> result(matrix.num_rows());
  for (size_t row = 0; row < matrix.num_rows(); ++row) {
    const double squares = -ExactDistance(Metric::kIp, matrix.row(row), matrix.row(row));
    result[row] = squares > 0 ? 1 / std::sqrt(squares) : 0;
  }
  return result;
}

// Distances as ExactDistance gives them, with the lengths that cosine needs worked out once.
class Distances {
 public:
  Distances(Metric metric, const Matrix& base, const Matrix& queries)
      : metric_(metric), base_(base), queries_(queries) {
    if (metric != Metric::kCosine) return;
    base_inverse_ = InverseLengths(base);
    query_inverse_ = InverseLengths(queries);
  }

  double Of(size_t query, size_t row) const {
    if (metric_ != Metric::kCosine) {
      return ExactDistance(metric_, queries_.row(query), base_.row(row));
    }
    const double minus_dot = ExactDistance(Metric::kIp, queries_.row(query), base_.row(row));
    return 1 + minus_dot * query_inverse_[query] * base_inverse_[row];
  }

  size_t num_rows() const { return base_.num_rows(); }

 private:
  const Metric metric_;
  const Matrix& base_;
  const Matrix& queries_;
  std::vector<double> base_inverse_;
  std::vector<double> query_inverse_;
};

using Candidate = std::pair<double, uint32_t>;

// Keeps the k smallest seen so far in a heap whose top is the largest of them.
void Offer(std::vector<Candidate>& heap, size_t k, Candidate candidate) {
  if (heap.size() == k) {
    if (heap.front() < candidate) return;
    std::pop_heap(heap.begin(), heap.end());
    heap.back() = candidate;
  } else {
    heap.push_back(candidate);
  }
  std::push_heap(heap.begin(), heap.end());
}

void ComputeQueries(const Distances& distances, const RowSet* allowed, size_t begin, size_t end,
                    Truth& truth) {
  std::vector<std::vector<Candidate>> heaps(end - begin);
  for (size_t row = 0; row < distances.num_rows(); ++row) {
    if (allowed != nullptr && !allowed->Contains(row)) continue;
    for (size_t query = begin; query < end; ++query) {
      Offer(heaps[query - begin], truth.k, {distances.Of(query, row), static_cast<uint32_t>(row)});
    }
  }
  for (size_t query = begin; query < end; ++query) {
    std::vector<Candidate>& heap = heaps[query - begin];
    std::sort_heap(heap.begin(), heap.end());
    for (size_t i = 0; i < heap.size(); ++i) truth.ids[query * truth.k + i] = heap[i].second;
  }
}

}  // namespace

Truth ComputeTruth(Metric metric, const Matrix& base, const Matrix& queries, size_t k,
                   int num_threads, const RowSet* allowed) {
  Truth truth{.num_queries = queries.num_rows(), .k = k};
  truth.ids.assign(truth.num_queries * k, kNoRow);
  const Distances distances(metric, base, queries);
  std::atomic<size_t> next = 0;  // hands out passes; the results are joined by the threads' end
  auto work = [&] {
    for (;;) {
      const size_t begin = next.fetch_add(kQueriesPerPass);
      if (begin >= truth.num_queries) return;
      const size_t end = std::min(begin + kQueriesPerPass, truth.num_queries);
      ComputeQueries(distances, allowed, begin, end, truth);
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<size_t>(num_threads));
  for (int i = 0; i < num_threads; ++i) threads.emplace_back(work);
  threads.clear();
  return truth;
}

absl::Status CheckTruth(const Truth& truth, Metric metric, const Matrix& base,
                        const Matrix& queries, size_t k) {
  for (size_t query = 0; query < truth.num_queries; ++query) {
    double before = 0;
    for (size_t i = 0; i < k; ++i) {
      const uint32_t id = truth.of(query)[i];
      if (id >= base.num_rows()) {
        return absl::InvalidArgumentError(
            absl::StrFormat("truth: neighbour %d of query %d is row %d, the base has %d rows", i,
                            query, id, base.num_rows()));
      }
      const double distance = ExactDistance(metric, queries.row(query), base.row(id));
      const double slack = 16 * DistanceTolerance(metric, queries.row(query), base.row(id));
      if (i > 0 && distance < before - slack) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "truth: neighbour %d of query %d is nearer than the one before it: this is the truth "
            "of another set or metric",
            i, query));
      }
      before = distance;
    }
  }
  return absl::OkStatus();
}

}  // namespace vecdb::bench
