#include "faiss/hnsw_links.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::faiss {
namespace {

using index::HnswGraph;
using index::HnswLevel;
using index::kNoRow;

constexpr size_t kMostM = 2048;  // of HnswParams
constexpr uint32_t kNodesBetweenPolls = 1 << 14;

class GraphReader {
 public:
  GraphReader(const ::faiss::HNSW& hnsw, uint32_t num_rows, const Host& host,
              const Context& context)
      : hnsw_(hnsw), num_rows_(num_rows), host_(host), context_(context) {}

  absl::StatusOr<HnswGraph> Read() {
    VECDB_RETURN_IF_ERROR(CheckDegrees());
    VECDB_RETURN_IF_ERROR(CheckLevels());
    VECDB_RETURN_IF_ERROR(CheckEntry());
    VECDB_ASSIGN_OR_RETURN(const size_t m, LeastM());
    VECDB_ASSIGN_OR_RETURN(
        graph_, HnswGraph::Make(num_rows_, static_cast<uint32_t>(m), CountLevels(), host_));
    graph_.entry_row = num_rows_ == 0 ? kNoRow : static_cast<uint32_t>(hnsw_.entry_point);
    VECDB_RETURN_IF_ERROR(NumberNodes());
    VECDB_RETURN_IF_ERROR(CopyAllLinks());
    return std::move(graph_);
  }

 private:
  size_t Degree(size_t level) const {
    const auto& sums = hnsw_.cum_nneighbor_per_level;
    return static_cast<size_t>(sums[level + 1] - sums[level]);
  }

  // The levels of a row: 1 is level 0 alone.
  size_t LevelsOf(size_t row) const { return static_cast<size_t>(hnsw_.levels[row]); }

  absl::Status CheckDegrees() const {
    const auto& sums = hnsw_.cum_nneighbor_per_level;
    if (sums.size() >= 2 && sums[0] == 0 && std::is_sorted(sums.begin(), sums.end())) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(
        base::StrFormat("HNSW: cum_nneighbor_per_level, of %d numbers, does not begin with 0 or "
                        "falls",
                        sums.size()));
  }

  absl::Status CheckLevels() {
    if (hnsw_.levels.size() != num_rows_ || hnsw_.offsets.size() != size_t{num_rows_} + 1 ||
        hnsw_.offsets.front() != 0 || hnsw_.offsets.back() != hnsw_.neighbors.size()) {
      return absl::InvalidArgumentError(base::StrFormat(
          "HNSW: %d levels, %d offsets and %d neighbors do not belong to %d rows",
          hnsw_.levels.size(), hnsw_.offsets.size(), hnsw_.neighbors.size(), num_rows_));
    }
    const size_t most =
        std::min(hnsw_.cum_nneighbor_per_level.size() - 1, HnswGraph::kMaxLevels + 1);
    for (size_t row = 0; row < num_rows_; ++row) {
      if (hnsw_.levels[row] < 1 || LevelsOf(row) > most) {
        return absl::InvalidArgumentError(base::StrFormat(
            "HNSW: row %d has %d levels; 1 to %d are possible", row, hnsw_.levels[row], most));
      }
      const auto links = static_cast<size_t>(hnsw_.cum_nneighbor_per_level[LevelsOf(row)]);
      if (hnsw_.offsets[row] > hnsw_.neighbors.size() ||
          hnsw_.offsets[row + 1] != hnsw_.offsets[row] + links) {
        return absl::InvalidArgumentError(
            base::StrFormat("HNSW: the links of row %d do not lie where its %d levels put them",
                            row, hnsw_.levels[row]));
      }
      top_levels_ = std::max(top_levels_, LevelsOf(row));
    }
    return absl::OkStatus();
  }

  absl::Status CheckEntry() const {
    if (num_rows_ == 0) return absl::OkStatus();
    const auto entry = hnsw_.entry_point;
    if (entry >= 0 && static_cast<uint32_t>(entry) < num_rows_ &&
        LevelsOf(static_cast<size_t>(entry)) == top_levels_ &&
        hnsw_.max_level == hnsw_.levels[static_cast<size_t>(entry)] - 1) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(base::StrFormat(
        "HNSW: the entry point is row %d of %d and max_level %d, where the highest level is %d",
        entry, num_rows_, hnsw_.max_level, static_cast<int64_t>(top_levels_) - 1));
  }

  absl::StatusOr<size_t> LeastM() const {
    size_t m = std::max<size_t>(2, (Degree(0) + 1) / 2);
    for (size_t level = 1; level < top_levels_; ++level) m = std::max(m, Degree(level));
    if (m <= kMostM) return m;
    return absl::InvalidArgumentError(base::StrFormat(
        "HNSW: %d links a row at level 0 ask for M %d; the most is %d", Degree(0), m, kMostM));
  }

  std::vector<uint32_t> CountLevels() const {
    std::vector<uint32_t> counts(top_levels_ == 0 ? 0 : top_levels_ - 1);
    for (size_t row = 0; row < num_rows_; ++row) {
      for (size_t level = 1; level < LevelsOf(row); ++level) ++counts[level - 1];
    }
    return counts;
  }

  // Numbers the rows of the upper levels: those of the highest first, and the entry before all.
  absl::Status NumberNodes() {
    VECDB_ASSIGN_OR_RETURN(node_of_row_,
                           base::LargeBuffer::Make(uint64_t{num_rows_} * sizeof(uint32_t), host_,
                                                   "nodes of an HNSW graph", MemoryUse::kBuilds));
    const std::span<uint32_t> rows = graph_.upper_rows.as<uint32_t>();
    size_t next = 0;
    for (uint32_t row = 0; row < num_rows_ && !rows.empty(); ++row) {
      if (LevelsOf(row) > 1) rows[next++] = row;
    }
    const auto rank = [&](uint32_t row) {
      return std::pair(LevelsOf(row), row == graph_.entry_row);
    };
    std::stable_sort(rows.begin(), rows.end(),
                     [&](uint32_t a, uint32_t b) { return rank(a) > rank(b); });
    const std::span<uint32_t> nodes = node_of_row_.as<uint32_t>();
    for (uint32_t node = 0; node < rows.size(); ++node) nodes[rows[node]] = node;
    return absl::OkStatus();
  }

  absl::Status CopyAllLinks() {
    const HnswLevel base = graph_.level(0);
    for (uint32_t row = 0; row < num_rows_; ++row) {
      if (row % kNodesBetweenPolls == 0) VECDB_RETURN_IF_ERROR(context_.Check());
      VECDB_RETURN_IF_ERROR(CopyLinks(row, 0, base.of(row)));
    }
    for (size_t level = 1; level <= graph_.top_level(); ++level) {
      VECDB_RETURN_IF_ERROR(context_.Check());
      const HnswLevel upper = graph_.level(level);
      for (uint32_t node = 0; node < graph_.num_nodes(level); ++node) {
        VECDB_RETURN_IF_ERROR(CopyLinks(upper.row(node), level, upper.of(node)));
      }
    }
    return absl::OkStatus();
  }

  absl::Status CopyLinks(uint32_t row, size_t level, uint32_t* out) const {
    const size_t begin =
        hnsw_.offsets[row] + static_cast<size_t>(hnsw_.cum_nneighbor_per_level[level]);
    const auto links = std::span(hnsw_.neighbors).subspan(begin, Degree(level));
    const uint32_t* nodes = node_of_row_.as<const uint32_t>().data();
    std::fill_n(out, graph_.degree(level), kNoRow);
    bool ended = false;
    for (const int32_t link : links) {
      if (link == -1) {
        ended = true;
        continue;
      }
      VECDB_RETURN_IF_ERROR(CheckLink(row, level, link, ended));
      const auto target = static_cast<uint32_t>(link);
      *out++ = level == 0 ? target : nodes[target];
    }
    return absl::OkStatus();
  }

  absl::Status CheckLink(uint32_t row, size_t level, int32_t link, bool ended) const {
    const char* wrong = nullptr;
    if (link < 0 || static_cast<uint32_t>(link) >= num_rows_) {
      wrong = "which does not exist";
    } else if (LevelsOf(static_cast<size_t>(link)) <= level) {
      wrong = "which is not on that level";
    } else if (ended) {
      wrong = "behind the end of its list";
    }
    if (wrong == nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(
        base::StrFormat("HNSW: on level %d row %d links to row %d, %s", level, row, link, wrong));
  }

  const ::faiss::HNSW& hnsw_;
  const uint32_t num_rows_;
  const Host& host_;
  const Context& context_;
  size_t top_levels_ = 0;
  HnswGraph graph_;
  base::LargeBuffer node_of_row_;  // set for rows of the upper levels alone
};

// The levels of each row, as FAISS counts them.
void FillLevels(const HnswGraph& graph, ::faiss::HNSW* hnsw) {
  hnsw->levels.assign(graph.num_rows, 1);
  for (size_t level = 1; level <= graph.top_level(); ++level) {
    for (uint32_t node = 0; node < graph.num_nodes(level); ++node) {
      hnsw->levels[graph.RowOf(node)] = static_cast<int>(level) + 1;
    }
  }
}

// FAISS makes room for as many levels as it expects to need.
void ExtendDegrees(const HnswGraph& graph, ::faiss::HNSW* hnsw) {
  std::vector<int>& sums = hnsw->cum_nneighbor_per_level;
  while (sums.size() < graph.top_level() + 2) {
    sums.push_back(sums.back() + static_cast<int>(graph.m));
  }
}

void FillOffsets(const HnswGraph& graph, ::faiss::HNSW* hnsw) {
  hnsw->offsets.assign(size_t{graph.num_rows} + 1, 0);
  for (size_t row = 0; row < graph.num_rows; ++row) {
    const auto levels = static_cast<size_t>(hnsw->levels[row]);
    hnsw->offsets[row + 1] =
        hnsw->offsets[row] + static_cast<size_t>(hnsw->cum_nneighbor_per_level[levels]);
  }
  hnsw->neighbors.assign(hnsw->offsets.back(), -1);
}

void FillLinks(const HnswGraph& graph, size_t level, uint32_t node, ::faiss::HNSW* hnsw) {
  const HnswLevel links = graph.level(level);
  const uint32_t row = links.row(node);
  const size_t begin =
      hnsw->offsets[row] + static_cast<size_t>(hnsw->cum_nneighbor_per_level[level]);
  const size_t count = index::CountLinks(links.of(node), links.degree);
  for (size_t i = 0; i < count; ++i) {
    hnsw->neighbors[begin + i] = static_cast<int32_t>(links.row(links.of(node)[i]));
  }
}

}  // namespace

absl::StatusOr<HnswGraph> GraphFromFaiss(const ::faiss::HNSW& hnsw, uint32_t num_rows,
                                         const Host& host, const Context& context) {
  return GraphReader(hnsw, num_rows, host, context).Read();
}

absl::Status GraphToFaiss(const HnswGraph& graph, const Context& context, ::faiss::HNSW* hnsw) {
  FillLevels(graph, hnsw);
  ExtendDegrees(graph, hnsw);
  FillOffsets(graph, hnsw);
  for (size_t level = 0; level <= graph.top_level(); ++level) {
    for (uint32_t node = 0; node < graph.num_nodes(level); ++node) {
      if (node % kNodesBetweenPolls == 0) VECDB_RETURN_IF_ERROR(context.Check());
      FillLinks(graph, level, node, hnsw);
    }
  }
  hnsw->entry_point = graph.num_rows == 0 ? -1 : static_cast<int32_t>(graph.entry_row);
  hnsw->max_level = graph.num_rows == 0 ? -1 : static_cast<int>(graph.top_level());
  return absl::OkStatus();
}

}  // namespace vecdb::faiss
