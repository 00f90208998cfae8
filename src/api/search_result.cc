#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "query/result_rows.h"
#include "vecdb/search.h"

namespace vecdb {
namespace {

template <typename T>
T ValueAt(std::span<const T> values, size_t row) {
  return row < values.size() ? values[row] : T{};
}

}  // namespace

int64_t Hit::int64_key() const { return ValueAt(rows_->keys->int64s(), row_); }

std::string_view Hit::varchar_key() const { return rows_->keys->string(row_); }

bool Hit::GetBool(std::string_view field) const {
  const Column* column = rows_->rows.column(field);
  return column != nullptr && ValueAt(column->bools(), row_) != 0;
}

int64_t Hit::GetInt64(std::string_view field) const {
  const Column* column = rows_->rows.column(field);
  if (column == nullptr) return 0;
  switch (column->type()) {
    case DataType::kInt8:
      return ValueAt(column->int8s(), row_);
    case DataType::kInt16:
      return ValueAt(column->int16s(), row_);
    case DataType::kInt32:
      return ValueAt(column->int32s(), row_);
    case DataType::kInt64:
      return ValueAt(column->int64s(), row_);
    default:
      return 0;
  }
}

double Hit::GetDouble(std::string_view field) const {
  const Column* column = rows_->rows.column(field);
  if (column == nullptr) return 0;
  if (column->type() == DataType::kFloat)
    return static_cast<double>(ValueAt(column->floats(), row_));
  return ValueAt(column->doubles(), row_);
}

std::string_view Hit::GetVarChar(std::string_view field) const {
  const Column* column = rows_->rows.column(field);
  if (column == nullptr || column->type() != DataType::kVarChar) return {};
  return column->string(row_);
}

std::string_view Hit::GetJson(std::string_view field) const {
  const Column* column = rows_->rows.column(field);
  if (column == nullptr || column->type() != DataType::kJson) return {};
  return column->string(row_);
}

std::span<const float> Hit::GetFloatVector(std::string_view field) const {
  const Column* column = rows_->rows.column(field);
  if (column == nullptr) return {};
  return column->vector(row_);
}

absl::StatusOr<SearchResult> SearchResult::Make(SearchResultParts parts) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SearchResult> {
    VECDB_ASSIGN_OR_RETURN(auto rows, query::ResultRows::Make(std::move(parts)));
    return SearchResult(std::move(rows));
  });
}

SearchResult::SearchResult(std::unique_ptr<query::ResultRows> rows) : rows_(std::move(rows)) {}
SearchResult::SearchResult(SearchResult&&) noexcept = default;
SearchResult& SearchResult::operator=(SearchResult&&) noexcept = default;
SearchResult::~SearchResult() = default;

size_t SearchResult::num_queries() const { return rows_->ends.size(); }

std::span<const Hit> SearchResult::hits(size_t query) const {
  const size_t begin = query == 0 ? 0 : rows_->ends[query - 1];
  return std::span(rows_->hits).subspan(begin, rows_->ends[query] - begin);
}

const ResultShape& SearchResult::shape() const { return rows_->shape; }

bool SearchResult::partial() const { return rows_->partial; }

const SearchStats& SearchResult::stats() const { return rows_->stats; }

const RowBatch& SearchResult::rows() const { return rows_->rows; }

}  // namespace vecdb
