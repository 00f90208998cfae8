#include "support/oracle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "index/query_distance.h"
#include "index/vector_view.h"
#include "simd/row_norm.h"
#include "support/status_testing.h"

namespace vecdb::support {
namespace {

const FieldSpec& KeyField(const Schema& schema) {
  return schema.fields[schema.primary_key_index()];
}

OracleKey KeyAt(const Column& keys, size_t row) {
  if (keys.type() == DataType::kInt64) return keys.int64s()[row];
  return std::string(keys.string(row));
}

double ScoreInDouble(Metric metric, std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double square = 0;
  double norms = 0;
  double norm_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]);
    const double y = static_cast<double>(b[i]);
    dot += x * y;
    square += (x - y) * (x - y);
    norms += x * x;
    norm_b += y * y;
  }
  norms = std::sqrt(norms) * std::sqrt(norm_b);
  if (metric == Metric::kL2) return square;
  if (metric == Metric::kIp) return dot;
  return norms == 0 ? 0 : dot / norms;
}

std::span<const float> QueryAt(const OracleSearch& search, const Schema& schema, size_t query) {
  const auto dim = static_cast<size_t>(schema.fields[*schema.FindField(search.field)].dim);
  return std::span(search.vectors).subspan(query * dim, dim);
}

absl::StatusOr<SearchResult> Run(const Collection& collection, const Schema& schema,
                                 const OracleSearch& search) {
  SearchRequest request{.field = search.field,
                        .vectors = search.vectors,
                        .limit = search.limit,
                        .offset = search.offset,
                        .metric = search.metric};
  for (const FieldSpec& field : schema.fields) request.output_fields.push_back(field.name);
  if (schema.enable_dynamic_field) request.output_fields.emplace_back(kDynamicFieldName);
  return collection.Search(request);
}

// Expects each row of the result to have the values that the oracle has for its key.
void ExpectOutputs(const Oracle& oracle, const RowBatch& rows) {
  if (rows.num_rows() == 0) return;
  const Column& keys = *rows.column(KeyField(oracle.schema()).name);
  for (size_t row = 0; row < rows.num_rows(); ++row) {
    const auto found = oracle.rows().find(KeyAt(keys, row));
    ASSERT_NE(found, oracle.rows().end());
    for (const auto& [field, value] : found->second.values) {
      EXPECT_EQ(rows.ValueToJson(field, row), value) << field;
    }
  }
}

bool Nearer(Metric metric, const OracleHit& a, const OracleHit& b) {
  if (a.score != b.score) return LargerIsBetter(metric) == (a.score > b.score);
  return a.key < b.key;
}

Oracle Fetch(const Oracle& oracle, const Collection& collection) {
  absl::StatusOr<RowBatch> rows = absl::InternalError("not read");
  if (KeyField(oracle.schema()).type == DataType::kInt64) {
    std::vector<int64_t> keys = {-77};
    for (const auto& [key, row] : oracle.rows()) keys.push_back(std::get<int64_t>(key));
    rows = collection.Get(keys);
  } else {
    std::vector<std::string> keys = {"no such key"};
    for (const auto& [key, row] : oracle.rows()) keys.push_back(std::get<std::string>(key));
    rows = collection.Get(keys);
  }
  EXPECT_OK(rows);
  if (!rows.ok()) return Oracle(oracle.schema());
  EXPECT_EQ(rows->num_rows(), oracle.size());
  return RowsOf(oracle.schema(), *rows);
}

}  // namespace

void Oracle::Put(const RowBatch& rows, std::span<const int64_t> auto_ids) {
  const FieldSpec& key_field = KeyField(schema_);
  const Column* keys = rows.column(key_field.name);
  for (size_t i = 0; i < rows.num_rows(); ++i) {
    const OracleKey key = keys == nullptr ? OracleKey(auto_ids[i]) : KeyAt(*keys, i);
    Row row;
    for (const FieldSpec& field : schema_.fields) {
      row.values[field.name] = rows.ValueToJson(field.name, i);
      if (field.type != DataType::kFloatVector) continue;
      const auto vector = rows.column(field.name)->vector(i);
      row.vectors[field.name].assign(vector.begin(), vector.end());
    }
    if (keys == nullptr) row.values[key_field.name] = std::to_string(auto_ids[i]);
    if (schema_.enable_dynamic_field) {
      const std::string name(kDynamicFieldName);
      row.values[name] = rows.column(name) == nullptr ? "{}" : rows.ValueToJson(name, i);
    }
    rows_[key] = std::move(row);
  }
}

float Oracle::Score(const OracleKey& key, std::string_view field, Metric metric,
                    std::span<const float> query) const {
  const std::vector<float>& row = rows_.at(key).vectors.at(std::string(field));
  const float inverse_norm = simd::InverseNorm(row.data(), row.size());
  const index::VectorView view{.rows = row.data(),
                               .num_rows = 1,
                               .dim = static_cast<int32_t>(row.size()),
                               .inverse_norms = &inverse_norm};
  const index::QueryDistance distance(view, metric, query.data());
  const float score = index::ScoreOf(metric, distance.One(0));
  const double expected = ScoreInDouble(metric, query, row);
  EXPECT_NEAR(static_cast<double>(score), expected, 1e-5 * (1 + std::abs(expected)));
  return score;
}

std::vector<OracleHit> Oracle::Search(std::string_view field, Metric metric,
                                      std::span<const float> query, size_t limit,
                                      size_t offset) const {
  std::vector<OracleHit> hits;
  for (const auto& [key, row] : rows_) hits.push_back({key, Score(key, field, metric, query)});
  std::sort(hits.begin(), hits.end(),
            [metric](const OracleHit& a, const OracleHit& b) { return Nearer(metric, a, b); });
  hits.erase(hits.begin(), hits.begin() + static_cast<ptrdiff_t>(std::min(offset, hits.size())));
  if (hits.size() > limit) hits.resize(limit);
  return hits;
}

Oracle RowsOf(const Schema& schema, const RowBatch& batch, std::span<const int64_t> auto_ids) {
  Oracle oracle(schema);
  oracle.Put(batch, auto_ids);
  return oracle;
}

std::vector<OracleHit> HitsOf(const SearchResult& result, const Schema& schema, size_t query) {
  const bool is_int64 = KeyField(schema).type == DataType::kInt64;
  std::vector<OracleHit> hits;
  for (const Hit& hit : result.hits(query)) {
    const OracleKey key =
        is_int64 ? OracleKey(hit.int64_key()) : OracleKey(std::string(hit.varchar_key()));
    hits.push_back({key, hit.score()});
  }
  return hits;
}

void ExpectSameRows(const Oracle& oracle, const Collection& collection) {
  const auto count = collection.Count();
  ASSERT_OK(count);
  EXPECT_EQ(*count, oracle.size());
  const Oracle found = Fetch(oracle, collection);
  EXPECT_EQ(found.size(), oracle.size());
  for (const auto& [key, row] : found.rows()) {
    const auto expected = oracle.rows().find(key);
    ASSERT_NE(expected, oracle.rows().end());
    EXPECT_EQ(row.values, expected->second.values);
  }
}

void ExpectSameSearch(const Oracle& oracle, const Collection& collection,
                      const OracleSearch& search) {
  const Schema& schema = oracle.schema();
  const auto result = Run(collection, schema, search);
  ASSERT_OK(result);
  for (size_t query = 0; query < result->num_queries(); ++query) {
    const auto expected =
        oracle.Search(search.field, search.metric, QueryAt(search, schema, query),
                      static_cast<size_t>(search.limit), static_cast<size_t>(search.offset));
    const auto found = HitsOf(*result, schema, query);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i], expected[i])
          << "hit " << i << ", score " << found[i].score << " for " << expected[i].score;
    }
  }
  ExpectOutputs(oracle, result->rows());
}

double ExpectSoundSearch(const Oracle& oracle, const Collection& collection,
                         const OracleSearch& search) {
  const Schema& schema = oracle.schema();
  const auto result = Run(collection, schema, search);
  EXPECT_OK(result);
  if (!result.ok()) return 0;
  size_t wanted = 0;
  size_t right = 0;
  for (size_t query = 0; query < result->num_queries(); ++query) {
    const auto vector = QueryAt(search, schema, query);
    const auto best =
        oracle.Search(search.field, search.metric, vector, static_cast<size_t>(search.limit),
                      static_cast<size_t>(search.offset));
    const auto found = HitsOf(*result, schema, query);
    EXPECT_EQ(found.size(), best.size());
    std::set<OracleKey> seen;
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(oracle.Has(found[i].key) && seen.insert(found[i].key).second);
      if (!oracle.Has(found[i].key)) return 0;
      EXPECT_EQ(found[i].score, oracle.Score(found[i].key, search.field, search.metric, vector));
      if (i > 0) {
        EXPECT_TRUE(Nearer(search.metric, found[i - 1], found[i]));
      }
    }
    wanted += best.size();
    for (const OracleHit& hit : best) right += seen.contains(hit.key) ? 1 : 0;
  }
  ExpectOutputs(oracle, result->rows());
  return wanted == 0 ? 1.0 : static_cast<double>(right) / static_cast<double>(wanted);
}

}  // namespace vecdb::support
