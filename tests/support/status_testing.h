#ifndef VECDB_SUPPORT_STATUS_TESTING_H_
#define VECDB_SUPPORT_STATUS_TESTING_H_

#include <gtest/gtest.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace vecdb::support {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

/// The code of a Status or StatusOr: `EXPECT_EQ(CodeOf(store.Open(path)), StatusCode::kNotFound)`.
template <typename Result>
absl::StatusCode CodeOf(const Result& result) {
  return StatusOf(result).code();
}

template <typename Result>
::testing::AssertionResult IsOk(const Result& result) {
  if (StatusOf(result).ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << StatusOf(result);
}

}  // namespace vecdb::support

#define EXPECT_OK(expr) EXPECT_TRUE(::vecdb::support::IsOk(expr))
#define ASSERT_OK(expr) ASSERT_TRUE(::vecdb::support::IsOk(expr))

#endif  // VECDB_SUPPORT_STATUS_TESTING_H_
