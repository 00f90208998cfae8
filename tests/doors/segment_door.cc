// A host that keeps its own catalog and comes in through the Segment door alone. A test looks at
// the symbols of this program: none of the engine, the catalog or the journal may be there.

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vecdb/segment.h"

namespace {

using vecdb::ObjectPath;
using vecdb::Segment;
using vecdb::SegmentInfo;

const vecdb::IndexSpec kSpec{.metric = vecdb::Metric::kL2,
                             .params = vecdb::HnswParams{.m = 8, .ef_construction = 50}};

absl::StatusOr<SegmentInfo> BuildSegment(vecdb::ObjectStore& store, const char* folder,
                                         int64_t first_key, uint64_t timestamp) {
  const vecdb::Schema schema{
      .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                 {.name = "embedding", .type = vecdb::DataType::kFloatVector, .dim = 2}}};
  std::vector<int64_t> ids;
  std::vector<float> vectors;
  for (int64_t key = first_key; key < first_key + 100; ++key) {
    ids.push_back(key);
    vectors.insert(vectors.end(), {static_cast<float>(key), 1});
  }
  vecdb::RowBatch batch(schema);
  batch.SetInt64("id", ids).SetFloatVectors("embedding", std::move(vectors));
  auto builder = vecdb::SegmentBuilder::Make(schema);
  if (!builder.ok()) return builder.status();
  if (absl::Status added = (*builder)->Add(batch, timestamp); !added.ok()) return added;
  if (absl::Status added = (*builder)->AddIndex("embedding", kSpec); !added.ok()) return added;
  return (*builder)->Finish(store, *ObjectPath::Parse(folder));
}

// The key of the row nearest to (x, 1).
absl::StatusOr<int64_t> NearestKey(const Segment& segment, float x) {
  const std::vector<float> query = {x, 1};
  const auto found = segment.Search({.field = "embedding", .vectors = query, .k = 1});
  if (!found.ok()) return found.status();
  const std::vector<uint32_t> rows = {found->rows.at(0).row};
  const std::vector<std::string> fields = {"id"};
  const auto batch = segment.Read(rows, fields);
  if (!batch.ok()) return batch.status();
  return batch->column("id")->int64s()[0];
}

absl::Status Expect(bool condition, const char* what) {
  return condition ? absl::OkStatus() : absl::InternalError(what);
}

absl::Status Run() {
  const auto store = vecdb::MakeMemoryObjectStore();
  const auto first_info = BuildSegment(*store, "segments/1", 0, 10);
  if (!first_info.ok()) return first_info.status();
  const auto second_info = BuildSegment(*store, "segments/2", 1000, 20);
  if (!second_info.ok()) return second_info.status();

  const auto first = Segment::Open(*store, *first_info);
  if (!first.ok()) return first.status();
  const auto nearest = NearestKey(**first, 42.1f);
  if (!nearest.ok()) return nearest.status();
  if (auto status = Expect(*nearest == 42, "nearest before the delete"); !status.ok())
    return status;

  const auto row = (*first)->FindRows({42});
  if (!row.ok()) return row.status();
  const auto deleted_info = (*first)->WithDeletes(*row, 30);
  if (!deleted_info.ok()) return deleted_info.status();
  const auto deleted = Segment::Open(*store, *deleted_info);
  if (!deleted.ok()) return deleted.status();
  const auto second = Segment::Open(*store, *second_info);
  if (!second.ok()) return second.status();

  const std::vector<const Segment*> inputs = {deleted->get(), second->get()};
  const auto merged_info = vecdb::MergeSegments(inputs, *store, *ObjectPath::Parse("segments/3"));
  if (!merged_info.ok()) return merged_info.status();
  // What the host's catalog keeps.
  const auto remembered = SegmentInfo::FromJson(merged_info->ToJson());
  if (!remembered.ok()) return remembered.status();
  const auto merged = Segment::Open(*store, *remembered);
  if (!merged.ok()) return merged.status();
  const auto nearest_merged = NearestKey(**merged, 42.1f);
  if (!nearest_merged.ok()) return nearest_merged.status();
  if (auto status = Expect(*nearest_merged == 43, "nearest after the delete"); !status.ok()) {
    return status;
  }
  return Expect((*merged)->info().num_rows == 199, "rows after the merge");
}

}  // namespace

int main() {
  const absl::Status status = Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
