#include <gtest/gtest.h>

#include "support/status_testing.h"
#include "support/store_testing.h"
#include "vecdb/object_store.h"

namespace vecdb::support {
namespace {

TEST(PrefixStoreTest, ObjectsLieBelowThePrefixAndNowhereElse) {
  const auto base = MakeMemoryObjectStore();
  const auto part = *WithPrefix(base, "backups/monday");
  ASSERT_OK(PutObject(*base, PathOf("a/b"), "outside"));
  ASSERT_OK(PutObject(*part, PathOf("a/b"), "inside"));
  EXPECT_EQ(*GetObject(*base, PathOf("backups/monday/a/b"), kNoLimit), "inside");
  EXPECT_EQ(*GetObject(*part, PathOf("a/b"), kNoLimit), "inside");
  EXPECT_EQ(part->List(PathOf("a"))->size(), 1u);
  ASSERT_OK(part->Delete(PathOf("a/b")));
  EXPECT_EQ(*GetObject(*base, PathOf("a/b"), kNoLimit), "outside");
}

TEST(PrefixStoreTest, EmptyPrefixIsTheStoreItselfAndABadOneIsRefused) {
  const auto base = MakeMemoryObjectStore();
  EXPECT_EQ(*WithPrefix(base, ""), base);
  EXPECT_EQ(CodeOf(WithPrefix(base, "../x")), absl::StatusCode::kInvalidArgument);
}

TEST(PrefixStoreTest, PathThatBecomesTooLongIsRefused) {
  const auto part = *WithPrefix(MakeMemoryObjectStore(), "p");
  const ObjectPath longest = PathOf("1/2/3/4/5/6/7/8");
  EXPECT_EQ(CodeOf(PutObject(*part, longest, "x")), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::support
