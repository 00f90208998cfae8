#ifndef VECDB_QUERY_SEGMENT_KEYS_H_
#define VECDB_QUERY_SEGMENT_KEYS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "base/status_macros.h"
#include "query/segment_view.h"
#include "schema/key.h"
#include "vecdb/context.h"

namespace vecdb::query {

/// The keys of a segment, wherever they are. A value that keeps them alive.
class SegmentKeys {
 public:
  /// Reads the keys of a sealed segment, unless they are in memory. The errors of the store.
  static absl::StatusOr<SegmentKeys> Open(const SegmentView& segment, const Context& context) {
    SegmentKeys keys;
    if (!segment.reads_sealed()) {
      keys.growing_ = segment.growing;
      return keys;
    }
    const size_t key = segment.sealed->info().schema.primary_key_index();
    VECDB_ASSIGN_OR_RETURN(keys.sealed_, segment.sealed->GetColumn(key, context));
    return keys;
  }

  schema::Key operator[](uint32_t row) const {
    return growing_ != nullptr ? growing_->key(row) : schema::KeyColumn(sealed_->column)[row];
  }

 private:
  std::shared_ptr<const segment::GrowingSegment> growing_;
  std::shared_ptr<const segment::ResidentColumn> sealed_;
};

}  // namespace vecdb::query

#endif  // VECDB_QUERY_SEGMENT_KEYS_H_
