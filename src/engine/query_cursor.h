#ifndef VECDB_ENGINE_QUERY_CURSOR_H_
#define VECDB_ENGINE_QUERY_CURSOR_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "engine/collection_engine.h"
#include "engine/query_plan.h"
#include "vecdb/context.h"
#include "vecdb/query.h"

namespace vecdb::engine {

/// The inside of a QueryIterator: a state, a plan, the last key that was returned, and how many
/// rows the limit leaves. Each batch is looked for anew behind that key, so that is all there is to
/// remember. For one thread at a
/// time.
class QueryCursor {
 public:
  static absl::StatusOr<std::unique_ptr<QueryCursor>> Open(std::shared_ptr<CollectionEngine> engine,
                                                           const QueryRequest& request,
                                                           const IteratorOptions& options,
                                                           const Context& context);

  absl::StatusOr<RowBatch> Next(const Context& context);

  std::string position() const;
  std::shared_ptr<const vecdb::Snapshot> snapshot() const { return snapshot_; }
  CollectionMetrics& metrics() const { return *engine_->metrics(); }

 private:
  QueryCursor() = default;

  std::shared_ptr<CollectionEngine> engine_;
  std::shared_ptr<const vecdb::Snapshot> snapshot_;
  QueryPlan plan_;          // its limit and offset are those of the next batch
  uint64_t rows_left_ = 0;  // of all batches; kAllRows without a limit
  bool at_end_ = false;     // of the state that is read
  uint64_t batch_size_ = 0;
};

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_QUERY_CURSOR_H_
