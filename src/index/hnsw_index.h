#ifndef VECDB_INDEX_HNSW_INDEX_H_
#define VECDB_INDEX_HNSW_INDEX_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "index/hnsw_graph.h"
#include "index/vector_index.h"
#include "index/walk_scratch.h"

namespace vecdb::index {

/// A hierarchical navigable small-world graph over a view. Immutable, thread-safe.
///
/// With a mask, PlanHnswSearch chooses: nearly all rows allowed, the walk ignores the mask and
/// keeps a few candidates more; few rows allowed, they are compared one by one; between, the walk
/// goes from allowed row to allowed row. Where a walk found too few rows, those that may be
/// returned are compared, so that min(k, rows in mask and limits) come back always.
class HnswIndex final : public VectorIndex {
 public:
  HnswIndex(const VectorView& view, const IndexSpec& spec, HnswGraph graph, const Host& host)
      : view_(view), spec_(spec), graph_(std::move(graph)), scratch_(view.num_rows, host) {}

  absl::Status Search(const RowQuery& query, const Context& context,
                      std::vector<Candidate>* out) const override;
  absl::Status Write(format::SectionWriter& writer, const Context& context) const override;
  const IndexSpec& spec() const override { return spec_; }
  uint64_t index_bytes() const override { return graph_.bytes(); }

  const HnswGraph& graph() const { return graph_; }

 private:
  struct Job;  // one search under way

  absl::Status Run(Job* job, std::vector<Candidate>* out) const;
  absl::Status Walk(Job* job, std::vector<Candidate>* out) const;
  absl::Status WalkFiltered(Job* job, std::vector<Candidate>* out) const;
  absl::Status Scan(Job* job, std::vector<Candidate>* out) const;

  const VectorView view_;
  const IndexSpec spec_;
  const HnswGraph graph_;
  mutable WalkScratchPool scratch_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_INDEX_H_
