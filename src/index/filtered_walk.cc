#include "index/filtered_walk.h"

#include <algorithm>
#include <cmath>

#include "base/status_macros.h"

namespace vecdb::index {
namespace {

// Allowed neighbours, met before or not, that make passing through masked rows needless. The
// allowed rows then hang together as well as all rows do.
constexpr size_t kEnoughNeighbors = 24;

// Allowed rows not met before that are enough for a step when the filter goes against the query.
constexpr size_t kEnoughNewRows = 32;

// Rows that a step takes at most, and masked rows that it passes through.
constexpr size_t kMaxBatch = 256;
constexpr size_t kMaxMasked = 1024;

constexpr uint32_t kSeeds = 32;

// Times as many rows are kept when the filter goes against the query, for as much recall.
constexpr size_t kEffortAgainst = 3;

constexpr uint8_t kUnmet = 0;  // no walk has this number

// The whole of a mask, and what is left of it when it is a bitmap only.
struct AnyMask {
  const base::RowMask& mask;
  bool Contains(uint32_t row) const { return mask.Contains(row); }
};
struct BitmapMask {
  const uint64_t* words;
  bool Contains(uint32_t row) const { return ((words[row / 64] >> (row % 64)) & 1) != 0; }
};

// One walk. A step collects a batch of allowed rows that were not met before, then computes their
// distances. Allowed rows are marked when they join a batch, masked ones when they are passed
// through, which no later step does again.
template <class Mask, class Distance>
class Walker {
 public:
  Walker(const FilteredWalk& walk, Mask mask, const Distance& distance, bool against,
         WalkScratch* scratch, Poller* poller)
      : walk_(walk),
        distance_(distance),
        level_(walk.level),
        mask_(mask),
        against_(against),
        poller_(poller),
        pool_(scratch->pool) {
    scratch->Reserve(kMaxMasked + level_.degree);
    batch_ = scratch->nodes.data();
    masked_ = scratch->rows.data();
    distances_ = scratch->distances.data();
    scratch->visited.Clear();
    marks_ = scratch->visited.data();
    met_ = scratch->visited.walk();
    pool_.Reset(against ? walk.ef * kEffortAgainst : walk.ef);
  }

  absl::Status Run(HnswStart start) {
    marks_[start.node] = met_;
    if (mask_.Contains(start.node)) {
      pool_.Insert(start.distance, start.node);
    } else {
      VECDB_RETURN_IF_ERROR(Step(start.node));
    }
    if (against_ || pool_.size() == 0) VECDB_RETURN_IF_ERROR(Seed());
    for (uint32_t row = pool_.FollowNearest(); row != kNoRow; row = pool_.FollowNearest()) {
      VECDB_RETURN_IF_ERROR(Step(row));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Step(uint32_t row) {
    num_batch_ = num_masked_ = num_neighbors_ = 0;
    TakeNeighbors(row);
    const size_t passed = HasEnough() ? 0 : PassThroughMasked();
    return Offer(1 + passed);
  }

  bool HasEnough() const {
    if (against_) return num_batch_ >= kEnoughNewRows;
    return num_neighbors_ >= kEnoughNeighbors || num_batch_ >= kMaxBatch;
  }

  // The row's own neighbours: allowed ones into the batch, masked ones to be passed through.
  void TakeNeighbors(uint32_t row) {
    const uint32_t* links = level_.of(row);
    for (size_t i = 0; i < level_.degree && links[i] != kNoRow; ++i) {
      const uint32_t node = links[i];
      const uint8_t mark = marks_[node];
      const bool allowed = mask_.Contains(node);
      batch_[num_batch_] = node;
      masked_[num_masked_] = node;
      num_batch_ += (mark != met_) & allowed;
      num_masked_ += (mark != met_) & !allowed;
      num_neighbors_ += allowed;
      marks_[node] = allowed ? met_ : mark;
    }
  }

  // Through masked neighbours, then through theirs, until there are enough allowed ones. Returns
  // how many were passed through.
  size_t PassThroughMasked() {
    const size_t first_ring = num_masked_;
    for (size_t i = 0; i < first_ring; ++i) PrefetchLinks(level_, masked_[i]);
    size_t i = 0;
    for (; i < first_ring && !HasEnough(); ++i) {
      marks_[masked_[i]] = met_;
      TakeAllowed(masked_[i]);
    }
    if (HasEnough()) return i;
    for (size_t j = 0; j < first_ring; ++j) PutDownMasked(masked_[j]);
    for (; i < num_masked_ && !HasEnough(); ++i) TakeAllowed(masked_[i]);
    for (size_t j = i; j < num_masked_; ++j) marks_[masked_[j]] = kUnmet;
    return i + first_ring;
  }

  void TakeAllowed(uint32_t masked_row) {
    const uint32_t* links = level_.of(masked_row);
    for (size_t i = 0; i < level_.degree && links[i] != kNoRow; ++i) {
      const uint32_t node = links[i];
      if (!mask_.Contains(node)) continue;
      ++num_neighbors_;
      batch_[num_batch_] = node;
      num_batch_ += marks_[node] != met_;
      marks_[node] = met_;
    }
  }

  void PutDownMasked(uint32_t masked_row) {
    const uint32_t* links = level_.of(masked_row);
    for (size_t i = 0; i < level_.degree && links[i] != kNoRow; ++i) {
      const uint32_t node = links[i];
      if (marks_[node] == met_ || mask_.Contains(node) || num_masked_ >= kMaxMasked) continue;
      marks_[node] = met_;
      masked_[num_masked_++] = node;
      PrefetchLinks(level_, node);
    }
  }

  // Starts from rows spread over the bitmap, the same ones for the same mask.
  absl::Status Seed() {
    num_batch_ = 0;
    const uint32_t num_rows = walk_.mask.num_rows;
    const uint32_t stride = num_rows / kSeeds + 1;
    for (uint32_t first = 0; first < num_rows; first += stride) {
      const uint32_t row = NextAllowed(first, std::min(num_rows, first + stride));
      if (row == kNoRow) continue;
      marks_[row] = met_;
      batch_[num_batch_++] = row;
    }
    return Offer(0);
  }

  // The first allowed row of [row, end) that was not met; kNoRow when there is none.
  uint32_t NextAllowed(uint32_t row, uint32_t end) const {
    const uint64_t* const words = walk_.mask.allowed;
    while (row < end) {
      if (words != nullptr && row % 64 == 0 && words[row / 64] == 0) {
        row += 64;
        continue;
      }
      if (marks_[row] != met_ && mask_.Contains(row)) return row;
      ++row;
    }
    return kNoRow;
  }

  absl::Status Offer(size_t followed) {
    for (size_t i = 0; i < num_batch_; ++i) distance_.Prefetch(batch_[i]);
    VECDB_RETURN_IF_ERROR(poller_->Read(num_batch_, followed));
    distance_.Gather(batch_, num_batch_, pool_.worst(), distances_);
    for (size_t i = 0; i < num_batch_; ++i) {
      if (distances_[i] > pool_.worst()) continue;
      if (pool_.Insert(distances_[i], batch_[i])) PrefetchLinks(level_, batch_[i]);
    }
    return absl::OkStatus();
  }

  const FilteredWalk& walk_;
  const Distance& distance_;
  const HnswLevel level_;
  const Mask mask_;
  const bool against_;
  Poller* const poller_;
  CandidatePool& pool_;
  uint32_t* batch_ = nullptr;
  uint32_t* masked_ = nullptr;
  float* distances_ = nullptr;
  uint8_t* marks_ = nullptr;
  uint8_t met_ = 0;
  size_t num_batch_ = 0;
  size_t num_masked_ = 0;
  size_t num_neighbors_ = 0;  // allowed ones seen in this step, some perhaps twice
};

}  // namespace

bool FilterGoesAgainst(const FilteredWalk& walk, uint32_t row) {
  const HnswLevel& level = walk.level;
  const uint32_t* links = level.of(row);
  const size_t num_links = std::min<size_t>(CountLinks(links, level.degree), 32);
  for (size_t i = 0; i < num_links; ++i) PrefetchLinks(level, links[i]);
  size_t looked = 0;
  size_t allowed = 0;
  for (size_t i = 0; i < num_links; ++i) {
    const uint32_t* next = level.of(links[i]);
    for (size_t j = 0; j < level.degree && next[j] != kNoRow; ++j) {
      allowed += walk.mask.Contains(next[j]);
      ++looked;
    }
  }
  // Three quarters of what the whole mask lets expect, less what chance may take away.
  const double share = static_cast<double>(walk.num_allowed) / walk.mask.num_rows;
  const double expected = share * static_cast<double>(looked);
  return static_cast<double>(allowed) < 0.75 * expected - 2 * std::sqrt(expected);
}

template <class Distance>
absl::Status WalkAllowed(const FilteredWalk& walk, const Distance& distance, HnswStart start,
                         bool against, WalkScratch* scratch, Poller* poller) {
  const base::RowMask& mask = walk.mask;
  const bool none_deleted = mask.deletes == nullptr || mask.deletes->count() == 0;
  if (mask.allowed != nullptr && mask.row_times == nullptr && none_deleted) {
    return Walker(walk, BitmapMask{mask.allowed}, distance, against, scratch, poller).Run(start);
  }
  return Walker(walk, AnyMask{mask}, distance, against, scratch, poller).Run(start);
}

template absl::Status WalkAllowed(const FilteredWalk&, const QueryDistance&, HnswStart, bool,
                                  WalkScratch*, Poller*);
template absl::Status WalkAllowed(const FilteredWalk&, const CodedQuery&, HnswStart, bool,
                                  WalkScratch*, Poller*);

}  // namespace vecdb::index
