// The Index door: for a program that has its rows, keys and transactions elsewhere and wants fast
// search over vectors that stay where they are. No database, no schema, no threads.
//
//     index_only [folder]
//
// Builds an index over an array of its own, searches it, also among some of the rows only, saves
// the index without the rows, loads it over the same array, and gets the same answer.

#include <vecdb/vecdb.h>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace {

constexpr int32_t kDim = 32;
constexpr size_t kNumRows = 10'000;

// Stands for what the program keeps anyway.
std::vector<float> MakeRows() {
  std::mt19937 random(42);
  std::vector<float> rows(kNumRows * kDim);
  for (float& number : rows) number = static_cast<float>(random()) / 4294967296.0F;
  return rows;
}

// A bit for every seventh row: say, those that a filter of the program's own lets through.
std::vector<uint64_t> EverySeventhRow() {
  std::vector<uint64_t> bitmap((kNumRows + 63) / 64);
  for (size_t row = 0; row < kNumRows; row += 7) bitmap[row / 64] |= uint64_t{1} << (row % 64);
  return bitmap;
}

void Print(const std::string& what, std::span<const vecdb::Neighbor> neighbors) {
  std::cout << what << ":";
  for (const vecdb::Neighbor& hit : neighbors)
    std::cout << "  row " << hit.row << " at " << hit.score;
  std::cout << "\n";
}

absl::Status SaveAndLoad(const vecdb::Index& index, const vecdb::IndexQuery& query,
                         std::span<const float> rows, const std::string& folder) {
  auto store = vecdb::OpenLocalObjectStore(folder);
  if (!store.ok()) return store.status();
  auto path = vecdb::ObjectPath::Parse("example.idx");
  if (!path.ok()) return path.status();

  // Objects are never overwritten: take the one of an earlier run away.
  absl::Status status = (*store)->Delete(*path);
  if (status.ok()) status = index.Save(**store, *path, {.include_rows = false});
  if (!status.ok()) return status;

  auto loaded = vecdb::Index::Load(**store, *path, {}, rows);
  if (!loaded.ok()) return loaded.status();
  auto again = (*loaded)->Search(query);
  if (!again.ok()) return again.status();
  Print("after loading", again->of(0));
  return absl::OkStatus();
}

absl::Status IndexOnly(const std::string& folder) {
  const std::vector<float> rows = MakeRows();
  const vecdb::IndexBuilder builder(
      kDim,
      {.metric = vecdb::Metric::kL2, .params = vecdb::HnswParams{.m = 16, .ef_construction = 200}});
  auto index = builder.Build(rows, vecdb::RowStorage::kView);
  if (!index.ok()) return index.status();
  std::cout << (*index)->num_rows() << " rows, " << (*index)->index_bytes() << " bytes of index\n";

  const std::vector<float> wanted(kDim, 0.5F);
  vecdb::IndexQuery query{.vectors = wanted, .k = 3, .params = vecdb::HnswSearchParams{.ef = 64}};
  auto nearest = (*index)->Search(query);
  if (!nearest.ok()) return nearest.status();
  Print("of all rows", nearest->of(0));

  const std::vector<uint64_t> bitmap = EverySeventhRow();
  query.allowed = bitmap;
  auto allowed = (*index)->Search(query);
  if (!allowed.ok()) return allowed.status();
  Print("of every seventh", allowed->of(0));

  query.allowed.reset();
  return SaveAndLoad(**index, query, rows, folder);
}

}  // namespace

int main(int argc, char** argv) {
  std::error_code error;
  const auto temporary = std::filesystem::temp_directory_path(error) / "vecdb-index-only";
  const absl::Status status = IndexOnly(argc > 1 ? argv[1] : temporary.string());
  if (!status.ok()) std::cerr << status << "\n";
  return status.ok() ? 0 : 1;
}
