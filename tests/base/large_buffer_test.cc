#include "base/large_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <memory>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

#include "base/resident_memory.h"
#include "support/status_testing.h"

namespace vecdb::base {
namespace {

using support::CodeOf;

constexpr uint64_t kHugePage = 2 << 20;

// Counts what it gives, and throws from the n-th time on.
class CountingResource : public std::pmr::memory_resource {
 public:
  explicit CountingResource(int allowed = 1000) : allowed_(allowed) {}

  uint64_t held_bytes() const { return held_bytes_; }
  size_t last_alignment() const { return last_alignment_; }

 private:
  void* do_allocate(size_t bytes, size_t alignment) override {
    if (allowed_-- <= 0) throw std::bad_alloc();
    held_bytes_ += bytes;
    last_alignment_ = alignment;
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* data, size_t bytes, size_t alignment) override {
    EXPECT_EQ(alignment, last_alignment_);
    held_bytes_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(data, bytes, alignment);
  }
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  int allowed_;
  uint64_t held_bytes_ = 0;
  size_t last_alignment_ = 0;
};

uint64_t AddressOf(const LargeBuffer& buffer) { return reinterpret_cast<uintptr_t>(buffer.data()); }

TEST(LargeBufferTest, IsAlignedAndWritableAtEverySize) {
  for (const uint64_t bytes :
       {uint64_t{1}, uint64_t{63}, uint64_t{64}, uint64_t{65}, uint64_t{(256 << 10) - 1},
        uint64_t{256 << 10}, uint64_t{(256 << 10) + 1}, kHugePage - 1, kHugePage, kHugePage + 1,
        2 * kHugePage, 2 * kHugePage + 4097}) {
    auto buffer = LargeBuffer::Make(bytes, {}, "test");
    ASSERT_OK(buffer);
    EXPECT_EQ(buffer->size(), bytes);
    EXPECT_EQ(buffer->bytes().size(), bytes);
    EXPECT_EQ(AddressOf(*buffer) % (bytes >= kHugePage ? kHugePage : 64), 0u) << bytes;
    buffer->data()[0] = std::byte{1};
    buffer->data()[bytes - 1] = std::byte{2};
  }
}

TEST(LargeBufferTest, TakesLittleMoreThanItsBytes) {
  constexpr uint64_t kBytes = kHugePage + (64 << 10);
  constexpr size_t kCount = 16;
  const auto before = ResidentBytes();
  if (!before.has_value()) GTEST_SKIP() << "the system does not say what is resident";
  std::vector<LargeBuffer> buffers;
  for (size_t i = 0; i < kCount; ++i) {
    auto buffer = LargeBuffer::Make(kBytes, {}, "test");
    ASSERT_OK(buffer);
    std::memset(buffer->data(), 1, kBytes);
    buffers.push_back(*std::move(buffer));
  }
  EXPECT_LE(*ResidentBytes(), *before + kCount * kBytes + (16 << 20));
}

TEST(LargeBufferTest, NothingIsFine) {
  MemoryBudget budget(0);
  const auto buffer = LargeBuffer::Make(0, {.budget = &budget}, "test");
  ASSERT_OK(buffer);
  EXPECT_EQ(buffer->size(), 0u);
  EXPECT_TRUE(buffer->bytes().empty());
}

TEST(LargeBufferTest, SizesThatNoMachineHasAreRefused) {
  MemoryBudget budget;
  for (const uint64_t bytes :
       {std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max() - kHugePage,
        uint64_t{1} << 62, (uint64_t{1} << 46) + 1}) {
    EXPECT_EQ(CodeOf(LargeBuffer::Make(bytes, {.budget = &budget}, "test")),
              absl::StatusCode::kResourceExhausted)
        << bytes;
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(LargeBufferTest, IsCountedWhileItLives) {
  MemoryBudget budget(3 * kHugePage);
  {
    auto first = LargeBuffer::Make(2 * kHugePage, {.budget = &budget}, "rows");
    ASSERT_OK(first);
    EXPECT_EQ(budget.used_bytes(), 2 * kHugePage);
    const auto refused = LargeBuffer::Make(kHugePage + 1, {.budget = &budget}, "links");
    EXPECT_EQ(CodeOf(refused), absl::StatusCode::kResourceExhausted);
    EXPECT_NE(refused.status().message().find("links"), absl::string_view::npos);
    EXPECT_EQ(budget.used_bytes(), 2 * kHugePage);
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(LargeBufferTest, ComesFromTheResourceOfTheHost) {
  CountingResource resource;
  MemoryBudget budget;
  {
    const auto buffer =
        LargeBuffer::Make(kHugePage, {.memory = &resource, .budget = &budget}, "test");
    ASSERT_OK(buffer);
    EXPECT_EQ(resource.held_bytes(), kHugePage);
    EXPECT_EQ(resource.last_alignment(), 64u);
  }
  EXPECT_EQ(resource.held_bytes(), 0u);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(LargeBufferTest, ThrowingResourceIsResourceExhaustedAndNothingStaysReserved) {
  CountingResource resource(0);
  MemoryBudget budget;
  EXPECT_EQ(CodeOf(LargeBuffer::Make(100, {.memory = &resource, .budget = &budget}, "test")),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(LargeBufferTest, MovesWithoutCopying) {
  MemoryBudget budget;
  auto made = LargeBuffer::Make(1000, {.budget = &budget}, "test");
  ASSERT_OK(made);
  std::memset(made->data(), 7, 1000);
  const std::byte* data = made->data();
  LargeBuffer moved = *std::move(made);
  EXPECT_EQ(moved.data(), data);
  auto other = LargeBuffer::Make(500, {.budget = &budget}, "test");
  ASSERT_OK(other);
  *other = std::move(moved);  // gives the 500 bytes back
  EXPECT_EQ(other->data(), data);
  EXPECT_EQ(budget.used_bytes(), 1000u);
  EXPECT_EQ(other->as<uint32_t>().size(), 250u);
  EXPECT_EQ(std::as_const(*other).as<uint32_t>()[249], 0x07070707u);
}

class HeldBytes : public MappedBytes {
 public:
  std::span<const std::byte> bytes() const override { return bytes_; }

 private:
  std::vector<std::byte> bytes_ = std::vector<std::byte>(200, std::byte{7});
};

TEST(LargeBufferTest, PartOfAMapKeepsTheMapAndIsNotFreed) {
  auto map = std::make_shared<const HeldBytes>();
  const std::weak_ptr<const HeldBytes> held = map;
  const std::byte* first = map->bytes().data();
  {
    LargeBuffer part = LargeBuffer::OfMap(std::move(map), 64, 100);
    LargeBuffer moved = std::move(part);
    moved.Prefault();
    EXPECT_EQ(moved.data(), first + 64);
    EXPECT_EQ(moved.size(), 100u);
    EXPECT_FALSE(held.expired());
  }
  EXPECT_TRUE(held.expired());
}

}  // namespace
}  // namespace vecdb::base
