#include "engine/load_run.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/load_estimate.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

// Segments that come while others are read are read without the gate this often.
constexpr int kRoundsWithoutGate = 3;

absl::Status CheckLoadedField(const Schema& schema, const View& view, const std::string& field) {
  const std::optional<size_t> column = schema.FindField(field);
  if (!column.has_value()) {
    return absl::NotFoundError(base::StrFormat("fields: the schema has no field \"%s\"", field));
  }
  if (schema.fields[*column].type != DataType::kFloatVector) {
    return absl::InvalidArgumentError(base::StrFormat(
        "fields: \"%s\" is no vector field; others are read when they are used", field));
  }
  if (view.FindIndex(field) != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("fields: \"%s\" has no index; call CreateIndex first (FLAT is one)", field));
}

// All that were named, "none" standing for every one.
template <typename T>
std::vector<T> UnionOf(std::vector<T> a, const std::vector<T>& b) {
  if (a.empty() || b.empty()) return {};
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

// One segment that a load is to read.
struct Piece {
  query::SegmentView segment{};
  LoadedSegment loaded{};
  SegmentProgress* progress = nullptr;
};

bool IsCurrent(const LoadedSegment& loaded, const segment::SealedSegment& sealed,
               const std::vector<size_t>& columns) {
  return loaded.columns == columns && SameVectorIndexes(loaded.sealed->info(), sealed.info());
}

uint64_t BytesOf(const query::SegmentView& segment, const std::vector<size_t>& columns) {
  uint64_t bytes = 0;
  for (const size_t column : columns) {
    const segment::ResidentField known =
        segment.resident == nullptr ? segment::ResidentField{} : segment.resident->fields[column];
    bytes += segment.sealed->LoadBytes(column, known);
  }
  return bytes;
}

// The segments of a view that the load wants and has not read yet.
std::vector<Piece> MissingPieces(const CollectionCore& core, const View& view, LoadTask* task) {
  const LoadOptions wanted = AddToLoaded(core, view, task->options());
  const std::vector<size_t> columns = LoadedColumns(*core.schema(), view, wanted);
  std::vector<Piece> missing;
  for (const query::SegmentView& segment : view.segments) {
    if (segment.sealed == nullptr || !IsNamed(wanted.shards, segment.shard)) continue;
    const auto known = task->loaded().find(segment.sealed->info().folder);
    if (known != task->loaded().end() && IsCurrent(known->second, *segment.sealed, columns)) {
      continue;
    }
    missing.push_back(
        {.segment = segment,
         .loaded = {.sealed = segment.sealed, .columns = columns},
         .progress = task->Progress(segment.id(), segment.shard, BytesOf(segment, columns))});
  }
  return missing;
}

absl::Status LoadPiece(const CollectionCore& core, LoadTask* task, LoadMode mode,
                       const Context& context, Piece* piece) {
  const segment::LoadHow how{.mode = mode, .bytes_done = piece->progress->Begin()};
  const auto begun = std::chrono::steady_clock::now();
  auto resident = LoadColumns(*piece->segment.sealed, piece->loaded.columns,
                              piece->segment.resident.get(), how, context);
  core.events().metrics().segment_loads.Get().Add(std::chrono::steady_clock::now() - begun);
  if (resident.ok()) {
    piece->loaded.resident = *std::move(resident);
    piece->progress->End(LoadState::kLoaded);
    return absl::OkStatus();
  }
  if (!absl::IsDataLoss(resident.status())) {
    piece->progress->End(LoadState::kNotLoaded);
    return resident.status();
  }
  piece->loaded.damage =
      SegmentDamage(core, piece->segment.sealed->info().folder, resident.status());
  piece->progress->End(LoadState::kFailed);
  task->NoteError(piece->loaded.damage);
  return absl::OkStatus();
}

bool IsDone(const Piece& piece) {
  return piece.loaded.resident != nullptr || !piece.loaded.damage.ok();
}

LoadEstimate EstimateOf(const CollectionCore& core, LoadMode mode, std::span<const Piece> pieces) {
  LoadEstimate estimate{.free_bytes = core.host().budget->FreeBytes()};
  for (const Piece& piece : pieces) {
    if (IsDone(piece)) continue;
    AddToEstimate(piece.segment, piece.loaded.columns, mode, &estimate);
  }
  return estimate;
}

absl::Status ReadPieces(const CollectionCore& core, LoadTask* task, LoadMode mode,
                        const Context& context, std::span<Piece> pieces) {
  return base::ParallelFor(
      core.host().executor, Priority::kFlush, pieces.size(), context, [&](size_t i, size_t) {
        return IsDone(pieces[i]) ? absl::OkStatus()
                                 : LoadPiece(core, task, mode, context, &pieces[i]);
      });
}

absl::Status ReadWhatFits(const CollectionCore& core, LoadTask* task, LoadMode mode,
                          const Context& context, std::span<Piece> pieces) {
  const LoadEstimate estimate = EstimateOf(core, mode, pieces);
  VECDB_RETURN_IF_ERROR(CheckFits(core, estimate));
  const absl::Status status = ReadPieces(core, task, mode, context, pieces);
  return absl::IsResourceExhausted(status) ? DoesNotFit(core, estimate, status) : status;
}

// Where what is to be read does not fit, more of what has not been read is mapped, if that is
// allowed.
absl::Status ReadOrMapPieces(const CollectionCore& core, LoadTask* task, const Context& context,
                             std::span<Piece> pieces) {
  for (LoadMode mode = task->options().mode; mode != LoadMode::kMap;
       mode = ModeOfLessMemory(mode)) {
    const absl::Status status = ReadWhatFits(core, task, mode, context, pieces);
    if (!absl::IsResourceExhausted(status) || !core.environment().map_when_full) return status;
  }
  return ReadPieces(core, task, LoadMode::kMap, context, pieces);
}

// What was read is kept in the task, after an error too.
absl::Status LoadPieces(const CollectionCore& core, LoadTask* task, std::vector<Piece> pieces,
                        const Context& context) {
  if (pieces.empty()) return absl::OkStatus();
  const absl::Status status = ReadOrMapPieces(core, task, context, pieces);
  for (Piece& piece : pieces) {
    if (!IsDone(piece)) continue;
    task->loaded()[piece.segment.sealed->info().folder] = std::move(piece.loaded);
  }
  return status;
}

}  // namespace

absl::Status CheckLoadOptions(const CollectionCore& core, const View& view,
                              const LoadOptions& options) {
  if (options.mode < LoadMode::kRead || options.mode > LoadMode::kMapCopies) {
    return absl::InvalidArgumentError("mode: must be kRead, kMap or kMapCopies");
  }
  for (const std::string& field : options.fields) {
    VECDB_RETURN_IF_ERROR(CheckLoadedField(*core.schema(), view, field));
  }
  for (const int32_t shard : options.shards) {
    VECDB_RETURN_IF_ERROR(CheckShard(core, shard));
  }
  if (format::HasVectorIndex(view.indexes)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("collection %s: no vector field has an index; call CreateIndex first "
                      "(FLAT is one)",
                      core.name()));
}

LoadOptions AddToLoaded(const CollectionCore& core, const View& view, const LoadOptions& options) {
  LoadOptions sum{.mode = options.mode,
                  .fields = UnionOf(options.fields, options.fields),
                  .shards = UnionOf(options.shards, options.shards)};
  if (view.loaded) {
    sum.fields = UnionOf(view.load.fields, options.fields);
    sum.shards = UnionOf(view.load.shards, options.shards);
  }
  if (sum.shards.size() == static_cast<size_t>(core.options().num_shards)) sum.shards.clear();
  return sum;
}

absl::Status RunLoad(CollectionCore* core, LoadTask* task, const Context& context) {
  for (int round = 0; round < kRoundsWithoutGate; ++round) {
    const std::shared_ptr<const View> view = core->Read().view;
    VECDB_RETURN_IF_ERROR(CheckLoadOptions(*core, *view, task->options()));
    std::vector<Piece> missing = MissingPieces(*core, *view, task);
    if (missing.empty()) break;
    VECDB_RETURN_IF_ERROR(LoadPieces(*core, task, std::move(missing), context));
  }
  VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
  return FinishLoad(core, task, context);
}

absl::Status FinishLoad(CollectionCore* core, LoadTask* task, const Context& context) {
  const std::shared_ptr<const View> view = core->Read().view;
  VECDB_RETURN_IF_ERROR(CheckLoadOptions(*core, *view, task->options()));
  VECDB_RETURN_IF_ERROR(LoadPieces(*core, task, MissingPieces(*core, *view, task), context));
  VECDB_RETURN_IF_ERROR(context.Check());
  core->SetUsed();
  core->EditView([core, task](View* changed) {
    changed->load = AddToLoaded(*core, *changed, task->options());
    changed->loaded = true;
    for (query::SegmentView& segment : changed->segments) {
      if (segment.sealed == nullptr || !changed->LoadsShard(segment.shard)) continue;
      const auto found = task->loaded().find(segment.sealed->info().folder);
      if (found == task->loaded().end()) continue;
      // Rows that a flush left in memory, because it could not load them, serve on.
      if (!found->second.damage.ok() && segment.growing != nullptr) continue;
      segment.load_damage = found->second.damage;
      if (found->second.resident != nullptr) segment.resident = found->second.resident;
      segment.growing = nullptr;
    }
  });
  return absl::OkStatus();
}

void DropLoaded(const CollectionCore& core, std::map<std::string, LoadedSegment>* loaded) {
  // The keys of segments that did load are kept by those; they are not to count either.
  const std::shared_ptr<const View> view = core.Read().view;
  for (const auto& [folder, one] : *loaded) {
    const query::SegmentView* shown = view == nullptr ? nullptr : FindSegment(*view, folder);
    if (shown == nullptr || shown->resident == nullptr) one.sealed->DropColumns();
  }
  loaded->clear();
}

}  // namespace vecdb::engine
