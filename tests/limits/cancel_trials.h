#ifndef VECDB_LIMITS_CANCEL_TRIALS_H_
#define VECDB_LIMITS_CANCEL_TRIALS_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

#include "limits/cancel_database_kinds.h"
#include "limits/canceller.h"
#include "limits/latencies.h"
#include "support/seeded_random.h"

namespace vecdb::support {

/// Cancels calls of each kind at random times. For one thread.
class CancelTrials {
 public:
  /// How the calls of one kind ended, and how long those that were cancelled took from then on.
  struct Tally {
    Latencies latencies;
    int num_done = 0;     // OK, before the cancel or behind it
    int num_stopped = 0;  // Cancelled or DeadlineExceeded
    int num_unknown = 0;
    double call_ms = 0;  // of one that nobody cancelled
  };

  explicit CancelTrials(uint64_t seed) : random_(seed) {}

  Tally Run(const CancelKind& kind, int num_trials) {
    Tally tally;
    Once(kind);  // what is done the first time only
    const SteadyDuration typical = Once(kind);
    tally.call_ms = ToMillis(typical);
    for (int trial = 0; trial < num_trials && !::testing::Test::HasFatalFailure(); ++trial) {
      RunOne(kind, typical, &tally);
    }
    return tally;
  }

  int num_trials() const { return num_trials_; }

 private:
  // Without a cancel.
  SteadyDuration Once(const CancelKind& kind) {
    if (kind.prepare != nullptr) kind.prepare();
    const auto begun = std::chrono::steady_clock::now();
    const absl::Status status = kind.call({});
    const auto taken = std::chrono::steady_clock::now() - begun;
    EXPECT_OK(status) << kind.name;
    if (kind.settle != nullptr) kind.settle(status);
    return taken;
  }

  void RunOne(const CancelKind& kind, SteadyDuration typical, Tally* tally) {
    ++num_trials_;
    if (kind.prepare != nullptr) kind.prepare();
    // Up to a fifth longer than the call takes, so that some come too late.
    const auto delay = typical * static_cast<int64_t>(random_.Below(1200)) / 1000;
    const bool by_token = random_.OneIn(2);
    Context context;
    const auto stop_at = std::chrono::steady_clock::now() + delay;
    if (by_token) {
      context.cancel = CancelToken::Make();
      canceller_.CancelAt(stop_at, context.cancel);
    } else {
      context.deadline = stop_at;
    }
    const absl::Status status = kind.call(context);
    const auto end = std::chrono::steady_clock::now();
    const std::optional<SteadyTime> stopped_at = by_token ? canceller_.Stop() : stop_at;
    if (stopped_at.has_value() && *stopped_at < end) tally->latencies.Add(end - *stopped_at);
    Count(kind, status, by_token, tally);
    if (kind.settle != nullptr) kind.settle(status);
  }

  static void Count(const CancelKind& kind, const absl::Status& status, bool by_token,
                    Tally* tally) {
    if (status.ok()) {
      ++tally->num_done;
    } else if (absl::IsUnknown(status)) {
      ++tally->num_unknown;
    } else {
      ++tally->num_stopped;
      const auto expected =
          by_token ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded;
      EXPECT_EQ(status.code(), expected) << kind.name << ": " << status;
    }
  }

  int num_trials_ = 0;
  SeededRandom random_;
  Canceller canceller_;
};

}  // namespace vecdb::support

#endif  // VECDB_LIMITS_CANCEL_TRIALS_H_
