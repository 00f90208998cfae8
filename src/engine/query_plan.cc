#include "engine/query_plan.h"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "base/utf8.h"
#include "query/fetch.h"
#include "query/rows_by_key.h"

namespace vecdb::engine {
namespace {

absl::Status CheckNotNegative(const QueryRequest& request) {
  if (request.limit < 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("limit %d: must be at least 0", request.limit));
  }
  if (request.offset < 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("offset %d: must be at least 0", request.offset));
  }
  return absl::OkStatus();
}

absl::Status CheckCeiling(const QueryRequest& request, int32_t ceiling) {
  if (request.offset < ceiling && request.limit <= ceiling - request.offset) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      base::StrFormat("offset %d, limit %d: offset + limit must be 1 to %d (max_result_rows); "
                      "OpenQueryIterator has no ceiling",
                      request.offset, request.limit, ceiling));
}

absl::StatusOr<QueryPlan> Plan(const CollectionCore& core, const QueryRequest& request) {
  VECDB_RETURN_IF_ERROR(CheckNotNegative(request));
  QueryPlan plan{.limit = static_cast<uint64_t>(request.limit),
                 .offset = static_cast<uint64_t>(request.offset),
                 .by_key = request.order_by_key};
  VECDB_ASSIGN_OR_RETURN(plan.columns, query::ColumnsOf(*core.schema(), request.output_fields,
                                                        /*empty_means_all=*/false));
  VECDB_ASSIGN_OR_RETURN(plan.filter, query::BoundFilter::Make(request.filter, *core.schema()));
  return plan;
}

// Takes the rows that are left off the front of a position: at least one of `limit` was returned.
absl::StatusOr<uint64_t> TakeRowsLeft(uint64_t limit, std::string_view* position) {
  uint64_t rows = 0;
  const auto read = std::from_chars(position->data(), position->data() + position->size(), rows);
  const std::string front = absl::StrCat(rows, ":");
  if (read.ec != std::errc() || rows >= limit || !position->starts_with(front)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "position: not one of an iterator of the same request, whose limit is %d", limit));
  }
  position->remove_prefix(front.size());
  return rows;
}

}  // namespace

OwnedKey OwnedKey::Of(const schema::Key& key) {
  return {.is_int64 = key.is_int64(), .number = key.int64(), .text = std::string(key.varchar())};
}

std::string OwnedKey::ToString() const {
  return is_int64 ? base::StrFormat("i%d", number) : "s" + text;
}

absl::StatusOr<OwnedKey> OwnedKey::Parse(std::string_view text, const Schema& schema) {
  const FieldSpec& field = schema.fields[schema.primary_key_index()];
  OwnedKey key{.is_int64 = field.type == DataType::kInt64};
  const bool kind = !text.empty() && text[0] == (key.is_int64 ? 'i' : 's');
  if (kind && key.is_int64) {
    const auto read = std::from_chars(text.data() + 1, text.data() + text.size(), key.number);
    if (read.ec == std::errc() && key.ToString() == text) return key;
  }
  if (kind && !key.is_int64 && text.size() <= 1 + size_t{kMaxVarCharBytes} &&
      base::IsValidUtf8(text)) {
    key.text = text.substr(1);
    return key;
  }
  return absl::InvalidArgumentError(base::StrFormat(
      "position: not one of an iterator over keys of type %s", DataTypeName(field.type)));
}

absl::StatusOr<QueryPlan> PlanQuery(const CollectionCore& core, const QueryRequest& request) {
  VECDB_ASSIGN_OR_RETURN(QueryPlan plan, Plan(core, request));
  VECDB_RETURN_IF_ERROR(CheckCeiling(request, core.max_result_rows()));
  if (plan.limit == 0) plan.limit = static_cast<uint64_t>(core.max_result_rows()) - plan.offset;
  return plan;
}

absl::Status CheckBatchSize(const CollectionCore& core, int32_t batch_size) {
  if (batch_size >= 1 && batch_size <= core.max_result_rows()) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat(
      "batch_size %d: must be 1 to %d (max_result_rows)", batch_size, core.max_result_rows()));
}

absl::StatusOr<QueryPlan> PlanQueryIteration(const CollectionCore& core,
                                             const QueryRequest& request,
                                             const IteratorOptions& options) {
  VECDB_RETURN_IF_ERROR(CheckBatchSize(core, options.batch_size));
  VECDB_ASSIGN_OR_RETURN(QueryPlan plan, Plan(core, request));
  if (!plan.by_key) {
    return absl::InvalidArgumentError("order_by_key: an iterator gives rows by key alone");
  }
  if (plan.limit == 0) plan.limit = kAllRows;
  if (options.position.empty()) return plan;
  std::string_view position = options.position;
  if (plan.limit != kAllRows) {
    VECDB_ASSIGN_OR_RETURN(plan.limit, TakeRowsLeft(plan.limit, &position));
  }
  VECDB_ASSIGN_OR_RETURN(plan.after, OwnedKey::Parse(position, *core.schema()));
  plan.offset = 0;
  return plan;
}

std::string PositionText(uint64_t rows_left, const OwnedKey& after) {
  return rows_left == kAllRows ? after.ToString() : absl::StrCat(rows_left, ":", after.ToString());
}

absl::StatusOr<RowBatch> ReadRows(const CollectionCore& core, const Snapshot& snapshot,
                                  const QueryPlan& plan, const Context& context) {
  query::RowQuery query{.segments = snapshot.view->segments,
                        .as_of = snapshot.as_of,
                        .alive_from = snapshot.alive_from,
                        .filter = plan.filter,
                        .by_key = plan.by_key,
                        .limit = plan.offset + plan.limit};
  if (plan.after.has_value()) query.after = plan.after->key();
  VECDB_ASSIGN_OR_RETURN(const auto places, query::FindRows(query, context));
  const auto wanted =
      std::span(places).subspan(std::min<size_t>(places.size(), static_cast<size_t>(plan.offset)));
  return query::FetchRows(core.schema(), query.segments, wanted, plan.columns, context);
}

}  // namespace vecdb::engine
