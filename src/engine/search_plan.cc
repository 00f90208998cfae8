#include "engine/search_plan.h"

#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
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
        absl::StrFormat("field: must be named, the schema has %d vector fields", count));
  }
  if (schema.FindField(name).has_value()) {
    return absl::InvalidArgumentError(absl::StrFormat("field \"%s\" is no vector field", name));
  }
  return absl::NotFoundError(absl::StrFormat("field \"%s\": the schema has no such field", name));
}

absl::Status CheckVectors(const FieldSpec& field, std::span<const float> vectors) {
  const auto dim = static_cast<size_t>(field.dim);
  if (vectors.empty() || vectors.size() % dim != 0) {
    return absl::InvalidArgumentError(
        absl::StrFormat("vectors: %d floats are no multiple of %d, the dim of field \"%s\"",
                        vectors.size(), dim, field.name));
  }
  if (vectors.size() / dim > kMaxQueries) {
    return absl::InvalidArgumentError(
        absl::StrFormat("vectors: %d queries, at most %d", vectors.size() / dim, kMaxQueries));
  }
  if (schema::FindNonFinite(vectors).has_value()) {
    return absl::InvalidArgumentError("vectors: NaN or infinity in a query");
  }
  return absl::OkStatus();
}

absl::Status CheckLimit(const SearchRequest& request, int32_t ceiling) {
  if (request.limit < 1 || request.limit > ceiling) {
    return absl::InvalidArgumentError(
        absl::StrFormat("limit %d: must be 1 to %d", request.limit, ceiling));
  }
  if (request.offset < 0 || request.offset > ceiling - request.limit) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "offset %d: must be at least 0, and offset + limit at most %d", request.offset, ceiling));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<query::SnapshotSearch> PlanSearch(const CollectionCore& core,
                                                 const Snapshot& snapshot,
                                                 const SearchRequest& request) {
  const Schema& schema = *core.schema();
  VECDB_ASSIGN_OR_RETURN(const size_t column, FindVectorField(schema, request.field));
  const FieldSpec& field = schema.fields[column];
  VECDB_RETURN_IF_ERROR(CheckVectors(field, request.vectors));
  VECDB_RETURN_IF_ERROR(CheckLimit(request, core.max_result_rows()));
  VECDB_ASSIGN_OR_RETURN(
      std::vector<size_t> columns,
      query::ColumnsOf(schema, request.output_fields, /*empty_means_all=*/false));
  const format::IndexDefinition* index = snapshot.view->FindIndex(field.name);
  if (index == nullptr) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "field \"%s\" has no index; call CreateIndex first (FLAT is one)", field.name));
  }
  if (!snapshot.view->loaded) {
    return absl::FailedPreconditionError(
        absl::StrFormat("collection %s is not loaded; call Load first", core.name()));
  }
  if (request.metric.has_value() && *request.metric != index->spec.metric) {
    return absl::InvalidArgumentError(absl::StrFormat("metric %s: the index of field \"%s\" has %s",
                                                      MetricName(*request.metric), field.name,
                                                      MetricName(index->spec.metric)));
  }
  VECDB_RETURN_IF_ERROR(
      schema::ValidateSearchParams(index->spec, request.params, request.offset + request.limit));
  return query::SnapshotSearch{.schema = core.schema(),
                               .segments = snapshot.view->segments,
                               .as_of = snapshot.as_of,
                               .executor = core.host().executor,
                               .column = column,
                               .vectors = request.vectors,
                               .metric = index->spec.metric,
                               .params = request.params,
                               .limit = static_cast<uint32_t>(request.limit),
                               .offset = static_cast<uint32_t>(request.offset),
                               .output_columns = std::move(columns),
                               .allow_partial = request.allow_partial};
}

}  // namespace vecdb::engine
