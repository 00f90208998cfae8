#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "catalog/version_store.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::catalog {
namespace {

TEST(VersionStoreRaceTest, EachVersionHasOneWriter) {
  constexpr int kWriters = 8;
  constexpr uint64_t kVersions = 40;
  const auto store = MakeMemoryObjectStore();
  std::vector<std::vector<uint64_t>> won(kWriters);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const VersionStore versions(store.get(), support::PathOf("m"), "manifest");
      while (true) {
        const auto newest = versions.ReadNewest({});
        ASSERT_OK(newest);
        const uint64_t next = newest->has_value() ? (*newest)->number + 1 : 1;
        if (next > kVersions) return;
        const std::string body = "{\"writer\":" + std::to_string(writer) + "}";
        const absl::Status status = versions.Commit(next, body, {});
        if (status.ok()) {
          won[static_cast<size_t>(writer)].push_back(next);
        } else {
          ASSERT_TRUE(absl::IsAborted(status)) << status;
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::vector<int> winner(kVersions + 1, -1);
  for (int writer = 0; writer < kWriters; ++writer) {
    for (const uint64_t version : won[static_cast<size_t>(writer)]) {
      EXPECT_EQ(winner[version], -1) << version;
      winner[version] = writer;
    }
  }
  for (uint64_t version = 1; version <= kVersions; ++version) {
    std::string name = std::to_string(version);
    name = "m/" + std::string(20 - name.size(), '0') + name + ".json";
    const auto document = GetObject(*store, support::PathOf(name), support::kNoLimit);
    ASSERT_OK(document);
    EXPECT_NE(document->find("\"writer\":" + std::to_string(winner[version]) + "}"),
              std::string::npos)
        << version;
  }
}

}  // namespace
}  // namespace vecdb::catalog
