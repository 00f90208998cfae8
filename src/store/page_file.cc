#include "store/page_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "base/file_descriptor.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "store/thread_read_queue.h"
#include "store/uring_read_queue.h"

namespace vecdb::store {
namespace {

// The same file once more, also when it has no name any longer, to be read past the cache. Not open
// where /proc or the file system does not offer it.
base::FileDescriptor OpenPastCache(int descriptor) {
  const std::string name = base::StrFormat("/proc/self/fd/%d", descriptor);
  return base::FileDescriptor(base::RetryOnInterrupt(
      [&] { return ::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECT); }));
}

// An object whose whole pages are read past the cache, into buffers of whole pages. What the system
// refuses or cuts short is read again by the object's own ReadAt, whose answer counts.
class PastCacheReader final : public ObjectReader {
 public:
  PastCacheReader(std::shared_ptr<const ObjectReader> object, base::FileDescriptor direct)
      : object_(std::move(object)), direct_(std::move(direct)) {}

  uint64_t size() const override { return object_->size(); }

  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out,
                      const Context& context) const override {
    VECDB_RETURN_IF_ERROR(context.Check());
    const ssize_t result = base::RetryOnInterrupt(
        [&] { return ::pread(direct_.get(), out.data(), out.size(), static_cast<off_t>(offset)); });
    if (result >= 0 && static_cast<size_t>(result) == out.size()) return absl::OkStatus();
    return object_->ReadAt(offset, out, context);
  }

  int descriptor() const override { return direct_.get(); }

 private:
  const std::shared_ptr<const ObjectReader> object_;
  const base::FileDescriptor direct_;
};

}  // namespace

std::unique_ptr<PageFile> PageFile::Open(std::shared_ptr<const ObjectReader> object,
                                         const Host& host, const PageReading& reading) {
  const bool is_local = object->descriptor() >= 0;
  const bool may_use_uring = is_local && reading.may_use_uring;
  base::FileDescriptor direct;
  if (is_local && reading.may_pass_cache) direct = OpenPastCache(object->descriptor());
  const bool passes_cache = direct.is_open();
  if (passes_cache) {
    object = std::make_shared<PastCacheReader>(std::move(object), std::move(direct));
  }
  return std::unique_ptr<PageFile>(
      new PageFile(std::move(object), passes_cache, may_use_uring, host));
}

absl::StatusOr<std::unique_ptr<ReadQueue>> PageFile::MakeQueue(size_t slots, size_t bytes) const {
  if (uses_uring()) {
    auto queue = UringReadQueue::Make(object_->descriptor(), object_, slots, bytes, host_);
    if (!absl::IsUnimplemented(queue.status())) return queue;
    uses_uring_.store(false, std::memory_order_relaxed);
  }
  return ThreadReadQueue::Make(object_, slots, bytes, host_);
}

}  // namespace vecdb::store
