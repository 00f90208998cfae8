#ifndef VECDB_BASE_STATUS_MACROS_H_
#define VECDB_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

/// Returns from the function when `expr`, an absl::Status, is not OK.
#define VECDB_RETURN_IF_ERROR(expr)                               \
  do {                                                            \
    if (absl::Status vecdb_status = (expr); !vecdb_status.ok()) { \
      return vecdb_status;                                        \
    }                                                             \
  } while (false)

#define VECDB_CONCAT_INNER(a, b) a##b
#define VECDB_CONCAT(a, b) VECDB_CONCAT_INNER(a, b)

/// Puts the value of `expr`, an absl::StatusOr, into `lhs`, or returns its error:
/// `VECDB_ASSIGN_OR_RETURN(auto reader, store.Open(path));`
#define VECDB_ASSIGN_OR_RETURN(lhs, expr) \
  VECDB_ASSIGN_OR_RETURN_INNER(VECDB_CONCAT(vecdb_statusor_, __LINE__), lhs, expr)
#define VECDB_ASSIGN_OR_RETURN_INNER(statusor, lhs, expr) \
  auto statusor = (expr);                                 \
  if (!statusor.ok()) return statusor.status();           \
  lhs = *std::move(statusor)

#endif  // VECDB_BASE_STATUS_MACROS_H_
