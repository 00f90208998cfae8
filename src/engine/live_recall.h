#ifndef VECDB_ENGINE_LIVE_RECALL_H_
#define VECDB_ENGINE_LIVE_RECALL_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "engine/collection_core.h"
#include "query/nearest.h"
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

  /// Whether this search is to be repeated, by RepeatTaken, on the state that it read. None is
  /// while another waits; nor is one that a host's callback filters, or that has a range or groups,
  /// and none of FLAT.
  bool Take(const Snapshot& snapshot, const SearchRequest& request,
            const query::SnapshotSearch& search, const query::ResultRows& result);
  /// Repeats the search that was taken, if there is one.
  void RepeatTaken(const CollectionCore& core, const Context& context);
  /// Lets go of the search that was taken, and of what it read.
  void Forget();

  LiveRecallFigures Of(std::string_view field) const;

 private:
  struct Sums {
    uint64_t num_searches = 0;
    double found = 0;
    double wanted = 0;
    double targeted = 0;  // of `wanted`, what the searches asked for
  };

  // A search, with copies of what its request borrowed.
  struct Taken {
    Snapshot snapshot{};
    SearchRequest request{};
    std::vector<float> query{};
    Column keys{};  // those of the hits of the query come first
    size_t num_hits = 0;
  };

  absl::Status Repeat(const CollectionCore& core, const Taken& taken, const Context& context);
  void Add(const SearchRequest& request, size_t found, size_t wanted);

  const uint64_t every_;
  std::atomic<uint64_t> num_searches_ = 0;  // orders nothing

  mutable base::Mutex mutex_;  // a leaf
  std::unique_ptr<Taken> taken_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Sums, std::less<>> sums_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_LIVE_RECALL_H_
