#include "index/graph_source.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "index/neighbor_selector.h"

namespace vecdb::index {
namespace {

constexpr size_t kRowsOfTakenPiece = 64;
// Of rows that have gone, whose links are looked at for one list.
constexpr size_t kMostGone = 8;

// What one thread takes over with. For one thread at a time.
class LinkTaker {
 public:
  LinkTaker(const GraphSource& source, const LinkerSpec& spec, HnswGraph* graph)
      : source_(source),
        distance_(MakeRowDistance(spec)),
        selector_(MakeRowDistance(spec)),
        from_(source.graph->level(0)),
        to_(graph->level(0)) {
    selector_.SetStretch(spec.stretch, spec.metric);
  }

  // The list of a row of the source that is still there.
  void Take(uint32_t old_row) {
    const uint32_t row = source_.rows[old_row];
    ListLeft(old_row);
    if (!gone_.empty()) FillUp(row);
    uint32_t* const links = to_.of(row);
    std::copy(left_.begin(), left_.end(), links);
    std::fill(links + left_.size(), links + to_.degree, kNoRow);
  }

 private:
  // Its links in new numbers, and the old ones of rows that have gone.
  void ListLeft(uint32_t old_row) {
    left_.clear();
    gone_.clear();
    const uint32_t* const links = from_.of(old_row);
    for (size_t i = 0; i < from_.degree && links[i] != kNoRow; ++i) {
      const uint32_t row = source_.rows[links[i]];
      if (row != kNoRow) {
        left_.push_back(row);
      } else if (gone_.size() < kMostGone) {
        gone_.push_back(links[i]);
      }
    }
  }

  // What is left stays, and what the heuristic would choose of all that may come in fills up.
  void FillUp(uint32_t row) {
    others_ = left_;
    for (const uint32_t gone : gone_) {
      const uint32_t* const links = from_.of(gone);
      for (size_t i = 0; i < from_.degree && links[i] != kNoRow; ++i) {
        const uint32_t other = source_.rows[links[i]];
        if (other != kNoRow && other != row) others_.push_back(other);
      }
    }
    std::sort(others_.begin(), others_.end());
    others_.erase(std::unique(others_.begin(), others_.end()), others_.end());
    distances_.resize(others_.size());
    distance_.From(row, others_.data(), others_.size(), std::numeric_limits<float>::infinity(),
                   distances_.data());
    candidates_.clear();
    for (size_t i = 0; i < others_.size(); ++i) {
      candidates_.push_back({distances_[i], others_[i], others_[i]});
    }
    std::sort(candidates_.begin(), candidates_.end());
    const size_t num_left = left_.size();
    for (const LinkCandidate& chosen : selector_.Select(candidates_, to_.degree)) {
      if (left_.size() == to_.degree) return;
      const auto end = left_.begin() + static_cast<ptrdiff_t>(num_left);
      if (std::find(left_.begin(), end, chosen.node) == end) left_.push_back(chosen.node);
    }
  }

  const GraphSource& source_;
  const RowDistance distance_;
  NeighborSelector selector_;
  const HnswLevel from_;
  const HnswLevel to_;
  std::vector<uint32_t> left_;
  std::vector<uint32_t> gone_;
  std::vector<uint32_t> others_;
  std::vector<float> distances_;
  std::vector<LinkCandidate> candidates_;
};

}  // namespace

bool IsWorthwhile(std::span<const uint32_t> rows, uint32_t num_rows) {
  const auto num_gone = std::count(rows.begin(), rows.end(), kNoRow);
  const size_t num_left = rows.size() - static_cast<size_t>(num_gone);
  return num_left > 0 && 2 * num_left >= rows.size() && 4 * num_left >= num_rows;
}

bool IsWorthwhile(const GraphSource& source, uint32_t num_rows, uint32_t m) {
  return source.graph != nullptr && source.graph->m == m && IsWorthwhile(source.rows, num_rows);
}

absl::Status TakeLinksOver(const GraphSource& source, const LinkerSpec& spec, const Host& host,
                           const Context& context, HnswGraph* graph) {
  std::vector<std::unique_ptr<LinkTaker>> takers;
  for (size_t i = 0; i < base::MaxStrands(host.executor); ++i) {
    takers.push_back(std::make_unique<LinkTaker>(source, spec, graph));
  }
  const size_t pieces = (source.rows.size() + kRowsOfTakenPiece - 1) / kRowsOfTakenPiece;
  return base::ParallelFor(host.executor, Priority::kBackground, pieces, context,
                           [&](size_t piece, size_t strand) -> absl::Status {
                             VECDB_RETURN_IF_ERROR(context.Check());
                             const size_t begin = piece * kRowsOfTakenPiece;
                             const size_t end =
                                 std::min(source.rows.size(), begin + kRowsOfTakenPiece);
                             for (size_t old_row = begin; old_row < end; ++old_row) {
                               if (source.rows[old_row] != kNoRow)
                                 takers[strand]->Take(static_cast<uint32_t>(old_row));
                             }
                             return absl::OkStatus();
                           });
}

}  // namespace vecdb::index
