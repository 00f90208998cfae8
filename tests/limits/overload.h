#ifndef VECDB_LIMITS_OVERLOAD_H_
#define VECDB_LIMITS_OVERLOAD_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "limits/latencies.h"
#include "support/seeded_random.h"
#include "support/test_database.h"

namespace vecdb::support {

/// One of many that write and search a collection of TaggedSchema, each rows of its own. For one
/// thread.
class OverloadProducer {
 public:
  static constexpr size_t kKeys = 400;
  static constexpr size_t kBatchRows = 100;
  static constexpr size_t kQueries = 8;

  struct Tally {
    uint64_t writes = 0;    // that were OK
    uint64_t searches = 0;  // that were OK
    uint64_t late = 0;      // DeadlineExceeded
    uint64_t refused = 0;   // ResourceExhausted
    uint64_t unknown = 0;   // writes whose deadline came while the journal wrote them
    Latencies lateness;     // of calls that returned behind their deadline

    uint64_t done() const { return writes + searches; }
    uint64_t all() const { return done() + late + refused + unknown; }
    void Add(const Tally& other) {
      writes += other.writes;
      searches += other.searches;
      late += other.late;
      refused += other.refused;
      unknown += other.unknown;
      lateness.Add(other.lateness);
    }
  };

  OverloadProducer(Collection* collection, const Schema& schema, int64_t number)
      : collection_(collection),
        schema_(schema),
        first_key_(number * int64_t{kKeys}),
        random_(static_cast<uint64_t>(number)) {}

  /// One call after the other until `end`, each with so much time.
  void Run(SteadyTime end, SteadyDuration timeout) {
    while (std::chrono::steady_clock::now() < end) {
      Context context;
      context.deadline = std::chrono::steady_clock::now() + timeout;
      const uint64_t dice = random_.Below(10);
      if (dice < 2) {
        Note(Search(context), &tally_.searches);
      } else {
        Write(dice == 2, context);
      }
      const auto now = std::chrono::steady_clock::now();
      if (now > context.deadline) tally_.lateness.Add(now - context.deadline);
    }
  }

  const Tally& tally() const { return tally_; }
  Tally TakeTally() { return std::exchange(tally_, {}); }

  /// The rows, once flushes that are behind have given memory back: in a few seconds.
  absl::StatusOr<RowBatch> GetWithRoom() const {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      auto rows = collection_->Get(Ids(first_key_, kKeys), std::vector<std::string>{"tag"},
                                   ConsistencyLevel::kStrong);
      if (!absl::IsResourceExhausted(rows.status())) return rows;
      if (std::chrono::steady_clock::now() > give_up) return rows;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  /// Expects every row to be as the last acknowledged write has left it, or as one after that whose
  /// outcome is not known.
  void ExpectRows() const {
    const auto rows = GetWithRoom();
    ASSERT_OK(rows);
    std::vector<std::string> found(kKeys);
    for (size_t row = 0; row < rows->num_rows(); ++row) {
      found[static_cast<size_t>(rows->column("id")->int64s()[row] - first_key_)] =
          std::string(rows->column("tag")->string(row));
    }
    for (size_t row = 0; row < kKeys; ++row) {
      const bool is_possible = std::any_of(possible_[row].begin(), possible_[row].end(),
                                           [&](uint32_t n) { return TagOf(n) == found[row]; });
      EXPECT_TRUE(is_possible) << "row " << row << " of " << first_key_ << ": " << found[row];
    }
  }

 private:
  absl::Status Search(const Context& context) {
    std::vector<float> queries;
    for (size_t i = 0; i < kQueries; ++i) {
      const auto query = GridVector(static_cast<int64_t>(random_.Below(1'000'000)),
                                    static_cast<size_t>(schema_.fields[2].dim));
      queries.insert(queries.end(), query.begin(), query.end());
    }
    return collection_->Search({.field = "v", .vectors = queries}, context).status();
  }

  // Of the write with this number; "" stands for no row.
  static std::string TagOf(uint32_t number) {
    return number == 0 ? std::string() : absl::StrCat("v", number);
  }

  void Write(bool is_delete, const Context& context) {
    const size_t first = random_.Below(kKeys - kBatchRows + 1);
    const auto ids = Ids(first_key_ + static_cast<int64_t>(first), kBatchRows);
    const uint32_t number = is_delete ? 0 : ++version_;
    const absl::Status status =
        is_delete ? collection_->Delete(ids, context).status()
                  : collection_->Upsert(TaggedRows(schema_, ids, TagOf(number)), context).status();
    for (size_t row = first; row < first + kBatchRows; ++row) {
      if (status.ok()) possible_[row].clear();
      if (status.ok() || absl::IsUnknown(status)) possible_[row].push_back(number);
    }
    if (absl::IsUnknown(status)) {
      ++tally_.unknown;
    } else {
      Note(status, &tally_.writes);
    }
  }

  void Note(const absl::Status& status, uint64_t* done) {
    if (status.ok()) {
      ++*done;
    } else if (absl::IsDeadlineExceeded(status)) {
      ++tally_.late;
    } else {
      EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
      ++tally_.refused;
    }
  }

  Collection* const collection_;
  const Schema& schema_;
  const int64_t first_key_;
  SeededRandom random_;
  uint32_t version_ = 0;
  // Of each key, the numbers of the writes that may have been the last.
  std::vector<std::vector<uint32_t>> possible_ = std::vector<std::vector<uint32_t>>(kKeys, {0});
  Tally tally_;
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_OVERLOAD_H_
