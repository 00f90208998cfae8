#include "store/copy_object.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::store {
namespace {

using support::PathOf;

TEST(CopyObjectTest, CopiesObjectsOfEverySizeAroundThatOfTheBuffer) {
  const auto from = MakeMemoryObjectStore();
  const auto to = MakeMemoryObjectStore();
  std::array<std::byte, 16> buffer{};
  for (const size_t size : {0U, 1U, 15U, 16U, 17U, 32U, 1000U}) {
    const ObjectPath path = PathOf("a/" + std::to_string(size));
    std::string bytes(size, 'x');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i);
    ASSERT_OK(PutObject(*from, path, bytes));
    const ObjectPath copy = PathOf("b/" + std::to_string(size));
    ASSERT_OK(CopyObject(*from, path, *to, copy, buffer, {}));
    EXPECT_EQ(*GetObject(*to, copy, 1000), bytes);
  }
}

TEST(CopyObjectTest, SaysWhatIsMissingAndWhatIsThere) {
  const auto store = MakeMemoryObjectStore();
  std::array<std::byte, 16> buffer{};
  EXPECT_TRUE(absl::IsNotFound(CopyObject(*store, PathOf("a"), *store, PathOf("b"), buffer, {})));
  ASSERT_OK(PutObject(*store, PathOf("a"), "one"));
  ASSERT_OK(PutObject(*store, PathOf("b"), "other"));
  EXPECT_TRUE(
      absl::IsAlreadyExists(CopyObject(*store, PathOf("a"), *store, PathOf("b"), buffer, {})));
  EXPECT_EQ(*GetObject(*store, PathOf("b"), 1000), "other");
}

}  // namespace
}  // namespace vecdb::store
