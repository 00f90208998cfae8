#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "base/prefetch.h"
#include "index/growing_hnsw.h"
#include "index/vector_view.h"
#include "segment/growing_segment.h"

namespace vecdb::segment {
namespace {

constexpr size_t kLinesAhead = 4;  // of a row; the CPU's own prefetchers fetch the others

// The vectors of a column of growing rows.
class GrowingRowReader final : public index::RowReader {
 public:
  GrowingRowReader(const GrowingSegment& segment, size_t column)
      : segment_(segment), column_(column) {}

  absl::Status Read(std::span<const uint32_t> rows, float* out, const Context&) const override {
    for (const uint32_t row : rows) {
      base::PrefetchLines(segment_.vector(column_, row).data(), kLinesAhead);
    }
    for (const uint32_t row : rows) {
      const std::span<const float> vector = segment_.vector(column_, row);
      std::memcpy(out, vector.data(), vector.size_bytes());
      out += vector.size();
    }
    return absl::OkStatus();
  }

 private:
  const GrowingSegment& segment_;
  const size_t column_;
};

bool IsOfKind(const index::GrowingHnsw& interim, Metric metric, const HnswParams& params) {
  const auto& has = std::get<HnswParams>(interim.spec().params);
  return interim.spec().metric == metric && has.m == params.m &&
         has.ef_construction == params.ef_construction;
}

}  // namespace

std::shared_ptr<index::GrowingHnsw> GrowingSegment::EnsureInterim(size_t column, Metric metric,
                                                                  int32_t m,
                                                                  int32_t ef_construction) const {
  const HnswParams params{.m = m, .ef_construction = ef_construction};
  std::shared_ptr<index::GrowingHnsw> old;  // let go of without the mutex
  const base::MutexLock lock(&interim_mutex_);
  interim_.resize(layout_.num_columns());
  std::shared_ptr<index::GrowingHnsw>& interim = interim_[column];
  if (interim != nullptr && IsOfKind(*interim, metric, params)) return interim;
  old = std::move(interim);
  interim = std::make_shared<index::GrowingHnsw>(metric, layout_.dim(column), params,
                                                 std::make_unique<GrowingRowReader>(*this, column),
                                                 host_);
  return interim;
}

std::shared_ptr<index::GrowingHnsw> GrowingSegment::interim(size_t column) const {
  const base::MutexLock lock(&interim_mutex_);
  return interim_.empty() ? nullptr : interim_[column];
}

absl::Status GrowingSegment::ExtendInterim(size_t column, const Context& context) const {
  const std::shared_ptr<index::GrowingHnsw> extended = interim(column);
  return extended == nullptr ? absl::OkStatus() : extended->Extend(num_rows(), context);
}

void GrowingSegment::DropInterim(size_t column) const {
  std::shared_ptr<index::GrowingHnsw> old;  // let go of without the mutex
  const base::MutexLock lock(&interim_mutex_);
  if (!interim_.empty()) old = std::move(interim_[column]);
}

uint64_t GrowingSegment::interim_bytes() const {
  const base::MutexLock lock(&interim_mutex_);
  uint64_t bytes = 0;
  for (const std::shared_ptr<index::GrowingHnsw>& one : interim_) {
    if (one != nullptr) bytes += one->memory_bytes();
  }
  return bytes;
}

}  // namespace vecdb::segment
