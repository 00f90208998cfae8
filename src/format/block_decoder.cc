#include "format/block_decoder.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "format/number_type.h"

namespace vecdb::format {
namespace {

using schema::ColumnBlock;

uint64_t WholeWords(uint64_t bytes) { return (bytes + 7) / 8 * 8; }

bool AreBools(std::span<const uint8_t> values) {
  return std::all_of(values.begin(), values.end(), [](uint8_t value) { return value <= 1; });
}

// Whether `ends` do not fall and the last is the number of bytes.
bool AreEnds(std::span<const uint32_t> ends, uint64_t num_bytes) {
  uint32_t last = 0;
  bool rising = true;
  for (const uint32_t end : ends) {
    rising &= end >= last;
    last = end;
  }
  return rising && last == num_bytes;
}

// Puts the ends and bytes of `count` strings, which are all of `bytes`, into `block`.
bool TakeStrings(const BlockBytes& bytes, uint32_t count, ColumnBlock* block) {
  const uint64_t ends_bytes = uint64_t{count} * sizeof(uint32_t);
  if (bytes.size() < ends_bytes) return false;
  block->ends = reinterpret_cast<const uint32_t*>(bytes.text().data());
  block->num_strings = count;
  block->bytes = bytes.text().data() + ends_bytes;
  return AreEnds({block->ends, count}, bytes.size() - ends_bytes);
}

bool DecodePlain(const BlockEntry& entry, const BlockBytes& bytes, ColumnBlock* block) {
  const size_t number_bytes = NumberBytes(block->type);
  if (number_bytes == 0) return TakeStrings(bytes, entry.num_rows, block);
  block->numbers = bytes.text().data();
  return bytes.size() == entry.num_rows * number_bytes &&
         (block->type != DataType::kBool || AreBools(block->as<uint8_t>()));
}

template <typename T>
void AppendNumbers(const ColumnBlock& block, std::vector<T>* numbers) {
  const auto values = block.as<T>();
  if (block.constant) {
    numbers->insert(numbers->end(), block.num_rows, values[0]);
  } else {
    numbers->insert(numbers->end(), values.begin(), values.end());
  }
}

void AppendStrings(const ColumnBlock& block, Column::Strings* strings) {
  for (uint32_t row = 0; row < block.num_rows; ++row) {
    strings->bytes.append(block.string(row));
    strings->ends.push_back(strings->bytes.size());
  }
}

}  // namespace

uint64_t DecodedBytes(const BlockEntry& entry, DataType type) {
  if (const size_t bytes = NumberBytes(type); bytes > 0) return WholeWords(entry.num_rows * bytes);
  return WholeWords(entry.raw_bytes);
}

uint64_t ColumnBytes(const BlockEntry& entry, DataType type) {
  if (const size_t bytes = NumberBytes(type); bytes > 0) return entry.num_rows * bytes;
  const uint64_t text_bytes = entry.raw_bytes - entry.num_rows * sizeof(uint32_t);
  return text_bytes + entry.num_rows * sizeof(uint64_t);
}

std::optional<DecodedBlock> DecodeBlock(const BlockEntry& entry, DataType type, BlockBytes bytes) {
  DecodedBlock decoded;
  decoded.block.type = type;
  decoded.block.num_rows = entry.num_rows;
  if (!DecodePlain(entry, bytes, &decoded.block)) return std::nullopt;
  decoded.memory_bytes = WholeWords(bytes.size());
  decoded.block.owner = BlockBytes::Share(std::move(bytes));
  return decoded;
}

void AppendBlock(const ColumnBlock& block, Column::Values* values) {
  const bool is_number = VisitNumberType(block.type, [&]<typename T>(T*) {
    AppendNumbers(block, &std::get<std::vector<T>>(*values));
  });
  if (!is_number) AppendStrings(block, &std::get<Column::Strings>(*values));
}

}  // namespace vecdb::format
