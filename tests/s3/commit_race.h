#ifndef VECDB_S3_COMMIT_RACE_H_
#define VECDB_S3_COMMIT_RACE_H_

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "catalog/version_store.h"
#include "support/store_testing.h"

namespace vecdb::s3 {

/// What came of the commits of a race.
struct RaceCounts {
  int won = 0;
  int lost = 0;
  int unknown = 0;
};

/// In each round every store, from a thread of its own, commits the same version. Of those that say
/// that they won there is at most one, and it is what everybody reads afterwards; who lost reads
/// another's. Where nobody's outcome is unknown exactly one has won.
inline RaceCounts RaceForCommits(const std::vector<std::shared_ptr<ObjectStore>>& stores,
                                 const std::string& folder, int rounds) {
  using catalog::Version;
  RaceCounts counts;
  Version base{.number = 0};
  const auto versions = [&](size_t writer) {
    return catalog::VersionStore(stores[writer].get(), support::PathOf(folder), "race");
  };
  for (int round = 0; round < rounds; ++round) {
    std::vector<absl::StatusOr<Version>> results(stores.size(), absl::UnknownError("not run"));
    std::latch start(static_cast<std::ptrdiff_t>(stores.size()));
    std::vector<std::thread> threads;
    for (size_t i = 0; i < stores.size(); ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        results[i] = versions(i).CommitNext(base, 1, "{\"a\":1}", {});
      });
    }
    for (std::thread& thread : threads) thread.join();
    const auto found = versions(0).Read(base.number + 1, {});
    const std::string found_id = found.ok() ? found->commit_id : "";
    int won = 0;
    int unknown = 0;
    for (const auto& result : results) {
      won += result.ok() ? 1 : 0;
      unknown += absl::IsUnknown(result.status()) ? 1 : 0;
      if (result.ok()) {
        EXPECT_EQ(result->commit_id, found_id) << "round " << round;
      } else if (!absl::IsUnknown(result.status())) {
        EXPECT_TRUE(absl::IsAborted(result.status())) << result.status();
        ++counts.lost;
      }
    }
    EXPECT_LE(won, 1) << "round " << round;
    if (unknown == 0) {
      EXPECT_EQ(won, 1) << "round " << round;
    }
    counts.won += won;
    counts.unknown += unknown;
    if (!found.ok()) {
      EXPECT_TRUE(absl::IsNotFound(found.status()) && won == 0) << found.status();
      continue;
    }
    base = *found;
  }
  return counts;
}

}  // namespace vecdb::s3

#endif  // VECDB_S3_COMMIT_RACE_H_
