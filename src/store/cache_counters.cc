#include "store/cache_counters.h"

#include <string>
#include <string_view>
#include <utility>

namespace vecdb::store {
namespace {

uint64_t ValueOf(const CacheCounters::Count& count) {
  return count.load(std::memory_order_relaxed);
}

MetricFamily OneFigure(std::string_view name, std::string_view help, uint64_t value,
                       MetricType type = MetricType::kCounter) {
  return {.name = std::string(name),
          .help = std::string(help),
          .type = type,
          .samples = {{.value = static_cast<double>(value)}}};
}

MetricFamily ByLabel(std::string_view name, std::string_view help, std::string_view label,
                     std::initializer_list<std::pair<std::string_view, uint64_t>> values) {
  MetricFamily family{
      .name = std::string(name), .help = std::string(help), .type = MetricType::kCounter};
  for (const auto& [text, value] : values) {
    family.samples.push_back(
        {.labels = {{std::string(label), std::string(text)}}, .value = static_cast<double>(value)});
  }
  return family;
}

}  // namespace

CacheUsage CacheCounters::Usage() const {
  return {.hits = ValueOf(hits),
          .misses = ValueOf(misses),
          .fetched_objects = ValueOf(fetched_objects),
          .fetched_bytes = ValueOf(fetched_bytes),
          .fetch_reads = ValueOf(fetch_reads),
          .store_opens = ValueOf(store_opens),
          .passed_opens = ValueOf(passed_opens),
          .passed_reads = ValueOf(passed_reads),
          .passed_bytes = ValueOf(passed_bytes),
          .failed_reads = ValueOf(failed_reads),
          .no_room = ValueOf(no_room),
          .failures = ValueOf(failures),
          .evicted_objects = ValueOf(evicted_objects),
          .evicted_bytes = ValueOf(evicted_bytes),
          .damaged_files = ValueOf(damaged_files),
          .held_objects = ValueOf(held_objects),
          .held_bytes = ValueOf(held_bytes),
          .open_bytes = ValueOf(open_bytes)};
}

std::vector<MetricFamily> CacheMetrics(const CacheUsage& usage, uint64_t budget_bytes) {
  constexpr MetricType kGauge = MetricType::kGauge;
  return {
      ByLabel("vecdb_cache_opens_total",
              "Objects opened: kept already, fetched for it, or read from the store.", "outcome",
              {{"hit", usage.hits}, {"miss", usage.misses}, {"passed", usage.passed_opens}}),
      ByLabel("vecdb_cache_store_requests_total",
              "Calls of the store, for opening, for fetching and in the place of the cache.",
              "purpose",
              {{"open", usage.store_opens},
               {"fetch", usage.fetch_reads},
               {"pass", usage.passed_reads}}),
      ByLabel("vecdb_cache_store_bytes_total", "Bytes read from the store, and what for.",
              "purpose", {{"fetch", usage.fetched_bytes}, {"pass", usage.passed_bytes}}),
      OneFigure("vecdb_cache_fetched_objects_total", "Objects fetched and kept.",
                usage.fetched_objects),
      OneFigure("vecdb_cache_evicted_objects_total", "Objects removed to make room.",
                usage.evicted_objects),
      OneFigure("vecdb_cache_evicted_bytes_total", "Their bytes.", usage.evicted_bytes),
      OneFigure("vecdb_cache_damaged_files_total", "Kept objects found damaged, and removed.",
                usage.damaged_files),
      OneFigure("vecdb_cache_failed_reads_total",
                "Reads of kept objects that failed, so that the store was asked.",
                usage.failed_reads),
      ByLabel("vecdb_cache_not_kept_total",
              "Fetches given up: no room beside what is open, or the directory failed.", "reason",
              {{"no_room", usage.no_room}, {"failure", usage.failures}}),
      OneFigure("vecdb_cache_held_objects", "Objects kept, by all processes.", usage.held_objects,
                kGauge),
      OneFigure("vecdb_cache_held_bytes", "Their bytes.", usage.held_bytes, kGauge),
      OneFigure("vecdb_cache_open_bytes", "Of these, open in this process.", usage.open_bytes,
                kGauge),
      OneFigure("vecdb_cache_budget_bytes", "The most that may be kept.", budget_bytes, kGauge)};
}

}  // namespace vecdb::store
