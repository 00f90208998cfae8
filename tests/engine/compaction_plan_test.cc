#include "engine/compaction_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/seeded_random.h"

namespace vecdb::engine {
namespace {

using support::SeededRandom;

constexpr uint64_t kMax = 512 << 20;
constexpr CompactionLimits kLimits{.max_bytes = kMax, .max_rows = 1 << 30};
constexpr CompactionLimits kThorough{.max_bytes = kMax, .max_rows = 1 << 30, .thorough = true};

uint64_t Part(double share) { return static_cast<uint64_t>(share * static_cast<double>(kMax)); }

// A segment of 10,000 rows.
CompactionCandidate OfShare(const std::string& folder, double share, uint64_t num_removable = 0,
                            uint64_t delete_bytes = 0, int32_t shard = 0) {
  return {.folder = folder,
          .shard = shard,
          .num_rows = 10'000,
          .num_removable = num_removable,
          .row_bytes = Part(share),
          .delete_bytes = delete_bytes};
}

CompactionCandidate WithExpired(double share, uint64_t num_removable, uint64_t num_expired) {
  CompactionCandidate segment = OfShare("s", share, num_removable);
  segment.num_expired = num_expired;
  return segment;
}

std::vector<CompactionCandidate> OfShares(const std::vector<double>& shares) {
  std::vector<CompactionCandidate> segments;
  for (const double share : shares) {
    segments.push_back(OfShare(absl::StrCat("s", segments.size()), share));
  }
  return segments;
}

// The folders of each plan, sorted, the plans in their order.
std::vector<std::vector<std::string>> FoldersOf(std::vector<CompactionPlan> plans) {
  std::vector<std::vector<std::string>> folders;
  for (CompactionPlan& plan : plans) {
    std::sort(plan.folders.begin(), plan.folders.end());
    folders.push_back(std::move(plan.folders));
  }
  return folders;
}

using Folders = std::vector<std::vector<std::string>>;

struct MergeCase {
  const char* what;
  std::vector<double> shares;
  Folders merged;
};

TEST(CompactionPlanTest, SmallSegmentsAreMergedWhenThatPays) {
  const MergeCase cases[] = {
      {"none", {}, {}},
      {"one", {0.1}, {}},
      {"two", {0.1, 0.1}, {}},
      {"three", {0.1, 0.1, 0.1}, {{"s0", "s1", "s2"}}},
      {"two that are nearly full", {0.44, 0.44}, {{"s0", "s1"}}},
      {"two that are not", {0.42, 0.42}, {}},
      {"a third that does not fit", {0.42, 0.42, 0.42}, {{"s0", "s1"}}},
      {"a third that fits", {0.4, 0.4, 0.4}, {{"s0", "s1", "s2"}}},
      {"half of the maximum is not small", {0.5, 0.5, 0.5, 0.5}, {}},
      {"just below half", {0.499, 0.499, 0.1}, {{"s0", "s1", "s2"}}},
      {"the largest as large as the others", {0.1, 0.1, 0.2}, {{"s0", "s1", "s2"}}},
      {"the largest larger than the others", {0.1, 0.1, 0.21}, {}},
      {"the largest is left", {0.01, 0.01, 0.01, 0.4}, {{"s0", "s1", "s2"}}},
      {"to the limit", {0.45, 0.4, 0.4}, {{"s0", "s1", "s2"}}},
      {"past the limit", {0.46, 0.4, 0.4}, {{"s1", "s2"}}},
  };
  for (const MergeCase& one : cases) {
    SCOPED_TRACE(one.what);
    EXPECT_EQ(FoldersOf(PlanCompactions(OfShares(one.shares), kLimits)), one.merged);
  }
}

TEST(CompactionPlanTest, WhileManyAreSmallTheLargestMayBeThreeTimesTheOthers) {
  // Each is larger than all before it together, by a little; the last one by far.
  std::vector<double> shares = {1e-6, 2e-6, 4e-6, 8e-6, 17e-6, 35e-6, 70e-6, 150e-6};
  EXPECT_TRUE(PlanCompactions(OfShares(shares), kLimits).empty());
  shares.push_back(0.4);
  const auto plans = PlanCompactions(OfShares(shares), kLimits);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].folders.size(), 8u);
}

TEST(CompactionPlanTest, AMergeHasThirtyInputsAtMost) {
  const auto plans = PlanCompactions(OfShares(std::vector<double>(64, 0.001)), kLimits);
  ASSERT_EQ(plans.size(), 3u);
  EXPECT_EQ(plans[0].folders.size(), 30u);
  EXPECT_EQ(plans[1].folders.size(), 30u);
  EXPECT_EQ(plans[2].folders.size(), 4u);
}

TEST(CompactionPlanTest, AMergeHasAsManyRowsAsASegmentMayHave) {
  const CompactionLimits limits{.max_bytes = kMax, .max_rows = 30'000};
  const auto plans = PlanCompactions(OfShares({0.01, 0.01, 0.01, 0.01}), limits);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].folders.size(), 3u);
}

TEST(CompactionPlanTest, ShardsAreNotMixed) {
  std::vector<CompactionCandidate> segments;
  for (int i = 0; i < 6; ++i) {
    segments.push_back(OfShare(absl::StrCat("s", i), 0.1, 0, 0, i % 2));
  }
  auto plans = PlanCompactions(segments, kLimits);
  std::sort(plans.begin(), plans.end(),
            [](const auto& a, const auto& b) { return a.shard < b.shard; });
  EXPECT_EQ(FoldersOf(plans), (Folders{{"s0", "s2", "s4"}, {"s1", "s3", "s5"}}));
  EXPECT_EQ(plans[1].shard, 1);
}

struct DeleteCase {
  const char* what;
  uint64_t num_removable;
  uint64_t delete_bytes;
  std::optional<CompactionReason> reason;
};

TEST(CompactionPlanTest, SegmentsWithManyRemovableRowsAreRewritten) {
  constexpr uint64_t kLongList = 2 << 20;
  const DeleteCase cases[] = {
      {"no deletes", 0, 0, std::nullopt},
      {"just below a fifth", 1999, 1000, std::nullopt},
      {"a fifth, a quarter of what stays", 2001, 1000, CompactionReason::kDeletedRows},
      {"all", 10'000, 1000, CompactionReason::kDeletedRows},
      {"a list at its limit", 500, kLongList, std::nullopt},
      {"a long list", 500, kLongList + 1, CompactionReason::kDeleteBytes},
      {"a long list of rows that are needed", 499, kLongList + 1, std::nullopt},
  };
  for (const DeleteCase& one : cases) {
    SCOPED_TRACE(one.what);
    const auto plans = PlanCompactions(
        std::vector{OfShare("s", 0.9, one.num_removable, one.delete_bytes)}, kLimits);
    ASSERT_EQ(plans.size(), one.reason.has_value() ? 1u : 0u);
    if (one.reason.has_value()) {
      EXPECT_EQ(plans[0].reason, *one.reason);
    }
  }
}

struct SpaceCase {
  const char* what;
  double space_amplification;
  std::vector<uint64_t> num_removable;  // of segments of 10,000 rows each
  Folders rewritten;
};

TEST(CompactionPlanTest, SegmentsAreRewrittenWhenTheShardTakesTooMuchSpace) {
  const SpaceCase cases[] = {
      {"others make up for it", 1.3, {4999, 0, 0}, {}},
      {"others do, but half is gone", 1.3, {5000, 0, 0}, {{"s0"}}},
      {"too much together: the worst goes", 1.3, {2500, 3000, 1000}, {{"s1"}}},
      {"until it is enough", 1.3, {4000, 3500, 2500}, {{"s0"}, {"s1"}}},
      {"at what is allowed", 2.2, {5000 - 1, 5000 - 1}, {}},
      {"all of one size", 1.3, {2001, 2001}, {{"s0"}}},
      {"little space: a smaller share does", 1.06, {500, 300}, {}},
      {"little space: a twentieth of what stays", 1.06, {500, 480}, {{"s0"}}},
      {"the least space", 1.05, {410, 400}, {{"s0"}}},
      {"much space", 10, {4999, 4999, 4999}, {}},
      {"much space: half is always too much", 10, {4999, 5000}, {{"s1"}}},
  };
  for (const SpaceCase& one : cases) {
    SCOPED_TRACE(one.what);
    std::vector<CompactionCandidate> segments;
    for (const uint64_t num_removable : one.num_removable) {
      segments.push_back(OfShare(absl::StrCat("s", segments.size()), 1.1, num_removable));
    }
    CompactionLimits limits = kLimits;
    limits.space_amplification = one.space_amplification;
    EXPECT_EQ(FoldersOf(PlanCompactions(segments, limits)), one.rewritten);
  }
}

TEST(CompactionPlanTest, WhatIsRewrittenTakesSmallSegmentsAlong) {
  const auto plan_of = [](const std::vector<CompactionCandidate>& segments,
                          const CompactionLimits& limits) {
    return FoldersOf(PlanCompactions(segments, limits));
  };
  // 0.6 of the maximum stays.
  const CompactionCandidate half = OfShare("s", 1.2, 5000);
  EXPECT_EQ(plan_of({half, OfShare("a", 0.1), OfShare("b", 0.4)}, kLimits),
            (Folders{{"a", "b", "s"}}));
  // Not what makes it too large, is not small, or is of another shard.
  EXPECT_EQ(plan_of({half, OfShare("a", 0.3), OfShare("b", 0.4)}, kLimits), (Folders{{"a", "s"}}));
  EXPECT_EQ(plan_of({half, OfShare("a", 0.5)}, kLimits), (Folders{{"s"}}));
  EXPECT_EQ(plan_of({half, OfShare("a", 0.1, 0, 0, 1)}, kLimits), (Folders{{"s"}}));
  // Nor what is larger than itself, and would be written for nothing.
  EXPECT_EQ(plan_of({OfShare("s", 0.2, 6000), OfShare("a", 0.1)}, kLimits), (Folders{{"s"}}));
  EXPECT_EQ(plan_of({OfShare("s", 0.2, 5000), OfShare("a", 0.1)}, kLimits), (Folders{{"a", "s"}}));
  EXPECT_EQ(plan_of({half, OfShare("a", 0.1), OfShare("b", 0.4)},
                    {.max_bytes = kMax, .max_rows = 20'000}),
            (Folders{{"a", "s"}}));
}

TEST(CompactionPlanTest, SizeIsThatOfTheRowsThatStay) {
  // Half of each goes: 0.3 of the maximum stays.
  std::vector<CompactionCandidate> segments;
  for (int i = 0; i < 3; ++i) segments.push_back(OfShare(absl::StrCat("s", i), 0.6, 5000));
  const auto plans = PlanCompactions(segments, kLimits);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].reason, CompactionReason::kSmallSegments);
  EXPECT_EQ(plans[0].folders.size(), 3u);
}

TEST(CompactionPlanTest, MostUrgentComesFirst) {
  const std::vector<CompactionCandidate> segments = {
      OfShare("a", 0.1, 0, 0, 0), OfShare("b", 0.1, 0, 0, 0), OfShare("c", 0.1, 0, 0, 0),
      OfShare("d", 0.9, 9000, 0, 1), OfShare("e", 0.9, 2500, 0, 2)};
  EXPECT_EQ(FoldersOf(PlanCompactions(segments, kLimits)),
            (Folders{{"d"}, {"a", "b", "c"}, {"e"}}));
}

TEST(CompactionPlanTest, ThoroughMergesWhatFitsAndRewritesForOneRow) {
  EXPECT_EQ(FoldersOf(PlanCompactions(OfShares({0.001, 0.8}), kThorough)), (Folders{{"s0", "s1"}}));
  EXPECT_EQ(FoldersOf(PlanCompactions(OfShares({0.6, 0.6}), kThorough)), (Folders{{"s0", "s1"}}));
  EXPECT_TRUE(PlanCompactions(OfShares({0.7, 0.7}), kThorough).empty());
  EXPECT_TRUE(PlanCompactions(OfShares({1.0, 0.1}), kThorough).empty());
  const auto plans = PlanCompactions(std::vector{OfShare("s", 1.1, 1)}, kThorough);
  ASSERT_EQ(plans.size(), 1u);
  EXPECT_EQ(plans[0].reason, CompactionReason::kDeletedRows);
  EXPECT_TRUE(PlanCompactions(std::vector{OfShare("s", 1.1)}, kThorough).empty());
}

// One shard that is flushed to again and again, and compacted as planned after each flush.
class Simulation {
 public:
  void Flush(uint64_t bytes) {
    segments_.push_back(
        {.folder = absl::StrCat(next_++), .num_rows = bytes / 512 + 1, .row_bytes = bytes});
    flushed_ += bytes;
    while (true) {
      const auto plans = PlanCompactions(segments_, kLimits);
      if (plans.empty()) break;
      for (const CompactionPlan& plan : plans) Run(plan);
    }
    max_small_ = std::max(max_small_, CountSmall());
  }

  size_t CountSmall() const {
    return static_cast<size_t>(std::count_if(segments_.begin(), segments_.end(),
                                             [](const auto& s) { return s.row_bytes < kMax / 2; }));
  }
  size_t max_small() const { return max_small_; }
  size_t num_segments() const { return segments_.size(); }
  uint64_t largest() const { return largest_; }
  uint64_t flushed() const { return flushed_; }
  /// Bytes written per byte flushed, the flush included.
  double Amplification() const {
    return static_cast<double>(flushed_ + rewritten_) / static_cast<double>(flushed_);
  }

 private:
  void Run(const CompactionPlan& plan) {
    const std::set<std::string> folders(plan.folders.begin(), plan.folders.end());
    CompactionCandidate merged{.folder = absl::StrCat(next_++)};
    for (const CompactionCandidate& segment : segments_) {
      if (!folders.contains(segment.folder)) continue;
      merged.num_rows += segment.num_rows;
      merged.row_bytes += segment.row_bytes;
    }
    ASSERT_GE(folders.size(), 2u);
    std::erase_if(segments_, [&](const auto& s) { return folders.contains(s.folder); });
    largest_ = std::max(largest_, merged.row_bytes);
    rewritten_ += merged.row_bytes;
    segments_.push_back(merged);
  }

  std::vector<CompactionCandidate> segments_;
  uint64_t next_ = 0;
  uint64_t flushed_ = 0;
  uint64_t rewritten_ = 0;
  uint64_t largest_ = 0;
  size_t max_small_ = 0;
};

TEST(CompactionPlanTest, SteadyFlushesAreWrittenAFewTimesAndLeaveFewSegments) {
  // Flushes of each size, to 4 GiB of data or 20,000 flushes.
  for (const uint64_t bytes : {uint64_t{4} << 10, uint64_t{64} << 10, uint64_t{1} << 20,
                               uint64_t{16} << 20, Part(0.12), Part(0.23), Part(0.3), Part(0.45)}) {
    SCOPED_TRACE(absl::StrCat("flushes of ", bytes, " bytes"));
    Simulation simulation;
    for (int i = 0; i < 20'000 && simulation.flushed() < (uint64_t{4} << 30); ++i) {
      simulation.Flush(bytes);
    }
    const double bound =
        1 + std::log2(1.25 * static_cast<double>(kMax) / static_cast<double>(bytes));
    EXPECT_LE(simulation.Amplification(), bound);
    EXPECT_LE(simulation.max_small(), 12u);
    // Full segments have half of the maximum at least.
    EXPECT_LE(simulation.num_segments(), 12 + simulation.flushed() / (kMax / 2));
    EXPECT_LE(simulation.largest(), Part(1.2501));
    RecordProperty(absl::StrCat("write_amplification_", bytes),
                   absl::StrCat(simulation.Amplification()));
    RecordProperty(absl::StrCat("most_small_", bytes), absl::StrCat(simulation.max_small()));
  }
}

TEST(CompactionPlanTest, FlushesOfAnySizeLeaveFewSegments) {
  const uint64_t seed = support::TestSeed("FlushesOfAnySizeLeaveFewSegments");
  SCOPED_TRACE(absl::StrCat("VECDB_TEST_SEED=", seed));
  SeededRandom random(seed);
  for (int round = 0; round < 20; ++round) {
    Simulation simulation;
    for (int i = 0; i < 1000; ++i) {
      const double exponent = 10 + 17.9 * static_cast<double>(random.Below(1000)) / 1000;
      simulation.Flush(static_cast<uint64_t>(std::exp2(exponent)));  // 1 KiB to 250 MiB
    }
    EXPECT_LE(simulation.max_small(), 12u);
    EXPECT_LE(simulation.Amplification(), 1 + 19.4 * 2.41);
  }
}

TEST(CompactionPlanTest, GrowingFlushesLeaveFewSegments) {
  // The worst for the rule: each flush a little larger than all before it together.
  for (const double factor : std::vector<double>{2.05, 3.0, 4.1, 5.0}) {
    Simulation simulation;
    for (int round = 0; round < 20; ++round) {
      for (double bytes = 1024; bytes < static_cast<double>(kMax / 2); bytes *= factor) {
        simulation.Flush(static_cast<uint64_t>(bytes));
      }
    }
    EXPECT_LE(simulation.max_small(), 12u);
  }
}

// One shard of as many rows as ever, which are replaced at random, flushed and compacted.
class Churn {
 public:
  Churn(size_t num_keys, size_t flush_rows, double space_amplification)
      : flush_rows_(flush_rows), segment_of_(num_keys, kNone) {
    limits_.max_bytes = kMaxRows * kRowBytes;
    limits_.space_amplification = space_amplification;
    for (size_t key = 0; key < num_keys; ++key) Add(key);
    num_written_ = 0;
    num_flushed_ = 0;
  }

  void Replace(size_t key) {
    if (segment_of_[key] == kNone) return;
    ++segments_[segment_of_[key]].num_removable;
    segment_of_[key] = kNone;
    Add(key);
  }

  // Rows written for each that was flushed, flushes included, and rows there are for each that
  // is alive, at the worst.
  double write_amplification() const {
    return static_cast<double>(num_written_) / static_cast<double>(num_flushed_);
  }
  double space_amplification() const { return space_amplification_; }

 private:
  static constexpr uint64_t kMaxRows = 8192;
  static constexpr uint64_t kRowBytes = 512;
  static constexpr size_t kNone = SIZE_MAX;

  void Add(size_t key) {
    buffer_.push_back(key);
    if (buffer_.size() == flush_rows_) Flush();
  }

  void Flush() {
    num_flushed_ += buffer_.size();
    Write(std::exchange(buffer_, {}));
    while (true) {
      const auto plans = PlanCompactions(Candidates(), limits_);
      if (plans.empty()) break;
      for (const CompactionPlan& plan : plans) Run(plan);
    }
    uint64_t num_rows = 0;
    uint64_t num_removable = 0;
    for (const auto& [id, segment] : segments_) {
      num_rows += segment.num_rows;
      num_removable += segment.num_removable;
    }
    space_amplification_ =
        std::max(space_amplification_,
                 static_cast<double>(num_rows) / static_cast<double>(num_rows - num_removable));
  }

  void Write(const std::vector<size_t>& keys) {
    if (keys.empty()) return;
    num_written_ += keys.size();
    const size_t id = next_++;
    segments_[id] = {
        .folder = absl::StrCat(id), .num_rows = keys.size(), .row_bytes = keys.size() * kRowBytes};
    for (const size_t key : keys) segment_of_[key] = id;
  }

  std::vector<CompactionCandidate> Candidates() const {
    std::vector<CompactionCandidate> candidates;
    for (const auto& [id, segment] : segments_) candidates.push_back(segment);
    return candidates;
  }

  void Run(const CompactionPlan& plan) {
    std::set<size_t> ids;
    for (const std::string& folder : plan.folders) ids.insert(std::stoul(folder));
    std::vector<size_t> keys;
    for (size_t key = 0; key < segment_of_.size(); ++key) {
      if (ids.contains(segment_of_[key])) keys.push_back(key);
    }
    for (const size_t id : ids) segments_.erase(id);
    Write(keys);
  }

  const size_t flush_rows_;
  CompactionLimits limits_{.max_rows = 1 << 30};
  std::vector<size_t> segment_of_;
  std::vector<size_t> buffer_;
  std::map<size_t, CompactionCandidate> segments_;
  size_t next_ = 0;
  uint64_t num_written_ = 0;
  uint64_t num_flushed_ = 0;
  double space_amplification_ = 1;
};

TEST(CompactionPlanTest, SteadyChurnIsWrittenAFewTimesAndStaysWithinItsSpace) {
  struct Case {
    size_t num_keys;
    size_t flush_rows;
    double space_amplification;
    double write_amplification;
  };
  const Case cases[] = {{7'500, 1'600, 1.3, 4}, {7'500, 800, 1.3, 5},    {40'000, 1'600, 1.3, 4},
                        {40'000, 800, 1.3, 5},  {40'000, 1'600, 1.1, 8}, {40'000, 1'600, 2, 3.5}};
  for (const Case& one : cases) {
    SCOPED_TRACE(absl::StrCat(one.num_keys, " rows, flushes of ", one.flush_rows, ", space ",
                              one.space_amplification));
    SeededRandom random(7);
    Churn churn(one.num_keys, one.flush_rows, one.space_amplification);
    for (size_t i = 0; i < 5 * one.num_keys; ++i) churn.Replace(random.Below(one.num_keys));
    EXPECT_LE(churn.space_amplification(), one.space_amplification);
    EXPECT_LE(churn.write_amplification(), one.write_amplification);
    EXPECT_GT(churn.write_amplification(), 1.5);
  }
}

TEST(CompactionPlanTest, ExpiredRowsGoWhenTheyAreAFifthOrManyBytes) {
  struct Case {
    const char* what;
    CompactionCandidate segment;
    bool rewritten;
    CompactionReason reason = CompactionReason::kExpiredRows;
  };
  const double ten_mb = static_cast<double>(10 << 20) / static_cast<double>(kMax);
  const Case cases[] = {
      {"a fifth", WithExpired(0.6, 2000, 2000), true},
      {"a little less, of few bytes", WithExpired(5 * ten_mb, 1999, 1999), false},
      {"more than ten megabytes", WithExpired(5.1 * ten_mb, 1999, 1999), true},
      {"ten megabytes", WithExpired(10 * ten_mb, 1000, 1000), false},
      {"many bytes that are a small share", WithExpired(0.9, 499, 499), false},
      {"a twentieth of many bytes", WithExpired(0.9, 500, 500), true},
      {"with deleted ones, most", WithExpired(0.6, 2500, 1251), true},
      {"with deleted ones, the lesser part", WithExpired(0.6, 2500, 1250), true,
       CompactionReason::kDeletedRows},
  };
  for (const Case& one : cases) {
    const auto plans = PlanCompactions(std::span(&one.segment, 1), kLimits);
    ASSERT_EQ(plans.size(), one.rewritten ? 1u : 0u) << one.what;
    if (one.rewritten) {
      EXPECT_EQ(plans[0].reason, one.reason) << one.what;
    }
  }
  const CompactionCandidate one = WithExpired(0.6, 1, 1);
  EXPECT_EQ(PlanCompactions(std::span(&one, 1), kThorough).size(), 1u);
}

}  // namespace
}  // namespace vecdb::engine
