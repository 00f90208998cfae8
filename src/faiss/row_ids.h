#ifndef VECDB_FAISS_ROW_IDS_H_
#define VECDB_FAISS_ROW_IDS_H_

#include <cstdint>
#include <span>
#include <vector>

#include <faiss/invlists/InvertedLists.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::faiss {

/// InvalidArgument when an id is negative or occurs twice. ResourceExhausted; Cancelled,
/// DeadlineExceeded.
absl::Status CheckIds(std::span<const int64_t> ids, const Host& host, const Context& context);

/// The ids in inverted lists, and the rows that they stand for. Immutable once made.
class ListedIds {
 public:
  /// Looks at every id: each belongs to one of `num_rows` rows, none is negative or occurs twice,
  /// and they are the row numbers where `are_rows`; otherwise InvalidArgument. Where they happen to
  /// be the row numbers they stand for these, otherwise rows are counted in the order of ids.
  static absl::StatusOr<ListedIds> Make(const ::faiss::InvertedLists& lists, uint32_t num_rows,
                                        bool are_rows, const Host& host, const Context& context);

  /// The row of an id that is in the lists.
  uint32_t RowOf(int64_t id) const;

  /// The id of each row; empty where ids are rows.
  std::vector<int64_t> TakeIds() && { return std::move(ids_); }

 private:
  std::vector<int64_t> ids_;  // ascending
};

}  // namespace vecdb::faiss

#endif  // VECDB_FAISS_ROW_IDS_H_
