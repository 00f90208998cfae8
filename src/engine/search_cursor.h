#ifndef VECDB_ENGINE_SEARCH_CURSOR_H_
#define VECDB_ENGINE_SEARCH_CURSOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/collection_engine.h"
#include "engine/query_plan.h"
#include "query/nearest.h"
#include "query/result_rows.h"
#include "vecdb/context.h"
#include "vecdb/query.h"

namespace vecdb::engine {

/// The inside of a SearchIterator: a state, a search, and the last hit that was returned. Each
/// batch is looked for behind that hit, by comparing all rows: the answers are exact and there is
/// nothing else to remember but which segments turned out damaged. For one thread at a time.
class SearchCursor {
 public:
  static absl::StatusOr<std::unique_ptr<SearchCursor>> Open(
      std::shared_ptr<CollectionEngine> engine, const SearchRequest& request,
      const IteratorOptions& options, const Context& context);

  absl::StatusOr<SearchResult> Next(const Context& context);

  std::string position() const;
  std::shared_ptr<const vecdb::Snapshot> snapshot() const { return snapshot_; }
  CollectionMetrics& metrics() const { return *engine_->metrics(); }

 private:
  SearchCursor() = default;
  absl::StatusOr<SearchResult> NextBatch(const Context& context);
  absl::Status Refill(const Context& context);
  bool LeaveOutUnreadable(std::span<const query::Found> hits, const Context& context);

  std::shared_ptr<CollectionEngine> engine_;
  std::shared_ptr<const vecdb::Snapshot> snapshot_;
  std::vector<float> vector_;
  std::vector<query::SegmentView> segments_;  // of the state, damage that showed since marked
  query::SnapshotSearch search_;              // borrows all of the above
  size_t batch_size_ = 0;

  // The last hit that was returned.
  float last_distance_ = 0;
  std::optional<OwnedKey> last_key_;

  // Hits that were found and not returned yet, from next_ on.
  std::vector<query::Found> found_;
  size_t next_ = 0;
  bool all_found_ = false;
  bool partial_ = false;  // a damaged segment was left out
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_SEARCH_CURSOR_H_
