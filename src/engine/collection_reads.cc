#include <utility>

#include "base/status_macros.h"
#include "engine/collection_call.h"
#include "engine/collection_engine.h"
#include "engine/collection_parts.h"
#include "engine/expiry.h"
#include "engine/read_point.h"
#include "engine/search_plan.h"
#include "query/fetch.h"
#include "query/rows_by_key.h"
#include "query/search.h"

namespace vecdb::engine {

absl::StatusOr<RowBatch> CollectionEngine::Get(const Keys& keys,
                                               std::span<const std::string> fields,
                                               const Consistency& consistency,
                                               const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(CheckKeyType(*core_->schema(), keys));
  VECDB_ASSIGN_OR_RETURN(const std::vector<size_t> columns,
                         query::ColumnsOf(*core_->schema(), fields, /*empty_means_all=*/true));
  VECDB_ASSIGN_OR_RETURN(const Snapshot snapshot, ResolveRead(*core_, consistency, context));
  VECDB_ASSIGN_OR_RETURN(const auto found, FindLiveRows(*core_, *snapshot.view, snapshot.as_of,
                                                        schema::KeyColumn(keys), context));
  VECDB_ASSIGN_OR_RETURN(const std::vector<bool> expired,
                         FindExpired(*snapshot.view, found, snapshot.alive_from, context));
  std::vector<query::RowPlace> places;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].has_value() && !expired[i]) places.push_back(*found[i]);
  }
  return query::FetchRows(core_->schema(), snapshot.view->segments, places, columns, context);
}

absl::StatusOr<uint64_t> CollectionEngine::Count(const Consistency& consistency,
                                                 const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const Snapshot snapshot, ResolveRead(*core_, consistency, context));
  if (RowsExpire(core_->options())) return CountRows(snapshot, context);
  return snapshot.live_rows;
}

absl::StatusOr<uint64_t> CollectionEngine::CountWhere(const RowFilter& filter,
                                                      const Consistency& consistency,
                                                      const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(auto bound, query::BoundFilter::Make(filter, *core_->schema()));
  VECDB_ASSIGN_OR_RETURN(const Snapshot snapshot, ResolveRead(*core_, consistency, context));
  if (bound.matches_all() && !RowsExpire(core_->options())) return snapshot.live_rows;
  return query::CountRows({.segments = snapshot.view->segments,
                           .as_of = snapshot.as_of,
                           .alive_from = snapshot.alive_from,
                           .filter = std::move(bound)},
                          context);
}

absl::StatusOr<RowBatch> CollectionEngine::Query(const QueryRequest& request,
                                                 const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const QueryPlan plan, PlanQuery(*core_, request));
  VECDB_ASSIGN_OR_RETURN(const Snapshot snapshot,
                         ResolveRead(*core_, request.consistency, context));
  return ReadRows(*core_, snapshot, plan, context);
}

absl::StatusOr<Snapshot> CollectionEngine::Pin(const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return ReadNow(*core_);
}

absl::StatusOr<std::unique_ptr<query::ResultRows>> CollectionEngine::Search(
    const SearchRequest& request, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const Snapshot state, ResolveRead(*core_, request.consistency, context));
  VECDB_ASSIGN_OR_RETURN(const Snapshot snapshot, OfShards(*core_, state, request.shards));
  VECDB_ASSIGN_OR_RETURN(const query::SnapshotSearch search, PlanSearch(*core_, snapshot, request));
  core_->SetUsed();
  VECDB_ASSIGN_OR_RETURN(auto result, query::Search(search, context));
  if (parts_->recall.Take(snapshot, request, search, *result)) {
    // The task itself holds no rows: a host's executor may keep it for long.
    const auto repeat = [core = core_.get(), parts = parts_](const Context& background) {
      parts->recall.RepeatTaken(*core, background);
    };
    if (!core_->RunBehind(Priority::kBackground, repeat)) parts_->recall.Forget();
  }
  return result;
}

absl::StatusOr<SearchStats> CollectionEngine::Explain(const SearchRequest& request,
                                                      const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto result, Search(request, context));
  return result->stats;
}

// ---- Iterators.

absl::StatusOr<std::shared_ptr<const vecdb::Snapshot>> CollectionEngine::Hold(
    const Consistency& consistency, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(Snapshot state, ResolveRead(*core_, consistency, context));
  return std::make_shared<const vecdb::Snapshot>(
      std::make_shared<const Snapshot>(std::move(state)));
}

absl::StatusOr<QueryPlan> CollectionEngine::PlanIteration(const QueryRequest& request,
                                                          const IteratorOptions& options) {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  return PlanQueryIteration(*core_, request, options);
}

absl::StatusOr<query::SnapshotSearch> CollectionEngine::PlanIteration(
    const SearchRequest& request, int32_t batch_size, const Snapshot& state,
    std::vector<query::SegmentView>* segments) {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(CheckBatchSize(*core_, batch_size));
  VECDB_ASSIGN_OR_RETURN(const Snapshot part, OfShards(*core_, state, request.shards));
  VECDB_ASSIGN_OR_RETURN(auto search, PlanSearchIteration(*core_, part, request));
  segments->assign(search.segments.begin(), search.segments.end());
  search.segments = *segments;
  return search;
}

absl::StatusOr<RowBatch> CollectionEngine::Read(const Snapshot& state, const QueryPlan& plan,
                                                const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return ReadRows(*core_, state, plan, context);
}

absl::StatusOr<query::FoundHits> CollectionEngine::FindHits(const query::SnapshotSearch& search,
                                                            uint32_t k, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return query::FindHits(search, k, context);
}

bool CollectionEngine::MarkUnreadable(const query::SnapshotSearch& search,
                                      std::span<const query::Found> hits, const Context& context,
                                      std::span<query::SegmentView> segments) {
  const CollectionCall call(*core_, context);
  return call.status().ok() && query::MarkUnreadable(search, hits, context, segments);
}

absl::StatusOr<std::unique_ptr<query::ResultRows>> CollectionEngine::FetchHits(
    const query::SnapshotSearch& search, std::span<const query::Found> hits,
    const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return query::FetchHits(search, hits, context);
}

}  // namespace vecdb::engine
