#include "index/exact_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "base/status_macros.h"
#include "index/coded_query.h"
#include "index/poller.h"
#include "index/query_distance.h"

namespace vecdb::index {
namespace {

constexpr size_t kBlockRows = 256;
constexpr size_t kBlockFloats = 1 << 20;  // 4 MiB of rows, a fraction of a millisecond
// Of a row that lies alone and is to be compared soon; the CPU fetches the rest.
constexpr size_t kPrefetchedLines = 4;

// Rows in memory.
class RowsOfScan {
 public:
  RowsOfScan(const VectorView& view, Metric metric, const float* query)
      : distance_(view, metric, query) {}

  absl::Status Block(uint32_t first, size_t count, float* out) const {
    distance_.Block(first, count, out);
    return absl::OkStatus();
  }
  absl::Status Gather(const uint32_t* ids, size_t count, float bound, float* out) const {
    distance_.Gather(ids, count, bound, out);
    return absl::OkStatus();
  }
  void Prefetch(uint32_t row) const { distance_.Prefetch(row, kPrefetchedLines); }

 private:
  const QueryDistance distance_;
};

// Codes.
class CodesOfScan {
 public:
  CodesOfScan(const RowCodes& codes, const codec::CodeDistance& distance)
      : codes_(codes), distance_(distance), query_(codes, distance) {}

  absl::Status Block(uint32_t first, size_t count, float* out) const {
    simd::CodeRows rows = codes_.all();
    rows.codes = codes_.row(first);
    rows.count = count;
    distance_.Compare(rows, out);
    return absl::OkStatus();
  }
  absl::Status Gather(const uint32_t* ids, size_t count, float bound, float* out) const {
    query_.Gather(ids, count, bound, out);
    return absl::OkStatus();
  }
  void Prefetch(uint32_t row) const { query_.Prefetch(row); }

 private:
  const RowCodes& codes_;
  const codec::CodeDistance& distance_;
  const CodedQuery query_;
};

// Offers the rows of a mask to a collector of the nearest, by what `Distances` says.
template <class Distances, class Top>
class Scan {
 public:
  Scan(Distances* distances, uint32_t num_rows, int32_t dim, const base::RowMask& mask,
       uint32_t first_row, const Context& context, Top* top)
      : distances_of_(*distances),
        num_rows_(num_rows),
        mask_(mask),
        first_row_(first_row),
        poller_(context, dim),
        top_(top),
        block_rows_(std::clamp<size_t>(kBlockFloats / static_cast<size_t>(dim), 8, kBlockRows)) {}

  absl::Status Run(uint64_t* num_scanned) {
    const absl::Status status = mask_.all() ? All() : Masked();
    if (num_scanned != nullptr) *num_scanned += poller_.rows();
    return status;
  }

 private:
  // Every row, in the order of memory.
  absl::Status All() {
    for (uint32_t begin = 0; begin < num_rows_;) {
      const size_t count = std::min<size_t>(block_rows_, num_rows_ - begin);
      VECDB_RETURN_IF_ERROR(poller_.Read(count, 0));
      VECDB_RETURN_IF_ERROR(distances_of_.Block(begin, count, distances_.data()));
      for (size_t i = 0; i < count; ++i) {
        top_->Offer(distances_[i], first_row_ + begin + static_cast<uint32_t>(i));
      }
      begin += static_cast<uint32_t>(count);
    }
    return absl::OkStatus();
  }

  // The rows of the mask, collected until a block is full.
  absl::Status Masked() {
    uint32_t row = 0;
    while ((row = SkipEmpty(row)) < num_rows_) {
      const uint64_t word = WordAt(row);
      const uint32_t end = std::min(num_rows_, row + 64 - (first_row_ + row) % 64);
      if (word != 0) VECDB_RETURN_IF_ERROR(Collect(word, row));
      row = end;
    }
    return Flush();
  }

  // The bits of the rows from `row` to the end of its word of the bitmap, or of the view.
  uint64_t WordAt(uint32_t row) const {
    const uint32_t global = first_row_ + row;
    uint64_t word = mask_.allowed == nullptr ? ~uint64_t{0} : mask_.allowed[global / 64];
    word >>= global % 64;
    const uint32_t count = std::min(num_rows_ - row, 64 - global % 64);
    return count == 64 ? word : word & ((uint64_t{1} << count) - 1);
  }

  // The first row from `row` on whose word may have a bit, where words can be told four at a time.
  uint32_t SkipEmpty(uint32_t row) const {
    if (mask_.allowed == nullptr || (first_row_ + row) % 64 != 0) return row;
    const uint64_t* words = mask_.allowed + (first_row_ + row) / 64;
    for (; num_rows_ - row >= 256; row += 256, words += 4) {
      if ((words[0] | words[1] | words[2] | words[3]) != 0) break;
    }
    return row;
  }

  absl::Status Collect(uint64_t word, uint32_t row) {
    for (; word != 0; word &= word - 1) {
      const uint32_t local = row + static_cast<uint32_t>(std::countr_zero(word));
      if (!mask_.Contains(first_row_ + local)) continue;
      distances_of_.Prefetch(local);
      ids_[num_ids_++] = local;
      if (num_ids_ == block_rows_) VECDB_RETURN_IF_ERROR(Flush());
    }
    return absl::OkStatus();
  }

  absl::Status Flush() {
    VECDB_RETURN_IF_ERROR(poller_.Read(num_ids_, 0));
    VECDB_RETURN_IF_ERROR(
        distances_of_.Gather(ids_.data(), num_ids_, top_->worst(), distances_.data()));
    for (size_t i = 0; i < num_ids_; ++i) top_->Offer(distances_[i], first_row_ + ids_[i]);
    num_ids_ = 0;
    return absl::OkStatus();
  }

  Distances& distances_of_;
  const uint32_t num_rows_;
  const base::RowMask& mask_;
  const uint32_t first_row_;
  Poller poller_;
  Top* const top_;
  const size_t block_rows_;
  size_t num_ids_ = 0;
  std::array<uint32_t, kBlockRows> ids_;
  std::array<float, kBlockRows> distances_;
};

}  // namespace

absl::Status ScanRows(const VectorView& view, Metric metric, const float* query,
                      const base::RowMask& mask, uint32_t first_row, const Context& context,
                      TopRows* top, uint64_t* num_scanned) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (view.num_rows == 0) return absl::OkStatus();
  if (view.rows == nullptr) {
    AnswerDistance distance(view, metric, nullptr);
    distance.SetQuery(query, context);
    return Scan(&distance, view.num_rows, view.dim, mask, first_row, context, top).Run(num_scanned);
  }
  RowsOfScan rows(view, metric, query);
  return Scan(&rows, view.num_rows, view.dim, mask, first_row, context, top).Run(num_scanned);
}

absl::Status ScanAnswers(AnswerDistance* distance, int32_t dim, const base::RowMask& mask,
                         const Context& context, TopRows* top, uint64_t* num_scanned) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (mask.num_rows == 0) return absl::OkStatus();
  return Scan(distance, mask.num_rows, dim, mask, 0, context, top).Run(num_scanned);
}

namespace {

template <class Top>
absl::Status ScanCodesFor(Top* top, const RowCodes& codes, const codec::CodeDistance& distance,
                          const base::RowMask& mask, const Context& context,
                          uint64_t* num_scanned) {
  VECDB_RETURN_IF_ERROR(context.Check());
  if (mask.num_rows == 0) return absl::OkStatus();
  CodesOfScan rows(codes, distance);
  const int32_t dim = codes.codec().spec().dim;
  return Scan(&rows, mask.num_rows, dim, mask, 0, context, top).Run(num_scanned);
}

}  // namespace

absl::Status ScanCodes(const RowCodes& codes, const codec::CodeDistance& distance,
                       const base::RowMask& mask, const Context& context, Reservoir* nearest,
                       uint64_t* num_scanned) {
  return ScanCodesFor(nearest, codes, distance, mask, context, num_scanned);
}

absl::Status ScanCodes(const RowCodes& codes, const codec::CodeDistance& distance,
                       const base::RowMask& mask, const Context& context, RowsByBound* rows,
                       uint64_t* num_scanned) {
  return ScanCodesFor(rows, codes, distance, mask, context, num_scanned);
}

}  // namespace vecdb::index
