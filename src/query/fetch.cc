#include "query/fetch.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::query {
namespace {

// The values of several columns of one type, put together in the order of `from`.
struct Source {
  uint32_t part = 0;
  uint32_t row = 0;
};

template <typename Values>
auto PickNumbers(std::span<const Column> parts, std::span<const Source> from, Values values_of) {
  std::vector<std::remove_cvref_t<decltype(values_of(parts[0])[0])>> picked;
  picked.reserve(from.size());
  for (const Source& source : from) picked.push_back(values_of(parts[source.part])[source.row]);
  return picked;
}

Column PickFrom(std::span<const Column> parts, std::span<const Source> from) {
  const DataType type = parts[0].type();
  switch (type) {
    case DataType::kBool:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.bools(); }));
    case DataType::kInt8:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.int8s(); }));
    case DataType::kInt16:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.int16s(); }));
    case DataType::kInt32:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.int32s(); }));
    case DataType::kInt64:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.int64s(); }));
    case DataType::kFloat:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.floats(); }));
    case DataType::kDouble:
      return Column(type, 0, PickNumbers(parts, from, [](const Column& c) { return c.doubles(); }));
    case DataType::kFloatVector: {
      Column::Vectors vectors;
      vectors.owned.reserve(from.size() * static_cast<size_t>(parts[0].dim()));
      for (const Source& source : from) {
        const auto vector = parts[source.part].vector(source.row);
        vectors.owned.insert(vectors.owned.end(), vector.begin(), vector.end());
      }
      return Column(type, parts[0].dim(), std::move(vectors));
    }
    default: {
      Column::Strings strings;
      strings.ends.reserve(from.size());
      for (const Source& source : from) {
        strings.bytes.append(parts[source.part].string(source.row));
        strings.ends.push_back(strings.bytes.size());
      }
      return Column(type, 0, std::move(strings));
    }
  }
}

// Which rows to read of each segment that has any, and where each place finds its row among them.
struct Reads {
  std::vector<uint32_t> segments;           // the number of each part
  std::vector<std::vector<uint32_t>> rows;  // of each part
  std::vector<Source> sources;              // of each place
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
    batch.SetColumn(NameOf(*schema, column),
                    parts.size() == 1 ? std::move(parts[0]) : PickFrom(parts, reads.sources));
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
