#ifndef VECDB_ENGINE_COLLECTION_EVENTS_H_
#define VECDB_ENGINE_COLLECTION_EVENTS_H_

#include <chrono>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "base/out_of_memory.h"
#include "engine/collection_metrics.h"
#include "vecdb/events.h"

namespace vecdb::engine {

/// Counts what happens behind in a collection, and tells the host's listener. Called without a
/// mutex held; gates may be. Thread-safe.
class CollectionEvents {
 public:
  /// `listener` may be null.
  CollectionEvents(std::shared_ptr<CollectionMetrics> metrics,
                   std::shared_ptr<EventListener> listener);

  CollectionMetrics& metrics() const { return *metrics_; }
  const std::shared_ptr<CollectionMetrics>& shared_metrics() const { return metrics_; }

  /// Runs `work`, which notes in the event what it finds out, between its begin and its end. What
  /// has been done stays done when there is no memory to tell of it.
  template <typename Event, typename Work>
  absl::Status Watch(Event event, Work work) const {
    Begin(event);
    const auto begun = std::chrono::steady_clock::now();
    event.status = base::OrOutOfMemory([&] { return work(&event); });
    event.duration_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
    base::OrOutOfMemory([&] { End(event); }).IgnoreError();
    return event.status;
  }

  void Sealed(const SealEvent& event) const;
  void Failed(const ErrorEvent& event) const;

 private:
  void Begin(const FlushEvent& event) const;
  void End(const FlushEvent& event) const;
  void Begin(const BuildEvent& event) const;
  void End(const BuildEvent& event) const;
  void Begin(const CompactionEvent& event) const;
  void End(const CompactionEvent& event) const;
  void Begin(const LoadEvent& event) const;
  void End(const LoadEvent& event) const;
  void Begin(const StallEvent& event) const;
  void End(const StallEvent& event) const;

  const std::shared_ptr<CollectionMetrics> metrics_;
  const std::shared_ptr<EventListener> listener_;  // never null
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECTION_EVENTS_H_
