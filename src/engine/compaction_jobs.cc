#include "engine/compaction_jobs.h"

#include <algorithm>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/compactor.h"

namespace vecdb::engine {
namespace {

constexpr int64_t kFirstPauseMillis = 1000;
constexpr int64_t kMaxPauseMillis = 300'000;
constexpr size_t kMaxJobs = 1000;
// Rounds of a request: each merges up to 30 segments into one.
constexpr int kMaxRounds = 8;

int64_t PauseAfter(int num_failures) {
  const int doublings = std::min(num_failures - 1, 16);
  return std::min(kFirstPauseMillis << doublings, kMaxPauseMillis);
}

bool Stopped(const absl::Status& status) {
  return absl::IsCancelled(status) || absl::IsDeadlineExceeded(status);
}

absl::Status NoCompaction(uint64_t id) {
  return absl::NotFoundError(base::StrFormat("there is no compaction %d", id));
}

std::string IdOf(const std::string& folder) { return folder.substr(folder.rfind('/') + 1); }

}  // namespace

bool CompactionJobs::AskForLook() {
  base::MutexLock lock(&mutex_);
  if (look_ == LookState::kRunning) look_ = LookState::kRunningAndAsked;
  if (look_ != LookState::kNone) return false;
  look_ = LookState::kAsked;
  return true;
}

void CompactionJobs::ForgetLook() {
  base::MutexLock lock(&mutex_);
  if (look_ == LookState::kAsked) look_ = LookState::kNone;
}

bool CompactionJobs::MayLook() const {
  const int64_t now = core_->NowMillis();
  base::MutexLock lock(&mutex_);
  if (num_failures_ == 0) return true;
  // A clock that went back is not to stop it for longer.
  return now < failed_ms_ || now - failed_ms_ >= PauseAfter(num_failures_);
}

void CompactionJobs::NoteLook(const absl::Status& status) {
  const int64_t now = core_->NowMillis();
  base::MutexLock lock(&mutex_);
  num_failures_ = status.ok() ? 0 : num_failures_ + 1;
  failed_ms_ = now;
  last_error_ = std::string(status.message());
}

// False when segments have changed since it began.
bool CompactionJobs::EndLook() {
  base::MutexLock lock(&mutex_);
  const bool again = look_ == LookState::kRunningAndAsked;
  look_ = again ? LookState::kRunning : LookState::kNone;
  return !again;
}

void CompactionJobs::TellOfLook(const absl::Status& status) {
  NoteLook(status);
  if (status.ok()) return;
  core_->Log(LogLevel::kError, base::StrFormat("compaction failed and is tried again later: %s",
                                               std::string(status.message())));
  core_->events().Failed(
      {.collection = core_->name(), .source = ErrorSource::kCompaction, .status = status});
}

void CompactionJobs::Look(const Context& context) {
  {
    base::MutexLock lock(&mutex_);
    look_ = LookState::kRunning;
  }
  do {
    if (!MayLook()) continue;
    const absl::Status status = base::OrOutOfMemory([&] { return LookOnce(context); });
    if (Stopped(status)) continue;
    base::OrOutOfMemory([&] { TellOfLook(status); }).IgnoreError();
  } while (!EndLook());
}

// A plan that fails, on a segment that is damaged say, does not keep others from being run.
absl::Status CompactionJobs::LookOnce(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, gate_.Enter(context));
  if (!core_->WriteError().ok()) return absl::OkStatus();
  while (true) {
    VECDB_ASSIGN_OR_RETURN(const auto plans, Plan(/*thorough=*/false, context));
    if (plans.empty()) return absl::OkStatus();
    absl::Status first_error;
    for (const CompactionPlan& plan : plans) {
      CompactionReport report;
      first_error.Update(RunPlan(plan, &report, context));
      VECDB_RETURN_IF_ERROR(context.Check());
    }
    VECDB_RETURN_IF_ERROR(first_error);
  }
}

absl::StatusOr<bool> CompactionJobs::Step(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, gate_.Enter(context));
  VECDB_ASSIGN_OR_RETURN(const auto plans, Plan(/*thorough=*/false, context));
  if (plans.empty()) return false;
  CompactionReport report;
  const absl::Status status = RunPlan(plans.front(), &report, context);
  if (!Stopped(status)) NoteLook(status);
  VECDB_RETURN_IF_ERROR(status);
  return true;
}

absl::Status CompactionJobs::KeepSegmentsFew(const Context& context) {
  if (!core_->options().auto_compaction) return absl::OkStatus();
  while (HasManySmall(*core_) && MayLook() && core_->WriteError().ok()) {
    const auto compacted = Step(context);
    if (Stopped(compacted.status())) return compacted.status();
    if (!compacted.ok() || !*compacted) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CompactionJobs::CountDue(const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto plans, Plan(/*thorough=*/false, context));
  return plans.size();
}

std::string CompactionJobs::last_error() const {
  base::MutexLock lock(&mutex_);
  return last_error_;
}

uint64_t CompactionJobs::bytes_written() const {
  base::MutexLock lock(&mutex_);
  return bytes_written_;
}

absl::StatusOr<std::vector<CompactionPlan>> CompactionJobs::Plan(bool thorough,
                                                                 const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const auto candidates, FindCandidates(core_, thorough, context));
  return PlanCompactions(candidates, LimitsOf(*core_, thorough));
}

// `report`, which others may read, belongs to the holder of the gate.
absl::Status CompactionJobs::RunPlan(const CompactionPlan& plan, CompactionReport* report,
                                     const Context& context) {
  SegmentMerge merge{.reason = plan.reason};
  for (const std::string& folder : plan.folders) merge.sources.push_back(IdOf(folder));
  const CompactionEvent begun{
      .collection = core_->name(), .reason = plan.reason, .segments = merge.sources};
  {
    base::MutexLock lock(&mutex_);
    report->merges.push_back(std::move(merge));
  }
  return core_->events().Watch(
      begun, [&](CompactionEvent* event) { return RunAndReport(plan, report, event, context); });
}

absl::Status CompactionJobs::RunAndReport(const CompactionPlan& plan, CompactionReport* report,
                                          CompactionEvent* event, const Context& context) {
  const auto outcome = base::OrOutOfMemory([&] { return RunCompaction(core_, plan, context); });
  base::MutexLock lock(&mutex_);
  if (!outcome.ok()) {
    report->merges.pop_back();
    return outcome.status();
  }
  report->merges.back().target = outcome->target;
  report->bytes_read += outcome->bytes_read;
  report->bytes_written += outcome->bytes_written;
  bytes_written_ += outcome->bytes_written;
  event->target = outcome->target;
  event->bytes_read = outcome->bytes_read;
  event->bytes_written = outcome->bytes_written;
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> CompactionJobs::Request(const CompactOptions& options) {
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  base::MutexLock lock(&mutex_);
  if (jobs_.size() >= kMaxJobs) {
    const auto done = std::find_if(jobs_.begin(), jobs_.end(), [](const auto& job) {
      return job.second.report.state != CompactionState::kExecuting;
    });
    if (done == jobs_.end()) {
      return absl::ResourceExhaustedError(
          base::StrFormat("%d compactions have been asked for and are not done", jobs_.size()));
    }
    jobs_.erase(done);
  }
  jobs_[next_id_].options = options;
  return next_id_++;
}

absl::StatusOr<CompactionReport> CompactionJobs::Report(uint64_t id) const {
  base::MutexLock lock(&mutex_);
  const auto job = jobs_.find(id);
  if (job == jobs_.end()) return NoCompaction(id);
  return job->second.report;
}

absl::Status CompactionJobs::Run(uint64_t id, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, gate_.Enter(context));
  Job* job = nullptr;  // stays where it is: a job that is not done is not removed
  {
    base::MutexLock lock(&mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return NoCompaction(id);
    job = &found->second;
    if (job->report.state != CompactionState::kExecuting) return job->status;
  }
  const absl::Status status = RunRequested(job->options, &job->report, context);
  if (Stopped(status)) return status;
  Finish(id, status);
  return status;
}

// What was done before it was stopped is found done when it goes on.
absl::Status CompactionJobs::RunRequested(const CompactOptions& options, CompactionReport* report,
                                          const Context& context) {
  for (int round = 0; round < kMaxRounds; ++round) {
    VECDB_ASSIGN_OR_RETURN(const auto plans, Plan(options.thorough, context));
    bool merged = false;
    for (const CompactionPlan& plan : plans) {
      // Rows that are deleted meanwhile are not run after.
      if (round > 0 && plan.reason != CompactionReason::kSmallSegments) continue;
      VECDB_RETURN_IF_ERROR(RunPlan(plan, report, context));
      merged = true;
    }
    if (!merged) break;
  }
  return absl::OkStatus();
}

void CompactionJobs::Finish(uint64_t id, const absl::Status& status) {
  base::MutexLock lock(&mutex_);
  Job& job = jobs_[id];
  job.status = status;
  job.report.state = status.ok() ? CompactionState::kCompleted : CompactionState::kFailed;
  job.report.error = std::string(status.message());
}

}  // namespace vecdb::engine
