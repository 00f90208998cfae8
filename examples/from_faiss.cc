// From FAISS into a collection: an index that a program has already, with ids of its own, moves
// into vecdb without being built again, and answers there with filters, durable writes and the
// rest.
//
//     from_faiss
//
// Builds an index with FAISS, which stands for the one that exists (a program would read its own
// with faiss::read_index), takes it over, puts its vectors into a collection in memory, and gives
// the collection the graph. Ends with 0 only if both answer alike.

#include <vecdb/faiss.h>
#include <vecdb/vecdb.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>

namespace {

constexpr int32_t kDim = 32;
constexpr size_t kNumRows = 5'000;
constexpr size_t kRowsAtOnce = 2'000;  // a batch holds up to 64 MiB
constexpr int32_t kLimit = 10;
constexpr int kEf = 64;

std::vector<float> MakeVectors(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> vectors(count * kDim);
  for (float& number : vectors) number = normal(random);
  return vectors;
}

// The index that exists.
std::unique_ptr<faiss::Index> MakeExisting() {
  auto graph = std::make_unique<faiss::IndexHNSWFlat>(kDim, 16);
  graph->hnsw.efSearch = kEf;
  auto map = std::make_unique<faiss::IndexIDMap>(graph.release());
  map->own_fields = true;
  const std::vector<float> vectors = MakeVectors(kNumRows, 1);
  std::vector<int64_t> ids;
  for (size_t row = 0; row < kNumRows; ++row) ids.push_back(1'000'000 + static_cast<int64_t>(row));
  map->add_with_ids(kNumRows, vectors.data(), ids.data());
  return map;
}

vecdb::Schema VectorsSchema() {
  return {.description = "vectors by the ids that FAISS had for them",
          .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                     {.name = "embedding", .type = vecdb::DataType::kFloatVector, .dim = kDim}}};
}

// The rows of the index, in their order, in one segment.
absl::Status Fill(vecdb::Collection& collection, const vecdb::FromFaissResult& taken) {
  const std::span<const float> rows = taken.index->rows();
  const std::span<const int64_t> ids = taken.ids;
  for (size_t begin = 0; begin < ids.size(); begin += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, ids.size() - begin);
    vecdb::RowBatch batch(VectorsSchema());
    batch.SetInt64("id", ids.subspan(begin, count));
    batch.SetFloatVectors("embedding", rows.subspan(begin * kDim, count * kDim));
    const auto written = collection.Insert(batch);
    if (!written.ok()) return written.status();
  }
  return collection.Flush();
}

absl::StatusOr<std::vector<int64_t>> Search(const vecdb::Collection& collection,
                                            std::span<const float> query) {
  auto found = collection.Search({.field = "embedding",
                                  .vectors = query,
                                  .limit = kLimit,
                                  .params = vecdb::HnswSearchParams{.ef = kEf},
                                  .consistency = vecdb::ConsistencyLevel::kStrong});
  if (!found.ok()) return found.status();
  std::vector<int64_t> ids;
  for (const vecdb::Hit& hit : found->hits(0)) ids.push_back(hit.int64_key());
  return ids;
}

std::vector<int64_t> SearchFaiss(const faiss::Index& index, std::span<const float> query) {
  std::vector<int64_t> ids(kLimit);
  std::vector<float> scores(kLimit);
  index.search(1, query.data(), kLimit, scores.data(), ids.data());
  return ids;
}

// How many of the answers to some queries the two have in common.
absl::Status Compare(const faiss::Index& existing, const vecdb::Collection& collection) {
  constexpr size_t kQueries = 20;
  const std::vector<float> queries = MakeVectors(kQueries, 2);
  size_t shared = 0;
  for (size_t q = 0; q < kQueries; ++q) {
    const auto query = std::span(queries).subspan(q * kDim, kDim);
    const std::vector<int64_t> theirs = SearchFaiss(existing, query);
    const auto ours = Search(collection, query);
    if (!ours.ok()) return ours.status();
    for (const int64_t id : *ours) {
      shared += static_cast<size_t>(std::count(theirs.begin(), theirs.end(), id));
    }
  }
  constexpr size_t kAll = kQueries * kLimit;
  std::cout << shared << " of " << kAll << " answers are the same\n";
  return shared >= kAll * 95 / 100 ? absl::OkStatus()
                                   : absl::InternalError("the answers differ too much");
}

absl::Status Move() {
  const std::unique_ptr<faiss::Index> existing = MakeExisting();
  const auto taken = vecdb::FromFaiss(*existing);
  if (!taken.ok()) return taken.status();
  std::cout << "taken over: " << taken->index->spec().ToJson() << ", " << taken->index->num_rows()
            << " rows\n";

  auto db = vecdb::Database::Open({.store = vecdb::MakeMemoryObjectStore()});
  if (!db.ok()) return db.status();
  // One shard, and segments with room for all rows, so that they stay together.
  auto collection = (*db)->CreateCollection(
      "vectors", VectorsSchema(),
      {.num_shards = 1, .segment_max_bytes = 4ULL << 30, .seal_proportion = 1});
  if (!collection.ok()) return collection.status();
  absl::Status status = Fill(**collection, *taken);
  if (status.ok()) status = (*collection)->AttachIndex("embedding", *taken->index);
  if (status.ok()) status = Compare(*existing, **collection);
  if (!status.ok()) return status;
  const auto described = (*collection)->DescribeIndex("embedding");
  if (!described.ok()) return described.status();
  std::cout << described->indexed_rows << " of " << described->total_rows
            << " rows have the index, and none was linked again\n";
  return (*db)->Close();
}

}  // namespace

int main() {
  const absl::Status status = Move();
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
