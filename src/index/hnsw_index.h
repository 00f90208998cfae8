#ifndef VECDB_INDEX_HNSW_INDEX_H_
#define VECDB_INDEX_HNSW_INDEX_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "base/loan_pool.h"
#include "index/hnsw_graph.h"
#include "index/hnsw_search.h"
#include "index/row_codes.h"
#include "index/vector_index.h"
#include "index/walk_scratch.h"

namespace vecdb::index {

/// What a graph over codes has beside it.
struct HnswCodes {
  RowCodes walked{};                 ///< what walks compare
  std::optional<RowCodes> copies{};  ///< what candidates are refined by; else the rows are
};

/// A hierarchical navigable small-world graph over a view. Immutable, thread-safe.
///
/// With codes the walk compares codes, and the nearest rows that it found are compared once more,
/// by copies or as rows; so are, where few rows may be returned, the nearest of them by code. Then
/// the rows need not be in memory.
///
/// With a mask, PlanHnswSearch chooses: nearly all rows allowed, the walk ignores the mask and
/// keeps a few candidates more; few rows allowed, they are compared one by one; between, the walk
/// goes from allowed row to allowed row. Where a walk found too few rows, those that may be
/// returned are compared, so that min(k, rows in mask and limits) come back always.
class HnswIndex final : public VectorIndex {
 public:
  HnswIndex(const VectorView& view, const IndexSpec& spec, HnswGraph graph,
            std::optional<HnswCodes> codes, const Host& host);
  ~HnswIndex() override;

  absl::Status Search(const RowQuery& query, const Context& context,
                      std::vector<Candidate>* out) const override;
  absl::Status Write(format::SectionWriter& writer, const Context& context) const override;
  const IndexSpec& spec() const override { return spec_; }
  uint32_t most_effort() const override;
  uint64_t index_bytes() const override;

  const HnswGraph& graph() const { return graph_; }
  const std::optional<HnswCodes>& codes() const { return codes_; }

 private:
  struct Coded;  // what a search by codes needs
  struct Job;    // one search under way

  base::LoanPool<Coded>::Loan BorrowCoded() const;
  absl::Status Run(Job* job, std::vector<Candidate>* out) const;
  absl::Status Walk(Job* job, std::vector<Candidate>* out) const;
  absl::Status WalkFiltered(Job* job, std::vector<Candidate>* out) const;
  absl::Status Scan(Job* job, std::vector<Candidate>* out) const;
  absl::Status ScanByCodes(Job* job, std::vector<Candidate>* out) const;
  absl::Status TakeNearest(Job* job, std::vector<Candidate>* out) const;
  absl::Status Refine(Job* job, std::vector<Candidate>* out) const;
  template <class Distance>
  absl::StatusOr<HnswStart> DescendTo0(Job* job, const Distance& distance) const;
  template <class Distance>
  absl::Status WalkBy(Job* job, const Distance& distance) const;
  template <class Distance>
  absl::Status WalkFilteredBy(Job* job, const Distance& distance) const;

  const VectorView view_;
  const IndexSpec spec_;
  const HnswGraph graph_;
  const std::optional<HnswCodes> codes_;
  mutable base::LoanPool<Coded> coded_;
  mutable WalkScratchPool scratch_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_INDEX_H_
