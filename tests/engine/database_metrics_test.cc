#include "engine/database_metrics.h"

#include <gtest/gtest.h>

#include <set>

namespace vecdb::engine {
namespace {

TEST(DatabaseMetricsTest, CollectionKeepsItsCountsUntilItIsForgotten) {
  DatabaseMetrics database;
  database.Of("a")->rows_inserted = 7;
  EXPECT_EQ(database.Of("a")->rows_inserted, 7u);
  EXPECT_EQ(database.Of("b")->rows_inserted, 0u);
  const auto held = database.Of("a");
  database.Forget("a");
  database.Forget("never there");
  EXPECT_EQ(database.Of("a")->rows_inserted, 0u);
  EXPECT_EQ(held->rows_inserted, 7u);
}

TEST(DatabaseMetricsTest, CallsAreCountedByOperation) {
  DatabaseMetrics database;
  database.NoteCall(DatabaseOperation::kVerify, absl::DataLossError(""), {});
  EXPECT_EQ(database.calls(DatabaseOperation::kRefresh), nullptr);
  EXPECT_EQ(database.calls(DatabaseOperation::kVerify)
                ->of_code(static_cast<size_t>(absl::StatusCode::kDataLoss)),
            1u);
}

TEST(DatabaseMetricsTest, EachOperationHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kNumDatabaseOperations; ++i) {
    names.insert(DatabaseOperationName(static_cast<DatabaseOperation>(i)));
  }
  EXPECT_EQ(names.size(), kNumDatabaseOperations);
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace vecdb::engine
