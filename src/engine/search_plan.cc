#include "engine/search_plan.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/loader.h"
#include "index/row_limits.h"
#include "query/fetch.h"
#include "schema/finite.h"
#include "schema/search_params.h"

namespace vecdb::engine {
namespace {

constexpr size_t kMaxQueries = 16384;

// The vector field that a request names, or the only one.
absl::StatusOr<size_t> FindVectorField(const Schema& schema, std::string_view name) {
  std::optional<size_t> only;
  size_t count = 0;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].type != DataType::kFloatVector) continue;
    if (schema.fields[i].name == name) return i;
    only = i;
    ++count;
  }
  if (name.empty() && count == 1) return *only;
  if (name.empty()) {
    return absl::InvalidArgumentError(
        base::StrFormat("field: must be named, the schema has %d vector fields", count));
  }
  if (schema.FindField(name).has_value()) {
    return absl::InvalidArgumentError(base::StrFormat("field \"%s\" is no vector field", name));
  }
  return absl::NotFoundError(base::StrFormat("field \"%s\": the schema has no such field", name));
}

absl::Status CheckVectors(const FieldSpec& field, std::span<const float> vectors) {
  const auto dim = static_cast<size_t>(field.dim);
  if (vectors.empty() || vectors.size() % dim != 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("vectors: %d floats are no multiple of %d, the dim of field \"%s\"",
                        vectors.size(), dim, field.name));
  }
  if (vectors.size() / dim > kMaxQueries) {
    return absl::InvalidArgumentError(
        base::StrFormat("vectors: %d queries, at most %d", vectors.size() / dim, kMaxQueries));
  }
  if (schema::FindNonFinite(vectors).has_value()) {
    return absl::InvalidArgumentError("vectors: NaN or infinity in a query");
  }
  return absl::OkStatus();
}

absl::Status CheckLimit(const SearchRequest& request, int32_t ceiling) {
  if (request.limit < 1 || request.limit > ceiling) {
    return absl::InvalidArgumentError(
        base::StrFormat("limit %d: must be 1 to %d", request.limit, ceiling));
  }
  if (request.offset < 0 || request.offset > ceiling - request.limit) {
    return absl::InvalidArgumentError(base::StrFormat(
        "offset %d: must be at least 0, and offset + limit at most %d", request.offset, ceiling));
  }
  return absl::OkStatus();
}

absl::StatusOr<index::RowLimits> RangeOf(const SearchRequest& request, Metric metric) {
  if (request.range_filter.has_value() && !request.radius.has_value()) {
    return absl::InvalidArgumentError("range_filter: has no meaning without radius");
  }
  return index::LimitsOfScores(metric, request.radius, request.range_filter);
}

std::string TextOf(const std::vector<int32_t>& shards) { return absl::StrJoin(shards, ", "); }

// Whether what a search of these shards reads is loaded.
absl::Status CheckLoaded(const CollectionCore& core, const View& view, const std::string& field,
                         const std::vector<int32_t>& shards) {
  if (!view.loaded) {
    return absl::FailedPreconditionError(
        base::StrFormat("collection %s is not loaded; call Load first", core.name()));
  }
  if (!view.LoadsField(field)) {
    return absl::FailedPreconditionError(base::StrFormat(
        "field \"%s\" of collection %s is not loaded (\"%s\" is); call Load with it in fields",
        field, core.name(), absl::StrJoin(view.load.fields, "\", \"")));
  }
  if (shards.empty() && !view.load.shards.empty()) {
    return absl::FailedPreconditionError(
        base::StrFormat("of collection %s shards %s alone are loaded; name those to search in "
                        "SearchRequest::shards, or call Load for all",
                        core.name(), TextOf(view.load.shards)));
  }
  for (const int32_t shard : shards) {
    if (view.LoadsShard(shard)) continue;
    return absl::FailedPreconditionError(
        base::StrFormat("shard %d of collection %s is not loaded (%s are); call Load with it in "
                        "shards",
                        shard, core.name(), TextOf(view.load.shards)));
  }
  return absl::OkStatus();
}

absl::Status PlanGroups(const SearchRequest& request, const Schema& schema, int32_t ceiling,
                        query::SnapshotSearch* search) {
  constexpr int32_t kMaxGroupSize = 1024;
  if (request.group_size < 1 || request.group_size > kMaxGroupSize) {
    return absl::InvalidArgumentError(
        base::StrFormat("group_size %d: must be 1 to %d", request.group_size, kMaxGroupSize));
  }
  if (request.group_by.empty()) {
    if (request.group_size == 1) return absl::OkStatus();
    return absl::InvalidArgumentError("group_size: has no meaning without group_by");
  }
  const std::optional<size_t> column = schema.FindField(request.group_by);
  if (!column.has_value()) {
    return absl::NotFoundError(
        base::StrFormat("group_by \"%s\": the schema has no such field", request.group_by));
  }
  const DataType type = schema.fields[*column].type;
  if (type == DataType::kFloatVector || type == DataType::kJson) {
    return absl::InvalidArgumentError(base::StrFormat(
        "group_by \"%s\": rows cannot be grouped by %s", request.group_by, DataTypeName(type)));
  }
  const int64_t rows = (int64_t{request.offset} + request.limit) * request.group_size;
  if (rows > ceiling) {
    return absl::InvalidArgumentError(
        base::StrFormat("offset + limit of %d times group_size %d: at most %d (max_result_rows)",
                        request.offset + request.limit, request.group_size, ceiling));
  }
  search->group_column = column;
  search->group_size = static_cast<uint32_t>(request.group_size);
  return absl::OkStatus();
}

// What does not depend on how many hits are wanted.
absl::StatusOr<query::SnapshotSearch> Plan(const CollectionCore& core, const Snapshot& snapshot,
                                           const SearchRequest& request) {
  const Schema& schema = *core.schema();
  VECDB_ASSIGN_OR_RETURN(const size_t column, FindVectorField(schema, request.field));
  const FieldSpec& field = schema.fields[column];
  VECDB_RETURN_IF_ERROR(CheckVectors(field, request.vectors));
  const format::IndexDefinition* index = snapshot.view->FindIndex(field.name);
  if (index == nullptr) {
    return absl::FailedPreconditionError(base::StrFormat(
        "field \"%s\" has no index; call CreateIndex first (FLAT is one)", field.name));
  }
  VECDB_RETURN_IF_ERROR(CheckLoaded(core, *snapshot.view, field.name, request.shards));
  if (request.metric.has_value() && *request.metric != index->spec.metric) {
    return absl::InvalidArgumentError(base::StrFormat("metric %s: the index of field \"%s\" has %s",
                                                      MetricName(*request.metric), field.name,
                                                      MetricName(index->spec.metric)));
  }
  query::SnapshotSearch search{.schema = core.schema(),
                               .segments = snapshot.view->segments,
                               .as_of = snapshot.as_of,
                               .alive_from = snapshot.alive_from,
                               .executor = core.host().executor,
                               .column = column,
                               .vectors = request.vectors,
                               .metric = index->spec.metric,
                               .params = request.params,
                               .allow_partial = request.allow_partial};
  VECDB_ASSIGN_OR_RETURN(search.output_columns, query::ColumnsOf(schema, request.output_fields,
                                                                 /*empty_means_all=*/false));
  VECDB_ASSIGN_OR_RETURN(search.range, RangeOf(request, search.metric));
  VECDB_ASSIGN_OR_RETURN(search.filter, query::BoundFilter::Make(request.filter, schema));
  return search;
}

}  // namespace

absl::StatusOr<query::SnapshotSearch> PlanSearch(const CollectionCore& core,
                                                 const Snapshot& snapshot,
                                                 const SearchRequest& request) {
  VECDB_RETURN_IF_ERROR(CheckLimit(request, core.max_result_rows()));
  VECDB_ASSIGN_OR_RETURN(query::SnapshotSearch search, Plan(core, snapshot, request));
  VECDB_RETURN_IF_ERROR(PlanGroups(request, *core.schema(), core.max_result_rows(), &search));
  const std::string& field = core.schema()->fields[search.column].name;
  VECDB_RETURN_IF_ERROR(schema::ValidateSearchParams(
      snapshot.view->FindIndex(field)->spec, request.params, request.offset + request.limit));
  // FLAT is exact also where segments still have the index of an earlier definition.
  search.exact = std::holds_alternative<FlatParams>(snapshot.view->FindIndex(field)->spec.params);
  search.limit = static_cast<uint32_t>(request.limit);
  search.offset = static_cast<uint32_t>(request.offset);
  return search;
}

absl::StatusOr<query::SnapshotSearch> PlanSearchIteration(const CollectionCore& core,
                                                          const Snapshot& snapshot,
                                                          const SearchRequest& request) {
  if (!request.group_by.empty()) {
    return absl::InvalidArgumentError("group_by: an iterator gives single hits");
  }
  VECDB_ASSIGN_OR_RETURN(query::SnapshotSearch search, Plan(core, snapshot, request));
  const auto dim = static_cast<size_t>(core.schema()->fields[search.column].dim);
  if (request.vectors.size() != dim) {
    return absl::InvalidArgumentError(base::StrFormat("vectors: %d queries; an iterator takes one",
                                                      request.vectors.size() / dim));
  }
  search.exact = true;
  return search;
}

absl::StatusOr<Snapshot> OfShards(const CollectionCore& core, const Snapshot& snapshot,
                                  const std::vector<int32_t>& shards) {
  for (const int32_t shard : shards) VECDB_RETURN_IF_ERROR(CheckShard(core, shard));
  if (shards.empty()) return snapshot;
  auto view = std::make_shared<View>(*snapshot.view);
  std::erase_if(view->segments,
                [&](const query::SegmentView& segment) { return !IsNamed(shards, segment.shard); });
  Snapshot part = snapshot;
  part.view = std::move(view);
  return part;
}

}  // namespace vecdb::engine
