#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/checkpoint.h"
#include "engine/collection_call.h"
#include "engine/collection_engine.h"
#include "engine/collection_parts.h"
#include "engine/flush.h"
#include "engine/garbage.h"
#include "engine/ingest.h"
#include "engine/interim_indexes.h"
#include "engine/load_manager.h"
#include "engine/segment_objects.h"
#include "engine/verify.h"

namespace vecdb::engine {
namespace {

constexpr int64_t kCollectionsPerGrace = 6;
constexpr int64_t kMinCollectMillis = 60'000;
// Deletes are flushed, so that compaction may act on them, when they are so many and such a share
// of the rows.
constexpr uint64_t kMinDeletesToFlush = 1024;
constexpr uint64_t kShareOfDeletesToFlush = 5;

// Sizes of the objects of all segments, by name.
std::map<std::string, uint64_t> ObjectSizes(const View& view) {
  std::map<std::string, uint64_t> sizes;
  for (const query::SegmentView& segment : view.segments) {
    if (segment.sealed == nullptr) continue;
    for (const SegmentObject& object : ObjectsOf(segment.sealed->info())) {
      sizes[object.name] = object.summary.size_bytes;
    }
  }
  return sizes;
}

uint64_t NewBytes(const std::map<std::string, uint64_t>& before,
                  const std::map<std::string, uint64_t>& after) {
  uint64_t bytes = 0;
  for (const auto& [name, size_bytes] : after) {
    if (!before.contains(name)) bytes += size_bytes;
  }
  return bytes;
}

}  // namespace

absl::Status CollectionEngine::Flush(const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(parts_->compactions.KeepSegmentsFew(context));
  VECDB_RETURN_IF_ERROR(vecdb::engine::Flush(core_.get(), &parts_->writer, context));
  FollowFlush(core_.get(), parts_);
  CollectGarbageBehind(core_.get(), parts_);
  return absl::OkStatus();
}

// What new segments want.
void CollectionEngine::FollowFlush(CollectionCore* core, const std::shared_ptr<Parts>& parts) {
  parts->unflushed_deletes = 0;
  BuildBehind(core, parts);
  CompactBehind(core, parts);
}

absl::StatusOr<WriteResult> CollectionEngine::IngestSegment(ObjectStore& source,
                                                            const SegmentInfo& segment,
                                                            const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const WriteResult result,
                         Ingest(core_.get(), &parts_->writer, source, segment, context));
  FollowFlush(core_.get(), parts_);
  return result;
}

absl::StatusOr<std::vector<int32_t>> CollectionEngine::ShardsOf(const Keys& keys) const {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(CheckKeyType(*core_->schema(), keys));
  const schema::KeyColumn column(keys);
  std::vector<int32_t> shards(column.size());
  for (size_t i = 0; i < shards.size(); ++i)
    shards[i] = column[i].Shard(core_->options().num_shards);
  return shards;
}

// For a writer that is held up. One at a time flushes, and only what no flush before it has: of
// many that begin at once, most would write a few rows each, or be cut short by their deadlines.
absl::Status CollectionEngine::FlushInTheWay(StallReason reason, const Context& context) {
  return core_->events().Watch(
      StallEvent{.collection = core_->name(), .reason = reason}, [&](StallEvent*) -> absl::Status {
        VECDB_ASSIGN_OR_RETURN(const auto turn, parts_->stall_gate.Enter(context));
        VECDB_RETURN_IF_ERROR(core_->maintenance_gate().Enter(context).status());
        if (!UnflushedNow().stall.has_value()) return absl::OkStatus();
        VECDB_RETURN_IF_ERROR(parts_->compactions.KeepSegmentsFew(context));
        const absl::Status flushed = vecdb::engine::Flush(core_.get(), &parts_->writer, context);
        parts_->flush_failed = !flushed.ok();
        if (flushed.ok()) FollowFlush(core_.get(), parts_);
        return flushed;
      });
}

void CollectionEngine::FlushBehind() {
  if (parts_->flush_scheduled.exchange(true)) return;
  const auto flush = [core = core_.get(), parts = parts_](const Context& context) {
    parts->flush_scheduled = false;
    const absl::Status status = base::OrOutOfMemory([&]() -> absl::Status {
      VECDB_RETURN_IF_ERROR(parts->compactions.KeepSegmentsFew(context));
      return vecdb::engine::Flush(core, &parts->writer, context);
    });
    parts->flush_failed = !status.ok();
    if (!status.ok()) {
      if (absl::IsCancelled(status)) return;
      core->Log(LogLevel::kError, base::StrFormat("flush failed and is tried again later: %s",
                                                  std::string(status.message())));
      core->events().Failed(
          {.collection = core->name(), .source = ErrorSource::kFlush, .status = status});
      return;
    }
    FollowFlush(core, parts);
    CollectGarbageBehind(core, parts);
  };
  if (!core_->RunBehind(Priority::kFlush, flush)) parts_->flush_scheduled = false;
}

// As many builders as may build at a time look for what is missing. They hold threads until nothing
// is: there are never more of them.
void CollectionEngine::BuildBehind(CollectionCore* core, const std::shared_ptr<Parts>& parts) {
  if (parts->indexes.CountMissing() == 0) return;
  parts->build_asked = true;
  const int most = core->environment().build_slots->most();
  for (int i = parts->num_builders; i < most; ++i) {
    ++parts->num_builders;
    const auto build = [core, parts](const Context& context) {
      parts->build_asked = false;
      base::OrOutOfMemory([&] { parts->indexes.BuildBehind(context); }).IgnoreError();
      parts->loads->CheckMappedBehind();
      --parts->num_builders;
      // What was asked for since it began it may have missed.
      if (parts->build_asked.exchange(false)) BuildBehind(core, parts);
    };
    if (!core->RunBehind(Priority::kBackground, build)) --parts->num_builders;
  }
}

// Looks whether interim indexes are behind once so many rows have come that they may be.
void CollectionEngine::NoteFreshRows(uint64_t num_rows) {
  if (!core_->options().interim_index) return;
  if ((parts_->fresh_rows += num_rows) < kInterimLag) return;
  parts_->fresh_rows = 0;
  ExtendInterimsBehind(core_.get(), parts_);
}

// A step at a time, so that other work comes between. Only one looks after them, whoever calls.
void CollectionEngine::ExtendInterimsBehind(CollectionCore* core,
                                            const std::shared_ptr<Parts>& parts) {
  if (!InterimIsDue(*core) || parts->interim_scheduled.exchange(true)) return;
  const auto extend = [core, parts](const Context& context) {
    const absl::Status status = base::OrOutOfMemory([&] { return ExtendInterims(core, context); });
    parts->interim_scheduled = false;
    if (status.ok()) {
      ExtendInterimsBehind(core, parts);
    } else if (absl::IsResourceExhausted(status)) {
      core->Log(LogLevel::kInfo, base::StrFormat("fresh rows are searched without an index: %s",
                                                 std::string(status.message())));
    }
  };
  if (!core->RunBehind(Priority::kBackground, extend)) parts->interim_scheduled = false;
}

// Looks for garbage some times per grace period: more often would find what is too young.
bool CollectionEngine::IsTimeToCollect(const CollectionCore& core, Parts* parts) {
  const int64_t now = core.NowMillis();
  const int64_t interval = std::max(core.gc_grace_ms() / kCollectionsPerGrace, kMinCollectMillis);
  if (now - parts->collected_ms.load() < interval) return false;
  parts->collected_ms = now;
  return true;
}

void CollectionEngine::CollectGarbageBehind(CollectionCore* core,
                                            const std::shared_ptr<Parts>& parts) {
  if (!IsTimeToCollect(*core, parts.get())) return;
  core->RunBehind(Priority::kBackground, [core, parts](const Context& context) {
    const auto report =
        base::OrOutOfMemory([&] { return CollectCollection(*core, core->gc_grace_ms(), context); });
    if (!report.ok()) {
      core->Log(LogLevel::kWarning, base::StrFormat("garbage collection failed: %s",
                                                    std::string(report.status().message())));
      core->events().Failed(
          {.collection = core->name(), .source = ErrorSource::kGarbage, .status = report.status()});
      return;
    }
    base::MutexLock lock(&parts->mutex);
    parts->garbage = *report;
  });
}

// Looks whether there is something to compact.
void CollectionEngine::CompactBehind(CollectionCore* core, const std::shared_ptr<Parts>& parts) {
  if (!core->options().auto_compaction || core->Read().view->segments.empty()) return;
  if (!parts->compactions.AskForLook()) return;
  const auto look = [core, parts](const Context& context) {
    parts->compactions.Look(context);
    parts->loads->CheckMappedBehind();
    CollectGarbageBehind(core, parts);
  };
  if (!core->RunBehind(Priority::kBackground, look)) parts->compactions.ForgetLook();
}

void CollectionEngine::NoteDeletes(uint64_t num_deleted) {
  if (!core_->options().auto_compaction || num_deleted == 0) return;
  const uint64_t deleted = parts_->unflushed_deletes += num_deleted;
  if (deleted < kMinDeletesToFlush) return;
  if (deleted >= core_->Read().live_rows / kShareOfDeletesToFlush) FlushBehind();
}

absl::StatusOr<uint64_t> CollectionEngine::Compact(const CompactOptions& options,
                                                   const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const uint64_t id, parts_->compactions.Request(options));
  core_->RunBehind(Priority::kBackground,
                   [core = core_.get(), parts = parts_, id](const Context& background) {
                     parts->compactions.Run(id, background).IgnoreError();  // in its report
                     parts->loads->CheckMappedBehind();
                     CollectGarbageBehind(core, parts);
                   });
  return id;
}

absl::StatusOr<CompactionReport> CollectionEngine::CompactionState(uint64_t id) {
  const CollectionCall call(*core_);
  VECDB_RETURN_IF_ERROR(call.status());
  return parts_->compactions.Report(id);
}

absl::Status CollectionEngine::WaitForCompaction(uint64_t id, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return parts_->compactions.Run(id, context);
}

bool CollectionEngine::FlushIsDue() const {
  return parts_->writer.largest_growing_bytes() >= seal_bytes() ||
         journal_bytes() >= core_->options().journal_max_bytes / 2 || parts_->flush_failed;
}

// False when nothing is due.
absl::StatusOr<bool> CollectionEngine::MaintainOnce(FailedBuilds* failed, const Context& context) {
  if (FlushIsDue()) {
    const absl::Status flushed = vecdb::engine::Flush(core_.get(), &parts_->writer, context);
    parts_->flush_failed = !flushed.ok();
    VECDB_RETURN_IF_ERROR(flushed);
    return true;
  }
  VECDB_ASSIGN_OR_RETURN(const bool built, parts_->indexes.BuildNext(failed, context));
  if (built || !core_->options().auto_compaction) return built;
  return parts_->compactions.Step(context);
}

absl::StatusOr<MaintenanceReport> CollectionEngine::Maintain(const MaintenanceBudget& budget,
                                                             const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  if (budget.time_ms < 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("time_ms %d: must be 0 or more", budget.time_ms));
  }
  const Context end = Context::WithTimeout(absl::Milliseconds(budget.time_ms));
  MaintenanceReport report;
  FailedBuilds failed;  // they keep nothing else from being done
  bool is_more = true;
  auto known = ObjectSizes(*core_->Read().view);
  while (is_more && end.Check().ok() && report.bytes_written < budget.bytes) {
    VECDB_ASSIGN_OR_RETURN(is_more, MaintainOnce(&failed, context));
    report.num_steps += is_more ? 1 : 0;
    auto now = ObjectSizes(*core_->Read().view);
    report.bytes_written += NewBytes(known, now);
    known = std::move(now);
  }
  if (!is_more && end.Check().ok() && IsTimeToCollect(*core_, parts_.get())) {
    VECDB_RETURN_IF_ERROR(CollectGarbage(context).status());
    ++report.num_steps;
  }
  VECDB_RETURN_IF_ERROR(failed.first_error);
  report.flush_is_due = FlushIsDue();
  report.num_builds_left = parts_->indexes.CountMissing();
  if (core_->options().auto_compaction) {
    VECDB_ASSIGN_OR_RETURN(report.num_compactions_left, parts_->compactions.CountDue(context));
  }
  return report;
}

absl::StatusOr<GarbageReport> CollectionEngine::CollectGarbage(const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_ASSIGN_OR_RETURN(const GarbageReport report,
                         CollectCollection(*core_, core_->gc_grace_ms(), context));
  base::MutexLock lock(&parts_->mutex);
  parts_->garbage = report;
  return report;
}

absl::Status CollectionEngine::Verify(VerifyReport* report, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  return VerifyCollection(core_.get(), report, context);
}

absl::Status CollectionEngine::Checkpoint(ObjectStore& target, const Context& context) {
  const CollectionCall call(*core_, context);
  VECDB_RETURN_IF_ERROR(call.status());
  VECDB_RETURN_IF_ERROR(vecdb::engine::Flush(core_.get(), &parts_->writer, context));
  FollowFlush(core_.get(), parts_);
  return CheckpointCollection(core_.get(), target, context);
}

}  // namespace vecdb::engine
