#include "store/object_fetch.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"
#include "base/large_buffer.h"
#include "base/look_again.h"
#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "store/cache_file.h"

namespace vecdb::store {
namespace {

uint64_t LanesOf(const FetchRanges& ranges, const Host& host) {
  return std::min(static_cast<uint64_t>(ranges.parallel_ranges),
                  uint64_t{base::MaxStrands(host.executor)});
}

std::vector<uint64_t> ChecksumsIn(std::span<const std::byte> bytes) {
  std::vector<uint64_t> checksums;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), kCachePieceBytes))) {
    checksums.push_back(base::Xxh3(bytes.first(std::min(bytes.size(), kCachePieceBytes))));
  }
  return checksums;
}

}  // namespace

ObjectFetch::ObjectFetch(std::shared_ptr<const ObjectReader> object, AppendFile* file,
                         const FetchRanges& ranges, const Host& host,
                         std::shared_ptr<CacheCounters> counters)
    : object_(std::move(object)),
      file_(file),
      host_(host),
      counters_(std::move(counters)),
      lanes_(LanesOf(ranges, host)),
      // Fewer threads ask for more at a time, which the store may split.
      range_bytes_(ranges.range_bytes * (static_cast<uint64_t>(ranges.parallel_ranges) / lanes_)),
      num_ranges_(object_->size() / range_bytes_ + (object_->size() % range_bytes_ == 0 ? 0 : 1)) {}

absl::Status ObjectFetch::Continue(Priority priority, const Context& context) {
  uint64_t left = 0;
  {
    base::MutexLock lock(&mutex_);
    next_ = appended_;
    stopped_at_ = num_ranges_;
    status_ = absl::OkStatus();
    memory_ = absl::OkStatus();
    left = num_ranges_ - appended_;
  }
  const absl::Status run =
      base::ParallelFor(host_.executor, priority, std::min(lanes_, left), context,
                        [&](size_t, size_t) { return RunLane(context); });
  base::MutexLock lock(&mutex_);
  if (!status_.ok()) return std::move(status_);
  if (appended_ == num_ranges_) return absl::OkStatus();
  failed_here_ = run.ok();
  return run.ok() ? std::move(memory_) : run;  // that of the context, or no lane has got a buffer
}

// A lane without memory leaves the ranges to the others.
absl::Status ObjectFetch::RunLane(const Context& context) {
  auto buffer = base::LargeBuffer::Make(std::min(range_bytes_, object_->size()), host_,
                                        "a range of an object on its way to the cache");
  if (!buffer.ok()) {
    base::MutexLock lock(&mutex_);
    memory_ = std::move(buffer).status();
    return absl::OkStatus();
  }
  uint64_t range = 0;
  while (TakeRange(&range)) {
    bool is_here = true;
    const absl::Status brought =
        base::OrOutOfMemory([&] { return BringRange(range, buffer->bytes(), context, &is_here); });
    // Others wait for this range, so it must not be left without a word.
    if (!brought.ok()) Stop(range, std::move(brought), is_here);
  }
  return absl::OkStatus();
}

bool ObjectFetch::TakeRange(uint64_t* range) {
  base::MutexLock lock(&mutex_);
  if (next_ >= stopped_at_) return false;
  *range = next_++;
  return true;
}

absl::Status ObjectFetch::BringRange(uint64_t range, std::span<std::byte> buffer,
                                     const Context& context, bool* is_here) {
  const uint64_t offset = range * range_bytes_;
  const auto bytes = buffer.first(std::min<uint64_t>(buffer.size(), object_->size() - offset));
  CacheCounters::Add(counters_->fetch_reads);
  *is_here = false;
  VECDB_RETURN_IF_ERROR(object_->ReadAt(offset, bytes, context));
  CacheCounters::Add(counters_->fetched_bytes, bytes.size());
  *is_here = true;
  const std::vector<uint64_t> checksums = ChecksumsIn(bytes);
  *is_here = false;
  VECDB_RETURN_IF_ERROR(WaitForTurn(range, context));
  *is_here = true;
  VECDB_RETURN_IF_ERROR(file_->Append(bytes));  // nobody else does, it being the range's turn
  base::MutexLock lock(&mutex_);
  checksums_.insert(checksums_.end(), checksums.begin(), checksums.end());
  ++appended_;
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::Status ObjectFetch::WaitForTurn(uint64_t range, const Context& context) {
  base::MutexLock lock(&mutex_);
  while (appended_ < range) {
    if (stopped_at_ < range) return absl::CancelledError("an earlier range failed");
    VECDB_RETURN_IF_ERROR(context.Check());
    changed_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  return absl::OkStatus();
}

void ObjectFetch::Stop(uint64_t range, absl::Status status, bool is_here) {
  base::MutexLock lock(&mutex_);
  changed_.NotifyAll();
  if (range >= stopped_at_) return;
  stopped_at_ = range;
  status_ = std::move(status);
  failed_here_ = is_here;
}

bool ObjectFetch::failed_here() const {
  base::MutexLock lock(&mutex_);
  return failed_here_;
}

uint64_t ObjectFetch::checksum() const {
  base::MutexLock lock(&mutex_);
  return ChecksumOfPieces(checksums_);
}

}  // namespace vecdb::store
