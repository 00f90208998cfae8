#include "vecdb/index.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/section_file.h"
#include "index/index_meta.h"
#include "index/index_state.h"
#include "index/query_pieces.h"
#include "index/row_checks.h"
#include "schema/search_params.h"

namespace vecdb {
namespace api {
namespace {

using index::CheckFinite;
using index::IndexState;

// Sections of this door's files, beside those of index/: float32, row-major; one float32 a row.
constexpr uint32_t kRowsTag = format::Tag("ROWS");
constexpr uint32_t kNormsTag = format::Tag("NORM");

constexpr int32_t kMaxK = 16384;

absl::Status CheckQuery(const IndexState& state, const IndexQuery& query, const Context& context) {
  const auto dim = static_cast<size_t>(state.view.dim);
  if (query.vectors.empty() || query.vectors.size() % dim != 0) {
    return absl::InvalidArgumentError(base::StrFormat(
        "%d floats are no query, nor several, of dim %d", query.vectors.size(), dim));
  }
  if (query.k < 1 || query.k > kMaxK) {
    return absl::InvalidArgumentError(
        base::StrFormat("k is %d; the range is 1 to %d", query.k, kMaxK));
  }
  if (query.allowed && query.allowed->size() < (uint64_t{state.view.num_rows} + 63) / 64) {
    return absl::InvalidArgumentError(
        base::StrFormat("the bitmap has %d words of 64 bits, too few for %d rows",
                        query.allowed->size(), state.view.num_rows));
  }
  if (std::holds_alternative<TargetRecall>(query.params)) {
    return absl::InvalidArgumentError(
        "target_recall: an index alone has not been measured; give ef or nprobe, or search a "
        "segment or a collection");
  }
  VECDB_RETURN_IF_ERROR(schema::ValidateSearchParams(state.index->spec(), query.params, query.k));
  return CheckFinite(query.vectors, state.view.dim, "query", context);
}

void AppendAnswer(const std::vector<index::Candidate>& candidates, Metric metric, Neighbors* out) {
  for (const index::Candidate& candidate : candidates) {
    out->rows.push_back({candidate.row, index::ScoreOf(metric, candidate.distance)});
  }
  out->ends.push_back(out->rows.size());
}

absl::Status LoadRows(const format::SectionFile& file, std::span<const float> rows,
                      const Context& context, IndexState* state) {
  const uint64_t num_floats =
      uint64_t{state->view.num_rows} * static_cast<uint64_t>(state->view.dim);
  if (file.Has(kRowsTag)) {
    if (!rows.empty()) {
      return absl::InvalidArgumentError(
          base::StrFormat("%s holds its rows: no others can be viewed", file.path()));
    }
    VECDB_ASSIGN_OR_RETURN(state->rows,
                           file.ReadLarge(kRowsTag, num_floats * sizeof(float), state->host,
                                          MemoryUse::kVectors, "rows of an index", context));
    rows = state->rows.as<const float>();
  }
  if (rows.empty() && num_floats > 0) {
    return absl::FailedPreconditionError(base::StrFormat(
        "%s was saved without its %d rows: give them to Load", file.path(), state->view.num_rows));
  }
  if (rows.size() != num_floats) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s is about %d rows of dim %d, not about %d floats", file.path(),
                        state->view.num_rows, state->view.dim, rows.size()));
  }
  state->view.rows = rows.data();
  const absl::Status finite = CheckFinite(rows, state->view.dim, "row", context);
  const bool own = file.Has(kRowsTag) && finite.code() == absl::StatusCode::kInvalidArgument;
  return own ? file.Damaged(std::string(finite.message())) : finite;
}

// Its pages hold its rows.
bool HoldsRowsInPages(const IndexSpec& spec) {
  return std::holds_alternative<DiskannParams>(spec.params);
}

absl::Status CheckNoRows(const format::SectionFile& file, std::span<const float> rows) {
  if (file.Has(kRowsTag) || file.Has(kNormsTag)) {
    return file.Damaged("a DISKANN index with rows of its own beside its pages");
  }
  if (rows.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("%s holds its rows in its pages: no others can be viewed", file.path()));
}

absl::Status LoadNorms(const format::SectionFile& file, const Context& context, IndexState* state) {
  VECDB_ASSIGN_OR_RETURN(
      state->norms, file.ReadLarge(kNormsTag, state->view.num_rows * sizeof(float), state->host,
                                   MemoryUse::kVectors, "norms of an index", context));
  state->view.inverse_norms = state->norms.as<float>().data();
  return absl::OkStatus();
}

}  // namespace
}  // namespace api

std::span<const Neighbor> Neighbors::of(size_t query) const {
  const size_t begin = query == 0 ? 0 : ends[query - 1];
  return std::span(rows).subspan(begin, ends[query] - begin);
}

Index::Index(std::unique_ptr<const index::IndexState> state) : state_(std::move(state)) {}
Index::~Index() = default;

const IndexSpec& Index::spec() const { return state_->index->spec(); }
int32_t Index::dim() const { return state_->view.dim; }
uint64_t Index::num_rows() const { return state_->view.num_rows; }
std::span<const float> Index::rows() const {
  if (state_->view.rows == nullptr) return {};
  return {state_->view.rows, static_cast<size_t>(num_rows()) * static_cast<size_t>(dim())};
}

uint64_t Index::index_bytes() const { return state_->index->index_bytes() + state_->norms.size(); }
uint64_t Index::memory_bytes() const { return index_bytes() + state_->rows.size(); }

absl::StatusOr<Neighbors> Index::Search(const IndexQuery& query, const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<Neighbors> {
    VECDB_RETURN_IF_ERROR(api::CheckQuery(*state_, query, context));
    const auto dim = static_cast<size_t>(state_->view.dim);
    const size_t num_queries = query.vectors.size() / dim;
    index::RowQuery shared{.k = static_cast<uint32_t>(query.k), .params = query.params};
    VECDB_ASSIGN_OR_RETURN(shared.limits,
                           index::LimitsOfScores(spec().metric, query.radius, query.range_filter));
    shared.mask.num_rows = state_->view.num_rows;
    if (query.allowed) {
      shared.mask.allowed = query.allowed->data();
      shared.num_set_bits = base::CountBits(shared.mask.allowed, shared.mask.num_rows);
    }
    std::vector<index::RowQuery> queries(num_queries, shared);
    for (size_t i = 0; i < num_queries; ++i) queries[i].vector = query.vectors.data() + i * dim;
    std::vector<std::vector<index::Candidate>> found(num_queries);
    VECDB_RETURN_IF_ERROR(index::ForQueryPieces(
        state_->host.executor, num_queries, context, [&](index::QueryPiece piece) {
          return state_->index->SearchBatch(std::span(queries).subspan(piece.begin, piece.count),
                                            context,
                                            std::span(found).subspan(piece.begin, piece.count));
        }));
    Neighbors answer;
    answer.ends.reserve(num_queries);
    answer.rows.reserve(num_queries * found.front().size());
    for (const auto& candidates : found) api::AppendAnswer(candidates, spec().metric, &answer);
    return answer;
  });
}

absl::Status Index::Save(ObjectStore& store, const ObjectPath& path, const SaveOptions& options,
                         const Context& context) const {
  return base::OrOutOfMemory([&]() -> absl::Status {
    VECDB_ASSIGN_OR_RETURN(
        auto writer, format::SectionWriter::Create(store, path, format::FileKind::kIndex, context));
    VECDB_RETURN_IF_ERROR(state_->index->Write(*writer, context));
    if (api::HoldsRowsInPages(spec())) return writer->Finish(context).status();
    if (spec().metric == Metric::kCosine) {
      VECDB_RETURN_IF_ERROR(writer->AddSection(api::kNormsTag, state_->norms.bytes(), context));
    }
    if (options.include_rows) {
      VECDB_RETURN_IF_ERROR(writer->AddSection(api::kRowsTag, std::as_bytes(rows()), context));
    }
    return writer->Finish(context).status();
  });
}

absl::StatusOr<std::unique_ptr<Index>> Index::Load(ObjectStore& store, const ObjectPath& path,
                                                   const Host& host, std::span<const float> rows,
                                                   const Context& context) {
  return base::OrOutOfMemory([&]() -> absl::StatusOr<std::unique_ptr<Index>> {
    VECDB_ASSIGN_OR_RETURN(
        const auto file,
        format::SectionFile::Open(store, path, format::FileKind::kIndex, std::nullopt, context));
    const std::span<const uint32_t> index_tags = index::VectorIndexTags();
    std::vector<uint32_t> known(index_tags.begin(), index_tags.end());
    known.insert(known.end(), {api::kRowsTag, api::kNormsTag});
    VECDB_RETURN_IF_ERROR(file->CheckKnown(known));
    VECDB_ASSIGN_OR_RETURN(const index::IndexMeta meta, index::ReadIndexMeta(*file, context));
    auto state = std::make_unique<index::IndexState>();
    state->host = host;
    state->view = {.num_rows = meta.num_rows, .dim = meta.dim};
    const bool in_pages = api::HoldsRowsInPages(meta.spec);
    VECDB_RETURN_IF_ERROR(in_pages ? api::CheckNoRows(*file, rows)
                                   : api::LoadRows(*file, rows, context, state.get()));
    if (!in_pages && meta.spec.metric == Metric::kCosine) {
      VECDB_RETURN_IF_ERROR(api::LoadNorms(*file, context, state.get()));
    }
    VECDB_ASSIGN_OR_RETURN(state->index, index::LoadVectorIndex(*file, state->view, host, context));
    return std::unique_ptr<Index>(new Index(std::move(state)));
  });
}

}  // namespace vecdb
