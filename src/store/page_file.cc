#include "store/page_file.h"

#include <fcntl.h>

#include <string>
#include <utility>

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

}  // namespace

std::unique_ptr<PageFile> PageFile::Open(std::shared_ptr<const ObjectReader> object,
                                         const Host& host, const PageReading& reading) {
  std::unique_ptr<PageFile> file(new PageFile(std::move(object), host));
  const int descriptor = file->object_->descriptor();
  file->uses_uring_ = reading.may_use_uring && descriptor >= 0;
  if (file->uses_uring_ && reading.may_pass_cache) file->direct_ = OpenPastCache(descriptor);
  return file;
}

absl::StatusOr<std::unique_ptr<ReadQueue>> PageFile::MakeQueue(size_t slots, size_t bytes) const {
  if (uses_uring()) {
    const int descriptor = direct_.is_open() ? direct_.get() : object_->descriptor();
    auto queue = UringReadQueue::Make(descriptor, object_, slots, bytes, host_);
    if (!absl::IsUnimplemented(queue.status())) return queue;
    uses_uring_.store(false, std::memory_order_relaxed);
  }
  return ThreadReadQueue::Make(object_, slots, bytes, host_);
}

}  // namespace vecdb::store
