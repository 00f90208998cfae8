#include "engine/collection_events.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vecdb {
namespace {

constexpr std::array<std::string_view, engine::kNumStallReasons> kStallReasonNames = {
    "growing_rows", "journal", "memory"};
constexpr std::array<std::string_view, engine::kNumErrorSources> kErrorSourceNames = {
    "writes", "flush", "build", "compaction", "garbage", "refresh"};

}  // namespace

std::string_view StallReasonName(StallReason reason) {
  return kStallReasonNames[static_cast<size_t>(reason)];
}

std::string_view ErrorSourceName(ErrorSource source) {
  return kErrorSourceNames[static_cast<size_t>(source)];
}

}  // namespace vecdb

namespace vecdb::engine {
namespace {

void AddTo(std::atomic<uint64_t>* counter, uint64_t count) {
  counter->fetch_add(count, std::memory_order_relaxed);
}

}  // namespace

CollectionEvents::CollectionEvents(std::shared_ptr<CollectionMetrics> metrics,
                                   std::shared_ptr<EventListener> listener)
    : metrics_(std::move(metrics)),
      listener_(listener != nullptr ? std::move(listener) : std::make_shared<EventListener>()) {}

void CollectionEvents::Begin(const FlushEvent& event) const {
  metrics_->flushes.Get().Begin();
  listener_->OnFlushBegin(event);
}

void CollectionEvents::End(const FlushEvent& event) const {
  metrics_->flushes.Get().End(event.status, event.duration_ms);
  AddTo(&metrics_->flush_rows, event.num_rows);
  AddTo(&metrics_->flush_bytes, event.num_bytes);
  listener_->OnFlushEnd(event);
}

void CollectionEvents::Begin(const BuildEvent& event) const {
  metrics_->builds.Get().Begin();
  listener_->OnBuildBegin(event);
}

void CollectionEvents::End(const BuildEvent& event) const {
  metrics_->builds.Get().End(event.status, event.duration_ms);
  if (event.status.ok()) AddTo(&metrics_->build_rows, event.num_rows);
  AddTo(&metrics_->build_bytes, event.num_bytes);
  listener_->OnBuildEnd(event);
}

void CollectionEvents::Begin(const CompactionEvent& event) const {
  metrics_->compactions.Get().Begin();
  listener_->OnCompactionBegin(event);
}

void CollectionEvents::End(const CompactionEvent& event) const {
  metrics_->compactions.Get().End(event.status, event.duration_ms);
  AddTo(&metrics_->compaction_bytes_read, event.bytes_read);
  AddTo(&metrics_->compaction_bytes_written, event.bytes_written);
  listener_->OnCompactionEnd(event);
}

void CollectionEvents::Begin(const LoadEvent& event) const {
  metrics_->loads.Get().Begin();
  listener_->OnLoadBegin(event);
}

void CollectionEvents::End(const LoadEvent& event) const {
  metrics_->loads.Get().End(event.status, event.duration_ms);
  listener_->OnLoadEnd(event);
}

void CollectionEvents::Begin(const StallEvent& event) const {
  metrics_->stalls.Get().Begin();
  AddTo(&metrics_->stalls_by_reason[static_cast<size_t>(event.reason)], 1);
  listener_->OnStallBegin(event);
}

void CollectionEvents::End(const StallEvent& event) const {
  metrics_->stalls.Get().End(event.status, event.duration_ms);
  listener_->OnStallEnd(event);
}

void CollectionEvents::Sealed(const SealEvent& event) const {
  AddTo(&metrics_->sealed_segments, event.num_segments);
  listener_->OnSeal(event);
}

void CollectionEvents::Failed(const ErrorEvent& event) const {
  AddTo(&metrics_->errors_by_source[static_cast<size_t>(event.source)], 1);
  listener_->OnError(event);
}

}  // namespace vecdb::engine
