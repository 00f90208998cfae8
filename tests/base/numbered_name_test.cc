#include "base/numbered_name.h"

#include <gtest/gtest.h>

namespace vecdb::base {
namespace {

TEST(NumberedNameTest, NamesSortAsTheirNumbersAndGiveThemBack) {
  EXPECT_EQ(NumberedName(42, ".x"), "00000000000000000042.x");
  EXPECT_LT(NumberedName(9, ""), NumberedName(10, ""));
  for (const uint64_t number : {uint64_t{0}, uint64_t{1} << 63, ~uint64_t{0}}) {
    EXPECT_EQ(NumberInName(NumberedName(number, ".x"), ".x"), number);
  }
}

TEST(NumberedNameTest, OtherNamesHaveNoNumber) {
  for (const char* name : {"", ".x", "42.x", "00000000000000000042.y", "00000000000000000042.x.x",
                           "-0000000000000000042.x", "18446744073709551616.x"}) {
    EXPECT_EQ(NumberInName(name, ".x"), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace vecdb::base
