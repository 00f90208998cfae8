#ifndef VECDB_FORMAT_COLUMN_TESTING_H_
#define VECDB_FORMAT_COLUMN_TESTING_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/block_decoder.h"
#include "format/block_encoder.h"
#include "format/distinct_values.h"
#include "format/number_type.h"
#include "schema/column_block.h"
#include "vecdb/row_batch.h"

namespace vecdb::format {

/// A column of strings.
inline Column StringsColumn(DataType type, const std::vector<std::string>& values) {
  Column::Strings strings;
  for (const std::string& value : values) {
    strings.bytes += value;
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(type, 0, std::move(strings));
}

/// A block of numbers, which have to stay.
template <typename T>
schema::ColumnBlock NumberBlock(DataType type, const std::vector<T>& numbers) {
  return {
      .type = type, .num_rows = static_cast<uint32_t>(numbers.size()), .numbers = numbers.data()};
}

/// A block of strings, which have to stay.
class StringBlock {
 public:
  StringBlock(DataType type, const std::vector<std::string>& strings)
      : views_(strings.begin(), strings.end()) {
    block_ = {
        .type = type, .num_rows = static_cast<uint32_t>(strings.size()), .views = views_.data()};
  }
  const schema::ColumnBlock& block() const { return block_; }

 private:
  std::vector<std::string_view> views_;
  schema::ColumnBlock block_;
};

inline DistinctValues DistinctOf(const schema::ColumnBlock& block) {
  DistinctValues distinct;
  distinct.Find(block);
  return distinct;
}

inline BlockBytes BytesFor(std::string_view text) {
  BlockBytes bytes(text.size());
  text.copy(reinterpret_cast<char*>(bytes.data()), text.size());
  return bytes;
}

inline std::optional<DecodedBlock> Decode(const EncodedBlock& encoded, DataType type) {
  return DecodeBlock(encoded.entry, type, BytesFor(encoded.bytes));
}

template <typename T>
std::vector<T> NumbersOf(const schema::ColumnBlock& block) {
  std::vector<T> numbers;
  for (uint32_t row = 0; row < block.num_rows; ++row) {
    numbers.push_back(block.as<T>()[block.constant ? 0 : row]);
  }
  return numbers;
}

inline std::vector<std::string> StringsOf(const schema::ColumnBlock& block) {
  std::vector<std::string> strings;
  for (uint32_t row = 0; row < block.num_rows; ++row) strings.emplace_back(block.string(row));
  return strings;
}

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_COLUMN_TESTING_H_
