#include "base/out_of_memory.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/statusor.h"
#include "support/status_testing.h"

namespace vecdb::base {
namespace {

// Fails so many times as a call without memory does.
class Failing {
 public:
  explicit Failing(int times) : left_(times) {}

  void operator()() {
    ++calls_;
    if (left_-- > 0) throw std::bad_alloc();
  }

  int calls() const { return calls_; }

 private:
  int left_;
  int calls_ = 0;
};

TEST(OutOfMemoryTest, ResultsPassThrough) {
  EXPECT_OK(OrOutOfMemory([] {}));
  EXPECT_TRUE(absl::IsNotFound(OrOutOfMemory([] { return absl::NotFoundError("no"); })));
  const auto text = OrOutOfMemory([]() -> absl::StatusOr<std::string> { return "text"; });
  ASSERT_OK(text);
  EXPECT_EQ(*text, "text");
}

TEST(OutOfMemoryTest, FailedAllocationIsResourceExhausted) {
  EXPECT_TRUE(absl::IsResourceExhausted(OrOutOfMemory(Failing(1))));
  const auto text = OrOutOfMemory([]() -> absl::StatusOr<std::string> {
    Failing(1)();
    return "text";
  });
  EXPECT_TRUE(absl::IsResourceExhausted(text.status()));
}

TEST(OutOfMemoryTest, TriesSomeTimes) {
  Failing thrice(3);
  EXPECT_OK(TryForMemory(thrice));
  EXPECT_EQ(thrice.calls(), 4);
  Failing always(100);
  EXPECT_TRUE(absl::IsResourceExhausted(TryForMemory(always)));
  EXPECT_EQ(always.calls(), 4);
}

TEST(OutOfMemoryTest, ErrorsAreNotTriedAgain) {
  int calls = 0;
  const auto fail = [&calls] {
    ++calls;
    return absl::ResourceExhaustedError("the budget is full");
  };
  EXPECT_TRUE(absl::IsResourceExhausted(TryForMemory(fail)));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace vecdb::base
