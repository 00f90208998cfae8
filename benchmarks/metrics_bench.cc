// What counting costs a search. Search is one of some 50 us through the Collection door, and uses
// the public API alone, so that it can be built against a version that does not count; NoteSearch
// is what such a search adds to its counters, and with TwoClockReads the whole of it.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "vecdb/vecdb.h"
#ifndef VECDB_BENCH_WITHOUT_METRICS
#include "engine/collection_metrics.h"
#endif

namespace vecdb::bench {
namespace {

constexpr int32_t kMetricsDim = 64;
constexpr int64_t kMetricsRows = 20'000;
constexpr size_t kMetricsQueries = 1000;

std::vector<float> NormalFloats(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

// One flushed segment with an HNSW index, loaded.
struct SearchedCollection {
  SearchedCollection() {
    const Schema schema{
        .fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                   {.name = "v", .type = DataType::kFloatVector, .dim = kMetricsDim}}};
    db = *Database::Open({.store = MakeMemoryObjectStore()});
    collection = *db->CreateCollection("c", schema);
    std::vector<int64_t> ids(kMetricsRows);
    for (int64_t i = 0; i < kMetricsRows; ++i) ids[static_cast<size_t>(i)] = i;
    RowBatch rows(schema);
    rows.SetInt64("id", ids);
    rows.SetFloatVectors("v", NormalFloats(static_cast<size_t>(kMetricsRows * kMetricsDim), 1));
    ok =
        collection->Insert(rows).ok() && collection->Flush().ok() &&
        collection->CreateIndex("v", {.metric = Metric::kL2, .params = HnswParams{.m = 16}}).ok() &&
        collection->WaitForIndex("v").ok();
  }

  std::unique_ptr<Database> db;
  std::unique_ptr<Collection> collection;
  bool ok = false;
};

void Search(benchmark::State& state) {
  static const auto* const searched = new SearchedCollection();
  static const auto* const queries =
      new std::vector<float>(NormalFloats(kMetricsQueries * kMetricsDim, 2));
  if (!searched->ok) return state.SkipWithError("the collection could not be filled");
  size_t next = 0;
  for (auto _ : state) {
    const auto result = searched->collection->Search(
        {.vectors = std::span(*queries).subspan(next * kMetricsDim, kMetricsDim),
         .limit = 10,
         .params = HnswSearchParams{.ef = static_cast<int32_t>(state.range(0))}});
    if (!result.ok()) return state.SkipWithError("a search failed");
    benchmark::DoNotOptimize(result->hits(0).data());
    next = (next + 1) % kMetricsQueries;
  }
}
BENCHMARK(Search)->Arg(72)->Unit(benchmark::kMicrosecond);

#ifndef VECDB_BENCH_WITHOUT_METRICS
void NoteSearch(benchmark::State& state) {
  static auto* const metrics = new engine::CollectionMetrics();
  const SearchStats stats{.filter_ms = 0.001, .search_ms = 0.045, .fetch_ms = 0.002};
  for (auto _ : state) metrics->NoteSearch(stats, 1, std::chrono::microseconds(50));
}
BENCHMARK(NoteSearch)->ThreadRange(1, 2);
#endif

void TwoClockReads(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(std::chrono::steady_clock::now());
    benchmark::DoNotOptimize(std::chrono::steady_clock::now());
  }
}
BENCHMARK(TwoClockReads);

}  // namespace
}  // namespace vecdb::bench
