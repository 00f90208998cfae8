#include "engine/index_builds.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/status_testing.h"

namespace vecdb::engine {
namespace {

const BuildName kFirst{"v", "a"};
const BuildName kSecond{"v", "b"};
const BuildName kOther{"w", "a"};

TEST(IndexBuildsTest, EachIsBuiltByOne) {
  IndexBuilds builds;
  const auto first = builds.Begin(kFirst);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(builds.Begin(kFirst), nullptr);
  const auto second = builds.Begin(kSecond);
  ASSERT_NE(second, nullptr);
  EXPECT_TRUE(builds.IsRunning(kSecond));
  EXPECT_FALSE(builds.IsRunning(kOther));
  first->rows_done = 17;
  EXPECT_EQ(builds.RowsDone(kFirst), 17u);
  EXPECT_EQ(builds.RowsDone(kOther), 0u);
  builds.End(*first, absl::OkStatus());
  EXPECT_FALSE(builds.IsRunning(kFirst));
  EXPECT_NE(builds.Begin(kFirst), nullptr);
}

TEST(IndexBuildsTest, ErrorsStayUntilOneSucceeds) {
  IndexBuilds builds;
  builds.End(*builds.Begin(kFirst), absl::ResourceExhaustedError("full"));
  EXPECT_EQ(builds.LastError(kFirst), "full");
  EXPECT_EQ(builds.LastError(kSecond), "");
  for (const absl::Status& no_error :
       {absl::CancelledError("stop"), absl::DeadlineExceededError("late")}) {
    builds.End(*builds.Begin(kFirst), no_error);
    EXPECT_EQ(builds.LastError(kFirst), "full");
  }
  builds.End(*builds.Begin(kFirst), absl::OkStatus());
  EXPECT_EQ(builds.LastError(kFirst), "");
}

TEST(IndexBuildsTest, CancelStopsThoseOfAField) {
  IndexBuilds builds;
  builds.End(*builds.Begin(kSecond), absl::InternalError("odd"));
  builds.End(*builds.Begin({"w", "b"}), absl::InternalError("other"));
  const auto first = builds.Begin(kFirst);
  const auto other = builds.Begin(kOther);
  builds.Cancel("v");
  EXPECT_TRUE(first->cancel.cancelled());
  EXPECT_FALSE(other->cancel.cancelled());
  EXPECT_EQ(builds.LastError(kSecond), "");
  EXPECT_EQ(builds.LastError({"w", "b"}), "other");
}

TEST(IndexBuildsTest, WaitsForOneOfTheFieldToEnd) {
  IndexBuilds builds;
  EXPECT_FALSE(*builds.WaitForEnd("", 0, {}));
  const auto other = builds.Begin(kOther);
  EXPECT_FALSE(*builds.WaitForEnd("v", 0, {}));
  EXPECT_EQ(builds.WaitForEnd("w", 0, Context::WithTimeout(absl::Milliseconds(20))).status().code(),
            absl::StatusCode::kDeadlineExceeded);
  std::thread ender([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    builds.End(*other, absl::OkStatus());
  });
  EXPECT_TRUE(*builds.WaitForEnd("", 0, Context::WithTimeout(absl::Seconds(60))));
  ender.join();
  EXPECT_EQ(builds.num_ended(), 1u);
  EXPECT_TRUE(*builds.WaitForEnd("", 0, {}));  // one has ended since
  EXPECT_FALSE(*builds.WaitForEnd("", 1, {}));
}

}  // namespace
}  // namespace vecdb::engine
