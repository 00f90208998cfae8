#include "base/checksum.h"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace vecdb::base {
namespace {

TEST(ChecksumTest, IsXxh3OfSeedZero) {
  // Test vectors of the xxHash distribution; files depend on them.
  EXPECT_EQ(Xxh3(std::string_view()), 0x2d06800538d394c2u);
  EXPECT_EQ(Xxh3(std::string_view("a")), 0xe6c632b61e964e1fu);
  EXPECT_EQ(Xxh3(std::string_view("abc")), 0x78af5f94892f3950u);
}

TEST(ChecksumTest, BytesAndTextGiveTheSame) {
  const std::string text(1000, 'x');
  EXPECT_EQ(Xxh3(std::as_bytes(std::span(text))), Xxh3(std::string_view(text)));
}

TEST(ChecksumTest, EveryFlippedBitChangesIt) {
  std::string text(300, 'x');
  const uint64_t before = Xxh3(std::string_view(text));
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(Xxh3(std::string_view(text)), before) << bit;
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
}

}  // namespace
}  // namespace vecdb::base
