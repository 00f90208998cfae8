// Searches readers as fast as these answer, as a gateway in this process, and says how many answers
// came in a second.
//
//     sharded_load --map 0,1=127.0.0.1:7001 --map 2,3=127.0.0.1:7002 [--seconds 5] [--threads 8]
//
// See README.md; scale.sh holds two readers against one.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "sharded_service/flags.h"
#include "sharded_service/gather.h"
#include "sharded_service/sample.h"
#include "sharded_service/shard_map.h"

namespace sharded_service {
namespace {

using Clock = std::chrono::steady_clock;

Query RandomQuery(std::mt19937& random) {
  Query query;
  query.set_limit(10);
  for (int32_t i = 0; i < kSampleDim; ++i) {
    query.add_vectors(static_cast<float>(random() % 1024) / 1024);
  }
  return query;
}

// What all threads have measured.
struct Figures {
  std::mutex mutex{};  // of all below
  std::vector<double> latencies_ms{};
  absl::Status error{};
};

void Search(std::span<const std::unique_ptr<PartReaders>> parts, uint32_t seed,
            Clock::time_point end, Figures* figures) {
  constexpr auto kPatience = std::chrono::seconds(10);
  std::mt19937 random(seed);
  std::vector<double> latencies_ms;
  absl::Status error;
  while (error.ok() && Clock::now() < end) {
    const auto begin = Clock::now();
    const std::vector<Outcome> outcomes = Gather(
        parts, RandomQuery(random), {.deadline = begin + kPatience, .hedge_after = kPatience});
    for (const Outcome& outcome : outcomes) error.Update(outcome.status);
    latencies_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  const std::lock_guard lock(figures->mutex);
  figures->latencies_ms.insert(figures->latencies_ms.end(), latencies_ms.begin(),
                               latencies_ms.end());
  figures->error.Update(error);
}

absl::Status Run(std::span<const char* const> arguments) {
  const auto flags = Flags::Parse(arguments, {"map", "seconds", "threads"});
  if (!flags.ok()) return flags.status();
  const auto map = ParseShardMap(flags->All("map"));
  if (!map.ok()) return map.status();
  const auto seconds = flags->GetNumber("seconds", 5, 1);
  if (!seconds.ok()) return seconds.status();
  const auto threads = flags->GetNumber("threads", 8, 1);
  if (!threads.ok()) return threads.status();

  std::vector<std::unique_ptr<PartReaders>> parts;
  for (const Part& part : *map) parts.push_back(std::make_unique<PartReaders>(part));
  Figures figures;
  const auto begin = Clock::now();
  {
    std::vector<std::jthread> searchers;
    for (int32_t i = 0; i < *threads; ++i) {
      searchers.emplace_back([&, i] {
        Search(parts, static_cast<uint32_t>(i), begin + std::chrono::seconds(*seconds), &figures);
      });
    }
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
  if (!figures.error.ok()) return figures.error;
  std::vector<double>& latencies = figures.latencies_ms;
  std::sort(latencies.begin(), latencies.end());
  std::cout << static_cast<double>(latencies.size()) / elapsed << " answers/s, p50 "
            << latencies[latencies.size() / 2] << " ms, p99 "
            << latencies[latencies.size() * 99 / 100] << " ms\n";
  return absl::OkStatus();
}

}  // namespace
}  // namespace sharded_service

int main(int argc, char** argv) {
  return sharded_service::RunProgram("sharded_load", argc, argv, sharded_service::Run);
}
