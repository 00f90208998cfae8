#include "engine/query_cursor.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "schema/key.h"

namespace vecdb::engine {

absl::StatusOr<std::unique_ptr<QueryCursor>> QueryCursor::Open(
    std::shared_ptr<CollectionEngine> engine, const QueryRequest& request,
    const IteratorOptions& options, const Context& context) {
  std::unique_ptr<QueryCursor> cursor(new QueryCursor());
  VECDB_ASSIGN_OR_RETURN(cursor->plan_, engine->PlanIteration(request, options));
  VECDB_ASSIGN_OR_RETURN(cursor->snapshot_, engine->Hold(request.consistency, context));
  cursor->engine_ = std::move(engine);
  cursor->rows_left_ = cursor->plan_.limit;
  cursor->batch_size_ = static_cast<uint64_t>(options.batch_size);
  return cursor;
}

absl::StatusOr<RowBatch> QueryCursor::Next(const Context& context) {
  plan_.limit = std::min(batch_size_, rows_left_);
  if (plan_.limit == 0 || at_end_) return RowBatch(engine_->schema());
  auto read = engine_->Read(*snapshot_->state(), plan_, context);
  if (!read.ok()) return engine_->ErrorOfHeld(*snapshot_->state(), read.status(), context);
  RowBatch& batch = *read;
  const schema::KeyColumn keys = schema::KeysOf(batch);
  at_end_ = keys.size() == 0;
  if (at_end_) return read;
  if (rows_left_ != kAllRows) rows_left_ -= keys.size();
  plan_.offset = 0;
  plan_.after = OwnedKey::Of(keys[keys.size() - 1]);
  return read;
}

std::string QueryCursor::position() const {
  return plan_.after.has_value() ? PositionText(rows_left_, *plan_.after) : std::string();
}

}  // namespace vecdb::engine
