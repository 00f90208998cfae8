// What a CollectionEngine has in memory: loads, and the budget.
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "engine/collection_call.h"
#include "engine/collection_engine.h"
#include "engine/collection_parts.h"
#include "engine/load_estimate.h"
#include "engine/load_manager.h"
#include "engine/load_run.h"

namespace vecdb::engine {

absl::Status CollectionEngine::Load(const LoadOptions& options, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return parts_->loads->Load(options, context);
}

absl::StatusOr<std::shared_ptr<LoadTask>> CollectionEngine::StartLoad(const LoadOptions& options,
                                                                      const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return parts_->loads->Start(options);
}

absl::Status CollectionEngine::WaitForLoad(const std::shared_ptr<LoadTask>& task,
                                           const Context& context) {
  if (const auto result = task->result(); result.has_value()) return *result;
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return parts_->loads->Wait(task, context);
}

void CollectionEngine::StopLoad(LoadTask* task) {
  const CollectionCall call(*core_);  // else it has ended, and the clock may be gone
  if (call.status().ok()) parts_->loads->Stop(task, absl::CancelledError("the load was cancelled"));
}

LoadReport CollectionEngine::ReportLoad(const LoadTask& task) const {
  // The clock may be gone once the database is.
  const CollectionCall call(*core_);
  return task.Report(call.status().ok() ? core_->NowMillis() : 0);
}

LoadReport CollectionEngine::LoadProgress() {
  const CollectionCall call(*core_);
  return call.status().ok() ? parts_->loads->Report() : LoadReport{};
}

vecdb::LoadState CollectionEngine::LoadState() {
  const CollectionCall call(*core_);
  return call.status().ok() ? parts_->loads->State() : vecdb::LoadState::kNotLoaded;
}

absl::Status CollectionEngine::Release(const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  parts_->recall.Forget();
  return parts_->loads->Release(context);
}

bool CollectionEngine::TryRelease() {
  const CollectionCall call(*core_);
  return call.status().ok() && parts_->loads->TryRelease();
}

bool CollectionEngine::IsReleasable() const {
  return core_->options().load == LoadPolicy::kManual && core_->Read().view->loaded;
}

void CollectionEngine::CheckMappedBehind() {
  const CollectionCall call(*core_);
  if (call.status().ok()) parts_->loads->CheckMappedBehind();
}

void CollectionEngine::Retire(const absl::Status& reason) {
  const CollectionCall call(*core_);
  if (!call.status().ok()) return;
  parts_->loads->Retire(reason);
  core_->CancelBackground();
  parts_->followed = {};
}

absl::StatusOr<LoadEstimate> CollectionEngine::EstimateLoad(const LoadOptions& options) {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  const std::shared_ptr<const View> view = core_->Read().view;
  VECDB_RETURN_IF_ERROR(CheckLoadOptions(*core_, *view, options));
  return vecdb::engine::EstimateLoad(*core_, *view, options);
}

absl::Status CollectionEngine::SetMemoryLimit(uint64_t limit_bytes) {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  core_->host().budget->SetLimit(limit_bytes == 0 ? MemoryBudget::kNoLimit : limit_bytes);
  return absl::OkStatus();
}

absl::StatusOr<MemoryReport> CollectionEngine::ReportMemory() {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  return core_->host().budget->Report();
}

}  // namespace vecdb::engine
