#include "journal/read_bench.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

constexpr size_t kWriteRows = 10;
constexpr int32_t kLimit = 10;

SearchRequest RequestFor(const Matrix& rows, size_t row) {
  return {.vectors = rows.row(row), .limit = kLimit, .params = HnswSearchParams{.ef = 64}};
}

absl::StatusOr<std::vector<double>> TimeSearches(const Collection& collection, const Matrix& rows,
                                                 int num_queries) {
  std::vector<double> micros;
  for (int i = 0; i < num_queries; ++i) {
    const size_t row = static_cast<size_t>(i) * 7919 % rows.num_rows();
    const double start = WallSeconds();
    VECDB_RETURN_IF_ERROR(collection.Search(RequestFor(rows, row)).status());
    micros.push_back((WallSeconds() - start) * 1e6);
  }
  return micros;
}

// Inserts as fast as it can until it is destroyed.
class BusyWriter {
 public:
  BusyWriter(Collection* collection, const Matrix& rows, std::atomic<int64_t>* next_key)
      : thread_([this, collection, &rows, next_key] {
          while (!stop_) {
            const int64_t key = next_key->fetch_add(kWriteRows);
            const size_t vector = static_cast<size_t>(key) % (rows.num_rows() - kWriteRows);
            if (!collection->Insert(BatchOf(rows, vector, key, kWriteRows)).ok()) return;
            written_ += kWriteRows;
          }
        }) {}
  ~BusyWriter() {
    stop_ = true;
    thread_.join();
  }
  uint64_t written() const { return written_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> written_ = 0;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<ReadReport> MeasureReads(const Matrix& rows, const std::string& directory,
                                        int num_runs, int num_queries) {
  VECDB_ASSIGN_OR_RETURN(const TempDir place, TempDir::Make(directory));
  VECDB_ASSIGN_OR_RETURN(const auto database,
                         Database::Open({.path = place.path().string(), .num_threads = 1}));
  VECDB_ASSIGN_OR_RETURN(
      const auto collection,
      database->CreateCollection("bench", BenchmarkSchema(rows.dim()), OneSegmentOptions(rows)));
  VECDB_RETURN_IF_ERROR(InsertRows(*collection, rows));
  VECDB_RETURN_IF_ERROR(collection->CreateIndex(kVectorField, {.params = HnswParams{}}));
  VECDB_RETURN_IF_ERROR(collection->Flush());
  VECDB_RETURN_IF_ERROR(collection->WaitForIndex(kVectorField));
  std::atomic<int64_t> next_key = static_cast<int64_t>(rows.num_rows());
  std::vector<double> p50[2];
  std::vector<double> p99[2];
  std::vector<double> rate;
  for (int run = 0; run < num_runs; ++run) {
    // Rows that the busy half has added are searched too: both halves begin without any.
    VECDB_RETURN_IF_ERROR(collection->Flush());
    VECDB_RETURN_IF_ERROR(collection->WaitForIndex(kVectorField));
    VECDB_ASSIGN_OR_RETURN(const auto idle, TimeSearches(*collection, rows, num_queries));
    p50[0].push_back(Median(idle));
    p99[0].push_back(Percentile(idle, 0.99));
    const double start = WallSeconds();
    const BusyWriter writer(collection.get(), rows, &next_key);
    VECDB_ASSIGN_OR_RETURN(const auto busy, TimeSearches(*collection, rows, num_queries));
    rate.push_back(static_cast<double>(writer.written()) / (WallSeconds() - start));
    p50[1].push_back(Median(busy));
    p99[1].push_back(Percentile(busy, 0.99));
  }
  return ReadReport{.idle_p50_us = Median(p50[0]),
                    .idle_p99_us = Median(p99[0]),
                    .busy_p50_us = Median(p50[1]),
                    .busy_p99_us = Median(p99[1]),
                    .busy_rows_per_second = Median(rate)};
}

namespace {

// What a reader sees of a state: a search and all rows.
struct Answer {
  std::vector<int64_t> hits{};
  std::vector<float> scores{};
  std::string rows{};
  uint64_t count = 0;

  friend bool operator==(const Answer&, const Answer&) = default;
};

absl::StatusOr<Answer> Ask(const Collection& collection, const Matrix& rows,
                           const Consistency& consistency) {
  Answer answer;
  SearchRequest request = RequestFor(rows, 3);
  request.consistency = consistency;
  VECDB_ASSIGN_OR_RETURN(const SearchResult result, collection.Search(request));
  for (const Hit& hit : result.hits(0)) {
    answer.hits.push_back(hit.int64_key());
    answer.scores.push_back(hit.score());
  }
  std::vector<int64_t> keys(200);
  std::iota(keys.begin(), keys.end(), 0);
  VECDB_ASSIGN_OR_RETURN(const RowBatch got, collection.Get(keys, {}, consistency));
  answer.rows = got.ToJson();
  VECDB_ASSIGN_OR_RETURN(answer.count, collection.Count(consistency));
  return answer;
}

}  // namespace

absl::StatusOr<PinnedReport> MeasurePinned(const Matrix& rows, const std::string& directory,
                                           int num_rounds) {
  VECDB_ASSIGN_OR_RETURN(const TempDir place, TempDir::Make(directory));
  VECDB_ASSIGN_OR_RETURN(const auto database,
                         Database::Open({.path = place.path().string(), .gc_grace_ms = 0}));
  VECDB_ASSIGN_OR_RETURN(
      const auto collection,
      database->CreateCollection("bench", BenchmarkSchema(rows.dim()), {.num_shards = 2}));
  VECDB_RETURN_IF_ERROR(collection->CreateIndex(kVectorField, {.params = HnswParams{}}));
  VECDB_RETURN_IF_ERROR(InsertRows(*collection, rows));
  VECDB_RETURN_IF_ERROR(collection->Flush());
  VECDB_RETURN_IF_ERROR(collection->WaitForIndex(kVectorField));
  VECDB_RETURN_IF_ERROR(collection->Upsert(BatchOf(rows, 7, 50, 100)).status());
  VECDB_ASSIGN_OR_RETURN(const auto snapshot, collection->PinSnapshot());
  VECDB_ASSIGN_OR_RETURN(const Answer first, Ask(*collection, rows, snapshot));
  PinnedReport report;
  for (int round = 0; round < num_rounds; ++round) {
    const size_t vector = static_cast<size_t>(round) * 13 % (rows.num_rows() - 100);
    VECDB_RETURN_IF_ERROR(
        collection->Upsert(BatchOf(rows, vector, round * 10 % 200, 100)).status());
    VECDB_RETURN_IF_ERROR(collection->Delete({round % 200}).status());
    if (round % 3 == 0) {
      VECDB_RETURN_IF_ERROR(collection->Flush());
      ++report.num_flushes;
    }
    if (round % 5 == 0) {
      VECDB_RETURN_IF_ERROR(database->CollectGarbage().status());
      ++report.num_collections;
    }
    VECDB_ASSIGN_OR_RETURN(const Answer again, Ask(*collection, rows, snapshot));
    ++report.num_reads;
    if (again != first) ++report.num_different;
  }
  return report;
}

}  // namespace vecdb::bench
