#include "schema/key.h"

#include <array>
#include <bit>
#include <limits>
#include <vector>

#include "base/checksum.h"
#include "base/str_format.h"
#include "schema/json_text.h"
#include "schema/names.h"

namespace vecdb::schema {
namespace {

constexpr size_t kRoutedBytes = 100;

std::array<char, 8> LittleEndianBytes(int64_t key) {
  std::array<char, 8> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(static_cast<uint64_t>(key) >> (8 * i));
  }
  return bytes;
}

// One round of MurmurHash3_x86_32 (Austin Appleby, public domain).
uint32_t MurmurRound(uint32_t hash, uint32_t word) {
  word *= 0xCC9E2D51U;
  word = std::rotl(word, 15);
  word *= 0x1B873593U;
  hash ^= word;
  return std::rotl(hash, 13) * 5 + 0xE6546B64U;
}

// MurmurHash3_x86_32 with seed 0 over the 8 little-endian bytes of `key`.
uint32_t Murmur3(int64_t key) {
  const auto bits = static_cast<uint64_t>(key);
  uint32_t hash = MurmurRound(0, static_cast<uint32_t>(bits));
  hash = MurmurRound(hash, static_cast<uint32_t>(bits >> 32));
  hash ^= 8U;  // the length
  hash ^= hash >> 16;
  hash *= 0x85EBCA6BU;
  hash ^= hash >> 13;
  hash *= 0xC2B2AE35U;
  return hash ^ (hash >> 16);
}

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    table[i] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kCrcTable = MakeCrcTable();

uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = ~0U;
  for (const char c : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xFFU];
  return ~crc;
}

// A table of rows by the hash of their keys, half full at most.
absl::Status CheckDistinct(const KeyColumn& keys) {
  constexpr uint32_t kFree = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> rows(std::bit_ceil(2 * keys.size() + 1), kFree);
  const size_t mask = rows.size() - 1;
  for (size_t row = 0; row < keys.size(); ++row) {
    const Key key = keys[row];
    size_t at = key.Hash() & mask;
    for (; rows[at] != kFree; at = (at + 1) & mask) {
      if (keys[rows[at]] != key) continue;
      return absl::InvalidArgumentError(base::StrFormat(
          "key %s comes twice in the batch, in rows %d and %d", key.ToString(), rows[at], row));
    }
    rows[at] = static_cast<uint32_t>(row);
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t KeyHash(int64_t key) {
  const std::array<char, 8> bytes = LittleEndianBytes(key);
  return base::Xxh3(std::string_view(bytes.data(), bytes.size()));
}

uint64_t KeyHash(std::string_view key) { return base::Xxh3(key); }

int32_t ShardOf(int64_t key, int32_t num_shards) {
  return static_cast<int32_t>((Murmur3(key) & 0x7FFFFFFFU) % static_cast<uint32_t>(num_shards));
}

int32_t ShardOf(std::string_view key, int32_t num_shards) {
  return static_cast<int32_t>(Crc32(key.substr(0, kRoutedBytes)) %
                              static_cast<uint32_t>(num_shards));
}

std::string Key::ToString() const {
  return is_int64_ ? base::StrFormat("%d", number_) : Quoted(text_);
}

std::string Key::ToJson() const {
  std::string json;
  if (is_int64_) {
    AppendJsonNumber(number_, &json);
  } else {
    AppendJsonString(text_, &json);
  }
  return json;
}

KeyColumn::KeyColumn(const Column& column) : keys_(&column) {
  if (column.type() == DataType::kInt64) keys_ = column.int64s();
}

KeyColumn::KeyColumn(const Keys& keys) {
  if (keys.is_int64()) {
    keys_ = keys.int64s();
  } else {
    keys_ = keys.strings();
  }
}

size_t KeyColumn::size() const {
  if (const auto* numbers = std::get_if<std::span<const int64_t>>(&keys_)) return numbers->size();
  if (const auto* strings = std::get_if<std::span<const std::string>>(&keys_)) {
    return strings->size();
  }
  if (const auto* strings = std::get_if<Strings>(&keys_)) return strings->ends.size();
  return std::get<const Column*>(keys_)->num_rows();
}

Key KeyColumn::operator[](size_t row) const {
  if (const auto* numbers = std::get_if<std::span<const int64_t>>(&keys_)) {
    return Key((*numbers)[row]);
  }
  if (const auto* strings = std::get_if<std::span<const std::string>>(&keys_)) {
    return Key((*strings)[row]);
  }
  if (const auto* strings = std::get_if<Strings>(&keys_)) {
    const uint64_t begin = row == 0 ? 0 : strings->ends[row - 1];
    return Key(strings->bytes.substr(begin, strings->ends[row] - begin));
  }
  return Key(std::get<const Column*>(keys_)->string(row));
}

std::span<const int64_t> KeyColumn::int64s() const {
  const auto* numbers = std::get_if<std::span<const int64_t>>(&keys_);
  return numbers == nullptr ? std::span<const int64_t>() : *numbers;
}

KeyColumn KeysOf(const RowBatch& batch) {
  for (const FieldSpec& field : batch.schema().fields) {
    if (!field.primary_key) continue;
    const Column* column = batch.column(field.name);
    return column == nullptr ? KeyColumn() : KeyColumn(*column);
  }
  return {};
}

absl::Status CheckNoDuplicateKeys(const RowBatch& batch) { return CheckDistinct(KeysOf(batch)); }

}  // namespace vecdb::schema
