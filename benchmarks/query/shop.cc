#include "query/shop.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

constexpr size_t kDim = 32;
constexpr int kRowsPerBatch = 50'000;
constexpr int64_t kNames = 1000;

uint64_t Mix(uint64_t state) {
  state = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  state = (state ^ (state >> 27)) * 0x94d049bb133111eb;
  return state ^ (state >> 31);
}

// A permutation: 7919 is prime and divides no number of rows that is asked for.
int64_t NumberOf(int64_t key, int num_rows) { return key * 7919 % num_rows; }

absl::Status AddRows(Collection& items, int64_t first, int64_t last, int num_rows,
                     std::vector<int64_t>* numbers) {
  std::vector<int64_t> ids;
  std::vector<int64_t> some;
  std::vector<std::string> names;
  std::vector<std::string> codes;
  std::vector<std::string> metas;
  std::vector<float> vectors;
  for (int64_t id = first; id < last; ++id) {
    const int64_t number = NumberOf(id, num_rows);
    ids.push_back(id);
    some.push_back(number);
    names.push_back(
        absl::StrCat("name", static_cast<int64_t>(Mix(static_cast<uint64_t>(id)) % kNames)));
    codes.push_back(absl::StrCat("name", number));
    metas.push_back(absl::StrCat(R"({"number":)", number, R"(,"name":")", names.back(), R"("})"));
    const std::vector<float> vector = ShopVector(id);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  RowBatch batch(ShopSchema());
  batch.SetInt64("id", ids).SetInt64("number", some).SetVarChar("name", names);
  batch.SetVarChar("code", codes).SetVarChar("tag", codes).SetJson("meta", metas);
  batch.SetFloatVectors("vector", std::move(vectors));
  numbers->insert(numbers->end(), some.begin(), some.end());
  return items.Insert(batch).status();
}

}  // namespace

Schema ShopSchema() {
  return {
      .fields = {
          {.name = "id", .type = DataType::kInt64, .primary_key = true},
          {.name = "number", .type = DataType::kInt64},
          {.name = "name", .type = DataType::kVarChar, .max_length = 32},
          {.name = "code", .type = DataType::kVarChar, .max_length = 32},
          {.name = "tag", .type = DataType::kVarChar, .max_length = 32},
          {.name = "meta", .type = DataType::kJson},
          {.name = "vector", .type = DataType::kFloatVector, .dim = static_cast<int32_t>(kDim)}}};
}

// Around one of a thousand centres, so that neighbours are near.
std::vector<float> ShopVector(int64_t key) {
  std::vector<float> vector(kDim);
  uint64_t state = Mix(static_cast<uint64_t>(key) + 1);
  const uint64_t centre = state % 1000;
  for (size_t i = 0; i < kDim; ++i) {
    const uint64_t at = Mix(centre * 1000 + i);
    state = Mix(state + 0x9e3779b97f4a7c15);
    vector[i] = static_cast<float>(at % 1000) / 250 + static_cast<float>(state % 1000) / 1000;
  }
  return vector;
}

absl::StatusOr<Shop> MakeShop(const std::filesystem::path& directory, int num_rows) {
  Shop shop;
  VECDB_ASSIGN_OR_RETURN(shop.database, Database::Open({.path = directory.string()}));
  VECDB_ASSIGN_OR_RETURN(shop.items,
                         shop.database->CreateCollection("items", ShopSchema(),
                                                         {.segment_max_bytes = 64ULL << 30,
                                                          .seal_proportion = 1,
                                                          .journal = JournalPlace::kNone}));
  for (int64_t first = 0; first < num_rows; first += kRowsPerBatch) {
    const int64_t last = std::min<int64_t>(num_rows, first + kRowsPerBatch);
    VECDB_RETURN_IF_ERROR(AddRows(*shop.items, first, last, num_rows, &shop.numbers));
  }
  VECDB_RETURN_IF_ERROR(shop.items->CreateIndex(
      "vector", {.metric = Metric::kL2, .params = HnswParams{.m = 12, .ef_construction = 80}}));
  VECDB_RETURN_IF_ERROR(shop.items->CreateIndex("tag", {.params = InvertedParams{}}));
  VECDB_RETURN_IF_ERROR(shop.items->Flush());
  VECDB_RETURN_IF_ERROR(shop.items->WaitForIndex("vector"));
  VECDB_RETURN_IF_ERROR(shop.items->WaitForIndex("tag"));
  return shop;
}

}  // namespace vecdb::bench
