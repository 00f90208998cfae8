#include "format/zstd_block.h"

#include <gtest/gtest.h>

#include <string>

#include "base/byte_io.h"
#include "format/format_testing.h"

namespace vecdb::format {
namespace {

using absl::StatusCode::kDataLoss;

// `count` bytes of which zstd saves most, though not nearly all.
std::string Words(size_t count) {
  const std::string noise = RandomBytes(count / 2, 7);
  std::string text;
  for (size_t i = 0; text.size() < count; ++i) {
    text += "word ";
    text += static_cast<char>('a' + static_cast<unsigned char>(noise[i]) % 16);
  }
  text.resize(count);
  return text;
}

absl::StatusOr<std::string> Unpack(std::string_view block, uint64_t raw_bytes) {
  return DecompressBlock(base::AsBytes(block), raw_bytes);
}

TEST(ZstdBlockTest, BytesComeBack) {
  for (const size_t count : {64u, 512u, 4096u, 200000u}) {
    const std::string bytes = Words(count);
    const auto block = CompressBlock(bytes);
    ASSERT_TRUE(block.has_value()) << count;
    EXPECT_LE(block->size(), count - count / 8);
    const auto raw = Unpack(*block, count);
    ASSERT_OK(raw);
    EXPECT_TRUE(*raw == bytes) << count;
  }
}

TEST(ZstdBlockTest, SavingLessThanAnEighthIsNotWorthIt) {
  EXPECT_EQ(CompressBlock(""), std::nullopt);
  EXPECT_EQ(CompressBlock("short"), std::nullopt);
  EXPECT_EQ(CompressBlock(RandomBytes(10000, 1)), std::nullopt);
  // Of 8000 bytes, zeros save what they are, less a few bytes for the frame.
  const std::string noise = RandomBytes(8000, 2);
  EXPECT_EQ(CompressBlock(noise.substr(0, 7100).append(900, '\0')), std::nullopt);
  EXPECT_TRUE(CompressBlock(noise.substr(0, 6900).append(1100, '\0')).has_value());
}

TEST(ZstdBlockTest, WhatCompressBlockMakesCanAlwaysBeRead) {
  for (const size_t count : {1000u, 100'000u, 1'000'000u, 20'000'000u}) {
    const std::string bytes(count, 'x');
    const auto block = CompressBlock(bytes);
    if (!block.has_value()) continue;  // stored as it is
    const auto raw = Unpack(*block, count);
    ASSERT_OK(raw);
    EXPECT_TRUE(*raw == bytes) << count;
  }
  EXPECT_TRUE(CompressBlock(std::string(1000, 'x')).has_value());
}

TEST(ZstdBlockTest, AnotherNumberOfBytesIsDataLoss) {
  const std::string block = *CompressBlock(Words(4096));
  for (const uint64_t wrong : {uint64_t{0}, uint64_t{4095}, uint64_t{4097}, ~uint64_t{0}}) {
    EXPECT_EQ(CodeOf(Unpack(block, wrong)), kDataLoss) << wrong;
  }
}

TEST(ZstdBlockTest, EveryTruncationIsDataLoss) {
  const std::string block = *CompressBlock(Words(4096));
  for (size_t length = 0; length < block.size(); ++length) {
    EXPECT_EQ(CodeOf(Unpack(block.substr(0, length), 4096)), kDataLoss) << length;
  }
  EXPECT_EQ(CodeOf(Unpack(std::string(block).append("x"), 4096)), kDataLoss);
}

TEST(ZstdBlockTest, EveryFlippedBitIsDataLossOrHasTheSize) {
  const std::string block = *CompressBlock(Words(512));
  for (size_t bit = 0; bit < block.size() * 8; ++bit) {
    std::string bad = block;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    const auto raw = Unpack(bad, 512);
    if (raw.ok()) {
      EXPECT_EQ(raw->size(), 512u);
    } else {
      EXPECT_EQ(CodeOf(raw), kDataLoss) << bit;
    }
  }
}

// A frame of a header, with the size of its contents in 8 bytes, and RLE blocks of one byte each.
std::string Bomb(uint64_t claimed_bytes, size_t num_blocks) {
  base::ByteWriter writer;
  writer.Put(uint32_t{0xFD2FB528});
  writer.Put(uint8_t{0xC0});  // eight bytes of size, no checksum, no dictionary
  writer.Put(uint8_t{0x38});  // a window of 128 KiB
  writer.Put(claimed_bytes);
  for (size_t i = 0; i < num_blocks; ++i) {
    const uint32_t header = (128u << 10) << 3 | 1 << 1 | (i + 1 == num_blocks ? 1 : 0);
    writer.Put(static_cast<uint8_t>(header));
    writer.Put(static_cast<uint8_t>(header >> 8));
    writer.Put(static_cast<uint8_t>(header >> 16));
    writer.Put(uint8_t{'x'});
  }
  return writer.str();
}

TEST(ZstdBlockTest, UnfoldingMoreThanAThousandfoldIsRefused) {
  EXPECT_EQ(CodeOf(Unpack(Bomb(128 << 10, 1), 128 << 10)), kDataLoss);
  // The same frame is good zstd: behind enough that is no bomb it is read.
  const std::string small = Bomb(128 << 10, 1);
  const std::string tail = *CompressBlock(Words(4096));
  EXPECT_EQ(CodeOf(Unpack(small + tail, 128 << 10)), kDataLoss);  // two frames are not one
  for (const uint64_t claimed : {uint64_t{192} << 20, uint64_t{1} << 62, ~uint64_t{1}}) {
    EXPECT_EQ(CodeOf(Unpack(Bomb(claimed, 1), claimed)), kDataLoss) << claimed;
  }
}

TEST(ZstdBlockTest, OtherBytesAreDataLoss) {
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string(100, '\0'), RandomBytes(300, 5)}) {
    EXPECT_EQ(CodeOf(Unpack(bad, 100)), kDataLoss) << bad.size();
  }
  // A skippable frame holds nothing.
  base::ByteWriter writer;
  writer.Put(uint32_t{0x184D2A50});
  writer.Put(uint32_t{4});
  writer.PutBytes("skip");
  EXPECT_EQ(CodeOf(Unpack(writer.str(), 4)), kDataLoss);
}

}  // namespace
}  // namespace vecdb::format
