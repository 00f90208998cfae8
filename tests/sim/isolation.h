#ifndef VECDB_SIM_ISOLATION_H_
#define VECDB_SIM_ISOLATION_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "support/seeded_random.h"
#include "support/test_database.h"

namespace vecdb::support {

/// Four writers and four readers on one collection, while it is flushed: what one batch has written
/// is seen whole or not at all, by every kind of read.
class IsolationWorld {
 public:
  struct Tally {
    std::atomic<uint64_t> writes = 0;
    std::atomic<uint64_t> reads = 0;
  };

  explicit IsolationWorld(std::chrono::milliseconds duration)
      : end_(std::chrono::steady_clock::now() + duration) {
    auto opened = Database::Open({.file_system = MakeMemoryFileSystem(), .num_threads = 2});
    EXPECT_OK(opened);
    database_ = *std::move(opened);
    collection_ = *database_->CreateCollection("c", schema_, {.num_shards = 4});
    EXPECT_OK(collection_->CreateIndex("v", Flat()));
  }

  /// Each writer replaces the rows of its groups by rows of one new tag.
  void RunGroups() {
    for (int64_t group = 0; group < kNumGroups; ++group) WriteGroup(group, 0);
    RunThreads(
        [this](int64_t writer, int64_t round) {
          WriteGroup(2 * writer + round % 2, round + 1);
          if (round % 16 == 0) FlushAll();
        },
        [this](SeededRandom& random) {
          ReadGroup(static_cast<int64_t>(random.Below(kNumGroups)), random.Below(3));
        });
  }

  /// Each writer moves money between two accounts of its own; the sum of all never changes.
  void RunBank() {
    std::vector<int64_t> balances(kNumAccounts, kBalance);
    ASSERT_OK(collection_->Upsert(Accounts(Ids(0, kNumAccounts), balances)));
    RunThreads(
        [&](int64_t writer, int64_t round) {
          SeededRandom random(static_cast<uint64_t>(writer * 1'000'000 + round));
          const int64_t first = writer * kAccountsPerWriter;
          const auto a = first + static_cast<int64_t>(random.Below(kAccountsPerWriter - 1));
          const auto amount = static_cast<int64_t>(random.Below(100));
          balances[static_cast<size_t>(a)] -= amount;
          balances[static_cast<size_t>(a) + 1] += amount;
          EXPECT_OK(
              collection_->Upsert(Accounts({a, a + 1}, {balances[static_cast<size_t>(a)],
                                                        balances[static_cast<size_t>(a) + 1]})));
          if (round % 16 == 0) FlushAll();
        },
        [this](SeededRandom& random) { ReadBank(random.Below(3)); });
  }

  const Tally& tally() const { return tally_; }

 private:
  static constexpr int64_t kNumWriters = 4;
  static constexpr int64_t kNumReaders = 4;
  static constexpr int64_t kNumGroups = 2 * kNumWriters;
  static constexpr size_t kGroupRows = 8;
  static constexpr int64_t kAccountsPerWriter = 6;
  static constexpr size_t kNumAccounts = kNumWriters * kAccountsPerWriter;
  static constexpr int64_t kBalance = 1000;

  // Rounds of a writer touch rows of its own alone, so that no write is ever refused.
  template <typename WriteRound, typename ReadRound>
  void RunThreads(WriteRound write, ReadRound read) {
    std::vector<std::thread> threads;
    for (int64_t writer = 0; writer < kNumWriters; ++writer) {
      threads.emplace_back([&, writer] {
        for (int64_t round = 0; IsOn(); ++round, ++tally_.writes) write(writer, round);
      });
    }
    for (int64_t reader = 0; reader < kNumReaders; ++reader) {
      threads.emplace_back([&, reader] {
        SeededRandom random(static_cast<uint64_t>(reader));
        for (; IsOn(); ++tally_.reads) read(random);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }

  void FlushAll() { EXPECT_OK(collection_->Flush()); }

  bool IsOn() const {
    return std::chrono::steady_clock::now() < end_ && !::testing::Test::HasFailure();
  }

  static std::vector<int64_t> GroupIds(int64_t group) {
    return Ids(group * static_cast<int64_t>(kGroupRows), kGroupRows);
  }

  // Rows of one group lie together, far from those of the others.
  static std::vector<float> Center(int64_t group) {
    return {static_cast<float>(100 * group), 0, 0, 0};
  }

  void WriteGroup(int64_t group, int64_t version) {
    std::vector<float> vectors;
    for (size_t i = 0; i < kGroupRows; ++i) {
      std::vector<float> vector = Center(group);
      vector[1] = static_cast<float>((static_cast<int64_t>(i) + version) % 5) / 8;
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    RowBatch rows = TaggedRows(schema_, GroupIds(group), absl::StrCat(group, "/", version));
    rows.SetFloatVectors("v", std::move(vectors));
    EXPECT_OK(collection_->Upsert(rows));
  }

  Consistency DrawConsistency(uint64_t kind) const {
    if (kind == 0) return ConsistencyLevel::kStrong;
    if (kind == 1) return ConsistencyLevel::kEventually;
    const auto snapshot = collection_->PinSnapshot();
    EXPECT_OK(snapshot);
    return *snapshot;
  }

  void ReadGroup(int64_t group, uint64_t kind) {
    const Consistency consistency = DrawConsistency(kind);
    const auto rows = collection_->Get(GroupIds(group), {}, consistency);
    ASSERT_OK(rows);
    const std::string tag = OneTag(*rows);
    const std::vector<float> query = Center(group);
    const auto found = collection_->Search({.vectors = query,
                                            .limit = kGroupRows,
                                            .output_fields = {"tag"},
                                            .consistency = consistency});
    ASSERT_OK(found);
    const std::string found_tag = OneTag(found->rows());
    if (kind == 2) {
      EXPECT_EQ(tag, found_tag);
      EXPECT_EQ(*collection_->Count(consistency), kNumGroups * kGroupRows);
    }
  }

  static std::string OneTag(const RowBatch& rows) {
    EXPECT_EQ(rows.num_rows(), kGroupRows);
    std::set<std::string> tags;
    for (size_t row = 0; row < rows.num_rows(); ++row) {
      tags.emplace(rows.column("tag")->string(row));
    }
    EXPECT_EQ(tags.size(), 1u);
    return tags.empty() ? "" : *tags.begin();
  }

  RowBatch Accounts(const std::vector<int64_t>& ids, const std::vector<int64_t>& balances) const {
    std::vector<std::string> tags;
    for (const int64_t balance : balances) tags.push_back(absl::StrCat(balance));
    RowBatch rows = TaggedRows(schema_, ids, "");
    rows.SetVarChar("tag", tags);
    return rows;
  }

  void ReadBank(uint64_t kind) {
    const Consistency consistency = DrawConsistency(kind);
    const auto rows = collection_->Get(Ids(0, kNumAccounts), {}, consistency);
    ASSERT_OK(rows);
    EXPECT_EQ(SumOf(*rows), static_cast<int64_t>(kNumAccounts) * kBalance);
    const std::vector<float> query = Center(0);
    const auto found = collection_->Search({.vectors = query,
                                            .limit = kNumAccounts,
                                            .output_fields = {"tag"},
                                            .consistency = consistency});
    ASSERT_OK(found);
    EXPECT_EQ(SumOf(found->rows()), static_cast<int64_t>(kNumAccounts) * kBalance);
  }

  static int64_t SumOf(const RowBatch& rows) {
    EXPECT_EQ(rows.num_rows(), kNumAccounts);
    int64_t sum = 0;
    for (size_t row = 0; row < rows.num_rows(); ++row) {
      int64_t balance = 0;
      EXPECT_TRUE(absl::SimpleAtoi(std::string(rows.column("tag")->string(row)), &balance));
      sum += balance;
    }
    return sum;
  }

  const std::chrono::steady_clock::time_point end_;
  const Schema schema_ = TaggedSchema();
  std::unique_ptr<Database> database_;
  std::unique_ptr<Collection> collection_;
  Tally tally_;
};

}  // namespace vecdb::support

#endif  // VECDB_SIM_ISOLATION_H_
