#include "sharded_service/sample.h"

#include <array>
#include <random>
#include <string>
#include <utility>

namespace sharded_service {

vecdb::Schema SampleSchema() {
  return {.description = "points at random",
          .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                     {.name = "color", .type = vecdb::DataType::kVarChar, .max_length = 16},
                     {.name = "number", .type = vecdb::DataType::kInt32},
                     {.name = "place", .type = vecdb::DataType::kFloatVector, .dim = kSampleDim}}};
}

vecdb::RowBatch SampleRows(int64_t begin, int64_t end) {
  static constexpr std::array<const char*, 4> kColors = {"red", "green", "blue", "grey"};
  std::vector<int64_t> ids;
  std::vector<std::string> colors;
  std::vector<int32_t> numbers;
  std::vector<float> places;
  for (int64_t id = begin; id < end; ++id) {
    std::mt19937 random(static_cast<uint32_t>(id));
    ids.push_back(id);
    colors.emplace_back(kColors[random() % kColors.size()]);
    numbers.push_back(static_cast<int32_t>(random() % 1000));
    for (int32_t i = 0; i < kSampleDim; ++i) {
      places.push_back(static_cast<float>(random() % 1024) / 1024);
    }
  }
  vecdb::RowBatch rows(SampleSchema());
  rows.SetInt64("id", ids);
  rows.SetVarChar("color", colors);
  rows.SetInt32("number", numbers);
  rows.SetFloatVectors("place", std::move(places));
  return rows;
}

absl::StatusOr<std::unique_ptr<vecdb::Collection>> CreateSample(vecdb::Database& database,
                                                                int32_t num_shards,
                                                                int64_t num_rows) {
  auto collection =
      database.CreateCollection(kSampleName, SampleSchema(), {.num_shards = num_shards});
  if (!collection.ok()) return collection;
  constexpr int64_t kBatchRows = 10000;
  for (int64_t begin = 0; begin < num_rows; begin += kBatchRows) {
    const auto inserted =
        (*collection)->Insert(SampleRows(begin, std::min(num_rows, begin + kBatchRows)));
    if (!inserted.ok()) return inserted.status();
  }
  absl::Status status = (*collection)->Flush();
  if (status.ok()) status = (*collection)->CreateIndex("place", {.metric = vecdb::Metric::kL2});
  if (status.ok()) status = (*collection)->WaitForIndex("place");
  if (!status.ok()) return status;
  return collection;
}

}  // namespace sharded_service
