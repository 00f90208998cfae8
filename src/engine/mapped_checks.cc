#include "engine/mapped_checks.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "engine/loader.h"

namespace vecdb::engine {
namespace {

bool IsUnchecked(const query::SegmentView& segment) {
  return segment.resident != nullptr && segment.resident->unchecked_bytes() > 0;
}

// DataLoss when there is damage; OK also when somebody else is at it, or the context ended.
absl::Status CheckClaimed(format::MappedSections* mapped, const Context& context) {
  if (mapped == nullptr || mapped->unchecked_bytes() == 0) return absl::OkStatus();
  // Damage that was found is found again wherever the sections are shown once more.
  if (!mapped->Claim()) return mapped->damage();
  // Without helpers: searches want the other threads.
  const absl::Status checked = mapped->Check(/*executor=*/nullptr, context);
  return absl::IsDataLoss(checked) ? checked : absl::OkStatus();
}

// Of a segment whose vectors are damaged: nothing mapped of it is read any more.
void ShowDamaged(CollectionCore* core, const query::SegmentView& damaged,
                 const absl::Status& cause) {
  const absl::Status damage = SegmentDamage(*core, damaged.id(), cause);
  core->EditView([&](View* view) {
    for (query::SegmentView& segment : view->segments) {
      if (segment.resident == nullptr || segment.id() != damaged.id()) continue;
      segment.resident = nullptr;
      segment.load_damage = damage;
    }
  });
}

// The field of a segment again, without its index.
absl::Status ReloadWithoutIndex(CollectionCore* core, const query::SegmentView& damaged,
                                size_t column, const absl::Status& cause, const Context& context) {
  damaged.sealed->LeaveIndexAside(column, cause);
  VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
  const std::shared_ptr<const View> view = core->Read().view;
  const query::SegmentView* now = FindSegment(*view, damaged.sealed->info().folder);
  // Released, or the index was replaced meanwhile.
  if (now == nullptr || now->resident == nullptr ||
      now->resident->fields[column].index != damaged.resident->fields[column].index) {
    return absl::OkStatus();
  }
  auto resident = std::make_shared<segment::Resident>(*now->resident);
  segment::ResidentField without{.vectors = now->resident->fields[column].vectors};
  VECDB_ASSIGN_OR_RETURN(
      resident->fields[column],
      now->sealed->LoadField(column, without, context, {.mode = view->load.mode}));
  core->EditView([&](View* changed) {
    for (query::SegmentView& segment : changed->segments) {
      if (segment.resident == now->resident) segment.resident = resident;
    }
  });
  return absl::OkStatus();
}

// True when an index is to be built again.
bool CheckSegment(CollectionCore* core, const query::SegmentView& segment, const Context& context) {
  bool dropped = false;
  for (size_t column = 0; column < segment.resident->fields.size(); ++column) {
    const segment::ResidentField& field = segment.resident->fields[column];
    if (field.vectors == nullptr) continue;
    absl::Status damage = CheckClaimed(field.vectors->mapped.get(), context);
    if (damage.ok()) {
      const absl::Status of_index = CheckClaimed(field.index_mapped.get(), context);
      if (of_index.ok()) continue;
      dropped = true;
      damage = ReloadWithoutIndex(core, segment, column, of_index, context);
      if (damage.ok()) continue;
      if (!context.Check().ok()) return dropped;  // the next look finds it again
    }
    ShowDamaged(core, segment, damage);
    return dropped;
  }
  return dropped;
}

}  // namespace

bool HasUnchecked(const View& view) {
  return std::any_of(view.segments.begin(), view.segments.end(), IsUnchecked);
}

bool CheckMapped(CollectionCore* core, const Context& context) {
  const std::shared_ptr<const View> view = core->Read().view;
  bool dropped = false;
  for (const query::SegmentView& segment : view->segments) {
    if (!context.Check().ok()) break;
    if (IsUnchecked(segment)) dropped = CheckSegment(core, segment, context) || dropped;
  }
  return dropped;
}

}  // namespace vecdb::engine
