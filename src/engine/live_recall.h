#ifndef VECDB_ENGINE_LIVE_RECALL_H_
#define VECDB_ENGINE_LIVE_RECALL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "engine/collection_core.h"
#include "query/result_rows.h"
#include "vecdb/collection.h"
#include "vecdb/context.h"
#include "vecdb/search.h"

namespace vecdb::engine {

/// What share of the true nearest rows searches find, by field: one search in so many is repeated
/// exactly, behind. Thread-safe.
class LiveRecall {
 public:
  /// `every` 0: none is repeated.
  explicit LiveRecall(uint64_t every) : every_(every) {}

  /// Work to be done behind that repeats this search on the same state, if it is one to be looked
  /// at: none is while another waits. What is not said of a search that a host's callback filters,
  /// that has a range or groups, and of FLAT. `core` and this must outlive the work, which is to be
  /// called once.
  std::function<void(const Context&)> Take(const CollectionCore& core, const Snapshot& snapshot,
                                           const SearchRequest& request,
                                           const query::ResultRows& result);

  LiveRecallFigures Of(std::string_view field) const;

 private:
  struct Sums {
    uint64_t num_searches = 0;
    double found = 0;
    double wanted = 0;
  };

  // The keys of the hits of the first query come first.
  struct Answer {
    const Column& keys;
    size_t num_hits = 0;
  };

  absl::Status Repeat(const CollectionCore& core, const Snapshot& snapshot,
                      const SearchRequest& request, const Answer& answer, const Context& context);
  void Add(const std::string& field, size_t found, size_t wanted);

  const uint64_t every_;
  std::atomic<uint64_t> num_searches_ = 0;  // orders nothing
  std::atomic<bool> is_waiting_ = false;    // one is to be repeated

  mutable base::Mutex mutex_;  // a leaf
  std::map<std::string, Sums, std::less<>> sums_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LIVE_RECALL_H_
