#include "base/byte_io.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace vecdb::base {
namespace {

TEST(ByteIoTest, ReaderGivesBackWhatWasWritten) {
  ByteWriter writer;
  writer.Put(uint8_t{7});
  writer.Put(uint32_t{0x01020304});
  writer.Put(int64_t{-5});
  writer.Put(1.5f);
  writer.PutBytes("text");
  ByteReader reader(writer.str());
  EXPECT_EQ(reader.Get<uint8_t>(), 7);
  EXPECT_EQ(reader.Get<uint32_t>(), 0x01020304u);
  EXPECT_EQ(reader.Get<int64_t>(), -5);
  EXPECT_EQ(reader.Get<float>(), 1.5f);
  EXPECT_EQ(reader.GetBytes(4).size(), 4u);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(ByteIoTest, BytesAreLittleEndian) {
  ByteWriter writer;
  writer.Put(uint32_t{0x01020304});
  EXPECT_EQ(writer.str(), "\x04\x03\x02\x01");
}

TEST(ByteIoTest, PadsWithZeros) {
  ByteWriter writer;
  writer.PadTo(8);
  EXPECT_EQ(writer.str(), "");
  writer.Put(uint8_t{1});
  writer.PadTo(8);
  EXPECT_EQ(writer.str(), std::string("\1\0\0\0\0\0\0\0", 8));
}

TEST(ByteIoTest, ReadPastTheEndGivesZerosForGood) {
  ByteReader reader(std::string_view("abc"));
  EXPECT_EQ(reader.Get<uint32_t>(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Get<uint8_t>(), 0);  // though there was a byte
  EXPECT_FALSE(reader.ok());
}

TEST(ByteIoTest, HugeCountsAreRefused) {
  ByteReader reader(std::string_view("abc"));
  EXPECT_TRUE(reader.GetBytes(std::numeric_limits<uint64_t>::max()).empty());
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace vecdb::base
