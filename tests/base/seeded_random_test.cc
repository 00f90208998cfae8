#include "support/seeded_random.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace vecdb::support {
namespace {

// Sets or removes a variable of the environment for a scope.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name); old != nullptr) old_ = old;
    Set(value);
  }
  ~ScopedVariable() { Set(old_.has_value() ? old_->c_str() : nullptr); }

  void Set(const char* value) {
    if (value == nullptr) {
      ::unsetenv(name_);
    } else {
      ::setenv(name_, value, 1);
    }
  }

 private:
  const char* const name_;
  std::optional<std::string> old_;
};

TEST(SeededRandomTest, GivesTheNumbersOfThePublishedAlgorithm) {
  SeededRandom random(1234567);
  for (const uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u}) {
    EXPECT_EQ(random.Next(), expected);
  }
}

TEST(SeededRandomTest, BelowGivesEachNumberEquallyOften) {
  SeededRandom random(1);
  std::map<uint64_t, int> counts;
  for (int i = 0; i < 7000; ++i) ++counts[random.Below(7)];
  ASSERT_EQ(counts.size(), 7u);
  EXPECT_EQ(counts.rbegin()->first, 6u);
  for (const auto& [number, count] : counts) EXPECT_NEAR(count, 1000, 150) << number;
  EXPECT_EQ(random.Below(1), 0u);
}

TEST(SeededRandomTest, OneInHasTheOddsItIsGiven) {
  SeededRandom random(1);
  int hits = 0;
  for (int i = 0; i < 3200; ++i) hits += random.OneIn(32) ? 1 : 0;
  EXPECT_NEAR(hits, 100, 40);
  EXPECT_TRUE(random.OneIn(1));
}

TEST(SeededRandomTest, ShuffleGivesEveryOrderAndRepeatsWithTheSeed) {
  std::map<std::string, int> counts;
  SeededRandom random(1);
  for (int i = 0; i < 6000; ++i) {
    std::string text = "abc";
    random.Shuffle(text);
    ++counts[text];
  }
  ASSERT_EQ(counts.size(), 6u);
  for (const auto& [order, count] : counts) EXPECT_NEAR(count, 1000, 150) << order;
  std::vector<int> first(100);
  std::iota(first.begin(), first.end(), 0);
  std::vector<int> second = first;
  SeededRandom(5).Shuffle(first);
  SeededRandom(5).Shuffle(second);
  EXPECT_EQ(first, second);
}

TEST(TestSeedTest, IsTheOneOfTheEnvironmentOrOneOfTheName) {
  ScopedVariable variable("VECDB_TEST_SEED", nullptr);
  EXPECT_EQ(TestSeed("a"), TestSeed("a"));
  EXPECT_NE(TestSeed("a"), TestSeed("b"));
  variable.Set("18446744073709551615");
  EXPECT_EQ(TestSeed("a"), ~uint64_t{0});
  variable.Set("seven");
  EXPECT_NONFATAL_FAILURE(TestSeed("a"), "seven");
}

TEST(ScaledCountTest, MultipliesAndIsNeverZero) {
  struct Case {
    const char* scale;
    int count;
    int expected;
  };
  for (const Case& c :
       {Case{nullptr, 300, 300}, Case{nullptr, 0, 1}, Case{"1", 300, 300}, Case{"2.5", 300, 750},
        Case{"0.1", 300, 30}, Case{"0.001", 300, 1}, Case{"1000000", 300000, 2'000'000'000}}) {
    const ScopedVariable variable("VECDB_TEST_SCALE", c.scale);
    EXPECT_EQ(ScaledCount(c.count), c.expected) << c.count;
  }
  const ScopedVariable variable("VECDB_TEST_SCALE", "-1");
  EXPECT_NONFATAL_FAILURE(ScaledCount(3), "-1");
}

}  // namespace
}  // namespace vecdb::support
