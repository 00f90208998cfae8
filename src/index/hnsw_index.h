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
/// The walk does not look at the mask: with a share s of the rows allowed it keeps ef / s
/// candidates, of which about ef are allowed. Where an exact scan of the allowed rows is cheaper,
/// that is done; and also when the walk found too few of them, so that min(k, allowed rows) come
/// back always.
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
  // How many candidates the walk for this query keeps; 0 when a scan is cheaper.
  size_t PlanEf(const RowQuery& query) const;
  absl::Status Walk(const RowQuery& query, size_t ef, const Context& context,
                    WalkScratch* scratch) const;
  absl::Status Scan(const RowQuery& query, const Context& context, WalkScratch* scratch,
                    std::vector<Candidate>* out) const;

  const VectorView view_;
  const IndexSpec spec_;
  const HnswGraph graph_;
  mutable WalkScratchPool scratch_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_HNSW_INDEX_H_
