#include "engine/writer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "schema/row_check.h"

namespace vecdb::engine {
namespace {

// Deletes the live rows among `places` at `timestamp`, and counts them.
uint64_t DeleteRows(const View& view, std::span<const std::optional<query::RowPlace>> places,
                    uint64_t timestamp) {
  uint64_t deleted = 0;
  for (const auto& place : places) {
    if (place.has_value() && view.segments[place->segment].deletes()->Set(place->row, timestamp))
      ++deleted;
  }
  return deleted;
}

}  // namespace

absl::Status CheckKeyType(const Schema& schema, const Keys& keys) {
  const FieldSpec& key = schema.fields[schema.primary_key_index()];
  if (keys.is_int64() == (key.type == DataType::kInt64)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("primary key \"%s\" is %s; the keys given are %s", key.name,
                      DataTypeName(key.type), keys.is_int64() ? "Int64" : "VarChar"));
}

absl::StatusOr<std::vector<std::optional<query::RowPlace>>> FindLiveRows(
    const CollectionCore& core, const Snapshot& snapshot, const schema::KeyColumn& keys,
    const Context& context) {
  const auto& segments = snapshot.view->segments;
  std::vector<std::optional<query::RowPlace>> places(keys.size());
  for (size_t i = 0; i < keys.size() && !segments.empty(); ++i) {
    if (i % 256 == 0) VECDB_RETURN_IF_ERROR(context.Check());
    const schema::Key key = keys[i];
    const int32_t shard = key.Shard(core.options().num_shards);
    // Newest first: rows that are looked for again are mostly young.
    for (size_t n = segments.size(); n-- > 0 && !places[i].has_value();) {
      if (segments[n].shard != shard) continue;
      VECDB_ASSIGN_OR_RETURN(const std::optional<uint32_t> row,
                             segments[n].FindRow(key, snapshot.as_of, context));
      if (row.has_value()) places[i] = query::RowPlace{static_cast<uint32_t>(n), *row};
    }
  }
  return places;
}

Writer::Writer(CollectionCore* core)
    : core_(core),
      layout_(*core->schema()),
      growing_(static_cast<size_t>(core->options().num_shards)),
      reserved_(static_cast<size_t>(core->options().num_shards)) {}

absl::StatusOr<std::vector<int64_t>> Writer::MakeKeys(const RowBatch& rows) {
  const Schema& schema = *core_->schema();
  if (!schema.fields[schema.primary_key_index()].auto_id) return std::vector<int64_t>();
  // Timestamps never come twice, so they serve as keys; counting from one keeps them apart in a
  // batch.
  const uint64_t first = core_->clock().Tick(rows.num_rows());
  std::vector<int64_t> keys(rows.num_rows());
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(first + i);
  return keys;
}

absl::Status Writer::ReserveShards(const RowBatch& rows,
                                   std::span<const std::vector<uint32_t>> rows_of_shard) {
  for (size_t shard = 0; shard < growing_.size(); ++shard) {
    if (rows_of_shard[shard].empty()) continue;
    GrowingRows& target = growing_[shard] != nullptr ? growing_[shard] : reserved_[shard];
    if (target == nullptr) {
      target = std::make_shared<segment::GrowingSegment>(core_->schema(), core_->host());
    }
    VECDB_RETURN_IF_ERROR(target->Reserve(rows, rows_of_shard[shard]));
  }
  return absl::OkStatus();
}

// Memory that holds rows: not the free rest of the last chunk, which for a short segment is most.
uint64_t Writer::DataBytes(const segment::GrowingSegment& rows) const {
  const uint64_t chunks = (rows.num_rows() + layout_.chunk_rows() - 1) / layout_.chunk_rows();
  return rows.memory_bytes() - chunks * layout_.chunk_bytes() +
         rows.num_rows() * layout_.row_bytes();
}

void Writer::AppendShards(const RowBatch& rows,
                          std::span<const std::vector<uint32_t>> rows_of_shard,
                          std::span<const int64_t> auto_keys, uint64_t timestamp) {
  uint64_t largest = 0;
  for (size_t shard = 0; shard < growing_.size(); ++shard) {
    if (!rows_of_shard[shard].empty()) {
      if (growing_[shard] == nullptr) {
        growing_[shard] = std::move(reserved_[shard]);
        core_->AddSegment({.shard = static_cast<int32_t>(shard), .growing = growing_[shard]});
      }
      growing_[shard]->Append(rows, rows_of_shard[shard], auto_keys, timestamp);
    }
    if (growing_[shard] != nullptr) largest = std::max(largest, DataBytes(*growing_[shard]));
  }
  largest_growing_bytes_.store(largest, std::memory_order_relaxed);
}

absl::StatusOr<WriteResult> Writer::Insert(const RowBatch& rows, bool replace,
                                           const Context& context) {
  VECDB_RETURN_IF_ERROR(schema::ValidateRows(*core_->schema(), rows));
  VECDB_RETURN_IF_ERROR(schema::CheckNoDuplicateKeys(rows));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  VECDB_ASSIGN_OR_RETURN(std::vector<int64_t> auto_keys, MakeKeys(rows));
  const schema::KeyColumn keys = auto_keys.empty()
                                     ? schema::KeysOf(rows)
                                     : schema::KeyColumn(std::span<const int64_t>(auto_keys));
  const Snapshot snapshot = core_->Read();
  std::vector<std::optional<query::RowPlace>> existing;
  if (auto_keys.empty()) {
    VECDB_ASSIGN_OR_RETURN(existing, FindLiveRows(*core_, snapshot, keys, context));
  }
  std::vector<std::vector<uint32_t>> rows_of_shard(growing_.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!replace && i < existing.size() && existing[i].has_value()) {
      return absl::AlreadyExistsError(absl::StrFormat(
          "row %d of the batch: key %s is in the collection", i, keys[i].ToString()));
    }
    const auto shard = static_cast<size_t>(keys[i].Shard(core_->options().num_shards));
    rows_of_shard[shard].push_back(static_cast<uint32_t>(i));
  }
  VECDB_RETURN_IF_ERROR(ReserveShards(rows, rows_of_shard));
  // Nothing fails from here on.
  WriteResult result{.timestamp = core_->clock().Tick()};
  result.delete_count = DeleteRows(*snapshot.view, existing, result.timestamp);
  AppendShards(rows, rows_of_shard, auto_keys, result.timestamp);
  core_->Publish(result.timestamp,
                 static_cast<int64_t>(rows.num_rows()) - static_cast<int64_t>(result.delete_count));
  result.insert_count = rows.num_rows();
  result.auto_ids = std::move(auto_keys);
  return result;
}

absl::StatusOr<WriteResult> Writer::Delete(const Keys& keys, const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckKeyType(*core_->schema(), keys));
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  VECDB_RETURN_IF_ERROR(core_->WriteError());
  const Snapshot snapshot = core_->Read();
  VECDB_ASSIGN_OR_RETURN(const auto places,
                         FindLiveRows(*core_, snapshot, schema::KeyColumn(keys), context));
  WriteResult result{.timestamp = core_->clock().Tick()};
  result.delete_count = DeleteRows(*snapshot.view, places, result.timestamp);
  core_->Publish(result.timestamp, -static_cast<int64_t>(result.delete_count));
  return result;
}

void Writer::Forget() {
  growing_.assign(growing_.size(), nullptr);
  reserved_.assign(reserved_.size(), nullptr);
}

absl::StatusOr<Snapshot> Writer::Seal(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  for (GrowingRows& growing : growing_) growing = nullptr;
  largest_growing_bytes_.store(0, std::memory_order_relaxed);
  return core_->Read();
}

}  // namespace vecdb::engine
