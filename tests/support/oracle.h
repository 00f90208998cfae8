#ifndef VECDB_SUPPORT_ORACLE_H_
#define VECDB_SUPPORT_ORACLE_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "vecdb/collection.h"
#include "vecdb/index_spec.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::support {

/// A primary key that owns its text.
using OracleKey = std::variant<int64_t, std::string>;

struct OracleHit {
  OracleKey key{};
  float score = 0;

  friend bool operator==(const OracleHit&, const OracleHit&) = default;
};

/// What a collection should hold: a plain map of rows, searched by comparing every one. A value;
/// thread-compatible.
class Oracle {
 public:
  struct Row {
    std::map<std::string, std::string> values{};          // JSON text by field
    std::map<std::string, std::vector<float>> vectors{};  // the vector fields once more

    friend bool operator==(const Row&, const Row&) = default;
  };

  explicit Oracle(Schema schema) : schema_(std::move(schema)) {}

  /// Adds rows, replacing those of the same keys. `auto_ids` are the keys of rows that have none.
  void Put(const RowBatch& rows, std::span<const int64_t> auto_ids = {});
  /// True when there was such a row.
  bool Delete(const OracleKey& key) { return rows_.erase(key) > 0; }

  const Schema& schema() const { return schema_; }
  const std::map<OracleKey, Row>& rows() const { return rows_; }
  size_t size() const { return rows_.size(); }
  bool Has(const OracleKey& key) const { return rows_.contains(key); }

  /// The score of one row, with the bits that a search gives. It is compared with one computed in
  /// double.
  float Score(const OracleKey& key, std::string_view field, Metric metric,
              std::span<const float> query) const;

  /// The nearest rows after the first `offset`, equal scores by key.
  std::vector<OracleHit> Search(std::string_view field, Metric metric, std::span<const float> query,
                                size_t limit, size_t offset = 0) const;

  friend bool operator==(const Oracle& a, const Oracle& b) { return a.rows_ == b.rows_; }

 private:
  Schema schema_;
  std::map<OracleKey, Row> rows_;
};

/// The rows of `batch` by key.
Oracle RowsOf(const Schema& schema, const RowBatch& batch, std::span<const int64_t> auto_ids = {});

/// The hits of one query.
std::vector<OracleHit> HitsOf(const SearchResult& result, const Schema& schema, size_t query = 0);

/// Expects that Count, and Get of every key and of one that is not there, say what the oracle says.
void ExpectSameRows(const Oracle& oracle, const Collection& collection);

struct OracleSearch {
  std::string field{};
  Metric metric = Metric::kL2;
  std::vector<float> vectors{};
  int32_t limit = 10;
  int32_t offset = 0;
};

/// Expects the rows, order, scores and all fields of the oracle from a search that is exact.
void ExpectSameSearch(const Oracle& oracle, const Collection& collection,
                      const OracleSearch& search);

/// Expects of an approximate search all but the choice of the rows: as many as there are, each once
/// and alive, with its score, in order. Returns the share of the right rows, over all queries.
double ExpectSoundSearch(const Oracle& oracle, const Collection& collection,
                         const OracleSearch& search);

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_ORACLE_H_
