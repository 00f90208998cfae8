#include "query/fetch.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "query/join_columns.h"

namespace vecdb::query {
namespace {

// Which rows to read of each segment that has any, and where each place finds its row among them.
struct Reads {
  std::vector<uint32_t> segments;           // the number of each part
  std::vector<std::vector<uint32_t>> rows;  // of each part
  std::vector<PartRow> sources;             // of each place
};

Reads PlanReads(size_t num_segments, std::span<const RowPlace> places) {
  constexpr uint32_t kNone = 0xffffffff;
  std::vector<uint32_t> part_of(num_segments, kNone);
  Reads reads;
  reads.sources.reserve(places.size());
  for (const RowPlace& place : places) {
    uint32_t& part = part_of[place.segment];
    if (part == kNone) {
      part = static_cast<uint32_t>(reads.segments.size());
      reads.segments.push_back(place.segment);
      reads.rows.emplace_back();
    }
    reads.sources.push_back({part, static_cast<uint32_t>(reads.rows[part].size())});
    reads.rows[part].push_back(place.row);
  }
  return reads;
}

std::vector<const Column*> PointersTo(const std::vector<Column>& columns) {
  std::vector<const Column*> pointers;
  for (const Column& column : columns) pointers.push_back(&column);
  return pointers;
}

std::string_view NameOf(const Schema& schema, size_t column) {
  return column < schema.fields.size() ? std::string_view(schema.fields[column].name)
                                       : kDynamicFieldName;
}

}  // namespace

absl::StatusOr<RowBatch> FetchRows(const std::shared_ptr<const Schema>& schema,
                                   std::span<const SegmentView> segments,
                                   std::span<const RowPlace> places,
                                   std::span<const size_t> columns, const Context& context) {
  RowBatch batch(schema);
  if (places.empty()) return batch;
  const Reads reads = PlanReads(segments.size(), places);
  for (size_t column : columns) {
    std::vector<Column> parts;
    for (size_t i = 0; i < reads.segments.size(); ++i) {
      VECDB_ASSIGN_OR_RETURN(parts.emplace_back(),
                             segments[reads.segments[i]].Gather(column, reads.rows[i], context));
    }
    VECDB_RETURN_IF_ERROR(context.Check());
    // With one part the rows were read in the order of the places.
    batch.SetColumn(NameOf(*schema, column), parts.size() == 1
                                                 ? std::move(parts[0])
                                                 : JoinColumns(PointersTo(parts), reads.sources));
  }
  return batch;
}

absl::StatusOr<std::vector<size_t>> ColumnsOf(const Schema& schema,
                                              std::span<const std::string> fields,
                                              bool empty_means_all) {
  const size_t key = schema.primary_key_index();
  std::vector<size_t> columns = {key};
  const auto add = [&columns](size_t column) {
    if (std::find(columns.begin(), columns.end(), column) == columns.end())
      columns.push_back(column);
  };
  if (fields.empty() && empty_means_all) {
    for (size_t i = 0; i < schema.fields.size(); ++i) add(i);
    if (schema.enable_dynamic_field) add(schema.fields.size());
    return columns;
  }
  for (const std::string& field : fields) {
    if (const auto found = schema.FindField(field); found.has_value()) {
      add(*found);
    } else if (field == kDynamicFieldName && schema.enable_dynamic_field) {
      add(schema.fields.size());
    } else {
      return absl::NotFoundError(
          base::StrFormat("output field \"%s\": the schema has no such field", field));
    }
  }
  return columns;
}

}  // namespace vecdb::query
