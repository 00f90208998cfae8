#include "query/merge_results.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/vector_view.h"
#include "query/group_value.h"
#include "query/join_columns.h"
#include "query/nearest.h"
#include "schema/key.h"
#include "schema/names.h"

namespace vecdb::query {
namespace {

using schema::Quoted;

struct HashOfKey {
  size_t operator()(const schema::Key& key) const { return key.Hash(); }
};

// Rows of several batches: those to merge from, and places in them.
class Batches {
 public:
  // `what` is what messages call each.
  Batches(std::string_view what, std::vector<const RowBatch*> batches)
      : what_(what), batches_(std::move(batches)) {}

  // The keys and columns must be those of one schema, and of one length in each batch.
  absl::Status Check() {
    for (size_t i = 0; i < batches_.size(); ++i) {
      if (const absl::Status checked = CheckResultBatch(*batches_[i]); !checked.ok()) {
        return absl::InvalidArgumentError(
            base::StrFormat("%s: %s", NameOf(i), std::string(checked.message())));
      }
      VECDB_RETURN_IF_ERROR(CheckKey(i));
      if (batches_[i]->num_rows() == 0) continue;
      if (!model_.has_value()) model_ = i;
      VECDB_RETURN_IF_ERROR(CheckColumns(*model_, i));
    }
    return absl::OkStatus();
  }

  // Of a row that is there, once they are checked.
  schema::Key KeyAt(const RowPlace& place) const { return keys_[place.segment][place.row]; }
  // A column of one of them; nullptr where there is none.
  const Column* ColumnOf(size_t batch, std::string_view field) const {
    return batches_[batch]->column(field);
  }
  std::string NameOf(size_t batch) const { return base::StrFormat("%s %d", what_, batch); }

  // The rows at these places, with all columns.
  RowBatch Join(std::span<const PartRow> rows) const {
    const RowBatch& model = *batches_[model_.value_or(0)];
    RowBatch joined(model.schema());
    if (rows.empty()) return joined;
    for (const std::string_view field : FieldsOf(model)) {
      if (model.column(field) == nullptr) continue;
      std::vector<const Column*> parts;
      for (const RowBatch* batch : batches_) {
        // Batches without rows may have no columns, or other ones.
        parts.push_back((batch->num_rows() > 0 ? *batch : model).column(field));
      }
      joined.SetColumn(field, JoinColumns(parts, rows));
    }
    return joined;
  }

 private:
  static std::vector<std::string_view> FieldsOf(const RowBatch& batch) {
    std::vector<std::string_view> fields;
    for (const FieldSpec& field : batch.schema().fields) fields.push_back(field.name);
    if (batch.schema().enable_dynamic_field) fields.push_back(kDynamicFieldName);
    return fields;
  }

  static const FieldSpec& KeyFieldOf(const RowBatch& batch) {
    return batch.schema().fields[batch.schema().primary_key_index()];
  }

  absl::Status CheckKey(size_t i) {
    const FieldSpec& key = KeyFieldOf(*batches_[i]);
    const FieldSpec& first = KeyFieldOf(*batches_[0]);
    if (key.name != first.name || key.type != first.type) {
      return absl::InvalidArgumentError(base::StrFormat(
          "%s has the key %s of type %s, %s the key %s of type %s", NameOf(0), Quoted(first.name),
          DataTypeName(first.type), NameOf(i), Quoted(key.name), DataTypeName(key.type)));
    }
    const Column* column = batches_[i]->column(key.name);
    keys_.push_back(column != nullptr ? schema::KeyColumn(*column) : schema::KeyColumn());
    return absl::OkStatus();
  }

  // That each column of one is one of the other, and the other way round.
  absl::Status CheckColumns(size_t a, size_t b) const {
    VECDB_RETURN_IF_ERROR(CheckHasColumnsOf(a, b));
    return CheckHasColumnsOf(b, a);
  }

  absl::Status CheckHasColumnsOf(size_t a, size_t b) const {
    for (const std::string_view field : FieldsOf(*batches_[a])) {
      const Column* of_a = batches_[a]->column(field);
      const Column* of_b = batches_[b]->column(field);
      if (of_a == nullptr) continue;
      if (of_b == nullptr) {
        return absl::InvalidArgumentError(base::StrFormat("%s has the field %s, %s has not",
                                                          NameOf(a), Quoted(field), NameOf(b)));
      }
      if (of_a->type() != of_b->type() || of_a->dim() != of_b->dim()) {
        return absl::InvalidArgumentError(
            base::StrFormat("field %s is of type %s and dim %d in %s, of type %s and dim %d in %s",
                            Quoted(field), DataTypeName(of_a->type()), of_a->dim(), NameOf(a),
                            DataTypeName(of_b->type()), of_b->dim(), NameOf(b)));
      }
    }
    return absl::OkStatus();
  }

  const std::string_view what_;
  const std::vector<const RowBatch*> batches_;
  std::vector<schema::KeyColumn> keys_;  // of each
  std::optional<size_t> model_;          // the first that has rows
};

absl::Status CheckOptions(const MergeOptions& options) {
  if (options.limit < 1) {
    return absl::InvalidArgumentError(
        base::StrFormat("limit %d: must be at least 1", options.limit));
  }
  if (options.offset < 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("offset %d: must be at least 0", options.offset));
  }
  return absl::OkStatus();
}

size_t EndOf(const MergeOptions& options) {
  return static_cast<size_t>(options.offset) + static_cast<size_t>(options.limit);
}

// What two answers must agree in.
absl::Status CheckSameShape(const ResultRows& first, size_t number, const ResultRows& other) {
  const ResultShape& a = first.shape;
  const ResultShape& b = other.shape;
  if (first.ends.size() != other.ends.size()) {
    return absl::InvalidArgumentError(base::StrFormat(
        "result 0 answers %d queries, result %d %d", first.ends.size(), number, other.ends.size()));
  }
  if (a.metric != b.metric) {
    return absl::InvalidArgumentError(base::StrFormat("result 0 has the metric %s, result %d %s",
                                                      std::string(MetricName(a.metric)), number,
                                                      std::string(MetricName(b.metric))));
  }
  if (a.group_by != b.group_by || a.group_size != b.group_size) {
    return absl::InvalidArgumentError(base::StrFormat(
        "result 0 has group_by %s and group_size %d, result %d %s and %d", Quoted(a.group_by),
        a.group_size, number, Quoted(b.group_by), b.group_size));
  }
  return absl::OkStatus();
}

// That the answer holds all that the merged one may need of it.
absl::Status CheckLongEnough(const ResultShape& shape, size_t number, const MergeOptions& options) {
  if (shape.offset != 0) {
    return absl::InvalidArgumentError(
        base::StrFormat("result %d was searched with offset %d: to be merged it needs offset 0",
                        number, shape.offset));
  }
  if (shape.limit < 0 || static_cast<size_t>(shape.limit) < EndOf(options)) {
    return absl::InvalidArgumentError(base::StrFormat(
        "result %d was searched with limit %d: merging with offset %d and limit %d needs %d",
        number, shape.limit, options.offset, options.limit, EndOf(options)));
  }
  return absl::OkStatus();
}

absl::Status CheckGroups(std::span<const ResultRows* const> results, const Batches& batches) {
  const std::string& field = results[0]->shape.group_by;
  if (field.empty()) return absl::OkStatus();
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]->hits.empty()) continue;
    const Column* column = batches.ColumnOf(i, field);
    if (column == nullptr) {
      return absl::InvalidArgumentError(
          base::StrFormat("result %d: group_by %s is none of its output fields", i, Quoted(field)));
    }
    if (column->type() == DataType::kFloatVector || column->type() == DataType::kJson) {
      return absl::InvalidArgumentError(
          base::StrFormat("result %d: group_by %s: rows cannot be grouped by %s", i, Quoted(field),
                          DataTypeName(column->type())));
    }
  }
  return absl::OkStatus();
}

// Puts together the hits that several answers have for one query after the other.
class Merger {
 public:
  Merger(std::span<const ResultRows* const> results, const Batches& batches,
         const MergeOptions& options)
      : results_(results), batches_(batches), options_(options) {}

  std::vector<Found> OfQuery(size_t query) const {
    const std::vector<Found> all = EachOnce(InOrder(query));
    return results_[0]->shape.group_by.empty() ? Page(all) : Groups(all);
  }

 private:
  std::vector<Found> InOrder(size_t query) const {
    const auto key_of = [this](const RowPlace& place) { return batches_.KeyAt(place); };
    std::vector<Found> all;
    for (uint32_t i = 0; i < results_.size(); ++i) {
      const ResultRows& result = *results_[i];
      const size_t begin = query == 0 ? 0 : result.ends[query - 1];
      for (size_t row = begin; row < result.ends[query]; ++row) {
        // A score of a score is the distance.
        const float distance = index::ScoreOf(result.shape.metric, result.hits[row].score());
        all.push_back({distance, {i, static_cast<uint32_t>(row)}});
      }
    }
    // Equal hits stay in the order of the answers.
    std::stable_sort(all.begin(), all.end(),
                     [&](const Found& a, const Found& b) { return ComesBefore(a, b, key_of); });
    return all;
  }

  std::vector<Found> EachOnce(std::vector<Found> all) const {
    std::unordered_set<schema::Key, HashOfKey> seen;
    std::erase_if(all,
                  [&](const Found& hit) { return !seen.insert(batches_.KeyAt(hit.place)).second; });
    return all;
  }

  std::vector<Found> Page(std::span<const Found> all) const {
    const auto rest = all.subspan(std::min(all.size(), static_cast<size_t>(options_.offset)));
    const auto page = rest.first(std::min(rest.size(), static_cast<size_t>(options_.limit)));
    return {page.begin(), page.end()};
  }

  // A value is as good as the first of its hits, and these come in order.
  std::vector<Found> Groups(std::span<const Found> all) const {
    const ResultShape& shape = results_[0]->shape;
    std::map<std::string, size_t> numbers;
    std::vector<std::vector<Found>> groups;
    for (const Found& hit : all) {
      const Column* values = batches_.ColumnOf(hit.place.segment, shape.group_by);
      const auto [at, is_new] =
          numbers.try_emplace(GroupBytes(GroupValueAt(*values, hit.place.row)), groups.size());
      if (is_new) groups.emplace_back();
      std::vector<Found>& group = groups[at->second];
      if (group.size() < static_cast<size_t>(shape.group_size)) group.push_back(hit);
    }
    std::vector<Found> page;
    for (size_t i = static_cast<size_t>(options_.offset);
         i < std::min(groups.size(), EndOf(options_)); ++i) {
      page.insert(page.end(), groups[i].begin(), groups[i].end());
    }
    return page;
  }

  const std::span<const ResultRows* const> results_;
  const Batches& batches_;
  const MergeOptions& options_;
};

// The processes searched side by side.
SearchStats MergeStats(std::span<const ResultRows* const> results) {
  SearchStats merged = results[0]->stats;
  for (const ResultRows* result : results.subspan(1)) {
    const SearchStats& stats = result->stats;
    merged.segments.insert(merged.segments.end(), stats.segments.begin(), stats.segments.end());
    merged.filter_ms = std::max(merged.filter_ms, stats.filter_ms);
    merged.search_ms = std::max(merged.search_ms, stats.search_ms);
    merged.fetch_ms = std::max(merged.fetch_ms, stats.fetch_ms);
  }
  return merged;
}

absl::Status CheckResults(std::span<const ResultRows* const> results, const MergeOptions& options,
                          Batches* batches) {
  if (results.empty()) return absl::InvalidArgumentError("results: none");
  VECDB_RETURN_IF_ERROR(CheckOptions(options));
  for (size_t i = 0; i < results.size(); ++i) {
    VECDB_RETURN_IF_ERROR(CheckSameShape(*results[0], i, *results[i]));
    VECDB_RETURN_IF_ERROR(CheckLongEnough(results[i]->shape, i, options));
  }
  VECDB_RETURN_IF_ERROR(batches->Check());
  return CheckGroups(results, *batches);
}

std::vector<const RowBatch*> RowsOfResults(std::span<const ResultRows* const> results) {
  std::vector<const RowBatch*> rows;
  for (const ResultRows* result : results) rows.push_back(&result->rows);
  return rows;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultRows>> MergeResults(std::span<const ResultRows* const> results,
                                                         const MergeOptions& options) {
  Batches batches("result", RowsOfResults(results));
  VECDB_RETURN_IF_ERROR(CheckResults(results, options, &batches));
  const Merger merger(results, batches, options);
  std::vector<float> scores;
  std::vector<PartRow> rows;
  std::vector<size_t> ends;
  for (size_t query = 0; query < results[0]->ends.size(); ++query) {
    for (const Found& hit : merger.OfQuery(query)) {
      scores.push_back(index::ScoreOf(results[0]->shape.metric, hit.distance));
      rows.push_back({hit.place.segment, hit.place.row});
    }
    ends.push_back(rows.size());
  }
  SearchResultParts parts{.shape = results[0]->shape,
                          .rows = batches.Join(rows),
                          .scores = std::move(scores),
                          .ends = std::move(ends),
                          .stats = MergeStats(results)};
  parts.shape.limit = options.limit;
  parts.shape.offset = options.offset;
  for (const ResultRows* result : results) parts.partial = parts.partial || result->partial;
  return ResultRows::Make(std::move(parts));
}

absl::StatusOr<RowBatch> MergeRows(std::span<const RowBatch> batches, const MergeOptions& options) {
  if (batches.empty()) return absl::InvalidArgumentError("batches: none");
  VECDB_RETURN_IF_ERROR(CheckOptions(options));
  std::vector<const RowBatch*> all;
  for (const RowBatch& batch : batches) all.push_back(&batch);
  Batches checked("batch", std::move(all));
  VECDB_RETURN_IF_ERROR(checked.Check());

  std::vector<PartRow> rows;
  for (uint32_t i = 0; i < batches.size(); ++i) {
    for (uint32_t row = 0; row < batches[i].num_rows(); ++row) rows.push_back({i, row});
  }
  const auto key_of = [&](const PartRow& row) { return checked.KeyAt({row.part, row.row}); };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const PartRow& a, const PartRow& b) { return key_of(a) < key_of(b); });
  rows.erase(
      std::unique(rows.begin(), rows.end(),
                  [&](const PartRow& a, const PartRow& b) { return key_of(a) == key_of(b); }),
      rows.end());
  const size_t begin = std::min(rows.size(), static_cast<size_t>(options.offset));
  const size_t end = std::min(rows.size(), EndOf(options));
  return checked.Join(std::span(rows).subspan(begin, end - begin));
}

}  // namespace vecdb::query
