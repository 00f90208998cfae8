#include "segment/sealed_columns.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "format/bloom.h"
#include "schema/key.h"

namespace vecdb::segment {
namespace {

bool Leads(const std::vector<std::string>& keys, std::span<const filter::PathStep> steps) {
  return std::equal(keys.begin(), keys.end(), steps.begin(), steps.end(),
                    [](const std::string& key, const filter::PathStep& step) {
                      const auto* name = std::get_if<std::string>(&step);
                      return name != nullptr && *name == key;
                    });
}

}  // namespace

SealedColumns::SealedColumns(std::shared_ptr<const SealedSegment> segment)
    : segment_(std::move(segment)) {
  const Schema& schema = segment_->info().schema;
  sources_.resize(schema.fields.size() + (schema.enable_dynamic_field ? 1 : 0));
  for (size_t i = 0; i < sources_.size(); ++i) {
    sources_[i] = {.field_id = FieldIdOf(schema, i), .type = TypeOf(schema, i)};
  }
}

absl::StatusOr<std::unique_ptr<SealedColumns>> SealedColumns::Open(
    std::shared_ptr<const SealedSegment> segment, std::span<const size_t> columns,
    const Context& context) {
  std::unique_ptr<SealedColumns> source(new SealedColumns(std::move(segment)));
  for (size_t column : columns) VECDB_RETURN_IF_ERROR(source->OpenColumn(column, context));
  return source;
}

absl::Status SealedColumns::OpenColumn(size_t column, const Context& context) {
  if (sources_[column].type == DataType::kJson) return OpenPaths(column, context);
  Source& source = sources_[column];
  VECDB_ASSIGN_OR_RETURN(source.summary,
                         segment_->blocks().Summary(source.field_id, source.type, context));
  VECDB_ASSIGN_OR_RETURN(source.index, segment_->LoadScalarIndex(column, context));
  return absl::OkStatus();
}

absl::Status SealedColumns::OpenPaths(size_t column, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto shredded, segment_->blocks().Shredded(context));
  for (const format::ShreddedField& field : *shredded) {
    if (field.json_field_id != sources_[column].field_id) continue;
    Path path{.column = column, .keys = field.path};
    path.columns.type = field.type;
    VECDB_ASSIGN_OR_RETURN(path.columns.states,
                           AddHidden(field.states_field_id, DataType::kInt8, context));
    VECDB_ASSIGN_OR_RETURN(path.columns.values,
                           AddHidden(field.values_field_id, field.type, context));
    paths_.push_back(std::move(path));
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> SealedColumns::AddHidden(int32_t field_id, DataType type,
                                                const Context& context) {
  Source source{.field_id = field_id, .type = type};
  VECDB_ASSIGN_OR_RETURN(source.summary, segment_->blocks().Summary(field_id, type, context));
  sources_.push_back(std::move(source));
  return sources_.size() - 1;
}

const schema::ColumnStats* SealedColumns::SegmentStats(size_t column) const {
  const auto& summary = sources_[column].summary;
  return summary == nullptr ? nullptr : &summary->segment;
}

const schema::ColumnStats* SealedColumns::BlockStats(size_t column, uint32_t block) const {
  const auto& summary = sources_[column].summary;
  if (summary == nullptr || block >= summary->blocks.size()) return nullptr;
  return &summary->blocks[block];
}

absl::StatusOr<schema::ColumnBlock> SealedColumns::Read(size_t column, uint32_t block,
                                                        const Context& context) const {
  const Source& source = sources_[column];
  return segment_->blocks().Read(source.field_id, source.type, block, context);
}

bool SealedColumns::MayContain(size_t column, std::string_view text) const {
  const auto& summary = sources_[column].summary;
  if (summary == nullptr || summary->bloom.empty()) return true;
  return format::BloomMayContain(summary->bloom, schema::KeyHash(text));
}

std::optional<filter::ShreddedPath> SealedColumns::FindPath(
    size_t column, std::span<const filter::PathStep> steps) const {
  for (const Path& path : paths_) {
    if (path.column == column && Leads(path.keys, steps)) return path.columns;
  }
  return std::nullopt;
}

const filter::ScalarIndex* SealedColumns::Index(size_t column) const {
  return sources_[column].index.get();
}

}  // namespace vecdb::segment
