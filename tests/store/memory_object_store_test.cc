#include <gtest/gtest.h>

#include "support/object_store_contract.h"

namespace vecdb::support {
namespace {

struct MemoryObjects {
  std::shared_ptr<ObjectStore> Open() { return MakeMemoryObjectStore(); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ObjectStoreContract, MemoryObjects);

TEST(MemoryObjectStoreTest, TwoStoresShareNothing) {
  const auto a = MakeMemoryObjectStore();
  const auto b = MakeMemoryObjectStore();
  ASSERT_OK(PutObject(*a, PathOf("o"), "text"));
  EXPECT_EQ(CodeOf(b->Open(PathOf("o"))), absl::StatusCode::kNotFound);
  const auto lock = a->Lock();
  EXPECT_OK(b->Lock());
}

TEST(MemoryObjectStoreTest, LockMayOutliveIt) {
  auto store = MakeMemoryObjectStore();
  const auto lock = store->Lock();
  ASSERT_OK(lock);
  store.reset();
}

}  // namespace
}  // namespace vecdb::support
