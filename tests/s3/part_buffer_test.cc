#include "s3/part_buffer.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "support/file_io.h"
#include "support/status_testing.h"

namespace vecdb::s3 {
namespace {

constexpr uint64_t kRoom = uint64_t{5} << 20;

std::string TextOf(const PartBuffer& buffer) {
  const auto bytes = buffer.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(PartBufferTest, KeepsWhatIsAddedWhileItGrows) {
  for (const size_t piece : {size_t{1000}, size_t{65536}, size_t{65537}, size_t{1} << 20}) {
    PartBuffer buffer;
    std::string expected;
    while (expected.size() + piece <= kRoom) {
      expected.append(piece, static_cast<char>('a' + expected.size() / piece % 26));
      const std::string added(piece, expected.back());
      ASSERT_OK(buffer.Append(support::BytesOf(added), kRoom));
    }
    EXPECT_TRUE(TextOf(buffer) == expected) << piece;
    const std::string rest(kRoom - expected.size(), 'z');
    ASSERT_OK(buffer.Append(support::BytesOf(rest), kRoom));
    EXPECT_EQ(buffer.size(), kRoom);
  }
}

TEST(PartBufferTest, ClearedItTakesOthersInTheSamePlace) {
  PartBuffer buffer;
  ASSERT_OK(buffer.Append(support::BytesOf(std::string(100'000, 'a')), kRoom));
  const std::byte* place = buffer.bytes().data();
  buffer.Clear();
  EXPECT_EQ(buffer.size(), 0u);
  ASSERT_OK(buffer.Append(support::BytesOf(std::string("other")), kRoom));
  EXPECT_EQ(TextOf(buffer), "other");
  EXPECT_EQ(buffer.bytes().data(), place);
  const PartBuffer moved = std::move(buffer);
  EXPECT_EQ(TextOf(moved), "other");
}

TEST(PartBufferTest, NothingNeedsNoRoom) {
  PartBuffer buffer;
  ASSERT_OK(buffer.Append({}, kRoom));
  EXPECT_EQ(buffer.size(), 0u);
  EXPECT_TRUE(buffer.bytes().empty());
}

}  // namespace
}  // namespace vecdb::s3
