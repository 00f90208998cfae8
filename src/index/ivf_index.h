#ifndef VECDB_INDEX_IVF_INDEX_H_
#define VECDB_INDEX_IVF_INDEX_H_

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/loan_pool.h"
#include "index/hnsw_index.h"
#include "index/ivf_lists.h"
#include "index/ivf_search.h"
#include "index/row_codes.h"
#include "index/vector_index.h"

namespace vecdb::index {

/// Inverted lists over a view: IVF_FLAT, IVF_SQ8, IVF_PQ. Immutable, thread-safe.
///
/// With many lists the nearest centroids are found by a graph. A search reads the lists of the
/// nprobe nearest centroids, and further lists as long as it has fewer than k rows, so that min(k,
/// rows in mask and limits) come back always. The best candidates by their codes are compared
/// again, by copies or as rows. Where few rows may be returned all of them are compared so, unless
/// each had to be read from a disk; with limits on distances the rows of the lists are, instead of
/// the codes.
class IvfIndex final : public VectorIndex {
 public:
  /// `copies` refine the candidates; without them the rows do.
  IvfIndex(const VectorView& view, const IndexSpec& spec, IvfLists lists,
           std::optional<RowCodes> copies, const Host& host);
  ~IvfIndex() override;

  absl::Status Search(const RowQuery& query, const Context& context,
                      std::vector<Candidate>* out) const override;
  absl::Status SearchBatch(std::span<const RowQuery> queries, const Context& context,
                           std::span<std::vector<Candidate>> out) const override;
  absl::Status Write(format::SectionWriter& writer, const Context& context) const override;
  const IndexSpec& spec() const override { return spec_; }
  uint32_t most_effort() const override { return static_cast<uint32_t>(lists_.layout.num_lists()); }
  uint64_t index_bytes() const override;

  const IvfLists& lists() const { return lists_; }

 private:
  struct Scratch;
  struct Job;

  base::LoanPool<Scratch>::Loan BorrowScratch() const;
  bool IsForLists(const RowQuery& query) const;
  bool IsForScan(const RowQuery& query) const;
  bool ChoosesNumRefined(const RowQuery& query) const;
  size_t NumListsOf(const RowQuery& query) const;
  absl::Status Scan(const RowQuery& query, const Context& context,
                    std::vector<Candidate>* out) const;
  size_t NprobeOf(const RowQuery& query) const;
  absl::Status Begin(Job* job) const;
  absl::Status OrderLists(Job* job) const;
  absl::Status ScanList(Job* job, const Candidate& list) const;
  absl::Status ScanFrom(Job* job, size_t place) const;
  absl::Status ShareLists(std::span<std::unique_ptr<Job>> jobs) const;
  absl::Status End(Job* job, std::vector<Candidate>* out) const;
  bool LostATie(const Job& job) const;
  const RowCodes* copies() const { return copies_.has_value() ? &*copies_ : nullptr; }
  bool reads_rows() const { return view_.rows == nullptr && !copies_.has_value(); }

  const VectorView view_;
  const IndexSpec spec_;
  MemoryBudget* const budget_;                        ///< of what searches keep; may be null
  const std::unique_ptr<const HnswIndex> centroids_;  ///< where there are many lists
  const IvfLists lists_;                              ///< less the graph
  const std::optional<RowCodes> copies_;
  mutable base::LoanPool<Scratch> scratch_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_IVF_INDEX_H_
