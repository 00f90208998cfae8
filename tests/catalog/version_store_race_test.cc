#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "catalog/catalog_testing.h"

namespace vecdb::catalog {
namespace {

TEST(VersionStoreRaceTest, EachVersionHasOneWriter) {
  constexpr int kWriters = 8;
  constexpr uint64_t kVersions = 40;
  const auto store = MakeMemoryObjectStore();
  std::vector<std::vector<Version>> won(kWriters);
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const VersionStore versions = VersionsOf(*store);
      while (true) {
        const auto newest = versions.ReadNewest({});
        ASSERT_OK(newest);
        const Version base = newest->value_or(Version{});
        if (base.number == kVersions) return;
        const auto next =
            versions.CommitNext(base, 1, absl::StrCat("{\"writer\":", writer, "}"), {});
        if (next.ok()) {
          won[static_cast<size_t>(writer)].push_back(*next);
        } else {
          ASSERT_TRUE(absl::IsAborted(next.status())) << next.status();
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  std::vector<std::string> winners(kVersions + 1);
  for (const std::vector<Version>& versions : won) {
    for (const Version& version : versions) {
      EXPECT_EQ(winners[version.number], "") << version.number;
      winners[version.number] = version.commit_id;
    }
  }
  for (uint64_t number = 1; number <= kVersions; ++number) {
    const auto version = VersionsOf(*store).Read(number, {});
    ASSERT_OK(version);
    EXPECT_EQ(version->commit_id, winners[number]);
    EXPECT_EQ(version->base_id, winners[number - 1]);
  }
}

TEST(VersionStoreRaceTest, WritersThatTakeOverFromEachOtherLoseNoCommit) {
  constexpr int kWriters = 4;
  constexpr int kTurns = 20;
  const auto store = MakeMemoryObjectStore();
  ASSERT_OK(VersionWriter::CreateFirst(VersionsOf(*store), "{}", {}));
  std::vector<std::vector<Version>> acked(kWriters);
  std::vector<std::thread> writers;
  for (std::vector<Version>& mine : acked) {
    writers.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) {
        auto writer = VersionWriter::TakeOver(VersionsOf(*store), SameBody, {});
        if (absl::IsAborted(writer.status())) continue;
        ASSERT_OK(writer);
        mine.push_back((*writer)->current());
        absl::Status status;
        for (int i = 0; i < 5 && status.ok(); ++i) {
          status = (*writer)->Commit("{}", {});
          if (status.ok()) mine.push_back((*writer)->current());
        }
        EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  size_t num_acked = 1;
  for (const std::vector<Version>& mine : acked) {
    num_acked += mine.size();
    for (const Version& version : mine) {
      const auto found = VersionsOf(*store).Read(version.number, {});
      ASSERT_OK(found);
      EXPECT_EQ(found->commit_id, version.commit_id);
    }
  }
  EXPECT_EQ((*VersionsOf(*store).ReadNewest({}))->number, num_acked);
}

}  // namespace
}  // namespace vecdb::catalog
