#include "store/cache_file.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/checksum.h"
#include "base/file_descriptor.h"
#include "base/large_buffer.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::store {
namespace {

constexpr size_t kVerifyLanes = 4;

bool TryFlock(int descriptor, int operation) {
  const int result = base::RetryOnInterrupt([&] { return ::flock(descriptor, operation); });
  // A file system without such locks keeps nobody from evicting: what is open stays readable.
  return result == 0 || errno != EWOULDBLOCK;
}

// False when somebody has it in a way that `operation` does not go with, or the file has lost its
// name since it was opened: what has it now is another.
bool TryHold(const RandomAccessFile& file, int operation) {
  const int descriptor = file.descriptor();
  if (descriptor < 0) return true;
  if (!TryFlock(descriptor, operation | LOCK_NB)) return false;
  struct stat info {};
  return ::fstat(descriptor, &info) != 0 || info.st_nlink > 0;
}

absl::Status GoneMeanwhile(const CacheName& name) {
  return absl::NotFoundError(base::StrFormat("'%s' is being removed", name.path()));
}

absl::Status NotWhatWasFetched(const CacheName& name, std::string_view why) {
  return absl::DataLossError(base::StrFormat("'%s' %s", name.path(), why));
}

}  // namespace

uint64_t ChecksumOfPieces(std::span<const uint64_t> checksums) {
  return base::Xxh3(std::as_bytes(checksums));
}

bool LockForEviction(const RandomAccessFile& file) { return TryHold(file, LOCK_EX); }

absl::StatusOr<std::shared_ptr<CacheFile>> CacheFile::Open(
    FileSystem& files, const CacheName& name, const std::string& path,
    std::shared_ptr<CacheCounters> counters) {
  VECDB_ASSIGN_OR_RETURN(auto file, files.OpenForRead(path));
  if (file->size() != name.size_bytes) {
    return NotWhatWasFetched(name, base::StrFormat("has %d bytes", file->size()));
  }
  if (!TryHold(*file, LOCK_SH)) return GoneMeanwhile(name);
  return std::shared_ptr<CacheFile>(new CacheFile(name, std::move(file), std::move(counters)));
}

CacheFile::CacheFile(CacheName name, std::unique_ptr<RandomAccessFile> file,
                     std::shared_ptr<CacheCounters> counters)
    : name_(std::move(name)),
      file_(std::move(file)),
      counters_(std::move(counters)),
      owner_(::getpid()) {
  CacheCounters::Add(counters_->open_bytes, name_.size_bytes);
}

// Closing alone would leave the pin with children that were forked meanwhile, whose copy of this
// must not end it.
CacheFile::~CacheFile() {
  CacheCounters::Subtract(counters_->open_bytes, name_.size_bytes);
  if (file_->descriptor() >= 0 && ::getpid() == owner_) TryFlock(file_->descriptor(), LOCK_UN);
}

bool CacheFile::is_removed() const {
  struct stat status = {};
  const int descriptor = file_->descriptor();
  return descriptor >= 0 && ::fstat(descriptor, &status) == 0 && status.st_nlink == 0;
}

absl::Status CacheFile::Verify(const Host& host, const Context& context) const {
  const uint64_t num_pieces = NumCachePieces(name_.size_bytes);
  std::vector<uint64_t> checksums(num_pieces);
  std::atomic<uint64_t> next = 0;  // hands out pieces; ParallelFor publishes their results
  const absl::Status read = base::ParallelFor(
      host.executor, Priority::kSearch, std::min<size_t>(kVerifyLanes, num_pieces), context,
      [&](size_t, size_t) { return ReadPieces(next, checksums, host, context); });
  VECDB_RETURN_IF_ERROR(read);
  if (ChecksumOfPieces(checksums) == name_.checksum) return absl::OkStatus();
  return NotWhatWasFetched(name_, "does not have the checksum in its name");
}

absl::Status CacheFile::ReadPieces(std::atomic<uint64_t>& next, std::span<uint64_t> checksums,
                                   const Host& host, const Context& context) const {
  uint64_t piece = next.fetch_add(1);
  if (piece >= checksums.size()) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(base::LargeBuffer buffer,
                         base::LargeBuffer::Make(std::min(kCachePieceBytes, name_.size_bytes), host,
                                                 "a piece of a kept object"));
  for (; piece < checksums.size(); piece = next.fetch_add(1)) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const uint64_t offset = piece * kCachePieceBytes;
    const auto bytes = buffer.bytes().first(std::min(kCachePieceBytes, name_.size_bytes - offset));
    VECDB_RETURN_IF_ERROR(file_->ReadAt(offset, bytes));
    checksums[piece] = base::Xxh3(bytes);
  }
  return absl::OkStatus();
}

void CacheFile::Touch(int64_t now_ms) const {
  if (file_->descriptor() < 0) return;
  struct timespec now {};
  now.tv_sec = static_cast<time_t>(now_ms / 1000);
  now.tv_nsec = static_cast<decltype(now.tv_nsec)>(now_ms % 1000 * 1'000'000);
  const struct timespec times[2] = {now, now};  // of access, of change
  // Another user's file may refuse: the order of eviction is worse for it.
  (void)::futimens(file_->descriptor(), times);
}

}  // namespace vecdb::store
