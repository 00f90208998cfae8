#include "query/result_rows.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/names.h"

namespace vecdb::query {
namespace {

using schema::Quoted;

// One that was cast from a number may be none.
absl::Status CheckMetric(Metric metric) {
  switch (metric) {
    case Metric::kL2:
    case Metric::kIp:
    case Metric::kCosine:
      return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      base::StrFormat("metric: %d is none", static_cast<int32_t>(metric)));
}

absl::Status CheckColumnLength(const RowBatch& batch, std::string_view field) {
  const Column* column = batch.column(field);
  if (column == nullptr || column->num_rows() == batch.num_rows()) return absl::OkStatus();
  return absl::InvalidArgumentError(base::StrFormat("column %s has %d values, another has %d",
                                                    Quoted(field), column->num_rows(),
                                                    batch.num_rows()));
}

absl::Status CheckScores(const SearchResultParts& parts) {
  if (parts.scores.size() != parts.rows.num_rows()) {
    return absl::InvalidArgumentError(base::StrFormat("scores: %d of them for %d rows",
                                                      parts.scores.size(), parts.rows.num_rows()));
  }
  for (size_t i = 0; i < parts.scores.size(); ++i) {
    if (!std::isnan(parts.scores[i])) continue;
    return absl::InvalidArgumentError(base::StrFormat("scores: that of row %d is NaN", i));
  }
  return absl::OkStatus();
}

absl::Status CheckEnds(std::span<const size_t> ends, size_t num_rows) {
  if (!std::is_sorted(ends.begin(), ends.end())) {
    return absl::InvalidArgumentError("ends: one is below that of an earlier query");
  }
  const size_t last = ends.empty() ? 0 : ends.back();
  if (last == num_rows) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("ends: the hits of the last query stop at %d of %d rows", last, num_rows));
}

}  // namespace

absl::Status CheckResultBatch(const RowBatch& batch) {
  VECDB_RETURN_IF_ERROR(batch.status());
  const FieldSpec* key = nullptr;
  size_t num_keys = 0;
  for (const FieldSpec& field : batch.schema().fields) {
    if (!field.primary_key) continue;
    key = &field;
    ++num_keys;
  }
  if (num_keys != 1) {
    return absl::InvalidArgumentError(
        base::StrFormat("the schema has %d primary keys, not one", num_keys));
  }
  if (key->type != DataType::kInt64 && key->type != DataType::kVarChar) {
    return absl::InvalidArgumentError(base::StrFormat("the primary key %s is of type %s",
                                                      Quoted(key->name), DataTypeName(key->type)));
  }
  if (batch.num_rows() > 0 && batch.column(key->name) == nullptr) {
    return absl::InvalidArgumentError(
        base::StrFormat("no column %s, the primary key", Quoted(key->name)));
  }
  for (const FieldSpec& field : batch.schema().fields) {
    VECDB_RETURN_IF_ERROR(CheckColumnLength(batch, field.name));
  }
  return CheckColumnLength(batch, kDynamicFieldName);
}

absl::StatusOr<std::unique_ptr<ResultRows>> ResultRows::Make(SearchResultParts parts) {
  VECDB_RETURN_IF_ERROR(CheckMetric(parts.shape.metric));
  VECDB_RETURN_IF_ERROR(CheckResultBatch(parts.rows));
  VECDB_RETURN_IF_ERROR(CheckScores(parts));
  VECDB_RETURN_IF_ERROR(CheckEnds(parts.ends, parts.scores.size()));
  auto result = std::make_unique<ResultRows>(std::move(parts.rows));
  const Schema& schema = result->rows.schema();
  result->keys = result->rows.column(schema.fields[schema.primary_key_index()].name);
  result->hits.reserve(parts.scores.size());
  for (size_t row = 0; row < parts.scores.size(); ++row) {
    result->hits.emplace_back(parts.scores[row], row, result.get());
  }
  result->ends = std::move(parts.ends);
  result->shape = std::move(parts.shape);
  result->partial = parts.partial;
  result->stats = std::move(parts.stats);
  return result;
}

}  // namespace vecdb::query
