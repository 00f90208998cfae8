#include "engine/load_task.h"

#include <algorithm>
#include <new>

namespace vecdb::engine {
namespace {

LoadState StateOf(const std::optional<absl::Status>& result, bool was_stopped) {
  if (!result.has_value()) return LoadState::kLoading;
  if (result->ok()) return LoadState::kLoaded;
  return was_stopped ? LoadState::kNotLoaded : LoadState::kFailed;
}

// Without the last one, which says that searches find everything.
int32_t PercentOf(uint64_t done, uint64_t total) {
  if (total == 0) return 0;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  return std::clamp(static_cast<int32_t>(100 * share), 0, 99);
}

void SetRate(int64_t elapsed_ms, LoadReport* report) {
  const double seconds = static_cast<double>(std::max<int64_t>(elapsed_ms, 1)) / 1000;
  report->bytes_per_second = static_cast<double>(report->bytes_done) / seconds;
  if (report->state != LoadState::kLoading || report->bytes_done == 0) return;
  const auto left = static_cast<double>(report->bytes_total - report->bytes_done);
  report->eta_ms = static_cast<int64_t>(1000 * left / report->bytes_per_second);
}

}  // namespace

std::atomic<uint64_t>* SegmentProgress::Begin() {
  most_ = std::max(most_.load(), read_.load());  // first: a report between the two is no less
  read_ = 0;
  state_ = LoadState::kLoading;
  return &read_;
}

void SegmentProgress::End(LoadState state) {
  if (state == LoadState::kLoaded) total_ = std::max(most_.load(), read_.load());
  state_ = state;
}

SegmentLoadProgress SegmentProgress::Report() const {
  const uint64_t done = std::max(most_.load(), read_.load());
  return {.id = id_,
          .shard = shard_,
          .state = state_.load(),
          .bytes_total = std::max(total_.load(), done),
          .bytes_done = done};
}

bool LoadTask::TryBegin() {
  base::MutexLock lock(&mutex_);
  if (running_ || result_.has_value()) return false;
  running_ = true;
  changed_.NotifyAll();
  return true;
}

void LoadTask::Abandon(int64_t now_ms) {
  base::MutexLock lock(&mutex_);
  running_ = false;
  if (!stop_reason_.ok()) return Finish(stop_reason_, now_ms);
  changed_.NotifyAll();
}

void LoadTask::End(const absl::Status& status, int64_t now_ms) {
  loaded_.clear();
  base::MutexLock lock(&mutex_);
  running_ = false;
  Finish(absl::IsCancelled(status) && !stop_reason_.ok() ? stop_reason_ : status, now_ms);
}

void LoadTask::Finish(const absl::Status& status, int64_t now_ms) {
  result_ = status;
  end_ms_ = now_ms;
  changed_.NotifyAll();
  KeepMessage(status);
}

// Without memory it is not kept.
void LoadTask::KeepMessage(const absl::Status& status) {
  try {
    if (!status.ok()) last_error_ = std::string(status.message());
  } catch (const std::bad_alloc&) {
    last_error_.clear();
  }
}

std::map<std::string, LoadedSegment> LoadTask::Stop(const absl::Status& reason, int64_t now_ms) {
  cancel_.Cancel();
  std::map<std::string, LoadedSegment> loaded;
  base::MutexLock lock(&mutex_);
  if (stop_reason_.ok()) stop_reason_ = reason;
  if (running_ || result_.has_value()) return loaded;
  loaded_.swap(loaded);
  Finish(stop_reason_, now_ms);
  return loaded;
}

std::optional<absl::Status> LoadTask::result() const {
  base::MutexLock lock(&mutex_);
  return result_;
}

void LoadTask::AwaitChange(std::chrono::steady_clock::time_point deadline) const {
  base::MutexLock lock(&mutex_);
  if (!result_.has_value()) changed_.WaitUntil(&mutex_, deadline);
}

SegmentProgress* LoadTask::Progress(const std::string& id, int32_t shard, uint64_t bytes_total) {
  base::MutexLock lock(&mutex_);
  SegmentProgress*& progress = by_id_[id];
  if (progress == nullptr) progress = &segments_.emplace_back(id, shard, bytes_total);
  return progress;
}

void LoadTask::NoteError(const absl::Status& status) {
  base::MutexLock lock(&mutex_);
  last_error_ = std::string(status.message());
}

LoadState LoadTask::state() const {
  base::MutexLock lock(&mutex_);
  return StateOf(result_, !stop_reason_.ok());
}

LoadReport LoadTask::Report(int64_t now_ms) const {
  base::MutexLock lock(&mutex_);
  LoadReport report{.state = StateOf(result_, !stop_reason_.ok()), .last_error = last_error_};
  for (const SegmentProgress& segment : segments_) {
    report.segments.push_back(segment.Report());
    report.bytes_total += report.segments.back().bytes_total;
    report.bytes_done += report.segments.back().bytes_done;
  }
  percent_ = std::max(percent_, PercentOf(report.bytes_done, report.bytes_total));
  report.percent = report.state == LoadState::kLoaded ? 100 : percent_;
  SetRate((result_.has_value() ? end_ms_ : now_ms) - begin_ms_, &report);
  return report;
}

}  // namespace vecdb::engine
