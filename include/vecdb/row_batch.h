#ifndef VECDB_ROW_BATCH_H_
#define VECDB_ROW_BATCH_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/schema.h"

namespace vecdb {

/// The values of one field for a number of rows. A value; thread-compatible.
///
/// The accessor that fits type() gives the values, the others give an empty span.
class Column {
 public:
  /// Strings one after another: `ends[i]` is where value i stops in `bytes`.
  struct Strings {
    std::string bytes{};
    std::vector<uint64_t> ends{};
  };
  /// Row-major vectors: `owned`, or, when that is empty, `borrowed`.
  struct Vectors {
    std::vector<float> owned{};
    std::span<const float> borrowed{};
  };
  using Values = std::variant<std::monostate, std::vector<uint8_t>, std::vector<int8_t>,
                              std::vector<int16_t>, std::vector<int32_t>, std::vector<int64_t>,
                              std::vector<float>, std::vector<double>, Strings, Vectors>;

  Column() = default;
  /// `values` holds the alternative that belongs to `type`; `dim` is for vectors.
  Column(DataType type, int32_t dim, Values values)
      : type_(type), dim_(dim), values_(std::move(values)) {}

  DataType type() const { return type_; }
  int32_t dim() const { return dim_; }
  size_t num_rows() const;
  bool empty() const { return num_rows() == 0; }

  /// False for values that do not belong together: another alternative than that of type(), strings
  /// whose ends run backwards or past the bytes, a number of floats that is no multiple of dim().
  bool well_formed() const;

  std::span<const uint8_t> bools() const;  ///< 0 or 1
  std::span<const int8_t> int8s() const;
  std::span<const int16_t> int16s() const;
  std::span<const int32_t> int32s() const;
  std::span<const int64_t> int64s() const;
  std::span<const float> floats() const;
  std::span<const double> doubles() const;
  /// The value of a VarChar or Json row; "" past the end or for another type.
  std::string_view string(size_t row) const;
  /// All vectors, row-major, num_rows() * dim() numbers.
  std::span<const float> vectors() const;
  /// The vector of one row; empty past the end or for another type.
  std::span<const float> vector(size_t row) const;

 private:
  DataType type_ = DataType::kNone;
  int32_t dim_ = 0;
  Values values_;
};

/// Rows, one column per field: what goes into a collection and what comes back.
///
/// A setter never fails on the spot: the first thing that is wrong (an unknown field, another type)
/// is kept and returned by status() and by the call that takes the batch. That call also checks
/// what needs the whole batch: every column there and of equal length, values within the limits of
/// the schema. A value; thread-compatible.
///
///     RowBatch batch(schema);
///     batch.SetInt64("id", ids);
///     batch.SetFloatVectors("embedding", vectors);   // borrowed: keep `vectors` until Insert
///     returns auto result = docs->Insert(batch);
class RowBatch {
 public:
  /// An empty batch for rows of `schema`, which is copied.
  explicit RowBatch(const Schema& schema);
  /// The same, sharing the schema, which is not null.
  explicit RowBatch(std::shared_ptr<const Schema> schema);

  /// Reads rows from JSON: an array of objects, or `{"rows": [...]}`. Vectors are arrays of
  /// numbers, a Json field takes any value. Keys that no field declares go to `$meta` when the
  /// schema allows dynamic fields. InvalidArgument, naming row and field, for a missing or unknown
  /// key, another type, a number out of range, invalid JSON or UTF-8, nesting deeper than 32, more
  /// than 64 MiB.
  static absl::StatusOr<RowBatch> FromJson(const Schema& schema, std::string_view json);

  /// Set one column; scalars and strings are copied. Setting a column again replaces it.
  RowBatch& SetBool(std::string_view field, std::span<const bool> values);
  RowBatch& SetInt8(std::string_view field, std::span<const int8_t> values);
  RowBatch& SetInt16(std::string_view field, std::span<const int16_t> values);
  RowBatch& SetInt32(std::string_view field, std::span<const int32_t> values);
  RowBatch& SetInt64(std::string_view field, std::span<const int64_t> values);
  RowBatch& SetFloat(std::string_view field, std::span<const float> values);
  RowBatch& SetDouble(std::string_view field, std::span<const double> values);
  RowBatch& SetVarChar(std::string_view field, std::span<const std::string> values);
  RowBatch& SetVarChar(std::string_view field, std::span<const std::string_view> values);
  /// One JSON text per row. `$meta` takes objects whose keys are not names of fields.
  RowBatch& SetJson(std::string_view field, std::span<const std::string> values);

  /// Sets vectors, row-major, rows * dim numbers. A span or an lvalue is borrowed and must stay as
  /// it is until the batch has been used; a vector that is moved in is owned by the batch. Nothing
  /// is copied.
  RowBatch& SetFloatVectors(std::string_view field, std::span<const float> values);
  RowBatch& SetFloatVectors(std::string_view field, std::vector<float>&& values);

  /// Sets a column that was read elsewhere.
  RowBatch& SetColumn(std::string_view field, Column column);

  /// OK, or the first mistake of a setter: InvalidArgument.
  const absl::Status& status() const { return status_; }

  const Schema& schema() const { return *schema_; }

  /// Rows of the longest column.
  size_t num_rows() const;

  /// The column of a field, or of `$meta`; nullptr when it was not set or is unknown.
  const Column* column(std::string_view field) const;

  /// One value as JSON text, for printing: vectors are arrays, strings are quoted. "null" when
  /// unset.
  std::string ValueToJson(std::string_view field, size_t row) const;

  /// The rows as a JSON array of objects that FromJson reads back; `$meta` keys stand beside the
  /// others.
  std::string ToJson() const;

 private:
  RowBatch& Set(std::string_view field, DataType type, Column::Values values);

  std::shared_ptr<const Schema> schema_;
  std::vector<Column> columns_;  // one per field of the schema, then `$meta` when that is enabled
  absl::Status status_;
};

}  // namespace vecdb

#endif  // VECDB_ROW_BATCH_H_
