#ifndef VECDB_SCHEMA_KEY_H_
#define VECDB_SCHEMA_KEY_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "vecdb/keys.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// The hash of a key for hash tables and Bloom filters: XXH3-64 of its bytes, an Int64 as 8 bytes
/// in little-endian order. Bloom sections are written with it, so it never changes.
uint64_t KeyHash(int64_t key);
uint64_t KeyHash(std::string_view key);

/// The shard that a key belongs to, the same as in Milvus: MurmurHash3 x86-32 over the 8
/// little-endian bytes of an Int64, without its highest bit, or CRC-32 (IEEE) of the first 100
/// bytes of a VarChar, modulo `num_shards`, which is at least 1. Rows lie where it says, so it
/// never changes.
int32_t ShardOf(int64_t key, int32_t num_shards);
int32_t ShardOf(std::string_view key, int32_t num_shards);

/// A primary key. A small value that borrows the bytes of a VarChar key.
///
/// Keys of one type are ordered as numbers or as bytes; Int64 comes before VarChar, which no
/// collection mixes.
class Key {
 public:
  Key() : Key(int64_t{0}) {}
  explicit Key(int64_t number) : number_(number) {}
  explicit Key(std::string_view text) : is_int64_(false), text_(text) {}

  bool is_int64() const { return is_int64_; }
  int64_t int64() const { return number_; }           ///< 0 for a VarChar key
  std::string_view varchar() const { return text_; }  ///< "" for an Int64 key

  uint64_t Hash() const { return is_int64_ ? KeyHash(number_) : KeyHash(text_); }
  int32_t Shard(int32_t num_shards) const {
    return is_int64_ ? ShardOf(number_, num_shards) : ShardOf(text_, num_shards);
  }

  /// For messages: 42, or the text in quotes, cut after 64 bytes.
  std::string ToString() const;
  /// The whole key as JSON: 42 or "text".
  std::string ToJson() const;

  friend bool operator==(const Key&, const Key&) = default;
  friend std::strong_ordering operator<=>(const Key& a, const Key& b) {
    if (a.is_int64_ != b.is_int64_) return b.is_int64_ <=> a.is_int64_;
    if (a.is_int64_) return a.number_ <=> b.number_;
    return a.text_ <=> b.text_;
  }

  /// For absl hash containers.
  template <typename H>
  friend H AbslHashValue(H state, const Key& key) {
    return H::combine(std::move(state), key.is_int64_, key.number_, key.text_);
  }

 private:
  bool is_int64_ = true;
  int64_t number_ = 0;
  std::string_view text_;
};

/// The keys of a number of rows, wherever they lie: key i is that of row i. A view; borrows all.
class KeyColumn {
 public:
  /// Strings one after another: `ends[i]` is where value i stops in `bytes`. Trusted, not checked.
  struct Strings {
    std::string_view bytes{};
    std::span<const uint64_t> ends{};
  };

  KeyColumn() : keys_(std::span<const int64_t>()) {}
  explicit KeyColumn(std::span<const int64_t> keys) : keys_(keys) {}
  explicit KeyColumn(std::span<const std::string> keys) : keys_(keys) {}
  explicit KeyColumn(Strings keys) : keys_(keys) {}
  /// `column` is of type Int64 or VarChar.
  explicit KeyColumn(const Column& column);
  explicit KeyColumn(const Keys& keys);

  bool is_int64() const { return std::holds_alternative<std::span<const int64_t>>(keys_); }
  size_t size() const;

  /// The key of a row, which is below size().
  Key operator[](size_t row) const;

  /// The keys when is_int64(), otherwise empty.
  std::span<const int64_t> int64s() const;

 private:
  std::variant<std::span<const int64_t>, std::span<const std::string>, Strings, const Column*>
      keys_;
};

/// The keys of a batch; empty when it has no key column, as with `auto_id`.
KeyColumn KeysOf(const RowBatch& batch);

/// InvalidArgument, naming the key and both rows, when a key comes twice in `batch`. OK for a batch
/// without keys. Linear in time; takes some 16 bytes a row while it runs.
absl::Status CheckNoDuplicateKeys(const RowBatch& batch);

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_KEY_H_
