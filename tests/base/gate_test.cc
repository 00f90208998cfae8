#include "base/gate.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <utility>

#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::base {
namespace {

using support::CodeOf;

TEST(GateTest, OpensAgainWhenItsHolderLeaves) {
  Gate gate;
  for (int i = 0; i < 3; ++i) {
    const auto pass = gate.Enter({});
    ASSERT_OK(pass);
  }
}

TEST(GateTest, WaiterHonoursDeadline) {
  Gate gate;
  const auto pass = gate.Enter({});
  ASSERT_OK(pass);
  EXPECT_EQ(CodeOf(gate.Enter(Context::WithTimeout(absl::Milliseconds(5)))),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(CodeOf(gate.Enter(support::CancelledContext())), absl::StatusCode::kCancelled);
}

TEST(GateTest, WhoeverDoesNotWaitComesInOnlyWhenNobodyIsInside) {
  Gate gate;
  {
    const auto pass = gate.TryEnter();
    ASSERT_TRUE(pass.has_value());
    EXPECT_FALSE(gate.TryEnter().has_value());
  }
  const auto pass = gate.Enter({});
  ASSERT_OK(pass);
  EXPECT_FALSE(gate.TryEnter().has_value());
}

TEST(GateTest, WaiterIsCancelledWhileItWaits) {
  Gate gate;
  const auto pass = gate.Enter({});
  ASSERT_OK(pass);
  const Context context{.cancel = CancelToken::Make()};
  std::thread canceller([&context] { context.cancel.Cancel(); });
  EXPECT_EQ(CodeOf(gate.Enter(context)), absl::StatusCode::kCancelled);
  canceller.join();
}

TEST(GateTest, MovedPassIsHeldOnce) {
  Gate gate;
  auto entered = gate.Enter({});
  ASSERT_OK(entered);
  {
    const Gate::Pass moved = *std::move(entered);
    EXPECT_EQ(CodeOf(gate.Enter(Context::WithTimeout(absl::ZeroDuration()))),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_OK(gate.Enter({}));
}

}  // namespace
}  // namespace vecdb::base
