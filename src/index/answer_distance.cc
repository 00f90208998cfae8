#include "index/answer_distance.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "base/prefetch.h"
#include "base/status_macros.h"
#include "simd/row_norm.h"

namespace vecdb::index {
namespace {

constexpr size_t kReadAtOnce = 64;  // rows
constexpr size_t kRefinedAtOnce = 8;
constexpr float kErrorMargin = 2;  // a few candidates show no greatest error
constexpr size_t kMostLinesAhead = 8;

}  // namespace

AnswerDistance::AnswerDistance(const VectorView& view, Metric metric, const RowCodes* copies)
    : view_(view),
      metric_(metric),
      copies_(copies),
      copy_distance_(copies == nullptr ? nullptr : copies->codec().MakeDistance()) {
  if (!reads_rows()) return;
  read_.resize(kReadAtOnce * static_cast<size_t>(view.dim));
  if (metric == Metric::kCosine) norms_.resize(kReadAtOnce);
}

void AnswerDistance::SetQuery(const float* query, const Context& context) {
  query_ = query;
  context_ = &context;
  if (copies_ != nullptr) {
    copy_distance_->SetQuery(query);
  } else {
    distance_.emplace(view_, metric_, query);
  }
}

absl::Status AnswerDistance::Gather(const uint32_t* ids, size_t count, float bound, float* out) {
  if (copies_ != nullptr) {
    CompareCopies(copies_->of(ids, count), out);
  } else if (view_.rows != nullptr) {
    distance_->Gather(ids, count, bound, out);
  } else {
    for (size_t begin = 0; begin < count; begin += kReadAtOnce) {
      const size_t some = std::min(kReadAtOnce, count - begin);
      VECDB_RETURN_IF_ERROR(ReadAndCompare(ids + begin, some, out + begin));
    }
  }
  return absl::OkStatus();
}

absl::Status AnswerDistance::Block(uint32_t first, size_t count, float* out) {
  if (copies_ == nullptr && view_.rows != nullptr) {
    distance_->Block(first, count, out);
    return absl::OkStatus();
  }
  std::array<uint32_t, kReadAtOnce> ids;
  for (size_t begin = 0; begin < count; begin += kReadAtOnce) {
    const size_t some = std::min(kReadAtOnce, count - begin);
    for (size_t i = 0; i < some; ++i) ids[i] = first + static_cast<uint32_t>(begin + i);
    VECDB_RETURN_IF_ERROR(
        Gather(ids.data(), some, std::numeric_limits<float>::infinity(), out + begin));
  }
  return absl::OkStatus();
}

void AnswerDistance::Prefetch(uint32_t row) const {
  if (copies_ != nullptr) {
    const size_t lines = copies_->code_bytes() / base::kCacheLineBytes + 1;
    base::PrefetchLines(copies_->row(row), std::min(lines, kMostLinesAhead));
  } else if (view_.rows != nullptr) {
    distance_->Prefetch(row, kMostLinesAhead);
  }
}

void AnswerDistance::CompareCopies(const simd::CodeRows& rows, float* out) {
  copy_distance_->Compare(rows, out);
  if (metric_ != Metric::kCosine) return;
  for (size_t i = 0; i < rows.count; ++i) out[i] = std::clamp(out[i], -1.0f, 1.0f);
}

// Rows that were read are a view of their own.
absl::Status AnswerDistance::ReadAndCompare(const uint32_t* ids, size_t count, float* out) {
  VECDB_RETURN_IF_ERROR(view_.reader->Read({ids, count}, read_.data(), *context_));
  const auto dim = static_cast<size_t>(view_.dim);
  for (size_t i = 0; i < count && !norms_.empty(); ++i) {
    norms_[i] = simd::InverseNorm(&read_[i * dim], dim);
  }
  const VectorView rows{.rows = read_.data(),
                        .num_rows = static_cast<uint32_t>(count),
                        .dim = view_.dim,
                        .inverse_norms = norms_.data()};
  QueryDistance(rows, metric_, query_).Block(0, count, out);
  return absl::OkStatus();
}

absl::Status RefineCandidates(std::span<const Candidate> candidates, size_t least,
                              AnswerDistance* distance, TopRows* top, Poller* poller) {
  constexpr float kAny = std::numeric_limits<float>::infinity();
  std::array<uint32_t, kReadAtOnce> rows;
  std::array<float, kReadAtOnce> distances;
  float greatest_error = 0;  // of a code that made its row seem farther than it is
  for (size_t begin = 0; begin < candidates.size();) {
    const float next = candidates[begin].distance;
    if (begin >= least && next - kErrorMargin * greatest_error > top->worst()) break;
    const size_t wanted = begin < least ? std::min(kReadAtOnce, least - begin) : kRefinedAtOnce;
    const size_t count = std::min(std::max(wanted, kRefinedAtOnce), candidates.size() - begin);
    VECDB_RETURN_IF_ERROR(poller->Read(count, 0));
    for (size_t i = 0; i < count; ++i) {
      rows[i] = candidates[begin + i].row;
      distance->Prefetch(rows[i]);
    }
    VECDB_RETURN_IF_ERROR(distance->Gather(rows.data(), count, kAny, distances.data()));
    for (size_t i = 0; i < count; ++i) {
      greatest_error = std::max(greatest_error, candidates[begin + i].distance - distances[i]);
      top->Offer(distances[i], rows[i]);
    }
    begin += count;
  }
  return absl::OkStatus();
}

}  // namespace vecdb::index
