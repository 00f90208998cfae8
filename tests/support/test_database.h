#ifndef VECDB_SUPPORT_TEST_DATABASE_H_
#define VECDB_SUPPORT_TEST_DATABASE_H_

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "support/oracle.h"
#include "support/status_testing.h"
#include "support/test_executors.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {

/// Int64 key "id", VarChar(32) "tag", FloatVector(dim) "v".
inline Schema TaggedSchema(int32_t dim = 4) {
  return Schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                           {.name = "tag", .type = DataType::kVarChar, .max_length = 32},
                           {.name = "v", .type = DataType::kFloatVector, .dim = dim}}};
}

inline std::vector<int64_t> Ids(int64_t first, size_t count) {
  std::vector<int64_t> ids(count);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

/// Small whole numbers, so that many rows are at equal distances.
inline std::vector<float> GridVector(int64_t id, size_t dim) {
  std::vector<float> vector(dim);
  uint64_t state = static_cast<uint64_t>(id) * 0x9e3779b97f4a7c15ULL + 1;
  for (float& value : vector) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    value = static_cast<float>(state >> 62);
  }
  return vector;
}

/// Rows of TaggedSchema, or of one with auto_id, which gets no ids.
inline RowBatch TaggedRows(const Schema& schema, const std::vector<int64_t>& ids,
                           const std::string& tag) {
  const auto dim = static_cast<size_t>(schema.fields[2].dim);
  std::vector<float> vectors;
  for (int64_t id : ids) {
    const std::vector<float> vector = GridVector(id, dim);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  RowBatch batch(schema);
  if (!schema.fields[0].auto_id) batch.SetInt64("id", ids);
  batch.SetVarChar("tag", std::vector<std::string>(ids.size(), tag));
  batch.SetFloatVectors("v", std::move(vectors));
  return batch;
}

inline IndexSpec Flat(Metric metric = Metric::kL2) { return {.metric = metric}; }
inline IndexSpec Hnsw(Metric metric = Metric::kL2) {
  return {.metric = metric, .params = HnswParams{.m = 8, .ef_construction = 40}};
}

/// A database over a store that outlives it, without threads unless a test asks for them.
class TestDatabase {
 public:
  explicit TestDatabase(std::shared_ptr<ObjectStore> store = MakeMemoryObjectStore()) {
    options.store = std::move(store);
    options.host.executor = &executor;
  }

  absl::Status TryOpen() {
    auto opened = Database::Open(options);
    if (!opened.ok()) return opened.status();
    database = *std::move(opened);
    return absl::OkStatus();
  }

  /// Opens, or closes as a crash would and opens again.
  Database& Crash() {
    database.reset();
    EXPECT_OK(TryOpen());
    return *database;
  }

  /// Closes properly, if it is open, and opens.
  Database& Reopen() {
    if (database != nullptr) {
      EXPECT_OK(database->Close());
    }
    return Crash();
  }

  Database& operator*() { return database == nullptr ? Crash() : *database; }
  Database* operator->() { return &**this; }

  ManualExecutor executor;
  DatabaseOptions options;
  std::unique_ptr<Database> database;
};

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_TEST_DATABASE_H_
