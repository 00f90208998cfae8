#include "index/row_checks.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "support/status_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(RowChecksTest, TheFirstNumberThatIsNoneIsNamed) {
  std::vector<float> rows(3 * kCheckedFloats / 2 / 3 * 3, 1);
  EXPECT_OK(CheckFinite(rows, 3, "row", {}));
  rows.back() = std::numeric_limits<float>::infinity();
  const size_t last = rows.size() / 3 - 1;
  EXPECT_EQ(CheckFinite(rows, 3, "row", {}).message(),
            "row " + std::to_string(last) + " has NaN or Inf at dimension 2");
  rows[4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(CheckFinite(rows, 3, "query", {}).message(), "query 1 has NaN or Inf at dimension 1");
}

TEST(RowChecksTest, TheFirstRowThatDiffersIsFound) {
  const std::vector<float> a((kCheckedFloats / 10 + 3) * 10, 0);
  std::vector<float> b = a;
  EXPECT_EQ(*FindDifferentRow(a, b, 10, {}), a.size() / 10);
  b.back() = 1;
  EXPECT_EQ(*FindDifferentRow(a, b, 10, {}), a.size() / 10 - 1);
  b[70] = -0.0f;
  EXPECT_EQ(*FindDifferentRow(a, b, 10, {}), 7U);
  EXPECT_EQ(*FindDifferentRow({}, {}, 10, {}), 0U);
}

TEST(RowChecksTest, TheContextIsHonoured) {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  const std::vector<float> rows(4);
  EXPECT_EQ(CodeOf(CheckFinite(rows, 2, "row", context)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(FindDifferentRow(rows, rows, 2, context)), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
