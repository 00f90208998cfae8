#ifndef VECDB_SEGMENT_KEY_TABLE_H_
#define VECDB_SEGMENT_KEY_TABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "base/large_buffer.h"
#include "base/prefetch.h"
#include "vecdb/host.h"

namespace vecdb::segment {

/// Rows by the hash of their key, for growing rows: chained, the newest row first. One writer, any
/// number of readers, no locks: a table that has become too small is replaced by a copy of twice
/// its size and kept until the end, since a reader may still be in it.
class KeyTable {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  explicit KeyTable(const Host& host) : host_(host) {}

  /// Makes room for rows 0 to `num_rows` - 1, the first `filled` of which were added. Writer only.
  absl::Status Reserve(uint32_t num_rows, uint32_t filled) {
    return num_rows <= capacity() ? absl::OkStatus() : Grow(num_rows, filled);
  }

  /// Adds a row, for which there is room and whose values are in place. Writer only.
  void Add(uint32_t row, uint64_t hash) { Link(*tables_.back(), row, static_cast<uint32_t>(hash)); }

  /// Asks for the memory that ForEach begins with; for a batch of hashes, some places ahead: first
  /// for the head of the chain, then, when that has come, for its first row.
  void PrefetchHead(uint64_t hash) const {
    const Table* table = current_.load(std::memory_order_acquire);
    if (table != nullptr) base::Prefetch(&table->heads.as<const uint32_t>()[hash & table->mask]);
  }
  void PrefetchChain(uint64_t hash) const {
    const Table* table = current_.load(std::memory_order_acquire);
    if (table == nullptr) return;
    const uint32_t row = table->Head(static_cast<uint32_t>(hash)).load(std::memory_order_acquire);
    if (row != kNone) base::Prefetch(&table->entries()[row]);
  }

  /// Calls `visit(row)` for each row whose key may have this hash, newest first, until it returns
  /// false.
  template <typename Visit>
  void ForEach(uint64_t hash, Visit visit) const {
    const Table* table = current_.load(std::memory_order_acquire);
    if (table == nullptr) return;
    const auto tag = static_cast<uint32_t>(hash);
    uint32_t row = table->Head(tag).load(std::memory_order_acquire);
    while (row != kNone) {
      const Entry& entry = table->entries()[row];
      if (entry.tag == tag && !visit(row)) return;
      row = entry.next;
    }
  }

 private:
  // A row in its chain.
  struct Entry {
    uint32_t next = kNone;
    uint32_t tag = 0;  // of its hash: tells most other keys without a look at them
  };

  struct Table {
    uint32_t capacity = 0;
    uint32_t mask = 0;
    base::LargeBuffer heads;  // acquire in ForEach pairs with release in Link
    base::LargeBuffer links;  // written before the head that leads to it, never changed

    std::atomic_ref<uint32_t> Head(uint32_t tag) const {
      return std::atomic_ref<uint32_t>(
          reinterpret_cast<uint32_t*>(const_cast<std::byte*>(heads.data()))[tag & mask]);
    }
    std::span<const Entry> entries() const { return links.as<const Entry>(); }
  };

  uint32_t capacity() const { return tables_.empty() ? 0 : tables_.back()->capacity; }
  absl::Status Grow(uint32_t num_rows, uint32_t filled);
  static void Link(Table& table, uint32_t row, uint32_t tag);

  Host host_;
  std::vector<std::unique_ptr<Table>> tables_;  // writer only
  std::atomic<const Table*> current_ = nullptr;
};

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_KEY_TABLE_H_
