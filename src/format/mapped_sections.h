#ifndef VECDB_FORMAT_MAPPED_SECTIONS_H_
#define VECDB_FORMAT_MAPPED_SECTIONS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "vecdb/context.h"
#include "vecdb/executor.h"
#include "vecdb/file_system.h"

namespace vecdb::format {

/// Looks at a piece of a section, whose checksums hold, `offset` bytes from its beginning. DataLoss
/// for what cannot be.
using PieceCheck = std::function<absl::Status(uint64_t offset, std::span<const std::byte> piece)>;

/// A section that is mapped, and all that says whether it is undamaged.
struct UncheckedSection {
  std::string path{};  ///< of the object, for messages
  std::string tag{};
  uint64_t offset = 0;  ///< in the object
  uint64_t size_bytes = 0;
  std::vector<uint64_t> checksums{};  ///< of its blocks
  std::shared_ptr<const MappedBytes> map{};
  PieceCheck check{};  ///< null: checksums are all

  /// DataLoss for the first block that differs. Touches every byte.
  absl::Status Check(Executor* executor, Priority priority, const Context& context) const;
};

/// DataLoss, naming object and offset, unless each 64 KiB block of `bytes` has its checksum.
/// `bytes` begin at `offset` of the object.
absl::Status CheckBlocks(const std::string& path, const std::string& tag, uint64_t offset,
                         std::span<const std::byte> bytes, std::span<const uint64_t> checksums);

/// The sections of one file that a load has mapped. Filled by one thread; then only Check changes
/// it, and everything is thread-safe.
///
/// What can lead a search elsewhere, ids and links, was checked when it was mapped. The rest,
/// vectors and codes, is checked here, later: until then damage gives wrong distances and nothing
/// worse.
class MappedSections {
 public:
  void Add(uint64_t size_bytes) { bytes_ += size_bytes; }
  void AddUnchecked(UncheckedSection section);

  uint64_t bytes() const { return bytes_; }
  uint64_t unchecked_bytes() const { return unchecked_bytes_.load(std::memory_order_relaxed); }

  /// True for one caller at a time, who is to call Check, until a Check was ended early.
  bool Claim() { return !claimed_.exchange(true); }

  /// Checks what was not yet. DataLoss for the first damage, and what the context says; after that
  /// somebody else may go on where this stopped.
  absl::Status Check(Executor* executor, const Context& context);

  /// The damage that a Check has found; OK when there is none yet.
  absl::Status damage() const;

 private:
  uint64_t bytes_ = 0;
  std::vector<UncheckedSection> unchecked_;
  std::atomic<size_t> next_ = 0;               // of unchecked_; changed by the one who has claimed
  std::atomic<uint64_t> unchecked_bytes_ = 0;  // a figure; orders nothing
  std::atomic<bool> claimed_ = false;          // exchange orders next_ between claimants

  mutable base::Mutex mutex_;  // a leaf
  absl::Status damage_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_MAPPED_SECTIONS_H_
