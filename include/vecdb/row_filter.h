#ifndef VECDB_ROW_FILTER_H_
#define VECDB_ROW_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "vecdb/filter.h"

namespace vecdb {

/// The rows of one segment, as a host's own filter is asked about them. Valid during the call.
class FilteredRows {
 public:
  virtual ~FilteredRows() = default;

  /// The segment, as Collection::Segments names it; "" while its rows are in memory alone.
  virtual std::string_view segment() const = 0;
  virtual uint32_t num_rows() const = 0;
  /// The primary key of a row. The accessor of the other key type gives 0 or "".
  virtual int64_t int64_key(uint32_t row) const = 0;
  virtual std::string_view varchar_key(uint32_t row) const = 0;
};

/// Which rows a search, a query, a count or a delete is about. A value, made of what is at hand:
///
///     request.filter = R"(source == "blog")";
///     request.filter = RowFilter("year >= {year}", {{"year", 2024}});
///     request.filter = parsed;                       // a Filter: parsed and checked just once
///     request.filter = RowFilter::Custom(callback);  // bits of the host's own
///
/// What a filter of text finds in a segment is remembered by its normal form, so that the next
/// search with it need not look again; what a callback says is not.
class RowFilter {
 public:
  /// Sets bit `r % 64` of `bits[r / 64]` for each row r that matches; they come cleared. An error
  /// becomes that of the call. May be called on several threads at once.
  using Callback = std::function<absl::Status(const FilteredRows& rows, std::span<uint64_t> bits)>;

  /// Every row.
  RowFilter() = default;
  RowFilter(const char* text) : RowFilter(std::string(text)) {}       // NOLINT: implicit by design
  RowFilter(std::string_view text) : RowFilter(std::string(text)) {}  // NOLINT
  RowFilter(std::string text) : RowFilter(std::move(text), {}) {}     // NOLINT
  RowFilter(std::string text, FilterParameters parameters)
      : value_(Text{std::move(text), std::move(parameters)}) {}
  RowFilter(Filter filter) : value_(std::move(filter)) {}  // NOLINT

  static RowFilter Custom(Callback callback) {
    RowFilter filter;
    filter.value_ = std::move(callback);
    return filter;
  }

  /// The callback of Custom; null otherwise.
  const Callback* callback() const { return std::get_if<Callback>(&value_); }

  /// The filter, parsed and bound if it came as text; one that matches every row for Custom.
  /// Errors as Filter::Parse and Filter::Bind; InvalidArgument when a parsed filter has parameters
  /// that are not bound, or names fields that `schema` has not or has with another type.
  absl::StatusOr<Filter> Resolve(const Schema& schema) const;

 private:
  struct Text {
    std::string text{};
    FilterParameters parameters{};
  };

  std::variant<Filter, Text, Callback> value_;
};

}  // namespace vecdb

#endif  // VECDB_ROW_FILTER_H_
