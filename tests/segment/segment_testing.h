#ifndef VECDB_SEGMENT_SEGMENT_TESTING_H_
#define VECDB_SEGMENT_SEGMENT_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "index/vector_view.h"
#include "segment/growing_segment.h"
#include "segment/segment_search.h"
#include "segment/segment_writer.h"
#include "simd/distance.h"
#include "simd/row_norm.h"
#include "support/status_testing.h"
#include "support/store_testing.h"
#include "vecdb/object_store.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::segment {

using support::CodeOf;
using support::PathOf;

constexpr uint64_t kEver = ~uint64_t{0};

inline constexpr size_t kVector = 1;  ///< the column in SmallSchema

/// Key "id" (Int64 or VarChar), FloatVector "vector", "group" Int32.
inline Schema SmallSchema(DataType key = DataType::kInt64, int32_t dim = 4) {
  Schema schema{.fields = {{.name = "id", .type = key, .primary_key = true},
                           {.name = "vector", .type = DataType::kFloatVector, .dim = dim},
                           {.name = "group", .type = DataType::kInt32}}};
  if (key == DataType::kVarChar) schema.fields[0].max_length = 100;
  return schema;
}

/// One field of every type, two of vectors, and dynamic fields; "id" is the key.
inline Schema WideSchema() {
  return {.fields = {{.name = "bool", .type = DataType::kBool},
                     {.name = "int8", .type = DataType::kInt8},
                     {.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "int16", .type = DataType::kInt16},
                     {.name = "int32", .type = DataType::kInt32},
                     {.name = "float", .type = DataType::kFloat},
                     {.name = "a", .type = DataType::kFloatVector, .dim = 3},
                     {.name = "double", .type = DataType::kDouble},
                     {.name = "text", .type = DataType::kVarChar, .max_length = 1000},
                     {.name = "json", .type = DataType::kJson},
                     {.name = "b", .type = DataType::kFloatVector, .dim = 65}},
          .enable_dynamic_field = true};
}

/// The text that stands for an integer key where keys are VarChar: ordered as the integers are not.
inline std::string TextKey(int64_t key) { return "k" + std::to_string(key); }

/// Rows with the keys `keys`; every value follows from the key and `version`.
inline RowBatch MakeRows(const Schema& schema, const std::vector<int64_t>& keys, int version = 0) {
  RowBatch batch(schema);
  const size_t rows = keys.size();
  const auto value = [&](size_t row, size_t column) {
    return static_cast<uint32_t>(keys[row] * 2654435761 + version * 97 +
                                 static_cast<int>(column) * 31);
  };
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    const FieldSpec& field = schema.fields[i];
    const auto numbers = [&]<typename T>(T) {
      std::vector<T> values(rows);
      for (size_t row = 0; row < rows; ++row) values[row] = static_cast<T>(value(row, i));
      batch.SetColumn(field.name, Column(field.type, 0, std::move(values)));
    };
    switch (field.type) {
      case DataType::kBool: {
        std::vector<uint8_t> values(rows);
        for (size_t row = 0; row < rows; ++row) values[row] = value(row, i) % 2;
        batch.SetColumn(field.name, Column(field.type, 0, std::move(values)));
        break;
      }
      case DataType::kInt8:
        numbers(int8_t{});
        break;
      case DataType::kInt16:
        numbers(int16_t{});
        break;
      case DataType::kInt32:
        numbers(int32_t{});
        break;
      case DataType::kFloat:
        numbers(float{});
        break;
      case DataType::kDouble:
        numbers(double{});
        break;
      case DataType::kInt64:
        if (field.primary_key) {
          batch.SetInt64(field.name, keys);
        } else {
          numbers(int64_t{});
        }
        break;
      case DataType::kFloatVector: {
        std::vector<float> values(rows * static_cast<size_t>(field.dim));
        for (size_t n = 0; n < values.size(); ++n) {
          const size_t row = n / static_cast<size_t>(field.dim);
          values[n] = static_cast<float>((value(row, i) + n * 7919) % 16) - 7.5f;
        }
        batch.SetFloatVectors(field.name, std::move(values));
        break;
      }
      default: {
        std::vector<std::string> values(rows);
        for (size_t row = 0; row < rows; ++row) {
          if (field.primary_key) {
            values[row] = TextKey(keys[row]);
          } else if (field.type == DataType::kJson) {
            values[row] = "{\"v\":" + std::to_string(value(row, i)) + "}";
          } else {
            values[row] = std::string(value(row, i) % 40, 'x');
          }
        }
        if (field.type == DataType::kJson) {
          batch.SetJson(field.name, values);
        } else {
          batch.SetVarChar(field.name, values);
        }
      }
    }
  }
  if (schema.enable_dynamic_field) {
    std::vector<std::string> values(rows);
    for (size_t row = 0; row < rows; ++row) {
      values[row] = "{\"extra\":" + std::to_string(value(row, 99)) + "}";
    }
    batch.SetJson(kDynamicFieldName, values);
  }
  return batch;
}

inline std::vector<int64_t> KeyRange(int64_t begin, int64_t end) {
  std::vector<int64_t> keys(static_cast<size_t>(end - begin));
  std::iota(keys.begin(), keys.end(), begin);
  return keys;
}

inline std::vector<uint32_t> AllRows(size_t count) {
  std::vector<uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

/// Appends all rows of a batch.
inline void Add(GrowingSegment* segment, const RowBatch& batch, uint64_t timestamp) {
  ASSERT_OK(batch.status());
  const std::vector<uint32_t> rows = AllRows(batch.num_rows());
  ASSERT_OK(segment->Reserve(batch, rows));
  segment->Append(batch, rows, {}, timestamp);
}

inline std::shared_ptr<GrowingSegment> MakeGrowing(const Schema& schema, const Host& host = {}) {
  return std::make_shared<GrowingSegment>(std::make_shared<const Schema>(schema), host);
}

/// The values of a column as JSON, one text a row: equal texts are equal values.
inline std::vector<std::string> Texts(const Schema& schema, std::string_view field, Column column) {
  RowBatch batch(schema);
  const size_t rows = column.num_rows();
  batch.SetColumn(field, std::move(column));
  std::vector<std::string> texts;
  for (size_t row = 0; row < rows; ++row) texts.push_back(batch.ValueToJson(field, row));
  return texts;
}

inline std::string_view FieldName(const Schema& schema, size_t column) {
  return column < schema.fields.size() ? std::string_view(schema.fields[column].name)
                                       : kDynamicFieldName;
}

inline size_t NumColumns(const Schema& schema) {
  return schema.fields.size() + (schema.enable_dynamic_field ? 1 : 0);
}

/// A segment written from growing rows and opened again.
struct Written {
  std::shared_ptr<ObjectStore> store = MakeMemoryObjectStore();
  SegmentInfo info{};
};

inline Written Write(const GrowingSegment& rows, const Host& host = {}) {
  Written written;
  auto info = WriteRows(rows, rows.num_rows(), *written.store, PathOf("segments/s"), host, {});
  EXPECT_OK(info);
  auto with_deletes = WriteDeletes(*info, *rows.deletes(), kEver, *written.store, {});
  EXPECT_OK(with_deletes);
  written.info = *with_deletes;
  return written;
}

inline std::shared_ptr<SealedSegment> OpenSealed(const Written& written, const Host& host = {}) {
  auto segment = SealedSegment::Open(written.store, written.info, host, nullptr, {});
  EXPECT_OK(segment);
  return segment.ok() ? *segment : nullptr;
}

/// Collects what is logged.
class MemoryLog : public LogSink {
 public:
  void Write(LogLevel, std::string_view message) override { messages.emplace_back(message); }
  std::vector<std::string> messages;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SEGMENT_TESTING_H_
