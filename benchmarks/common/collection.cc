#include "common/collection.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

// Well below the 64 MiB that a batch may have, keys included.
constexpr uint64_t kBatchBytes = 32ULL << 20;

uint64_t RowBytes(const Matrix& rows) { return sizeof(int64_t) + rows.dim() * sizeof(float); }

}  // namespace

Schema BenchmarkSchema(size_t dim) {
  return {
      .description = "benchmark",
      .fields = {{.name = std::string(kKeyField), .type = DataType::kInt64, .primary_key = true},
                 {.name = std::string(kVectorField),
                  .type = DataType::kFloatVector,
                  .dim = static_cast<int32_t>(dim)}}};
}

CollectionOptions OneSegmentOptions(const Matrix& rows) {
  const uint64_t wanted = 4 * rows.num_rows() * RowBytes(rows);
  return {.segment_max_bytes = std::clamp<uint64_t>(wanted, 1ULL << 30, 64ULL << 30),
          .seal_proportion = 1};
}

RowBatch BatchOf(const Matrix& rows, size_t first_vector, int64_t first_key, size_t count) {
  std::vector<int64_t> keys(count);
  std::iota(keys.begin(), keys.end(), first_key);
  RowBatch batch(BenchmarkSchema(rows.dim()));
  batch.SetInt64(kKeyField, keys);
  batch.SetFloatVectors(kVectorField,
                        rows.values().subspan(first_vector * rows.dim(), count * rows.dim()));
  return batch;
}

absl::Status InsertRows(Collection& collection, const Matrix& rows) {
  const size_t batch_rows = std::max<size_t>(1, kBatchBytes / RowBytes(rows));
  for (size_t begin = 0; begin < rows.num_rows(); begin += batch_rows) {
    const size_t count = std::min(batch_rows, rows.num_rows() - begin);
    const RowBatch batch = BatchOf(rows, begin, static_cast<int64_t>(begin), count);
    VECDB_RETURN_IF_ERROR(collection.Insert(batch).status());
  }
  return absl::OkStatus();
}

absl::Status WriteCollection(const DatabaseOptions& options, const Matrix& rows,
                             const IndexSpec& spec, LoadPolicy load) {
  VECDB_ASSIGN_OR_RETURN(const auto database, Database::Open(options));
  CollectionOptions collection_options = OneSegmentOptions(rows);
  collection_options.load = load;
  VECDB_ASSIGN_OR_RETURN(
      const auto collection,
      database->CreateCollection(kCollectionName, BenchmarkSchema(rows.dim()), collection_options));
  VECDB_RETURN_IF_ERROR(InsertRows(*collection, rows));
  VECDB_RETURN_IF_ERROR(collection->Flush());
  VECDB_RETURN_IF_ERROR(collection->CreateIndex(kVectorField, spec));
  VECDB_RETURN_IF_ERROR(collection->WaitForIndex(kVectorField));
  return database->Close();
}

}  // namespace vecdb::bench
