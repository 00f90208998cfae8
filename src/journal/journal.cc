#include "journal/journal.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/look_again.h"
#include "base/out_of_memory.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::journal {
namespace {

// Records that nobody waits for are handed to the system when they come to this much.
constexpr uint64_t kGatheredBytes = 1ULL << 20;
// For so much of the time of a put the next one waits for others, and never longer than that.
constexpr int kShareOfPut = 8;
constexpr std::chrono::milliseconds kLongestGathering(20);
// Buffers that are kept for further records.
constexpr size_t kSpareBuffers = 4;
constexpr size_t kMinSpareBytes = size_t{64} << 10;
constexpr size_t kMaxSpareBytes = size_t{4} << 20;

}  // namespace

namespace {

// Of all that have taken over from one another, not of the last alone: each may sleep still.
std::vector<uint64_t> FencesIn(const LogPlace& place, const LogSet& files, bool is_fenced) {
  if (place.grows() || files.empty()) return {};
  std::vector<uint64_t> fences = files.OfSize(format::kLogHeaderBytes);
  if (!is_fenced) fences.push_back(files.last_number() + 1);
  return fences;
}

}  // namespace

Journal::Journal(std::unique_ptr<LogPlace> place, LogIdentity identity, LogSet files,
                 uint64_t previous_end, uint64_t file_bytes, std::vector<PendingRecord> carried,
                 bool is_fenced)
    : place_(std::move(place)),
      fences_(FencesIn(*place_, files, is_fenced)),
      writer_(place_.get(), std::move(identity), files.empty() ? 0 : files.last_number(),
              previous_end, file_bytes, std::move(carried)),
      files_(std::move(files)) {
  spare_.reserve(kSpareBuffers);
}

std::string Journal::TakeBuffer() {
  base::MutexLock lock(&mutex_);
  if (spare_.empty()) return {};
  std::string buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

// Small ones cost the heap nothing, and huge ones would be kept for nothing.
void Journal::KeepBuffers(std::vector<PendingRecord> records) {
  for (PendingRecord& record : records) {
    const size_t bytes = record.bytes.capacity();
    if (spare_.size() >= kSpareBuffers || bytes < kMinSpareBytes || bytes > kMaxSpareBytes)
      continue;
    spare_.push_back(std::move(record.bytes));
  }
}

uint64_t Journal::Append(PendingRecord record) {
  base::MutexLock lock(&mutex_);
  const uint64_t bytes = record.bytes.size();
  pending_.push_back(std::move(record));
  pending_bytes_ += bytes;
  if (gathers_) appended_one_.NotifyOne();
  return ++appended_;
}

bool Journal::HasReached(uint64_t ticket, Durability level) const {
  if (level == Durability::kNone) return pending_bytes_ < kGatheredBytes;
  return progress_.HasReached(ticket, level);
}

absl::StatusOr<bool> Journal::BeginWriting(uint64_t ticket, Durability level,
                                           const Context& context) {
  while (error_.ok() && busy_ && !HasReached(ticket, level)) {
    if (const absl::Status stopped = context.Check(); !stopped.ok()) {
      return absl::UnknownError(
          base::StrFormat("the write is on its way to the journal and may take effect: %s",
                          std::string(stopped.message())));
    }
    changed_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  // What was durable before the log died is so still.
  if (level != Durability::kNone && HasReached(ticket, level)) return false;
  VECDB_RETURN_IF_ERROR(error_);
  if (HasReached(ticket, level)) return false;
  busy_ = true;
  return true;
}

void Journal::EndWriting(const absl::Status& status, LogProgress reached, LogSet news) {
  base::MutexLock lock(&mutex_);
  busy_ = false;
  files_.Merge(std::move(news));
  if (status.ok() || base::Sabotaged(23)) {
    progress_.written = std::max(progress_.written, reached.written);
    progress_.synced = std::max(progress_.synced, reached.synced);
  } else {
    error_ = base::ErrorOrCode(absl::StatusCode::kUnknown, [&] {
      return base::StrFormat(
          "the journal could not be written; what was on its way may or may not be found by the "
          "next opening: %s",
          std::string(status.message()));
    });
  }
  changed_.NotifyAll();
}

void Journal::AwaitGroup() {
  const auto end = std::chrono::steady_clock::now() +
                   std::min<std::chrono::nanoseconds>(last_put_ / kShareOfPut, kLongestGathering);
  gathers_ = true;
  while (pending_.size() < group_size_ && pending_bytes_ < kGatheredBytes &&
         std::chrono::steady_clock::now() < end) {
    appended_one_.WaitUntil(&mutex_, end);
  }
  gathers_ = false;
}

// What is written next, and how far the log has come then.
LogProgress Journal::TakePending(std::vector<PendingRecord>* records) {
  records->swap(pending_);
  if (counts_ != nullptr) {
    counts_->bytes_written.fetch_add(pending_bytes_, std::memory_order_relaxed);
  }
  pending_bytes_ = 0;
  return {.written = appended_};
}

// What has been given a ticket is to be written: without memory it is tried again.
absl::Status Journal::WriteAll(std::vector<PendingRecord>* records, LogSet* news) {
  size_t num_written = 0;
  return base::TryForMemory([&] { return writer_.Write(*records, &num_written, news); });
}

void Journal::StartWriting() {
  if (!place_->grows()) return;
  std::vector<PendingRecord> records;
  LogProgress reached;
  LogSet news;
  {
    base::MutexLock lock(&mutex_);
    if (busy_ || !error_.ok()) return;
    busy_ = true;
    reached = TakePending(&records);
  }
  const absl::Status status = WriteAll(&records, &news);
  EndWriting(status, reached, std::move(news));
  base::MutexLock lock(&mutex_);
  KeepBuffers(std::move(records));
}

absl::Status Journal::Reach(uint64_t ticket, Durability level, const Context& context) {
  std::vector<PendingRecord> records;
  LogProgress reached;
  LogSet news;
  {
    base::MutexLock lock(&mutex_);
    VECDB_ASSIGN_OR_RETURN(const bool writing, BeginWriting(ticket, level, context));
    if (!writing) return absl::OkStatus();
    if (!place_->grows()) AwaitGroup();
    reached = TakePending(&records);
  }
  const auto begun = std::chrono::steady_clock::now();
  absl::Status status = WriteAll(&records, &news);
  if (level == Durability::kSynced || !place_->grows()) {
    if (status.ok()) status = writer_.Sync();
    reached.synced = reached.written;
    if (counts_ != nullptr) counts_->syncs.Add(std::chrono::steady_clock::now() - begun);
  }
  const auto duration = std::chrono::steady_clock::now() - begun;
  {
    // Before they are let go: those that wait now come with those that come back.
    base::MutexLock lock(&mutex_);
    group_size_ = records.size() + pending_.size();
    last_put_ = duration;
  }
  EndWriting(status, reached, std::move(news));
  base::MutexLock lock(&mutex_);
  KeepBuffers(std::move(records));
  return error_;
}

absl::Status Journal::BeginFile(const Context& context) {
  LogProgress reached;
  LogSet news;
  {
    base::MutexLock lock(&mutex_);
    // A ticket that is never reached: it waits for its turn.
    VECDB_RETURN_IF_ERROR(BeginWriting(appended_ + 1, Durability::kSynced, context).status());
    reached = progress_;
  }
  const absl::Status status = base::OrOutOfMemory([&] { return writer_.BeginFile(&news); });
  // Any other error leaves the file of now as it was.
  const bool dead = absl::IsUnknown(status) || absl::IsAborted(status);
  EndWriting(dead ? status : absl::OkStatus(), reached, std::move(news));
  return status;
}

LogProgress Journal::progress() const {
  base::MutexLock lock(&mutex_);
  return progress_;
}

uint64_t Journal::last_ticket() const {
  base::MutexLock lock(&mutex_);
  return appended_;
}

absl::Status Journal::error() const {
  base::MutexLock lock(&mutex_);
  return error_;
}

uint64_t Journal::FirstNeeded(uint64_t watermark) const {
  base::MutexLock lock(&mutex_);
  return files_.FirstNeeded(watermark);
}

uint64_t Journal::last_number() const {
  base::MutexLock lock(&mutex_);
  return files_.last_number();
}

uint64_t Journal::bytes() const {
  base::MutexLock lock(&mutex_);
  return files_.bytes() + pending_bytes_;
}

void Journal::DeleteBelow(uint64_t first_needed) {
  std::vector<uint64_t> numbers;
  {
    base::MutexLock lock(&mutex_);
    numbers = files_.RemoveBelow(first_needed);
  }
  for (const uint64_t number : numbers) {
    if (std::find(fences_.begin(), fences_.end(), number) != fences_.end()) continue;
    base::OrOutOfMemory([&] { return place_->Remove(number); }).IgnoreError();
  }
}

void Journal::DeleteAll() { DeleteBelow(~uint64_t{0}); }

}  // namespace vecdb::journal
