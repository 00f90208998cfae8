#ifndef VECDB_S3_COUNTERS_H_
#define VECDB_S3_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "vecdb/metrics.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {

/// The kinds of requests, each of which has a price.
enum class Operation {
  kGet,
  kHead,
  kPut,
  kList,
  kDelete,
  kDeleteMany,
  kBeginUpload,
  kPutPart,
  kCompleteUpload,
  kAbortUpload,
};
inline constexpr size_t kNumOperations = 10;

/// The name as a label: "get", "put_part".
std::string_view NameOf(Operation operation);

/// What a store has asked of its server. Thread-safe; counts without a lock.
class Counters {
 public:
  void CountTry(Operation operation, bool is_repeated);
  void CountEnd(Operation operation, const absl::Status& status, uint64_t sent_bytes,
                uint64_t received_bytes);

  S3Usage Usage() const;
  std::vector<MetricFamily> Collect() const;

 private:
  static constexpr size_t kNumCodes = 17;  // of absl::StatusCode

  struct OfOperation {
    std::atomic<uint64_t> requests = 0;
    std::atomic<uint64_t> repeated = 0;
    std::atomic<uint64_t> sent_bytes = 0;
    std::atomic<uint64_t> received_bytes = 0;
    std::array<std::atomic<uint64_t>, kNumCodes> failures{};
  };

  uint64_t Sum(std::atomic<uint64_t> OfOperation::*count) const;
  MetricFamily Family(std::string_view name, std::string_view help,
                      std::atomic<uint64_t> OfOperation::*count) const;
  MetricFamily Requests() const;
  MetricFamily Failures() const;

  // Figures of their own: they publish no other data, so all access is relaxed.
  std::array<OfOperation, kNumOperations> operations_;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_COUNTERS_H_
