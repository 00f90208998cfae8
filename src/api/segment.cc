#include "vecdb/segment.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/query_pieces.h"
#include "query/fetch.h"
#include "query/row_selection.h"
#include "schema/finite.h"
#include "schema/index_field.h"
#include "schema/search_params.h"
#include "segment/attach_index.h"
#include "segment/merge.h"
#include "segment/scalar_index_builder.h"
#include "segment/sealed_segment.h"
#include "segment/segment_search.h"
#include "segment/segment_writer.h"

namespace vecdb {
namespace api {

constexpr int32_t kMaxK = 16384;
constexpr uint64_t kNow = std::numeric_limits<uint64_t>::max();

// A segment and what of it is in memory for searches.
struct SegmentState {
  std::shared_ptr<segment::SealedSegment> segment;

  base::Mutex mutex;  // a leaf; never held while reading
  std::shared_ptr<const segment::Resident> resident ABSL_GUARDED_BY(mutex);

  absl::StatusOr<std::shared_ptr<const segment::Resident>> GetResident(size_t column,
                                                                       const Context& context);
  absl::StatusOr<size_t> FindField(std::string_view field) const;
  absl::StatusOr<size_t> FindVectorField(std::string_view field) const;
};

namespace {

// The segments below borrow the store of the caller.
std::shared_ptr<ObjectStore> Borrow(ObjectStore& store) {
  return std::shared_ptr<ObjectStore>(std::shared_ptr<void>(), &store);
}

const SegmentIndexInfo* FindIndex(const SegmentInfo& info, std::string_view field) {
  for (const SegmentIndexInfo& index : info.indexes) {
    if (index.field == field) return &index;
  }
  return nullptr;
}

// What the query is measured with: the index's metric, or the one that is asked for.
absl::StatusOr<IndexSpec> SpecFor(const SegmentInfo& info, const SegmentQuery& query,
                                  std::string_view field) {
  const SegmentIndexInfo* index = FindIndex(info, field);
  if (index == nullptr && !query.metric.has_value()) {
    return absl::InvalidArgumentError(
        base::StrFormat("metric: needed, since field \"%s\" has no index", field));
  }
  if (index == nullptr) {
    const IndexSpec exact{.metric = *query.metric};
    VECDB_RETURN_IF_ERROR(exact.Validate());
    return exact;
  }
  if (query.metric.has_value() && *query.metric != index->spec.metric) {
    return absl::InvalidArgumentError(base::StrFormat("metric %s: the index of field \"%s\" has %s",
                                                      MetricName(*query.metric), field,
                                                      MetricName(index->spec.metric)));
  }
  return index->spec;
}

absl::Status CheckQuery(const SegmentInfo& info, const SegmentQuery& query, size_t dim) {
  if (query.vectors.empty() || query.vectors.size() % dim != 0) {
    return absl::InvalidArgumentError(base::StrFormat(
        "vectors: %d floats are no multiple of the dim %d", query.vectors.size(), dim));
  }
  if (query.k < 1 || query.k > kMaxK) {
    return absl::InvalidArgumentError(base::StrFormat("k %d: must be 1 to %d", query.k, kMaxK));
  }
  if (query.allowed.has_value() && query.allowed->size() < (info.num_rows + 63) / 64) {
    return absl::InvalidArgumentError(base::StrFormat(
        "allowed: %d words of 64 bits, too few for %d rows", query.allowed->size(), info.num_rows));
  }
  if (schema::FindNonFinite(query.vectors).has_value()) {
    return absl::InvalidArgumentError("vectors: NaN or infinity in a query");
  }
  return absl::OkStatus();
}

absl::Status CheckRows(const SegmentInfo& info, std::span<const uint32_t> rows) {
  for (uint32_t row : rows) {
    if (row >= info.num_rows) {
      return absl::OutOfRangeError(
          base::StrFormat("row %d: the segment has %d rows", row, info.num_rows));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<size_t> SegmentState::FindField(std::string_view field) const {
  const std::optional<size_t> column = segment->info().schema.FindField(field);
  if (column.has_value()) return *column;
  return absl::NotFoundError(base::StrFormat("field \"%s\": the schema has no such field", field));
}

absl::StatusOr<size_t> SegmentState::FindVectorField(std::string_view field) const {
  VECDB_ASSIGN_OR_RETURN(const size_t column, FindField(field));
  if (segment->info().schema.fields[column].type != DataType::kFloatVector) {
    return absl::InvalidArgumentError(base::StrFormat("field \"%s\" is no vector field", field));
  }
  return column;
}

absl::StatusOr<std::shared_ptr<const segment::Resident>> SegmentState::GetResident(
    size_t column, const Context& context) {
  {
    base::MutexLock lock(&mutex);
    if (resident != nullptr && resident->fields[column].vectors != nullptr) return resident;
  }
  VECDB_ASSIGN_OR_RETURN(const auto loaded, segment->LoadResident(std::span(&column, 1), context));
  base::MutexLock lock(&mutex);
  auto merged = std::make_shared<segment::Resident>(*loaded);
  if (resident != nullptr) {
    merged->fields = resident->fields;
    merged->fields[column] = loaded->fields[column];
  }
  resident = std::move(merged);
  return resident;
}

}  // namespace api

SegmentBuilder::SegmentBuilder(std::unique_ptr<segment::SegmentWriter> writer)
    : writer_(std::move(writer)) {}
SegmentBuilder::~SegmentBuilder() = default;

absl::StatusOr<std::unique_ptr<SegmentBuilder>> SegmentBuilder::Make(const Schema& schema,
                                                                     const Host& host) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<SegmentBuilder>> {
    VECDB_RETURN_IF_ERROR(schema.Validate());
    return std::unique_ptr<SegmentBuilder>(
        new SegmentBuilder(std::make_unique<segment::SegmentWriter>(schema, host)));
  });
}

absl::Status SegmentBuilder::Add(const RowBatch& rows, uint64_t timestamp) {
  return base::OrOutOfMemory([&]() -> absl::Status { return writer_->Add(rows, timestamp); });
}

absl::Status SegmentBuilder::AddIndex(std::string_view field, const IndexSpec& spec) {
  return base::OrOutOfMemory([&]() -> absl::Status { return writer_->AddIndex(field, spec); });
}

uint64_t SegmentBuilder::num_rows() const { return writer_->num_rows(); }

absl::StatusOr<SegmentInfo> SegmentBuilder::Finish(ObjectStore& store, const ObjectPath& folder,
                                                   const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SegmentInfo> {
    return writer_->Finish(api::Borrow(store), folder, context);
  });
}

Segment::Segment(std::unique_ptr<api::SegmentState> state) : state_(std::move(state)) {}
Segment::~Segment() = default;

absl::StatusOr<std::unique_ptr<Segment>> Segment::Open(ObjectStore& store, const SegmentInfo& info,
                                                       const Host& host, const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<Segment>> {
    VECDB_RETURN_IF_ERROR(info.schema.Validate());
    auto state = std::make_unique<api::SegmentState>();
    VECDB_ASSIGN_OR_RETURN(state->segment, segment::SealedSegment::Open(api::Borrow(store), info,
                                                                        host, nullptr, context));
    return std::unique_ptr<Segment>(new Segment(std::move(state)));
  });
}

const SegmentInfo& Segment::info() const { return state_->segment->info(); }

absl::Status Segment::Load(const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::Status {
    const Schema& schema = info().schema;
    for (size_t i = 0; i < schema.fields.size(); ++i) {
      if (schema.fields[i].type != DataType::kFloatVector) continue;
      VECDB_RETURN_IF_ERROR(state_->GetResident(i, context).status());
    }
    return absl::OkStatus();
  });
}

namespace api {
namespace {

// The rows that the bitmap of a query allows and its filter matches.
absl::StatusOr<query::Selection> SelectAllowed(const query::SegmentView& segment,
                                               const SegmentQuery& query, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto filter,
                         query::BoundFilter::Make(query.filter, segment.sealed->info().schema));
  VECDB_ASSIGN_OR_RETURN(query::Selection selection,
                         query::SelectRows(segment, filter, kNow, context));
  if (!query.allowed.has_value()) return selection;
  const auto num_words = static_cast<size_t>((segment.num_rows() + 63) / 64);
  auto both = std::make_shared<segment::FilterBitmap>();
  both->words.assign(query.allowed->begin(),
                     query.allowed->begin() + static_cast<ptrdiff_t>(num_words));
  if (const uint64_t* words = selection.words(); words != nullptr) {
    for (size_t i = 0; i < num_words; ++i) both->words[i] &= words[i];
  }
  both->count = base::CountBits(both->words.data(), segment.num_rows());
  selection.bitmap = std::move(both);
  return selection;
}

}  // namespace
}  // namespace api

absl::StatusOr<Neighbors> Segment::Search(const SegmentQuery& query, const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<Neighbors> {
    VECDB_ASSIGN_OR_RETURN(const size_t column, state_->FindVectorField(query.field));
    const auto dim = static_cast<size_t>(info().schema.fields[column].dim);
    VECDB_RETURN_IF_ERROR(api::CheckQuery(info(), query, dim));
    VECDB_ASSIGN_OR_RETURN(const IndexSpec spec, api::SpecFor(info(), query, query.field));
    VECDB_RETURN_IF_ERROR(schema::ValidateSearchParams(spec, query.params, query.k));
    VECDB_ASSIGN_OR_RETURN(const query::Selection selection,
                           api::SelectAllowed({.sealed = state_->segment}, query, context));
    VECDB_ASSIGN_OR_RETURN(const auto resident, state_->GetResident(column, context));
    std::vector<std::vector<index::Candidate>> found(query.vectors.size() / dim);
    std::vector<segment::SegmentSearch> searches(found.size(), {.column = column,
                                                                .k = static_cast<uint32_t>(query.k),
                                                                .metric = spec.metric,
                                                                .params = query.params,
                                                                .allowed = selection.words(),
                                                                .num_allowed = selection.count(),
                                                                .as_of = api::kNow});
    for (size_t i = 0; i < found.size(); ++i) searches[i].query = query.vectors.data() + i * dim;
    VECDB_RETURN_IF_ERROR(index::ForQueryPieces(
        state_->segment->host().executor, found.size(), context, [&](index::QueryPiece piece) {
          return SearchSealedBatch(*state_->segment, *resident,
                                   std::span(searches).subspan(piece.begin, piece.count), context,
                                   std::span(found).subspan(piece.begin, piece.count));
        }));
    Neighbors neighbors;
    for (const auto& candidates : found) {
      for (const index::Candidate& candidate : candidates) {
        neighbors.rows.push_back({candidate.row, index::ScoreOf(spec.metric, candidate.distance)});
      }
      neighbors.ends.push_back(neighbors.rows.size());
    }
    return neighbors;
  });
}

absl::StatusOr<std::vector<uint32_t>> Segment::FindMatching(const RowFilter& filter,
                                                            const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::vector<uint32_t>> {
    VECDB_ASSIGN_OR_RETURN(const auto bound, query::BoundFilter::Make(filter, info().schema));
    VECDB_ASSIGN_OR_RETURN(
        const query::LiveRows live,
        query::FindLiveRows({.sealed = state_->segment}, bound, api::kNow, 0, context));
    std::vector<uint32_t> rows;
    VECDB_RETURN_IF_ERROR(live.ForEach(context, [&rows](uint32_t row) {
      rows.push_back(row);
      return true;
    }));
    return rows;
  });
}

absl::StatusOr<std::vector<uint32_t>> Segment::FindRows(const Keys& keys,
                                                        const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::vector<uint32_t>> {
    const FieldSpec& key = info().schema.fields[info().schema.primary_key_index()];
    if (keys.is_int64() != (key.type == DataType::kInt64)) {
      return absl::InvalidArgumentError(base::StrFormat(
          "primary key \"%s\" is %s; the keys given are not", key.name, DataTypeName(key.type)));
    }
    const schema::KeyColumn wanted(keys);
    std::vector<uint32_t> rows;
    for (size_t i = 0; i < wanted.size(); ++i) {
      VECDB_ASSIGN_OR_RETURN(const auto row,
                             state_->segment->FindRow(wanted[i], api::kNow, context));
      if (row.has_value()) rows.push_back(*row);
    }
    return rows;
  });
}

absl::StatusOr<RowBatch> Segment::Read(std::span<const uint32_t> rows,
                                       std::span<const std::string> fields,
                                       const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<RowBatch> {
    VECDB_RETURN_IF_ERROR(api::CheckRows(info(), rows));
    VECDB_ASSIGN_OR_RETURN(const std::vector<size_t> columns,
                           query::ColumnsOf(info().schema, fields, /*empty_means_all=*/true));
    std::vector<query::RowPlace> places;
    for (uint32_t row : rows) places.push_back({.row = row});
    const query::SegmentView view{.sealed = state_->segment};
    return query::FetchRows(std::make_shared<const Schema>(info().schema), std::span(&view, 1),
                            places, columns, context);
  });
}

absl::StatusOr<SegmentInfo> Segment::BuildIndex(std::string_view field, const IndexSpec& spec,
                                                const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SegmentInfo> {
    VECDB_ASSIGN_OR_RETURN(const size_t column, state_->FindField(field));
    VECDB_RETURN_IF_ERROR(schema::CheckIndexField(info().schema.fields[column], spec));
    if (api::FindIndex(info(), field) != nullptr) {
      return absl::AlreadyExistsError(base::StrFormat("field \"%s\" has an index", field));
    }
    SegmentInfo changed = info();
    if (spec.is_scalar()) {
      VECDB_ASSIGN_OR_RETURN(changed.indexes.emplace_back(),
                             segment::BuildScalarIndex(*state_->segment, column, spec, context));
      return changed;
    }
    VECDB_ASSIGN_OR_RETURN(const auto resident, state_->GetResident(column, context));
    VECDB_ASSIGN_OR_RETURN(segment::BuiltIndex built,
                           segment::BuildIndex(*state_->segment, column, spec,
                                               *resident->fields[column].vectors, context));
    changed.indexes.push_back(std::move(built.info));
    return changed;
  });
}

absl::StatusOr<SegmentInfo> Segment::AttachIndex(std::string_view field, const Index& index,
                                                 const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SegmentInfo> {
    VECDB_ASSIGN_OR_RETURN(const size_t column, state_->FindField(field));
    VECDB_RETURN_IF_ERROR(segment::CheckIndexFits(info().schema.fields[column], index));
    if (api::FindIndex(info(), field) != nullptr) {
      return absl::AlreadyExistsError(base::StrFormat("field \"%s\" has an index", field));
    }
    VECDB_ASSIGN_OR_RETURN(const auto resident, state_->GetResident(column, context));
    VECDB_RETURN_IF_ERROR(
        segment::CheckSameRows(index, resident->fields[column].vectors->view, context));
    SegmentInfo changed = info();
    VECDB_ASSIGN_OR_RETURN(changed.indexes.emplace_back(),
                           segment::AttachIndex(*state_->segment, column, index, context));
    return changed;
  });
}

absl::StatusOr<SegmentInfo> Segment::WithDeletes(std::span<const uint32_t> rows, uint64_t timestamp,
                                                 const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SegmentInfo> {
    VECDB_RETURN_IF_ERROR(api::CheckRows(info(), rows));
    if (timestamp == 0 || timestamp == api::kNow) {
      return absl::InvalidArgumentError(
          base::StrFormat("timestamp %d: must be 1 to 2^64 - 2", timestamp));
    }
    // This segment stays as it is: its deletes are copied.
    base::DeleteTimes deletes;
    state_->segment->deletes()->ForEach(
        info().num_rows, api::kNow,
        [&deletes](uint32_t row, uint64_t time) { deletes.Set(row, time); });
    for (uint32_t row : rows) deletes.Set(row, timestamp);
    return segment::WriteDeletes(info(), deletes, api::kNow, state_->segment->store(), context);
  });
}

absl::StatusOr<SegmentInfo> MergeSegments(std::span<const Segment* const> segments,
                                          ObjectStore& store, const ObjectPath& folder,
                                          const Host& host, const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<SegmentInfo> {
    if (segments.empty()) return absl::InvalidArgumentError("segments: none to merge");
    std::vector<std::shared_ptr<segment::SealedSegment>> inputs;
    for (const Segment* segment : segments) {
      if (segment->info().schema != segments[0]->info().schema) {
        return absl::InvalidArgumentError(
            base::StrFormat("segments %s and %s have different schemas", segments[0]->info().folder,
                            segment->info().folder));
      }
      inputs.push_back(segment->state_->segment);
    }
    return segment::Merge(inputs, api::Borrow(store), folder, host, context);
  });
}

}  // namespace vecdb
