#ifndef VECDB_INDEX_IVF_SEARCH_H_
#define VECDB_INDEX_IVF_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/row_mask.h"
#include "codec/fast_scan.h"
#include "index/answer_distance.h"
#include "index/ivf_lists.h"
#include "index/poller.h"
#include "index/reservoir.h"
#include "index/top_rows.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// The lists in the order of their centroids' distance from a query, sorted no further than it is
/// asked for. Storage is kept between queries. For one thread at a time.
class ListOrder {
 public:
  /// Compares all centroids and begins with the `wanted` nearest. `query` is scaled under kCosine;
  /// both are borrowed until the last At.
  void Reset(const codec::Centroids& centroids, const float* query, size_t wanted);

  /// Begins with `nearest`, found elsewhere; the others come behind them.
  void Reset(const codec::Centroids& centroids, const float* query,
             const std::vector<Candidate>& nearest);

  /// The list at `place`, below the number of lists, and the distance of its centroid.
  Candidate At(size_t place) {
    if (place >= num_sorted_) SortMore();
    return UnpackCandidate(order_[place]);
  }

 private:
  void CompareAll();
  void AddTheOthers();
  void SortMore();
  void SortTo(size_t end);

  const codec::Centroids* centroids_ = nullptr;
  const float* query_ = nullptr;
  std::vector<float> distances_;
  std::vector<PackedCandidate> order_;
  size_t num_sorted_ = 0;
};

/// Compares the codes of lists with a query. Borrows the lists. For one thread at a time.
class ListScanner {
 public:
  explicit ListScanner(const IvfLists& lists, const IndexSpec& spec);

  /// `query` is scaled under kCosine; borrowed until the last Scan.
  void SetQuery(const float* query);

  /// Offers the rows of a list that the mask contains. `centroid_distance` is that of ListOrder.
  /// Cancelled, DeadlineExceeded.
  absl::Status Scan(uint32_t list, float centroid_distance, const base::RowMask& mask,
                    Reservoir* nearest, Poller* poller);

 private:
  // The distances of a list's codes begin at its centroid's, or the query changes with the list.
  bool changes_with_list() const { return residuals_ && metric_ == Metric::kL2 && !has_terms(); }
  bool has_terms() const { return lists_.terms.size() > 0; }
  void SetQueryOfTerms();
  absl::Status EnterList(uint32_t list, float centroid_distance, Poller* poller);

  // What is no number, because it was beyond float, is infinitely far.
  float Above(float distance) const {
    distance += above_;
    return distance == distance ? distance : std::numeric_limits<float>::infinity();
  }

  void SumBlocks(const uint8_t* blocks, std::span<const uint32_t> rows, const base::RowMask& mask);
  absl::Status ScanPacked(uint32_t list, const base::RowMask& mask, Reservoir* nearest,
                          Poller* poller);
  template <class RowAt>
  void OfferNear(size_t count, Reservoir* nearest, const RowAt& row_at);
  absl::Status ScanAll(uint32_t list, Reservoir* nearest, Poller* poller);
  absl::Status ScanMasked(uint32_t list, const base::RowMask& mask, Reservoir* nearest,
                          Poller* poller);

  const IvfLists& lists_;
  const Metric metric_;
  const bool residuals_;
  std::unique_ptr<codec::CodeDistance> distance_;
  std::optional<codec::FastScanDistance> packed_;
  const float* query_ = nullptr;
  size_t floats_per_list_ = 0;  ///< read to make tables for the residual of a query, or so
  std::vector<float> residual_;
  float above_ = 0;     ///< added to the distances of the list
  double of_mean_ = 0;  ///< what lists with terms have on top, of the query and the codec's mean
  std::vector<float> distances_;
  std::vector<uint32_t> places_;
  std::vector<uint16_t> sums_;
  std::vector<uint32_t> masks_;
  std::vector<uint64_t> near_;
};

/// Offers the rows of a list that the mask contains, by their distance in an answer. Cancelled,
/// DeadlineExceeded, what reading the rows returns.
absl::Status ScanListExactly(const IvfLists& lists, uint32_t list, const base::RowMask& mask,
                             AnswerDistance* distance, TopRows* top, Poller* poller);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_IVF_SEARCH_H_
