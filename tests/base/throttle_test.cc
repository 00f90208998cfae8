#include "base/throttle.h"

#include <gtest/gtest.h>

#include <chrono>

#include "support/status_testing.h"

namespace vecdb::base {
namespace {

using support::CodeOf;
using Clock = std::chrono::steady_clock;

TEST(ThrottleTest, WhatPassedIsPaidForByTheNext) {
  Throttle throttle(1'000'000);
  const auto begin = Clock::now();
  ASSERT_OK(throttle.Pass(10'000, {}));  // nothing passed before
  ASSERT_OK(throttle.Pass(20'000, {}));
  ASSERT_OK(throttle.Pass(0, {}));
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(30));
}

TEST(ThrottleTest, AWaitEndsWithItsContextAndCountsNothing) {
  Throttle throttle(1);
  ASSERT_OK(throttle.Pass(1'000'000, {}));  // eleven days
  EXPECT_EQ(CodeOf(throttle.Pass(1, Context::WithTimeout(absl::Milliseconds(5)))),
            absl::StatusCode::kDeadlineExceeded);
  const CancelToken cancelled = CancelToken::Make();
  cancelled.Cancel();
  EXPECT_EQ(CodeOf(throttle.Pass(1, {.cancel = cancelled})), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::base
