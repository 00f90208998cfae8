// A host program against an installed vecdb: fills a collection in memory, searches it, and exits
// with 0 only if the answer is right.
#include <vecdb/vecdb.h>

#include <cstdint>
#include <iostream>
#include <memory>
#include <utility>
#include <vector>

namespace {

constexpr int32_t kDim = 8;
constexpr int64_t kNumRows = 64;

// Row i lies at (i, 0, 0, ...).
vecdb::RowBatch MakeRows(const vecdb::Schema& schema) {
  std::vector<int64_t> ids;
  std::vector<float> vectors(static_cast<size_t>(kNumRows * kDim), 0.0F);
  for (int64_t i = 0; i < kNumRows; ++i) {
    ids.push_back(i);
    vectors[static_cast<size_t>(i * kDim)] = static_cast<float>(i);
  }
  vecdb::RowBatch rows(schema);
  rows.SetInt64("id", ids);
  rows.SetFloatVectors("embedding", std::move(vectors));
  return rows;
}

absl::StatusOr<std::vector<int64_t>> FindNearest(vecdb::Database& db) {
  const vecdb::Schema schema{
      .description = "points on a line",
      .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                 {.name = "embedding", .type = vecdb::DataType::kFloatVector, .dim = kDim}}};
  auto points = db.CreateCollection("points", schema);
  if (!points.ok()) return points.status();
  const auto written = (*points)->Insert(MakeRows(schema));
  if (!written.ok()) return written.status();
  if (auto status = (*points)->Flush(); !status.ok()) return status;
  const vecdb::IndexSpec spec{.metric = vecdb::Metric::kL2, .params = vecdb::HnswParams{.m = 8}};
  if (auto status = (*points)->CreateIndex("embedding", spec); !status.ok()) return status;
  if (auto status = (*points)->WaitForIndex("embedding"); !status.ok()) return status;

  std::vector<float> query(kDim, 0.0F);
  query[0] = 20.2F;
  const auto result = (*points)->Search({.field = "embedding",
                                         .vectors = query,
                                         .limit = 3,
                                         .params = vecdb::HnswSearchParams{.ef = 32}});
  if (!result.ok()) return result.status();
  std::vector<int64_t> keys;
  for (const vecdb::Hit& hit : result->hits(0)) keys.push_back(hit.int64_key());
  return keys;
}

}  // namespace

int main() {
  auto db = vecdb::Database::Open({.store = vecdb::MakeMemoryObjectStore()});
  if (!db.ok()) {
    std::cerr << db.status() << "\n";
    return 1;
  }
  const auto keys = FindNearest(**db);
  if (!keys.ok()) {
    std::cerr << keys.status() << "\n";
    return 1;
  }
  if (auto status = (*db)->Close(); !status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  for (const int64_t key : *keys) std::cout << key << "\n";
  return *keys == std::vector<int64_t>{20, 21, 19} ? 0 : 1;
}
