#include "base/random_id.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>
#include <set>

namespace vecdb::base {
namespace {

TEST(RandomIdTest, Is32HexadecimalDigits) {
  const std::string id = RandomId();
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
}

TEST(RandomIdTest, IsKnownByItsForm) {
  const std::string id = RandomId();
  EXPECT_TRUE(IsRandomId(id));
  EXPECT_FALSE(IsRandomId(""));
  EXPECT_FALSE(IsRandomId(id.substr(1)));
  EXPECT_FALSE(IsRandomId(id + "0"));
  for (const char wrong : {'A', 'g', '-', '/', '\0'}) {
    EXPECT_FALSE(IsRandomId(id.substr(1) + wrong)) << wrong;
  }
}

TEST(RandomIdTest, DependsOnEveryMember) {
  const IdEntropy zeros;
  std::set<std::string> ids = {MakeId(zeros)};
  const auto with = [&](auto change) {
    IdEntropy entropy = zeros;
    change(entropy);
    ids.insert(MakeId(entropy));
  };
  with([](IdEntropy& e) { e.random[0] = 1; });
  with([](IdEntropy& e) { e.random[1] = 1; });
  with([](IdEntropy& e) { e.process = 1; });
  with([](IdEntropy& e) { e.wall_clock = 1; });
  with([](IdEntropy& e) { e.steady_clock = 1; });
  with([](IdEntropy& e) { e.counter = 1; });
  with([](IdEntropy& e) { e.address = 1; });
  EXPECT_EQ(ids.size(), 8u);
}

// Any one source may be broken, as hardware random sources have been.
TEST(RandomIdTest, StaysUniqueWithoutAnyOneSource) {
  const std::vector<std::function<void(IdEntropy&)>> breakages = {
      [](IdEntropy& e) { e.random = {}; },    [](IdEntropy& e) { e.process = 0; },
      [](IdEntropy& e) { e.wall_clock = 0; }, [](IdEntropy& e) { e.steady_clock = 0; },
      [](IdEntropy& e) { e.counter = 0; },    [](IdEntropy& e) { e.address = 0; },
  };
  constexpr size_t kIds = 5000;
  for (const auto& breakage : breakages) {
    std::set<std::string> ids;
    for (size_t i = 0; i < kIds; ++i) {
      IdEntropy entropy = GatherIdEntropy();
      breakage(entropy);
      ids.insert(MakeId(entropy));
    }
    EXPECT_EQ(ids.size(), kIds);
  }
}

TEST(RandomIdTest, SourcesAreRead) {
  const IdEntropy first = GatherIdEntropy();
  const IdEntropy second = GatherIdEntropy();
  EXPECT_NE(first.random, second.random);
  EXPECT_EQ(second.counter, first.counter + 1);
  EXPECT_EQ(first.process, static_cast<uint64_t>(::getpid()));
  EXPECT_NE(first.wall_clock, 0u);
  EXPECT_GE(second.steady_clock, first.steady_clock);
}

}  // namespace
}  // namespace vecdb::base
