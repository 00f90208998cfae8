#include "base/resident_memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace vecdb::base {
namespace {

TEST(ResidentMemoryTest, GrowsWithWhatIsTouched) {
  const auto before = ResidentBytes();
  ASSERT_TRUE(before.has_value());
  constexpr size_t kBytes = size_t{64} << 20;
  const std::vector<char> touched(kBytes, 1);
  const auto after = ResidentBytes();
  ASSERT_TRUE(after.has_value());
  EXPECT_GE(*after, *before + kBytes / 2) << touched.size();
}

}  // namespace
}  // namespace vecdb::base
