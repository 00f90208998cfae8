#ifndef VECDB_INDEX_ROW_INLETS_H_
#define VECDB_INDEX_ROW_INLETS_H_

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "index/hnsw_graph.h"
#include "index/list_changes.h"
#include "vecdb/host.h"

namespace vecdb::index {

/// How many links lead to each row of level 0, so that a row that lost its last one gets another: a
/// search cannot come to a row without, as happens to the newer ones of many equal rows. For one
/// thread at a time.
class RowInlets {
 public:
  /// For a graph of up to `num_rows` rows, without links yet. ResourceExhausted.
  static absl::StatusOr<RowInlets> Make(uint32_t num_rows, const Host& host);

  RowInlets() = default;

  /// Counts the links of the first `num_rows` rows, and forgets what was counted before.
  void Count(const HnswLevel& level, uint32_t num_rows);

  void Add(uint32_t row) { ++inlets_.as<uint32_t>()[row]; }
  void Remove(uint32_t row) {
    if (--inlets_.as<uint32_t>()[row] == 0) lost_.push_back(row);
  }

  /// Leads links to the rows that have none, among those removed from and `new_rows`, to which no
  /// list in the graph leads and whose own lists are written to. Other lists are changed in
  /// `changes`, the last of which becomes more. The same for any order of Add and Remove.
  void Restore(const HnswGraph& graph, std::span<const uint32_t> new_rows,
               std::span<ListChanges* const> changes);

 private:
  struct Copied {
    uint32_t* list;
    std::vector<uint32_t> links;
  };

  uint32_t* ListOf(uint32_t row);
  void LeadTo(uint32_t row);

  base::LargeBuffer inlets_;
  std::vector<uint32_t> lost_;

  // While restoring: the lists as they will be, by row.
  HnswLevel level_;
  std::unordered_map<uint32_t, uint32_t*> lists_;
  std::vector<Copied> copied_;  // where `changes` has none
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_ROW_INLETS_H_
