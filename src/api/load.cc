#include "vecdb/load.h"

#include <utility>

#include "base/out_of_memory.h"
#include "engine/collection_engine.h"
#include "engine/load_task.h"

namespace vecdb {

LoadJob::LoadJob(std::shared_ptr<engine::CollectionEngine> engine,
                 std::shared_ptr<engine::LoadTask> task)
    : engine_(std::move(engine)), task_(std::move(task)) {}
LoadJob::~LoadJob() = default;

LoadState LoadJob::state() const { return Report().state; }

int32_t LoadJob::percent() const { return Report().percent; }

LoadReport LoadJob::Report() const { return engine_->ReportLoad(*task_); }

void LoadJob::Cancel() { engine_->StopLoad(task_.get()); }

absl::Status LoadJob::Wait(const Context& context) {
  return base::OrOutOfMemory(
      [&]() -> absl::Status { return engine_->WaitForLoad(task_, context); });
}

}  // namespace vecdb
