#include "engine/writer.h"

#include <algorithm>
#include <limits>
#include <list>
#include <optional>
#include <utility>

#include "base/out_of_memory.h"
#include "base/sabotage.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "query/rows_by_key.h"
#include "schema/row_check.h"

namespace vecdb::engine {
namespace {

// Records from this size on are written before their rows are put in memory; smaller ones wait for
// others to be written with.
constexpr size_t kLargeRecordBytes = size_t{64} << 10;
constexpr size_t kLookAhead = 8;  // keys

// Takes the memory that DeleteRows needs.
void ReserveDeletes(const View& view, std::span<const std::optional<query::RowPlace>> places) {
  for (const auto& place : places) {
    if (place.has_value()) view.segments[place->segment].deletes()->Reserve(place->row);
  }
}

// Deletes the live rows among `places` at `timestamp`, and counts them. Of a record that is
// replayed those count, too, that an earlier reading of it has deleted: segments are shared by the
// states that a reader goes through.
uint64_t DeleteRows(const View& view, std::span<const std::optional<query::RowPlace>> places,
                    uint64_t timestamp, bool is_replayed) {
  uint64_t deleted = 0;
  for (const auto& place : places) {
    if (!place.has_value()) continue;
    base::DeleteTimes& deletes = *view.segments[place->segment].deletes();
    if (deletes.Set(place->row, timestamp) ||
        (is_replayed && deletes.at(place->row) == timestamp)) {
      ++deleted;
    }
  }
  return deleted;
}

// A row that is named twice is deleted once.
void RemoveRepeated(KeyPlaces* places) {
  std::erase(*places, std::nullopt);
  const auto order = [](const auto& a, const auto& b) {
    return std::pair(a->segment, a->row) < std::pair(b->segment, b->row);
  };
  std::sort(places->begin(), places->end(), order);
  const auto same = [](const auto& a, const auto& b) {
    return a->segment == b->segment && a->row == b->row;
  };
  places->erase(std::unique(places->begin(), places->end(), same), places->end());
}

uint64_t CountTrue(const std::vector<bool>& flags) {
  return static_cast<uint64_t>(std::count(flags.begin(), flags.end(), true));
}

// Of the last keys there are as many zeros more as Prefetch looks ahead.
std::vector<uint64_t> HashesOf(const schema::KeyColumn& keys) {
  std::vector<uint64_t> hashes(keys.size() + 2 * kLookAhead);
  for (size_t i = 0; i < keys.size(); ++i) hashes[i] = keys[i].Hash();
  return hashes;
}

// Growing rows of all shards, which are few: a key lies in memory by chance, and a batch would wait
// for each.
void Prefetch(std::span<const query::SegmentView> segments, std::span<const uint64_t> hashes,
              size_t i) {
  for (const query::SegmentView& segment : segments) {
    if (segment.growing == nullptr) continue;
    segment.growing->PrefetchKeys(hashes[i + 2 * kLookAhead], hashes[i + kLookAhead]);
  }
}

}  // namespace

absl::Status CheckKeyType(const Schema& schema, const Keys& keys) {
  const FieldSpec& key = schema.fields[schema.primary_key_index()];
  if (keys.is_int64() == (key.type == DataType::kInt64)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("primary key \"%s\" is %s; the keys given are %s", key.name,
                      DataTypeName(key.type), keys.is_int64() ? "Int64" : "VarChar"));
}

absl::StatusOr<KeyPlaces> FindLiveRows(const CollectionCore& core, const View& view, uint64_t as_of,
                                       const schema::KeyColumn& keys, const Context& context) {
  const auto& segments = view.segments;
  KeyPlaces places(keys.size());
  if (segments.empty()) return places;
  const std::vector<uint64_t> hashes = HashesOf(keys);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (i % 256 == 0) VECDB_RETURN_IF_ERROR(context.Check());
    Prefetch(segments, hashes, i);
    const schema::Key key = keys[i];
    const int32_t shard = key.Shard(core.options().num_shards);
    // Newest first: rows that are looked for again are mostly young.
    for (size_t n = segments.size(); n-- > 0 && !places[i].has_value();) {
      if (segments[n].shard != shard) continue;
      VECDB_ASSIGN_OR_RETURN(const std::optional<uint32_t> row,
                             segments[n].FindRow(key, as_of, context));
      if (row.has_value()) places[i] = query::RowPlace{static_cast<uint32_t>(n), *row};
    }
  }
  return places;
}

Writer::Writer(CollectionCore* core)
    : core_(core),
      growing_(static_cast<size_t>(core->options().num_shards)),
      reserved_(static_cast<size_t>(core->options().num_shards)),
      host_sequence_(core->manifest().host_sequence) {
  const Snapshot snapshot = core->Read();
  last_.timestamp = snapshot.as_of;
  last_.live_rows = snapshot.live_rows;
}

std::vector<int64_t> Writer::MakeKeys(const RowBatch& rows) {
  const Schema& schema = *core_->schema();
  if (!schema.fields[schema.primary_key_index()].auto_id) return {};
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
    if (growing_[shard] != nullptr) largest = std::max(largest, growing_[shard]->data_bytes());
  }
  largest_growing_bytes_.store(largest, std::memory_order_relaxed);
}

absl::StatusOr<WriteResult> Writer::Insert(const RowBatch& rows, bool replace,
                                           const WriteOptions& options, const Context& context) {
  VECDB_RETURN_IF_ERROR(schema::ValidateRows(*core_->schema(), rows));
  VECDB_RETURN_IF_ERROR(schema::CheckNoDuplicateKeys(rows));
  VECDB_RETURN_IF_ERROR(format::CheckRecordSize(rows));
  std::vector<int64_t> auto_keys = MakeKeys(rows);
  const Batch batch{.kind = replace && auto_keys.empty() ? format::WriteKind::kUpsert
                                                         : format::WriteKind::kInsert,
                    .rows = &rows,
                    .keys = auto_keys.empty()
                                ? schema::KeysOf(rows)
                                : schema::KeyColumn(std::span<const int64_t>(auto_keys)),
                    .auto_keys = auto_keys,
                    .keys_are_new = !auto_keys.empty()};
  std::optional<journal::PendingRecord> record;
  if (const std::shared_ptr<journal::Journal> log = core_->journal(); log != nullptr) {
    record.emplace();
    record->bytes =
        format::EncodeRows(batch.kind, rows, auto_keys, options.host_sequence,
                           format::kLogFrameBytes, &record->payload_bytes, log->TakeBuffer());
  }
  VECDB_ASSIGN_OR_RETURN(WriteResult result, Write(batch, std::move(record), options, context));
  if (!result.already_applied) result.auto_ids = std::move(auto_keys);
  return result;
}

absl::StatusOr<WriteResult> Writer::Delete(const Keys& keys, const WriteOptions& options,
                                           const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckKeyType(*core_->schema(), keys));
  const Batch batch{.kind = format::WriteKind::kDelete, .keys = schema::KeyColumn(keys)};
  VECDB_RETURN_IF_ERROR(format::CheckRecordSize(batch.keys));
  return Write(batch, DeleteRecord(batch.keys, options), options, context);
}

std::optional<journal::PendingRecord> Writer::DeleteRecord(const schema::KeyColumn& keys,
                                                           const WriteOptions& options) const {
  if (core_->journal() == nullptr) return std::nullopt;
  journal::PendingRecord record;
  record.bytes = format::EncodeDelete(keys, options.host_sequence, format::kLogFrameBytes,
                                      &record.payload_bytes);
  return record;
}

absl::StatusOr<WriteResult> Writer::DeleteWhere(const query::BoundFilter& filter,
                                                const WriteOptions& options,
                                                const Context& context) {
  RowBatch keys(core_->schema());
  return WriteInTurn(options, context,
                     [&] { return PrepareDelete(filter, options, context, &keys); });
}

// Rows that have been applied and are not visible yet are found, too, and so are expired ones.
absl::StatusOr<Writer::Turn> Writer::PrepareDelete(const query::BoundFilter& filter,
                                                   const WriteOptions& options,
                                                   const Context& context, RowBatch* keys) const {
  Turn turn{.batch = {.kind = format::WriteKind::kDelete}};
  turn.prepared.view = core_->Read().view;
  const query::RowQuery query{.segments = turn.prepared.view->segments,
                              .as_of = last_.timestamp,
                              .filter = filter,
                              .by_key = false,
                              .limit = std::numeric_limits<uint64_t>::max()};
  VECDB_ASSIGN_OR_RETURN(const auto places, query::FindRows(query, context));
  turn.prepared.changes = !places.empty();
  if (places.empty()) return turn;
  const size_t key_column = core_->schema()->primary_key_index();
  VECDB_ASSIGN_OR_RETURN(*keys, query::FetchRows(core_->schema(), query.segments, places,
                                                 std::span(&key_column, 1), context));
  turn.batch.keys = schema::KeysOf(*keys);
  VECDB_RETURN_IF_ERROR(format::CheckRecordSize(turn.batch.keys));
  turn.record = DeleteRecord(turn.batch.keys, options);
  turn.prepared.existing.assign(places.begin(), places.end());
  VECDB_ASSIGN_OR_RETURN(const std::vector<bool> expired,
                         FindExpiredNow(*turn.prepared.view, turn.prepared.existing, context));
  turn.prepared.num_expired = CountTrue(expired);
  return turn;
}

absl::StatusOr<WriteResult> Writer::Write(const Batch& batch,
                                          std::optional<journal::PendingRecord> record,
                                          const WriteOptions& options, const Context& context) {
  return WriteInTurn(options, context, [&]() -> absl::StatusOr<Turn> {
    VECDB_ASSIGN_OR_RETURN(Prepared prepared, Prepare(batch, context));
    return Turn{.batch = batch, .prepared = std::move(prepared), .record = std::move(record)};
  });
}

// A journal that has failed, for whoever it was, takes no further record.
absl::Status Writer::CheckJournal() {
  const std::shared_ptr<journal::Journal> log = core_->journal();
  if (log != nullptr && !log->error().ok()) core_->RefuseWrites(log->error());
  return core_->WriteError();
}

// `prepare` does all that can fail, once no other batch is applied.
template <typename PrepareTurn>
absl::StatusOr<WriteResult> Writer::WriteInTurn(const WriteOptions& options, const Context& context,
                                                PrepareTurn prepare) {
  if (options.host_sequence == 0u) {
    return absl::InvalidArgumentError("host_sequence 0: positions in the host's log count from 1");
  }
  WriteResult result;
  AppliedWrite applied;
  std::list<AppliedWrite> listed(1);
  {
    VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
    VECDB_RETURN_IF_ERROR(CheckJournal());
    if (options.host_sequence.has_value() && *options.host_sequence <= host_sequence_) {
      return WriteResult{.timestamp = last_.timestamp, .already_applied = true};
    }
    VECDB_ASSIGN_OR_RETURN(Turn turn, prepare());
    ReserveDeletes(*turn.prepared.view, turn.prepared.existing);
    AppliedWrite next = last_;
    next.timestamp = core_->clock().Tick();
    next.level = Durability::kNone;
    if (turn.record.has_value() && turn.prepared.changes) {
      next.level = options.durability.value_or(core_->options().durability);
      turn.record->sequence = next.timestamp;
      AppendToJournal(*std::move(turn.record), &next);
    }
    // Nothing fails from here on.
    last_ = next;
    result = Apply(turn.batch, turn.prepared);
    if (options.host_sequence.has_value()) host_sequence_ = *options.host_sequence;
    listed.front() = applied = last_;
    core_->Applied(std::move(listed));
  }
  const absl::Status visible =
      base::OrOutOfMemory([&] { return core_->AwaitVisible(applied, context); });
  if (absl::IsResourceExhausted(visible)) {
    return base::ErrorOrCode(absl::StatusCode::kUnknown,
                             "the write has been applied, and memory ran out before it was known "
                             "to be visible");
  }
  VECDB_RETURN_IF_ERROR(visible);
  result.durability = applied.level;
  return result;
}

// Gives the batch its place, or without memory for that throws and changes nothing. The disk works
// on a large record while its rows are put in memory.
void Writer::AppendToJournal(journal::PendingRecord record, AppliedWrite* batch) {
  const std::shared_ptr<journal::Journal> log = core_->journal();
  const bool large = record.bytes.size() >= kLargeRecordBytes;
  batch->ticket = log->Append(std::move(record));
  if (large && batch->level == Durability::kSynced) log->StartWriting();
}

absl::StatusOr<WriteResult> Writer::WriteAlone(
    uint64_t num_rows, const std::function<absl::Status(uint64_t timestamp)>& commit,
    const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  VECDB_RETURN_IF_ERROR(CheckJournal());
  if (has_news_ && core_->journal() == nullptr) {
    return absl::FailedPreconditionError(
        "rows were written since the last Flush, and there is no journal to keep them");
  }
  AppliedWrite earlier = last_;
  earlier.level = Durability::kSynced;
  VECDB_RETURN_IF_ERROR(core_->AwaitVisible(earlier, context));
  std::list<AppliedWrite> listed(1);
  const uint64_t timestamp = core_->clock().Tick();
  VECDB_RETURN_IF_ERROR(commit(timestamp));
  last_.timestamp = timestamp;
  last_.level = Durability::kNone;  // it is durable, and in no record
  last_.live_rows += num_rows;
  listed.front() = last_;
  core_->Applied(std::move(listed));
  VECDB_RETURN_IF_ERROR(core_->AwaitVisible(last_, {}));
  return WriteResult{
      .insert_count = num_rows, .timestamp = timestamp, .durability = Durability::kSynced};
}

absl::Status Writer::ShowCommitted(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  uint64_t newest = last_.timestamp;
  for (const format::ManifestSegment& segment : core_->manifest().segments) {
    newest = std::max(newest, segment.info.max_timestamp);
  }
  if (newest == last_.timestamp) return absl::OkStatus();
  core_->clock().Observe(newest);
  std::list<AppliedWrite> listed(1);
  last_.timestamp = newest;
  last_.level = Durability::kNone;
  listed.front() = last_;
  core_->Applied(std::move(listed));
  return core_->AwaitVisible(last_, context);
}

absl::StatusOr<WriteResult> Writer::Replay(const format::WriteRecord& record, uint64_t timestamp,
                                           const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  // An insert may have taken the place of rows that had expired by then.
  const bool may_replace = record.kind == format::WriteKind::kInsert &&
                           RowsExpire(core_->options()) &&
                           !core_->schema()->fields[core_->schema()->primary_key_index()].auto_id;
  const Batch batch{.kind = may_replace ? format::WriteKind::kUpsert : record.kind,
                    .rows = record.kind == format::WriteKind::kDelete ? nullptr : &record.rows,
                    .keys = schema::KeysOf(record.rows),
                    .keys_are_new = !may_replace && record.kind == format::WriteKind::kInsert};
  core_->clock().Observe(timestamp);
  last_.timestamp = timestamp - 1;  // segments may have rows since the record before
  VECDB_ASSIGN_OR_RETURN(Prepared prepared, Prepare(batch, context));
  if (core_->read_only()) RemoveRepeated(&prepared.existing);
  ReserveDeletes(*prepared.view, prepared.existing);
  std::list<AppliedWrite> listed(1);
  last_.timestamp = timestamp;
  const WriteResult result = Apply(batch, prepared, core_->read_only());
  // Rows that are in no view are not to be shown in part.
  VECDB_RETURN_IF_ERROR(core_->ViewError());
  host_sequence_ = std::max(host_sequence_, record.host_sequence.value_or(0));
  listed.front() = last_;
  core_->Applied(std::move(listed));
  VECDB_RETURN_IF_ERROR(core_->AwaitVisible(last_, context));
  return result;
}

absl::StatusOr<std::vector<bool>> Writer::FindExpiredNow(const View& view, const KeyPlaces& places,
                                                         const Context& context) const {
  return FindExpired(view, places, AliveFrom(core_->options(), core_->NowMillis()), context);
}

// Later batches find the keys of earlier ones that are not visible yet. Rows that have expired
// count as none, and go all the same: a clock that goes back must not show two rows of one key.
absl::Status Writer::FindExisting(const Batch& batch, const Context& context,
                                  Prepared* prepared) const {
  if (batch.keys_are_new) return absl::OkStatus();
  VECDB_ASSIGN_OR_RETURN(KeyPlaces existing, FindLiveRows(*core_, *prepared->view, last_.timestamp,
                                                          batch.keys, context));
  VECDB_ASSIGN_OR_RETURN(const std::vector<bool> expired,
                         FindExpiredNow(*prepared->view, existing, context));
  for (size_t i = 0; i < existing.size() && batch.kind == format::WriteKind::kInsert; ++i) {
    if (!existing[i].has_value() || expired[i]) continue;
    return absl::AlreadyExistsError(base::StrFormat(
        "row %d of the batch: key %s is in the collection", i, batch.keys[i].ToString()));
  }
  prepared->existing = std::move(existing);
  prepared->num_expired = CountTrue(expired);
  return absl::OkStatus();
}

// Does all that can fail.
absl::StatusOr<Writer::Prepared> Writer::Prepare(const Batch& batch, const Context& context) {
  Prepared prepared{.view = core_->Read().view};
  VECDB_RETURN_IF_ERROR(FindExisting(batch, context, &prepared));
  prepared.changes =
      batch.rows != nullptr || std::any_of(prepared.existing.begin(), prepared.existing.end(),
                                           [](const auto& place) { return place.has_value(); });
  if (batch.rows == nullptr) return prepared;
  prepared.rows_of_shard.resize(growing_.size());
  for (size_t i = 0; i < batch.keys.size(); ++i) {
    const auto shard = static_cast<size_t>(batch.keys[i].Shard(core_->options().num_shards));
    prepared.rows_of_shard[shard].push_back(static_cast<uint32_t>(i));
  }
  VECDB_RETURN_IF_ERROR(ReserveShards(*batch.rows, prepared.rows_of_shard));
  return prepared;
}

// Applies a batch at last_.timestamp, beyond what readers see.
WriteResult Writer::Apply(const Batch& batch, const Prepared& prepared, bool is_replayed) {
  WriteResult result{.timestamp = last_.timestamp};
  const uint64_t deleted =
      DeleteRows(*prepared.view, prepared.existing, last_.timestamp, is_replayed);
  result.delete_count = deleted - prepared.num_expired;
  if (batch.rows != nullptr) {
    AppendShards(*batch.rows, prepared.rows_of_shard, batch.auto_keys, last_.timestamp);
    result.insert_count = batch.rows->num_rows();
  }
  last_.live_rows += result.insert_count - deleted;
  has_news_ |= prepared.changes;
  return result;
}

void Writer::Forget() {
  growing_.assign(growing_.size(), nullptr);
  reserved_.assign(reserved_.size(), nullptr);
}

absl::StatusOr<Writer::Sealed> Writer::Seal(const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto pass, core_->write_gate().Enter(context));
  if (has_news_) {
    AppliedWrite all = last_;
    all.level = Durability::kSynced;
    VECDB_RETURN_IF_ERROR(core_->AwaitVisible(all, context));
    if (const std::shared_ptr<journal::Journal> log = core_->journal(); log != nullptr) {
      const absl::Status begun = log->BeginFile(context);
      VECDB_RETURN_IF_ERROR(CheckJournal());
      VECDB_RETURN_IF_ERROR(begun);
    }
    last_.ticket = 0;
    has_news_ = false;
  }
  if (base::Sabotaged(6)) return Sealed{.snapshot = core_->Read(), .host_sequence = host_sequence_};
  Sealed sealed{.snapshot = core_->Read(), .host_sequence = host_sequence_};
  for (GrowingRows& growing : growing_) {
    if (growing == nullptr) continue;
    ++sealed.num_segments;
    sealed.num_rows += growing->num_rows();
    sealed.num_bytes += growing->memory_bytes();
    growing = nullptr;
  }
  largest_growing_bytes_.store(0, std::memory_order_relaxed);
  // All is visible, and later batches get later times: what is flushed is complete up to now, which
  // tells readers without the journal how late it is.
  sealed.snapshot.as_of = core_->clock().Tick();
  return sealed;
}

}  // namespace vecdb::engine
