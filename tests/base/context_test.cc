#include "vecdb/context.h"

#include <gtest/gtest.h>

#include "support/status_testing.h"

namespace vecdb::support {
namespace {

constexpr auto kNoDeadline = std::chrono::steady_clock::time_point::max();

TEST(CancelTokenTest, DefaultTokenCannotBeCancelled) {
  const CancelToken token;
  token.Cancel();
  EXPECT_FALSE(token.cancelled());
}

TEST(CancelTokenTest, CopiesShareOneFlag) {
  const CancelToken token = CancelToken::Make();
  const CancelToken copy = token;
  EXPECT_FALSE(copy.cancelled());
  token.Cancel();
  token.Cancel();
  EXPECT_TRUE(copy.cancelled());
  EXPECT_FALSE(CancelToken::Make().cancelled());
}

TEST(CancelTokenTest, TokenOfTwoIsCancelledWithEither) {
  const CancelToken a = CancelToken::Make();
  const CancelToken b = CancelToken::Make();
  const CancelToken first = CancelToken::AnyOf(a, b);
  const CancelToken second = CancelToken::AnyOf(CancelToken(), CancelToken::AnyOf(b, a));
  EXPECT_FALSE(first.cancelled());
  EXPECT_FALSE(second.cancelled());
  b.Cancel();
  EXPECT_TRUE(first.cancelled());
  EXPECT_TRUE(second.cancelled());
  EXPECT_FALSE(a.cancelled());
}

TEST(CancelTokenTest, TokenOfTwoIsCancelledByItself) {
  const CancelToken a = CancelToken::Make();
  const CancelToken either = CancelToken::AnyOf(a, {});
  either.Cancel();
  EXPECT_TRUE(either.cancelled());
  EXPECT_FALSE(a.cancelled());
}

TEST(ContextTest, DefaultContextNeverEnds) {
  const Context context;
  EXPECT_EQ(context.deadline, kNoDeadline);
  EXPECT_OK(context.Check());
}

TEST(ContextTest, CancelledIsLookedAtBeforeTheDeadline) {
  Context context = Context::WithTimeout(absl::ZeroDuration());
  context.cancel = CancelToken::Make();
  EXPECT_EQ(CodeOf(context.Check()), absl::StatusCode::kDeadlineExceeded);
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(context.Check()), absl::StatusCode::kCancelled);
}

TEST(ContextTest, DeadlineLiesTheTimeoutAhead) {
  const auto before = std::chrono::steady_clock::now();
  const Context context = Context::WithTimeout(absl::Hours(1));
  const auto after = std::chrono::steady_clock::now();
  EXPECT_GE(context.deadline, before + std::chrono::hours(1));
  EXPECT_LE(context.deadline, after + std::chrono::hours(1));
  EXPECT_OK(context.Check());
}

TEST(ContextTest, ZeroAndNegativeTimeoutsHavePassed) {
  for (const absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Nanoseconds(1), -absl::Hours(1), -absl::InfiniteDuration()}) {
    EXPECT_EQ(CodeOf(Context::WithTimeout(timeout).Check()), absl::StatusCode::kDeadlineExceeded)
        << timeout;
  }
}

TEST(ContextTest, TimeoutBeyondTheClockNeverEnds) {
  for (const absl::Duration timeout : {absl::InfiniteDuration(), absl::Hours(24 * 365 * 400)}) {
    EXPECT_EQ(Context::WithTimeout(timeout).deadline, kNoDeadline) << timeout;
  }
  EXPECT_LT(Context::WithTimeout(absl::Hours(24 * 365 * 100)).deadline, kNoDeadline);
}

}  // namespace
}  // namespace vecdb::support
