#include "ann/pass.h"

#include <algorithm>
#include <latch>
#include <thread>

#include "base/status_macros.h"
#include "common/clocks.h"

namespace vecdb::bench {
namespace {

// What one thread brings home.
struct Share {
  double cpu_seconds = 0;
  double begin_seconds = 0;
  double end_seconds = 0;
  std::vector<double> latencies_us{};
  absl::Status status{};
};

// Asks every n-th query and writes the answers to their places in `ids`.
absl::Status AskQueries(Engine& engine, const PassPlan& plan, size_t thread,
                        std::span<uint32_t> ids, std::vector<double>& latencies_us) {
  for (size_t repeat = 0; repeat < plan.num_repeats; ++repeat) {
    for (size_t query = thread; query < plan.num_queries; query += plan.num_threads) {
      const auto answer = ids.subspan(query * plan.k, plan.k);
      const double start = WallSeconds();
      const absl::StatusOr<size_t> found = engine.Search(query, answer);
      latencies_us.push_back(1e6 * (WallSeconds() - start));
      if (!found.ok()) return found.status();
      std::fill(answer.begin() + static_cast<std::ptrdiff_t>(*found), answer.end(), kNoRow);
    }
  }
  return absl::OkStatus();
}

void Work(Engine& engine, const PassPlan& plan, size_t thread, std::span<uint32_t> ids,
          Share& share) {
  share.begin_seconds = WallSeconds();
  const double cpu_start = ThreadCpuSeconds();
  share.status = AskQueries(engine, plan, thread, ids, share.latencies_us);
  share.cpu_seconds = ThreadCpuSeconds() - cpu_start;
  share.end_seconds = WallSeconds();
}

void WorkInThreads(Engine& engine, const PassPlan& plan, std::span<uint32_t> ids,
                   std::vector<Share>& shares) {
  std::latch ready(static_cast<std::ptrdiff_t>(shares.size()));
  std::vector<std::jthread> threads;
  threads.reserve(shares.size());
  for (size_t thread = 0; thread < shares.size(); ++thread) {
    threads.emplace_back([&, thread] {
      engine.EnterThread();
      ready.arrive_and_wait();
      Work(engine, plan, thread, ids, shares[thread]);
    });
  }
}

}  // namespace

absl::StatusOr<Pass> RunPass(Engine& engine, const PassPlan& plan) {
  Pass pass;
  pass.ids.assign(plan.num_queries * plan.k, kNoRow);
  const PageCounts before = engine.pages();
  std::vector<Share> shares(plan.num_threads);
  for (Share& share : shares) {
    share.latencies_us.reserve((plan.num_queries / plan.num_threads + 1) * plan.num_repeats);
  }
  if (plan.num_threads == 1) {
    engine.EnterThread();
    Work(engine, plan, 0, pass.ids, shares.front());
  } else {
    WorkInThreads(engine, plan, pass.ids, shares);
  }
  double begin_seconds = shares.front().begin_seconds;
  double end_seconds = shares.front().end_seconds;
  for (const Share& share : shares) {
    VECDB_RETURN_IF_ERROR(share.status);
    begin_seconds = std::min(begin_seconds, share.begin_seconds);
    end_seconds = std::max(end_seconds, share.end_seconds);
    pass.cpu_seconds += share.cpu_seconds;
    pass.latencies_us.insert(pass.latencies_us.end(), share.latencies_us.begin(),
                             share.latencies_us.end());
  }
  pass.wall_seconds = end_seconds - begin_seconds;
  const PageCounts after = engine.pages();
  const auto asked = static_cast<double>(pass.latencies_us.size());
  pass.page_reads = static_cast<double>(after.reads - before.reads) / asked;
  pass.page_hits = static_cast<double>(after.hits - before.hits) / asked;
  return pass;
}

}  // namespace vecdb::bench
