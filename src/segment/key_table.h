#ifndef VECDB_SEGMENT_KEY_TABLE_H_
#define VECDB_SEGMENT_KEY_TABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/large_buffer.h"
#include "vecdb/host.h"

namespace vecdb::segment {

/// Rows by the hash of their key, for growing rows: chained, the newest row first. One writer, any
/// number of readers, no locks: a table that has become too small is replaced by a copy of twice
/// its size and kept until the end, since a reader may still be in it.
class KeyTable {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  explicit KeyTable(const Host& host) : host_(host) {}

  /// Makes room for rows 0 to `num_rows` - 1. Writer only. `hash_of(row)` is asked for the `filled`
  /// first rows when the table must grow.
  template <typename HashOf>
  absl::Status Reserve(uint32_t num_rows, uint32_t filled, HashOf hash_of) {
    if (num_rows <= capacity()) return absl::OkStatus();
    if (absl::Status status = Grow(num_rows); !status.ok()) return status;
    for (uint32_t row = 0; row < filled; ++row) Link(*tables_.back(), row, hash_of(row));
    current_.store(tables_.back().get(), std::memory_order_release);
    return absl::OkStatus();
  }

  /// Adds a row, for which there is room and whose values are in place. Writer only.
  void Add(uint32_t row, uint64_t hash) { Link(*tables_.back(), row, hash); }

  /// Calls `visit(row)` for each row whose key may have this hash, newest first, until it returns
  /// false.
  template <typename Visit>
  void ForEach(uint64_t hash, Visit visit) const {
    const Table* table = current_.load(std::memory_order_acquire);
    if (table == nullptr) return;
    uint32_t row = table->Head(hash).load(std::memory_order_acquire);
    while (row != kNone && visit(row)) row = table->Next(row);
  }

 private:
  struct Table {
    uint32_t capacity = 0;
    uint64_t mask = 0;
    base::LargeBuffer heads;  // acquire in ForEach pairs with release in Link
    base::LargeBuffer nexts;  // written before the head that leads to it, never changed

    std::atomic_ref<uint32_t> Head(uint64_t hash) const {
      return std::atomic_ref<uint32_t>(
          reinterpret_cast<uint32_t*>(const_cast<std::byte*>(heads.data()))[hash & mask]);
    }
    uint32_t Next(uint32_t row) const { return nexts.as<const uint32_t>()[row]; }
  };

  uint32_t capacity() const { return tables_.empty() ? 0 : tables_.back()->capacity; }
  absl::Status Grow(uint32_t num_rows);
  static void Link(Table& table, uint32_t row, uint64_t hash);

  Host host_;
  std::vector<std::unique_ptr<Table>> tables_;  // writer only
  std::atomic<const Table*> current_ = nullptr;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_KEY_TABLE_H_
