#include "engine/describe.h"

#include <algorithm>
#include <optional>
#include <string>

namespace vecdb::engine {
namespace {

SegmentDescription DescribeDamaged(const query::SegmentView& segment) {
  const SegmentInfo& info = *segment.damaged_info;
  return {.id = segment.id(),
          .shard = segment.shard,
          .state = SegmentState::kDamaged,
          .num_rows = info.num_rows,
          .num_deleted_rows = info.num_deletes,
          .store_bytes = info.size_bytes(),
          .damage = std::string(segment.damage.message())};
}

// Rows of the interim index that has the fewest.
uint64_t InterimRows(const segment::GrowingSegment& growing) {
  std::optional<uint64_t> least;
  for (size_t column = 0; column < growing.schema().fields.size(); ++column) {
    const auto interim = growing.interim(column);
    if (interim != nullptr) least = std::min<uint64_t>(least.value_or(~0ULL), interim->num_rows());
  }
  return least.value_or(0);
}

}  // namespace

SegmentDescription DescribeSegment(const query::SegmentView& segment) {
  if (!segment.damage.ok()) return DescribeDamaged(segment);
  SegmentDescription description{.shard = segment.shard, .num_rows = segment.num_rows()};
  description.num_deleted_rows = segment.deletes()->count();
  if (segment.growing != nullptr) {
    description.memory_bytes += segment.growing->memory_bytes() + segment.growing->interim_bytes();
    description.interim_rows = InterimRows(*segment.growing);
  }
  if (segment.sealed == nullptr) return description;
  const SegmentInfo& info = segment.sealed->info();
  description.id = segment.id();
  description.state = SegmentState::kFlushed;
  if (!segment.load_damage.ok()) {
    description.state = SegmentState::kDamaged;
    description.damage = std::string(segment.load_damage.message());
  }
  description.store_bytes = info.size_bytes();
  description.memory_bytes += segment.sealed->column_bytes();
  if (segment.resident != nullptr) {
    description.memory_bytes += segment.resident->bytes();
    description.mapped_bytes = segment.resident->mapped_bytes();
    description.unchecked_bytes = segment.resident->unchecked_bytes();
  }
  for (const SegmentIndexInfo& index : info.indexes)
    description.indexed_fields.push_back(index.field);
  return description;
}

}  // namespace vecdb::engine
