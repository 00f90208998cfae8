#ifndef VECDB_BENCHMARKS_DISK_PROBE_H_
#define VECDB_BENCHMARKS_DISK_PROBE_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "store/page_file.h"
#include "vecdb/object_store.h"

namespace vecdb::bench {

/// What a disk gives to random reads of 4 KiB, by the queue that searches read with: past the page
/// cache where the file system allows it.
class DiskProbe {
 public:
  explicit DiskProbe(std::shared_ptr<const ObjectReader> object)
      : size_bytes_(object->size()), file_(store::PageFile::Open(std::move(object), {})) {}

  /// Reads a second with `depth` of them under way, over `seconds`.
  absl::StatusOr<double> ReadsPerSecond(size_t depth, double seconds);

  /// The time in seconds that `share` of 1,000 chains of `length` reads need, one read after the
  /// other.
  absl::StatusOr<double> ChainSeconds(size_t length, double share);

  bool passes_cache() const { return file_->passes_cache() && file_->uses_uring(); }

 private:
  uint64_t NextOffset();

  const uint64_t size_bytes_;
  const std::unique_ptr<store::PageFile> file_;
  uint64_t state_ = 1;
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_DISK_PROBE_H_
