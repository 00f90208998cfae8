#include "segment/key_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/status_macros.h"

namespace vecdb::segment {

absl::Status KeyTable::Grow(uint32_t num_rows, uint32_t filled) {
  auto table = std::make_unique<Table>();
  table->capacity = std::bit_ceil(std::max<uint32_t>(num_rows, 64));
  table->mask = table->capacity - 1;
  const char* what = "keys of growing rows";
  VECDB_ASSIGN_OR_RETURN(table->heads,
                         base::LargeBuffer::Make(table->capacity * sizeof(uint32_t), host_, what,
                                                 MemoryUse::kGrowingRows));
  VECDB_ASSIGN_OR_RETURN(table->links,
                         base::LargeBuffer::Make(table->capacity * sizeof(Entry), host_, what,
                                                 MemoryUse::kGrowingRows));
  std::memset(table->heads.data(), 0xff, table->heads.size());
  tables_.reserve(tables_.size() + 1);  // once readers are shown it, it is kept
  for (uint32_t row = 0; row < filled; ++row) Link(*table, row, tables_.back()->entries()[row].tag);
  current_.store(table.get(), std::memory_order_release);
  tables_.push_back(std::move(table));
  return absl::OkStatus();
}

void KeyTable::Link(Table& table, uint32_t row, uint32_t tag) {
  std::atomic_ref<uint32_t> head = table.Head(tag);
  table.links.as<Entry>()[row] = {.next = head.load(std::memory_order_relaxed), .tag = tag};
  head.store(row, std::memory_order_release);
}

}  // namespace vecdb::segment
