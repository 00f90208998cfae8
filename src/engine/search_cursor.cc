#include "engine/search_cursor.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::engine {
namespace {

// Hits found at once: more take more memory, fewer more scans of all rows.
constexpr size_t kHitsAtOnce = 16384;
constexpr size_t kDistanceDigits = 8;

absl::Status NoPosition() {
  return absl::InvalidArgumentError("position: not one of an iterator over the hits of a search");
}

}  // namespace

absl::StatusOr<std::unique_ptr<SearchCursor>> SearchCursor::Open(
    std::shared_ptr<CollectionEngine> engine, const SearchRequest& request,
    const IteratorOptions& options, const Context& context) {
  std::unique_ptr<SearchCursor> cursor(new SearchCursor());
  cursor->vector_.assign(request.vectors.begin(), request.vectors.end());
  cursor->batch_size_ = static_cast<size_t>(std::max(options.batch_size, 1));
  VECDB_ASSIGN_OR_RETURN(cursor->snapshot_, engine->Hold(request.consistency, context));
  VECDB_ASSIGN_OR_RETURN(cursor->search_,
                         engine->PlanIteration(request, options.batch_size,
                                               *cursor->snapshot_->state(), &cursor->segments_));
  cursor->search_.vectors = cursor->vector_;
  if (!options.position.empty()) {
    const std::string_view text = options.position;
    if (text.size() <= kDistanceDigits) return NoPosition();
    uint32_t bits = 0;
    const char* const end = text.data() + kDistanceDigits;
    const auto read = std::from_chars(text.data(), end, bits, 16);
    if (read.ec != std::errc() || read.ptr != end) return NoPosition();
    cursor->last_distance_ = std::bit_cast<float>(bits);
    if (std::isnan(cursor->last_distance_)) return NoPosition();
    VECDB_ASSIGN_OR_RETURN(cursor->last_key_,
                           OwnedKey::Parse(text.substr(kDistanceDigits), engine->schema()));
  }
  cursor->engine_ = std::move(engine);
  return cursor;
}

absl::Status SearchCursor::Refill(const Context& context) {
  search_.after.reset();
  if (last_key_.has_value()) search_.after.emplace(last_distance_, last_key_->key());
  const size_t wanted = std::max(batch_size_, kHitsAtOnce);
  VECDB_ASSIGN_OR_RETURN(auto found,
                         engine_->FindHits(search_, static_cast<uint32_t>(wanted), context));
  found_ = std::move(found.hits);
  partial_ = partial_ || found.partial;
  next_ = 0;
  all_found_ = found_.size() < wanted;
  return absl::OkStatus();
}

// Marks the segments in which hits cannot be read, and forgets what was found, so that it is found
// again without them; false when there are none.
bool SearchCursor::LeaveOutUnreadable(std::span<const query::Found> hits, const Context& context) {
  if (!search_.allow_partial) return false;
  if (!engine_->MarkUnreadable(search_, hits, context, segments_)) return false;
  found_.clear();
  next_ = 0;
  all_found_ = false;
  return true;
}

absl::StatusOr<SearchResult> SearchCursor::Next(const Context& context) {
  auto result = NextBatch(context);
  if (result.ok()) return result;
  return engine_->ErrorOfHeld(*snapshot_->state(), result.status(), context);
}

absl::StatusOr<SearchResult> SearchCursor::NextBatch(const Context& context) {
  while (true) {
    if (next_ == found_.size() && !all_found_) VECDB_RETURN_IF_ERROR(Refill(context));
    const size_t count = std::min(batch_size_, found_.size() - next_);
    const auto batch = std::span(found_).subspan(next_, count);
    auto rows = engine_->FetchHits(search_, batch, context);
    if (absl::IsDataLoss(rows.status()) && LeaveOutUnreadable(batch, context)) continue;
    VECDB_RETURN_IF_ERROR(rows.status());
    (*rows)->shape.limit = static_cast<int32_t>(batch_size_);
    (*rows)->partial = partial_;
    if (count > 0) {
      last_distance_ = batch.back().distance;
      last_key_ = OwnedKey::Of(schema::KeyColumn(*(*rows)->keys)[count - 1]);
      next_ += count;
    }
    return SearchResult(*std::move(rows));
  }
}

std::string SearchCursor::position() const {
  if (!last_key_.has_value()) return {};
  return base::StrFormat("%08x", std::bit_cast<uint32_t>(last_distance_)) + last_key_->ToString();
}

}  // namespace vecdb::engine
