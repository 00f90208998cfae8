#include "journal/store_bench.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "common/collection.h"
#include "common/stats.h"
#include "common/threads.h"
#include "store/forwarding_store.h"
#include "vecdb/database.h"

namespace vecdb::bench {
namespace {

// A store whose puts take their time, several at once.
class SlowStore final : public store::ForwardingStore {
 public:
  SlowStore(std::shared_ptr<ObjectStore> base, int put_ms)
      : ForwardingStore(std::move(base)), put_ms_(put_ms) {}

  int num_puts() const { return num_puts_; }

  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override {
    VECDB_ASSIGN_OR_RETURN(auto writer, ForwardingStore::Create(path, context));
    return std::make_unique<Writer>(std::move(writer), this);
  }

 private:
  class Writer final : public ObjectWriter {
   public:
    Writer(std::unique_ptr<ObjectWriter> base, SlowStore* store)
        : base_(std::move(base)), store_(store) {}
    absl::Status Append(std::span<const std::byte> bytes, const Context& context) override {
      return base_->Append(bytes, context);
    }
    absl::Status Finish(const Context& context) override {
      ++store_->num_puts_;
      std::this_thread::sleep_for(std::chrono::milliseconds(store_->put_ms_));
      return base_->Finish(context);
    }

   private:
    const std::unique_ptr<ObjectWriter> base_;
    SlowStore* const store_;
  };

  const int put_ms_;
  std::atomic<int> num_puts_ = 0;
};

struct Timing {
  double batches_per_second = 0;
  double batches_per_put = 0;
};

absl::StatusOr<Timing> TimeStoreInserts(const Matrix& rows, const StoreWriteOptions& options,
                                        int num_writers) {
  VECDB_ASSIGN_OR_RETURN(auto base, options.make_store());
  const auto store = std::make_shared<SlowStore>(std::move(base), options.put_ms);
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open({.store = store}));
  VECDB_ASSIGN_OR_RETURN(const auto collection,
                         database->CreateCollection("bench", BenchmarkSchema(rows.dim()),
                                                    {.load = LoadPolicy::kManual}));
  VECDB_RETURN_IF_ERROR(collection->Insert(BatchOf(rows, 0, -1, 1)).status());
  const int count = options.groups * num_writers;
  std::atomic<int64_t> next = 0;
  std::atomic<int> failures = 0;
  const auto write = [&] {
    for (int64_t key = next++; key < count; key = next++) {
      const size_t row = static_cast<size_t>(key) % rows.num_rows();
      if (!collection->Insert(BatchOf(rows, row, key, 1)).ok()) ++failures;
    }
  };
  const int puts_before = store->num_puts();
  const double seconds = SecondsTogether(num_writers, write);
  if (failures > 0) return absl::InternalError("inserts failed");
  return Timing{.batches_per_second = count / seconds,
                .batches_per_put = static_cast<double>(count) / (store->num_puts() - puts_before)};
}

}  // namespace

void Print(const StoreWriteReport& report, int num_writers) {
  std::printf("  1 writer             %10.1f batches/s\n", report.one_writer);
  std::printf("  %-3d writers          %10.1f batches/s, %.1f of one put at a time; %.1f a put\n",
              num_writers, report.many_writers, report.many_writers / report.one_writer,
              report.batches_per_put);
}

absl::StatusOr<StoreWriteReport> MeasureStoreWrites(const Matrix& rows,
                                                    const StoreWriteOptions& options) {
  std::vector<double> one;
  std::vector<double> many;
  std::vector<double> per_put;
  for (int run = 0; run < options.num_runs; ++run) {
    VECDB_ASSIGN_OR_RETURN(const Timing alone, TimeStoreInserts(rows, options, 1));
    one.push_back(alone.batches_per_second);
    VECDB_ASSIGN_OR_RETURN(const Timing together,
                           TimeStoreInserts(rows, options, options.num_writers));
    many.push_back(together.batches_per_second);
    per_put.push_back(together.batches_per_put);
  }
  return StoreWriteReport{
      .one_writer = Median(one), .many_writers = Median(many), .batches_per_put = Median(per_put)};
}

}  // namespace vecdb::bench
