#ifndef VECDB_INDEX_GRAPH_LINKER_H_
#define VECDB_INDEX_GRAPH_LINKER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hnsw_graph.h"
#include "index/list_changes.h"
#include "index/neighbor_selector.h"
#include "index/row_codes.h"
#include "index/row_distance.h"
#include "index/row_inlets.h"
#include "index/vector_view.h"
#include "index/walk_scratch.h"
#include "simd/distance.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

/// A row that is to enter a graph.
struct NewNode {
  uint32_t row = 0;
  uint32_t node = 0;     ///< its number on the upper levels, where it reaches any
  size_t top_level = 0;  ///< the highest level that it reaches
  bool is_at_0 = false;  ///< it has its links at level 0, and is to have those above
};

/// What rows are linked by.
struct LinkerSpec {
  /// Where rows are not in memory, candidates are looked for and links chosen by `codes` alone.
  VectorView view{};
  const RowCodes* codes = nullptr;  ///< what candidates are looked for by; nullptr: the rows
  Metric metric = Metric::kL2;
  size_t ef = 0;       ///< candidates to look at
  bool defer = false;  ///< links back wait for Apply
  float stretch = 1;   ///< of TakeLinksOver, as NeighborSelector::SetStretch
};

/// The distances that links are chosen by: of codes that are fine enough, else of the rows.
RowDistance MakeRowDistance(const LinkerSpec& spec);

/// Links batches of rows into a graph (Malkov and Yashunin 2016; Manohar et al., ParlayANN, 2024),
/// on the threads of host.executor at background priority. Same batches, same graph, whatever the
/// number of threads. The graph has a first row, node 0, which is on every level.
///
/// With `defer` the rows of a graph may be searched by others while Link runs: it writes to the
/// lists of new rows alone, to which nothing leads, and keeps changed copies of the lists of
/// others. And a link leads to every row at level 0 then, which otherwise ConnectAllRows sees to
/// when all are in. Borrows what it is given. For one thread at a time.
class GraphLinker {
 public:
  /// `graph` has room for all rows to come; its lists are written to. With `defer`, the rows in it
  /// are the first `num_linked`. ResourceExhausted.
  static absl::StatusOr<std::unique_ptr<GraphLinker>> Make(const LinkerSpec& spec,
                                                           const HnswGraph& graph,
                                                           uint32_t num_linked, const Host& host);
  ~GraphLinker();

  /// Links rows, which do not see each other: 2 % of all keeps the harm to the graph unmeasurable.
  /// With `defer` an error leaves the graph as it was, and the rows can be linked another time;
  /// after success Apply comes next. Cancelled, DeadlineExceeded.
  absl::Status Link(std::span<const NewNode> rows, const Context& context);

  /// Writes the links back that `defer` kept. Nobody may walk the graph meanwhile.
  void Apply();

  /// For further walks between two calls.
  WalkScratch* scratch();

 private:
  struct BackLink;  // a link chosen by a new row, which its target may answer
  struct Strand;    // what one strand of the parallel work keeps to itself

  GraphLinker(const LinkerSpec& spec, const HnswGraph& graph, const Host& host);

  void ForgetLast();
  absl::Status LinkRows(std::span<const NewNode> rows, const Context& context);
  absl::Status LinkRow(const NewNode& row, const Context& context, Strand* strand);
  template <class Walked>
  absl::Status LinkRowBy(const Walked& walked, const NewNode& row, const Context& context,
                         Strand* strand);
  static void CompareRows(uint32_t row, Strand* strand);
  void SortCandidates(uint32_t row, Strand* strand) const;
  void ChooseLinks(size_t level, uint32_t node, uint32_t row, Strand* strand);
  absl::Status AnswerLinks(size_t level, const Context& context);
  void AnswerBucket(size_t level, std::vector<BackLink>* bucket, Strand* strand);
  void Answer(size_t level, std::span<const BackLink> links, Strand* strand);
  static void NoteChanges(std::span<const uint32_t> old, std::span<const LinkCandidate> chosen,
                          Strand* strand);
  void KeepReachable(std::span<const NewNode> rows);
  void CollectLinks(const HnswLevel& view, uint32_t node, size_t count, Strand* strand);

  const LinkerSpec spec_;
  const HnswGraph& graph_;
  const Host host_;
  const simd::DistanceKernels& kernels_;
  std::vector<std::unique_ptr<Strand>> strands_;
  std::vector<std::vector<BackLink>> buckets_;
  RowInlets inlets_;  // with `defer`
  bool counts_are_off_ = false;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_GRAPH_LINKER_H_
