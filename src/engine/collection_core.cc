#include "engine/collection_core.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/look_again.h"
#include "base/random_id.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/segment_objects.h"

namespace vecdb::engine {
namespace {

// How far the clock that dates files may be behind ours: on one machine a tick of the kernel's, on
// several what they differ by.
constexpr int64_t kDatedEarlierMillis = 1000;

absl::Status WriteErrorFor(const std::string& name, const absl::Status& reason) {
  return base::ErrorOrCode(absl::StatusCode::kFailedPrecondition, [&] {
    return base::StrFormat("collection %s takes no writes until it is opened again: %s", name,
                           std::string(reason.message()));
  });
}

}  // namespace

const format::IndexDefinition* View::FindIndex(std::string_view field) const {
  for (const format::IndexDefinition& index : indexes) {
    if (index.field == field) return &index;
  }
  return nullptr;
}

Environment Environment::Of(const std::string& collection_id) const {
  Environment of_collection = *this;
  of_collection.budget = accounts->Of(collection_id);
  of_collection.host.budget = of_collection.budget.get();
  of_collection.events = std::make_shared<CollectionEvents>(
      metrics == nullptr ? std::make_shared<CollectionMetrics>() : metrics->Of(collection_id),
      listener);
  return of_collection;
}

CollectionCore::CollectionCore(const Environment& environment, std::string id, ObjectPath folder,
                               format::Manifest manifest, const catalog::Version& version,
                               std::unique_ptr<catalog::VersionWriter> manifests)
    : environment_(environment.Of(id)),
      id_(std::move(id)),
      folder_(std::move(folder)),
      schema_(std::make_shared<const Schema>(manifest.schema)),
      options_(manifest.options),
      epoch_(version.epoch),
      manifest_(std::move(manifest)),
      manifests_(std::move(manifests)),
      manifest_version_(version.number),
      durable_host_sequence_(manifest_.host_sequence),
      view_(std::make_shared<const View>(View{.budget = environment_.budget,
                                              .indexes = manifest_.indexes,
                                              .collection_id = id_,
                                              .history_from = format::HistoryFrom(manifest_)})),
      published_(manifest_.flushed_timestamp) {
  for (const format::ManifestSegment& segment : manifest_.segments) {
    live_rows_ += segment.info.num_rows - segment.info.num_deletes;
  }
  if (read_only()) {
    auto pinned = std::make_shared<View>(*view_);
    pinned->pin = std::make_shared<const ManifestPin>(ManifestPin{version.number});
    view_ = std::move(pinned);
    write_error_ = absl::FailedPreconditionError("the database was opened for reading alone");
  }
}

std::string CollectionCore::name() const {
  base::MutexLock lock(&mutex_);
  return name_;
}

void CollectionCore::set_name(std::string_view name) {
  environment_.budget->SetName(std::string(name));
  base::MutexLock lock(&mutex_);
  name_ = name;
}

absl::Status CollectionCore::BeginCall() const {
  base::MutexLock lock(&mutex_);
  if (!closed_.ok()) return closed_;
  ++calls_;
  return absl::OkStatus();
}

void CollectionCore::EndCall() const {
  base::MutexLock lock(&mutex_);
  --calls_;
  if (calls_ == 0) idle_.NotifyAll();
}

Context CollectionCore::BackgroundContext() const {
  base::MutexLock lock(&mutex_);
  return {.cancel = background_cancel_};
}

void CollectionCore::ScheduleJob(Priority priority, std::function<void(const Context&)> job) {
  // A host's executor may run the task long after everything is closed, or never.
  environment_.host.executor->Schedule(priority, [weak = weak_from_this(), job = std::move(job)] {
    const std::shared_ptr<CollectionCore> core = weak.lock();
    if (core == nullptr || !core->BeginCall().ok()) return;
    // Jobs note their own failures. What they have not come to without memory is found missing, or
    // asked for again, later.
    base::OrOutOfMemory([&] { job(core->BackgroundContext()); }).IgnoreError();
    core->EndCall();
  });
}

absl::Status CollectionCore::StopCalls(const absl::Status& reason, const Context& context) {
  base::MutexLock lock(&mutex_);
  background_cancel_.Cancel();
  if (closed_.ok()) closed_ = reason;
  while (calls_ > 0) {
    VECDB_RETURN_IF_ERROR(context.Check());
    idle_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  return absl::OkStatus();
}

void CollectionCore::CancelBackground() {
  base::MutexLock lock(&mutex_);
  background_cancel_.Cancel();
}

void CollectionCore::ResumeCalls() {
  base::MutexLock lock(&mutex_);
  background_cancel_ = CancelToken::Make();
  closed_ = absl::OkStatus();
}

void CollectionCore::DropView() {
  std::shared_ptr<const View> view;  // destroyed after the lock is gone
  base::MutexLock lock(&mutex_);
  view_.swap(view);
}

Snapshot CollectionCore::Read() const {
  base::MutexLock lock(&mutex_);
  return {.view = view_, .as_of = published_, .live_rows = live_rows_ - expired_rows_};
}

absl::Status CollectionCore::AwaitAllUpTo(uint64_t timestamp, const Context& context) {
  AppliedWrite last;
  {
    base::MutexLock lock(&mutex_);
    for (const AppliedWrite& write : applied_) {
      if (write.timestamp <= timestamp) last.timestamp = write.timestamp;
    }
  }
  if (last.timestamp == 0 || !WriteError().ok()) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(context.Check());
  const absl::Status visible = AwaitVisible(last, context);
  if (visible.ok() || !WriteError().ok()) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(context.Check());
  return visible;
}

absl::Status CollectionCore::AwaitEnd(uint64_t timestamp, const Context& context) {
  while (static_cast<uint64_t>(NowMillis()) <= timestamp >> base::HybridClock::kCounterBits) {
    VECDB_RETURN_IF_ERROR(context.Check());
    base::MutexLock lock(&mutex_);
    never_.WaitUntil(&mutex_, base::LookAgain(context));
  }
  clock().Observe(timestamp);
  // A writer inside the gate may hold an earlier time.
  return write_gate_.Enter(context).status();
}

uint64_t CollectionCore::last_applied() const {
  base::MutexLock lock(&mutex_);
  return applied_.empty() ? published_ : applied_.back().timestamp;
}

void CollectionCore::AddSegment(const query::SegmentView& segment) {
  EditView([&segment](View* view) { view->segments.push_back(segment); });
}

void CollectionCore::Applied(std::list<AppliedWrite> write) {
  const uint64_t ticket = write.front().ticket;
  base::MutexLock lock(&mutex_);
  applied_.splice(applied_.end(), write);
  if (base::Sabotaged(13)) Publish({.written = ticket, .synced = ticket});
}

std::shared_ptr<journal::Journal> CollectionCore::journal() const {
  base::MutexLock lock(&mutex_);
  return journal_;
}

void CollectionCore::SetJournal(std::shared_ptr<journal::Journal> journal) {
  const std::shared_ptr<CollectionMetrics>& metrics = events().shared_metrics();
  if (journal != nullptr) journal->CountIn({metrics, &metrics->journal});
  base::MutexLock lock(&mutex_);
  journal_.swap(journal);
}

void CollectionCore::Publish(const journal::LogProgress& progress) {
  while (!applied_.empty() &&
         progress.HasReached(applied_.front().ticket, applied_.front().level)) {
    published_ = applied_.front().timestamp;
    live_rows_ = applied_.front().live_rows;
    applied_.pop_front();
  }
}

absl::Status CollectionCore::AwaitVisible(const AppliedWrite& write, const Context& context) {
  const std::shared_ptr<journal::Journal> log = journal();
  AppliedWrite next = write;
  while (true) {
    journal::LogProgress progress;
    if (log != nullptr) {
      const absl::Status reached = log->Reach(next.ticket, next.level, context);
      if (!log->error().ok()) RefuseWrites(log->error());
      VECDB_RETURN_IF_ERROR(reached);
      progress = log->progress();
    }
    base::MutexLock lock(&mutex_);
    Publish(progress);
    if (published_ >= write.timestamp) return absl::OkStatus();
    if (!write_error_.ok()) {
      return base::ErrorOrCode(absl::StatusCode::kUnknown, write_error_.message());
    }
    if (const absl::Status stopped = context.Check(); !stopped.ok()) {
      return base::ErrorOrCode(absl::StatusCode::kUnknown, [&stopped] {
        return base::StrFormat(
            "the write has been applied and becomes visible after earlier ones: %s",
            std::string(stopped.message()));
      });
    }
    // Batches become visible in order, and whoever applied an earlier one may have given up on it.
    next = applied_.front();
  }
}

void CollectionCore::NoteExpired(uint64_t num_rows) {
  base::MutexLock lock(&mutex_);
  expired_rows_ += num_rows;
}

void CollectionCore::EditView(absl::FunctionRef<void(View*)> edit) {
  const absl::Status edited = base::TryForMemory([&] { TryEditView(edit); });
  if (edited.ok()) return;
  NoteViewError(edited);
  RefuseWrites(edited);
}

void CollectionCore::NoteViewError(const absl::Status& reason) {
  base::MutexLock lock(&mutex_);
  if (view_error_.ok()) view_error_ = reason;
}

absl::Status CollectionCore::ViewError() const {
  base::MutexLock lock(&mutex_);
  return view_error_;
}

void CollectionCore::TryEditView(absl::FunctionRef<void(View*)> edit) {
  // The last references may free segments: not under the lock.
  std::shared_ptr<const View> old_view;
  std::shared_ptr<View> changed;
  {
    base::MutexLock lock(&mutex_);
    changed = std::make_shared<View>(*view_);
    std::erase_if(old_views_, [](const auto& old) { return old.expired(); });
    old_views_.reserve(old_views_.size() + 1);
    edit(changed.get());
    old_views_.push_back(view_);
    old_view = std::exchange(view_, std::move(changed));
  }
}

CollectionCore::Job::Job(CollectionCore* core) : core_(core) {
  const int64_t begun = core_->NowMillis() - kDatedEarlierMillis;
  base::MutexLock lock(&core_->mutex_);
  begun_ = core_->jobs_.insert(begun);
}

CollectionCore::Job::~Job() {
  base::MutexLock lock(&core_->mutex_);
  core_->jobs_.erase(begun_);
}

int64_t CollectionCore::oldest_job_ms() const {
  base::MutexLock lock(&mutex_);
  return jobs_.empty() ? std::numeric_limits<int64_t>::max() : *jobs_.begin();
}

bool CollectionCore::IsPinned(const std::string& name) const {
  if (base::Sabotaged(9)) return false;
  std::vector<std::shared_ptr<const View>> views;
  {
    base::MutexLock lock(&mutex_);
    views.push_back(view_);
    for (const auto& old : old_views_) views.push_back(old.lock());
  }
  for (const auto& view : views) {
    if (view == nullptr) continue;
    for (const query::SegmentView& segment : view->segments) {
      if (segment.sealed == nullptr || !name.starts_with(segment.sealed->info().folder)) continue;
      const std::vector<std::string> names = ObjectNamesOf(segment.sealed->info());
      if (std::find(names.begin(), names.end(), name) != names.end()) return true;
    }
  }
  return false;
}

absl::Status CollectionCore::Commit(format::Manifest manifest, const Context& context) {
  VECDB_RETURN_IF_ERROR(WriteError());
  const absl::Status status = manifests_->Commit(format::ManifestToJson(manifest), context);
  if (status.ok()) {
    manifest_ = std::move(manifest);
    manifest_version_.store(manifests_->current().number, std::memory_order_relaxed);
    durable_host_sequence_.store(manifest_.host_sequence, std::memory_order_relaxed);
    return status;
  }
  if (!manifests_->stopped().ok() && !base::Sabotaged(22)) RefuseWrites(status);
  return status;
}

void CollectionCore::RefuseWrites(const absl::Status& reason) {
  {
    base::MutexLock lock(&mutex_);
    if (!write_error_.ok()) return;
    // Whether there is memory for words or not.
    write_error_ = WriteErrorFor(name_, reason);
  }
  base::OrOutOfMemory([&] {
    events().Failed({.collection = name(), .source = ErrorSource::kWrites, .status = reason});
  }).IgnoreError();
}

absl::Status CollectionCore::WriteError() const {
  base::MutexLock lock(&mutex_);
  return write_error_;
}

absl::StatusOr<ObjectPath> CollectionCore::NewSegmentFolder(std::string* segment_id) const {
  *segment_id = base::RandomId();
  return folder_.Join("segments/" + *segment_id);
}

void CollectionCore::Log(LogLevel level, std::string_view message) const {
  if (environment_.host.log == nullptr) return;
  base::OrOutOfMemory([&] {
    environment_.host.log->Write(level, base::StrFormat("collection %s: %s", name(), message));
  }).IgnoreError();
}

}  // namespace vecdb::engine
