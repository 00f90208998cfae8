#include "engine/collection_core.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/random_id.h"
#include "base/status_macros.h"

namespace vecdb::engine {

const format::IndexDefinition* View::FindIndex(std::string_view field) const {
  for (const format::IndexDefinition& index : indexes) {
    if (index.field == field) return &index;
  }
  return nullptr;
}

CollectionCore::CollectionCore(Environment environment, std::string id, format::Manifest manifest,
                               uint64_t manifest_version, ObjectPath folder)
    : environment_(std::move(environment)),
      id_(std::move(id)),
      folder_(folder),
      schema_(std::make_shared<const Schema>(manifest.schema)),
      options_(manifest.options),
      manifests_(environment_.store.get(), *folder.Join("manifest"), "manifest"),
      manifest_(std::move(manifest)),
      manifest_version_(manifest_version),
      view_(std::make_shared<const View>(View{.indexes = manifest_.indexes})),
      published_(manifest_.flushed_timestamp) {
  for (const format::ManifestSegment& segment : manifest_.segments) {
    live_rows_ += segment.info.num_rows - segment.info.num_deletes;
  }
}

std::string CollectionCore::name() const {
  base::MutexLock lock(&mutex_);
  return name_;
}

void CollectionCore::set_name(std::string_view name) {
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

void CollectionCore::RunBehind(Priority priority, std::function<void(const Context&)> job) {
  // A host's executor may run the task long after everything is closed, or never.
  environment_.host.executor->Schedule(priority, [weak = weak_from_this(), job = std::move(job)] {
    const std::shared_ptr<CollectionCore> core = weak.lock();
    if (core == nullptr || !core->BeginCall().ok()) return;
    job(core->BackgroundContext());
    core->EndCall();
  });
}

absl::Status CollectionCore::StopCalls(const absl::Status& reason, const Context& context) {
  base::MutexLock lock(&mutex_);
  background_cancel_.Cancel();
  if (closed_.ok()) closed_ = reason;
  while (calls_ > 0) {
    VECDB_RETURN_IF_ERROR(context.Check());
    // A cancel does not signal this condition variable, so look at it now and then.
    const auto look_again = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
    idle_.WaitUntil(&mutex_, std::min(context.deadline, look_again));
  }
  return absl::OkStatus();
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
  return {.view = view_, .as_of = published_, .live_rows = live_rows_};
}

void CollectionCore::AddSegment(query::SegmentView segment) {
  EditView([&segment](View* view) { view->segments.push_back(std::move(segment)); });
}

void CollectionCore::Publish(uint64_t timestamp, int64_t live_rows_change) {
  base::MutexLock lock(&mutex_);
  published_ = timestamp;
  live_rows_ = static_cast<uint64_t>(static_cast<int64_t>(live_rows_) + live_rows_change);
}

void CollectionCore::EditView(const std::function<void(View*)>& edit) {
  std::shared_ptr<const View> old_view;  // its last reference may free segments: not under the lock
  {
    base::MutexLock lock(&mutex_);
    auto changed = std::make_shared<View>(*view_);
    edit(changed.get());
    old_view = std::exchange(view_, std::move(changed));
  }
}

absl::Status CollectionCore::Commit(format::Manifest manifest, const Context& context) {
  VECDB_RETURN_IF_ERROR(WriteError());
  const uint64_t version = manifest_version() + 1;
  const absl::Status status = manifests_.Commit(version, format::ManifestToJson(manifest), context);
  if (status.ok()) {
    manifest_ = std::move(manifest);
    manifest_version_.store(version, std::memory_order_relaxed);
    return status;
  }
  if (absl::IsUnknown(status) || absl::IsAborted(status)) RefuseWrites(status);
  return status;
}

void CollectionCore::RefuseWrites(const absl::Status& reason) {
  base::MutexLock lock(&mutex_);
  if (!write_error_.ok()) return;
  write_error_ = absl::FailedPreconditionError(
      absl::StrFormat("collection %s takes no writes until it is opened again: %s", name_,
                      std::string(reason.message())));
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
  environment_.host.log->Write(level, absl::StrFormat("collection %s: %s", name(), message));
}

}  // namespace vecdb::engine
