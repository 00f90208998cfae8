#include "store/durable_directories.h"

#include <gtest/gtest.h>

#include <memory>

namespace vecdb::store {
namespace {

using Making = DurableDirectories::Making;

TEST(DurableDirectoriesTest, KnowsWhatWasAdded) {
  DurableDirectories durable;
  EXPECT_FALSE(durable.Contains("a/b"));
  durable.Add("a/b", durable.generation());
  EXPECT_TRUE(durable.Contains("a/b"));
  EXPECT_FALSE(durable.Contains("a"));
  durable.Forget("a/b");
  EXPECT_FALSE(durable.Contains("a/b"));
}

TEST(DurableDirectoriesTest, MakingForgetsTheDirectoryAndThoseAbove) {
  DurableDirectories durable;
  for (const char* directory : {"a", "a/b", "a/b/c", "a/x", "b"}) {
    durable.Add(directory, durable.generation());
  }
  { const Making making(&durable, "a/b"); }
  EXPECT_FALSE(durable.Contains("a"));
  EXPECT_FALSE(durable.Contains("a/b"));
  EXPECT_TRUE(durable.Contains("a/x"));
  EXPECT_TRUE(durable.Contains("b"));
}

TEST(DurableDirectoriesTest, SyncThatAMakingOverlappedProvesNothing) {
  DurableDirectories durable;
  const uint64_t before = durable.generation();
  { const Making making(&durable, "a"); }
  durable.Add("a", before);
  EXPECT_FALSE(durable.Contains("a"));

  const Making making(&durable, "a");
  durable.Add("a", durable.generation());
  EXPECT_FALSE(durable.Contains("a"));
}

TEST(DurableDirectoriesTest, SyncThatBeganInAMakingAndOutlastedItProvesNothing) {
  DurableDirectories durable;
  auto making = std::make_unique<Making>(&durable, "a");
  const uint64_t generation = durable.generation();
  making.reset();
  durable.Add("a", generation);
  EXPECT_FALSE(durable.Contains("a"));
  durable.Add("a", durable.generation());
  EXPECT_TRUE(durable.Contains("a"));
}

}  // namespace
}  // namespace vecdb::store
