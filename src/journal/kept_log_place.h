#ifndef VECDB_JOURNAL_KEPT_LOG_PLACE_H_
#define VECDB_JOURNAL_KEPT_LOG_PLACE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/large_buffer.h"
#include "base/mutex.h"
#include "journal/log_place.h"

namespace vecdb::journal {

/// A place whose files come whole, with those in memory that were read: a reader that has to begin
/// its log anew, because a manifest without new rows has come, asks the store for none of them
/// twice. Keeps up to so many bytes, counted in the budget of whoever reads first, and does without
/// what has no room there. Thread-safe.
class KeptLogPlace : public LogPlace {
 public:
  KeptLogPlace(std::unique_ptr<LogPlace> base, uint64_t max_bytes)
      : base_(std::move(base)), max_bytes_(max_bytes) {}

  /// Lets go of the files below `number`, which a manifest does not need any more.
  void Forget(uint64_t number);

  absl::StatusOr<std::vector<LogFileInfo>> List(const Context& context) override {
    return base_->List(context);
  }
  absl::StatusOr<std::vector<LogFileInfo>> ListAfter(uint64_t number,
                                                     const Context& context) override {
    return base_->ListAfter(number, context);
  }
  absl::StatusOr<base::LargeBuffer> Read(uint64_t number, const Host& host,
                                         const Context& context) override;
  absl::StatusOr<std::unique_ptr<AppendFile>> Create(uint64_t number,
                                                     std::span<const std::byte> bytes,
                                                     uint64_t preallocate_bytes) override {
    return base_->Create(number, bytes, preallocate_bytes);
  }
  absl::Status Remove(uint64_t number) override { return base_->Remove(number); }
  bool grows() const override { return base_->grows(); }
  std::string NameOf(uint64_t number) const override { return base_->NameOf(number); }

 private:
  void Keep(uint64_t number, const base::LargeBuffer& bytes, const Host& host);

  const std::unique_ptr<LogPlace> base_;
  const uint64_t max_bytes_;
  base::Mutex mutex_;  // a leaf
  std::map<uint64_t, std::shared_ptr<const base::LargeBuffer>> kept_ ABSL_GUARDED_BY(mutex_);
  uint64_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_KEPT_LOG_PLACE_H_
