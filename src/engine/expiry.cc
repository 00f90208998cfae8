#include "engine/expiry.h"

#include "base/status_macros.h"
#include "engine/read_point.h"

namespace vecdb::engine {

uint64_t AliveFrom(const CollectionOptions& options, int64_t millis) {
  if (!RowsExpire(options)) return 0;
  return TimestampAt(millis - options.ttl_seconds * 1000 + 1);
}

absl::StatusOr<std::vector<bool>> FindExpired(const View& view, const KeyPlaces& places,
                                              uint64_t alive_from, const Context& context) {
  std::vector<bool> expired(places.size());
  if (alive_from == 0) return expired;
  // By segment: the times of all its rows are asked for at once.
  for (uint32_t n = 0; n < view.segments.size(); ++n) {
    std::vector<uint32_t> rows;
    std::vector<size_t> numbers;
    for (size_t i = 0; i < places.size(); ++i) {
      if (!places[i].has_value() || places[i]->segment != n) continue;
      rows.push_back(places[i]->row);
      numbers.push_back(i);
    }
    if (rows.empty()) continue;
    VECDB_ASSIGN_OR_RETURN(const std::vector<bool> of_segment,
                           view.segments[n].FindExpired(rows, alive_from, context));
    for (size_t i = 0; i < rows.size(); ++i) expired[numbers[i]] = of_segment[i];
  }
  return expired;
}

}  // namespace vecdb::engine
