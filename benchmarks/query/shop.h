#ifndef VECDB_BENCHMARKS_QUERY_SHOP_H_
#define VECDB_BENCHMARKS_QUERY_SHOP_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/vecdb.h"

namespace vecdb::bench {

/// Key `id` from 0 on; `number`, a permutation of the keys; `name`, one of 1000; `code` and `tag`,
/// all different, the second with an INVERTED index; `meta`, number and name once more; a vector of
/// 32 numbers with HNSW.
Schema ShopSchema();

/// The vector of a key; negative ones are for queries.
std::vector<float> ShopVector(int64_t key);

/// A collection in one flushed, indexed and loaded segment.
struct Shop {
  std::unique_ptr<Database> database;
  std::unique_ptr<Collection> items;
  std::vector<int64_t> numbers;  ///< by key
};

absl::StatusOr<Shop> MakeShop(const std::filesystem::path& directory, int num_rows);

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_QUERY_SHOP_H_
