#include "journal/log_name.h"

#include <gtest/gtest.h>

namespace vecdb::journal {
namespace {

TEST(LogNameTest, NamesSortAsTheirNumbers) {
  EXPECT_EQ(LogFileName(42), "00000000000000000042.log");
  EXPECT_EQ(LogFileName(~uint64_t{0}), "18446744073709551615.log");
  EXPECT_LT(LogFileName(9), LogFileName(10));
}

TEST(LogNameTest, NumbersComeBack) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 63, ~uint64_t{0}}) {
    EXPECT_EQ(LogFileNumber(LogFileName(number)), number);
  }
}

TEST(LogNameTest, OtherNamesHaveNoNumber) {
  for (const char* name :
       {"", ".log", "42.log", "0000000000000000004.log", "000000000000000000042.log",
        "00000000000000000042.log.tmp", "00000000000000000042.lo", "00000000000000000042xlog",
        "00000000000000000042.LOG", "0000000000000000004x.log", "-0000000000000000042.log",
        "+0000000000000000042.log", " 0000000000000000042.log", "18446744073709551616.log",
        "99999999999999999999.log", "0x000000000000000042.log"}) {
    EXPECT_EQ(LogFileNumber(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace vecdb::journal
