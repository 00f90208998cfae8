#include "segment/key_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/status_macros.h"

namespace vecdb::segment {

absl::Status KeyTable::Grow(uint32_t num_rows) {
  auto table = std::make_unique<Table>();
  table->capacity = std::bit_ceil(std::max<uint32_t>(num_rows, 64));
  table->mask = table->capacity - 1;
  const uint64_t bytes = uint64_t{table->capacity} * sizeof(uint32_t);
  VECDB_ASSIGN_OR_RETURN(table->heads,
                         base::LargeBuffer::Make(bytes, host_, "keys of growing rows"));
  VECDB_ASSIGN_OR_RETURN(table->nexts,
                         base::LargeBuffer::Make(bytes, host_, "keys of growing rows"));
  std::memset(table->heads.data(), 0xff, table->heads.size());
  tables_.push_back(std::move(table));
  return absl::OkStatus();
}

void KeyTable::Link(Table& table, uint32_t row, uint64_t hash) {
  std::atomic_ref<uint32_t> head = table.Head(hash);
  table.nexts.as<uint32_t>()[row] = head.load(std::memory_order_relaxed);
  head.store(row, std::memory_order_release);
}

}  // namespace vecdb::segment
