#include "crash/workload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "support/oracle.h"
#include "support/power_cut_file_system.h"
#include "support/status_testing.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

// A write without an answer doubles what may be there, so there are only so many.
constexpr size_t kMaxUnanswered = 4;

// An answer that leaves open whether it was done.
bool IsUnclear(const absl::Status& status) {
  return absl::IsUnknown(status) || absl::IsDataLoss(status);
}

absl::Status Differs(std::string_view what, const CollectionModel& model) {
  return absl::InternalError(
      absl::StrFormat("collection %s: %s", absl::StrJoin(model.names, " or "), what));
}

// The name that a collection has come to have; nullopt when it is not there.
absl::StatusOr<std::optional<std::string>> TakeName(const CollectionModel& model,
                                                    std::set<std::string>* names) {
  std::optional<std::string> found;
  for (const std::string& name : model.names) {
    if (names->erase(name) == 0) continue;
    if (found.has_value()) return Differs("has two names", model);
    found = name;
  }
  if (!found.has_value() && !model.may_be_missing) return Differs("is missing", model);
  return found;
}

absl::StatusOr<std::unique_ptr<Collection>> OpenOne(Database& database, const std::string& name,
                                                    CollectionModel* model, Crash crash) {
  model->names = {name};
  model->may_be_missing = false;
  VECDB_ASSIGN_OR_RETURN(auto collection, database.OpenCollection(name));
  VECDB_ASSIGN_OR_RETURN(const RowState found,
                         ReadState(*collection, model->schema, model->rows.keys()));
  if (const absl::Status same = model->rows.Match(found, crash); !same.ok()) {
    return Differs(std::string(same.message()), *model);
  }
  const auto index =
      collection->HasIndex("v") ? CollectionModel::Index::kThere : CollectionModel::Index::kNone;
  if (model->index != index && model->index != CollectionModel::Index::kEither) {
    return Differs("the index is there, or is missing", *model);
  }
  model->index = index;
  return collection;
}

}  // namespace

absl::StatusOr<OpenCollections> OpenAndMatch(Database& database, DatabaseModel* model,
                                             Crash crash) {
  const std::vector<std::string> listed = database.ListCollections();
  std::set<std::string> names(listed.begin(), listed.end());
  OpenCollections open;
  DatabaseModel found;
  for (CollectionModel& one : *model) {
    VECDB_ASSIGN_OR_RETURN(const auto name, TakeName(one, &names));
    if (!name.has_value()) continue;
    VECDB_ASSIGN_OR_RETURN(open[found.size()], OpenOne(database, *name, &one, crash));
    found.push_back(std::move(one));
  }
  if (!names.empty()) {
    return absl::InternalError(
        absl::StrCat("collections that should not be there: ", absl::StrJoin(names, ", ")));
  }
  *model = std::move(found);
  return open;
}

Workload::Workload(std::shared_ptr<FileSystem> files, Options options)
    : files_(std::move(files)), options_(std::move(options)), random_(options_.seed) {}

bool Workload::Succeeded(const absl::Status& status, const char* call) {
  if (!status.ok() && !options_.may_fail()) ADD_FAILURE() << call << ": " << status;
  return status.ok();
}

const Context& Workload::NewContext() {
  context_.cancel = CancelToken::Make();
  return context_;
}

void Workload::Open() {
  if (IsOver()) return;
  auto database =
      Database::Open({.file_system = files_, .host = {.executor = &executor_}}, NewContext());
  if (!Succeeded(database.status(), "Open")) return;
  database_ = *std::move(database);
  DatabaseModel model = model_;
  auto open = OpenAndMatch(*database_, &model, Crash::kKill);
  const bool injected = !open.ok() && !absl::IsInternal(open.status()) && options_.may_fail();
  if (!open.ok()) {
    if (!injected && !IsOver()) ADD_FAILURE() << open.status();
    database_.reset();
    return;
  }
  open_ = *std::move(open);
  model_ = std::move(model);
}

void Workload::Stop() {
  open_.clear();
  database_.reset();
}

void Workload::Kill() {
  if (IsOver()) return;
  Stop();
  Open();
}

void Workload::Close() {
  if (IsOver() || database_ == nullptr) return;
  if (!Succeeded(database_->Close(NewContext()), "Close")) {
    // A collection that takes no writes any more does not keep the database open.
    if (!open_.empty() && !open_.begin()->second->Count().ok()) Stop();
    return;
  }
  for (CollectionModel& model : model_) model.rows.Flushed();
  Stop();
}

Workload::Target Workload::Find(const std::string& name) {
  if (IsOver() || database_ == nullptr) return {};
  for (const auto& [at, collection] : open_) {
    if (model_[at].names.back() == name) return {&model_[at], collection.get()};
  }
  return {};
}

void Workload::Create(const std::string& name, const CollectionOptions& options, int32_t dim) {
  if (IsOver() || database_ == nullptr) return;
  const Schema schema = TaggedSchema(dim);
  auto created = database_->CreateCollection(name, schema, options, NewContext());
  // Opening comes after the commit, so any error may leave it.
  model_.push_back({.names = {name}, .may_be_missing = !created.ok(), .schema = schema});
  if (Succeeded(created.status(), "CreateCollection")) {
    open_[model_.size() - 1] = *std::move(created);
  }
}

void Workload::Rename(const std::string& from, const std::string& to) {
  const Target target = Find(from);
  if (target.model == nullptr) return;
  const absl::Status renamed = database_->RenameCollection(from, to, NewContext());
  if (Succeeded(renamed, "RenameCollection")) {
    target.model->names = {to};
  } else if (IsUnclear(renamed)) {
    target.model->names.insert(target.model->names.begin(), to);
  }
}

void Workload::Drop(const std::string& name) {
  const Target target = Find(name);
  if (target.model == nullptr) return;
  const absl::Status dropped = database_->DropCollection(name, NewContext());
  const auto at = static_cast<size_t>(target.model - model_.data());
  if (Succeeded(dropped, "DropCollection")) {
    open_.erase(at);
    // Its place stays, so that those of the others do.
    target.model->names = {};
    target.model->may_be_missing = true;
  } else if (IsUnclear(dropped)) {
    target.model->may_be_missing = true;
  }
}

std::vector<int64_t> Workload::OldKeys(const CollectionModel& model, size_t count) {
  std::vector<int64_t> keys;
  for (const auto& [key, batch] : model.rows.Latest()) keys.push_back(key);
  random_.Shuffle(keys);
  keys.resize(std::min(keys.size(), count));
  return keys;
}

void Workload::AddNewKeys(size_t count, std::vector<int64_t>* keys) {
  for (size_t i = 0; i < count; ++i) keys->push_back(++num_keys_);
}

void Workload::Insert(const std::string& name, size_t num_rows, Durability level) {
  WriteBatch batch;
  AddNewKeys(num_rows, &batch.keys);
  Write(name, std::move(batch), false, level);
}

void Workload::Upsert(const std::string& name, size_t num_rows, Durability level) {
  const Target target = Find(name);
  if (target.model == nullptr) return;
  WriteBatch batch{.keys = OldKeys(*target.model, (num_rows + 1) / 2)};
  AddNewKeys(num_rows - batch.keys.size(), &batch.keys);
  Write(name, std::move(batch), true, level);
}

void Workload::Delete(const std::string& name, size_t num_rows, Durability level) {
  const Target target = Find(name);
  if (target.model == nullptr) return;
  WriteBatch batch{.is_delete = true, .keys = OldKeys(*target.model, num_rows)};
  batch.keys.push_back(1'000'000 + static_cast<int64_t>(random_.Below(10)));  // not there
  Write(name, std::move(batch), false, level);
}

void Workload::Write(const std::string& name, WriteBatch batch, bool replace, Durability level) {
  const Target target = Find(name);
  if (target.model == nullptr || target.model->rows.num_unanswered() >= kMaxUnanswered) return;
  batch.number = ++num_batches_;
  target.model->rows.Begin(batch);
  const WriteOptions options{.durability = level};
  absl::StatusOr<WriteResult> result;
  if (batch.is_delete) {
    // By key and by filter in turn.
    result = batch.number % 2 == 0
                 ? target.collection->Delete(batch.keys, options, NewContext())
                 : target.collection->DeleteWhere(RowFilter("id in {keys}", {{"keys", batch.keys}}),
                                                  options, NewContext());
  } else {
    const RowBatch rows = RowsOfBatch(target.model->schema, batch.keys, batch.number);
    result = replace ? target.collection->Upsert(rows, options, NewContext())
                     : target.collection->Insert(rows, options, NewContext());
  }
  NoteAnswer(result, target.model);
}

void Workload::NoteAnswer(const absl::StatusOr<WriteResult>& result, CollectionModel* model) {
  if (Succeeded(result.status(), "write")) {
    ++num_acknowledged_;
    model->rows.Acknowledge(result->durability);
  } else if (!absl::IsUnknown(result.status())) {
    model->rows.Refuse();
  }
}

void Workload::Ingest(const std::string& name, size_t num_rows) {
  const Target target = Find(name);
  if (target.model == nullptr || target.model->rows.num_unanswered() >= kMaxUnanswered) return;
  WriteBatch batch{.number = ++num_batches_};
  AddNewKeys(num_rows, &batch.keys);
  const std::shared_ptr<ObjectStore> elsewhere = MakeMemoryObjectStore();
  const auto builder = *SegmentBuilder::Make(target.model->schema);
  ASSERT_OK(builder->Add(RowsOfBatch(target.model->schema, batch.keys, batch.number)));
  const auto segment = builder->Finish(*elsewhere, *ObjectPath::Parse("built"));
  ASSERT_OK(segment);
  target.model->rows.Begin(batch);
  NoteAnswer(target.collection->IngestSegment(*elsewhere, *segment, NewContext()), target.model);
}

void Workload::Flush(const std::string& name) {
  const Target target = Find(name);
  if (target.model == nullptr) return;
  if (Succeeded(target.collection->Flush(NewContext()), "Flush")) target.model->rows.Flushed();
}

void Workload::CreateIndex(const std::string& name, const IndexSpec& spec) {
  const Target target = Find(name);
  if (target.model == nullptr) return;
  const absl::Status created = target.collection->CreateIndex("v", spec, NewContext());
  if (absl::IsAlreadyExists(created) && target.model->index != CollectionModel::Index::kNone) {
    return;
  }
  if (Succeeded(created, "CreateIndex")) {
    target.model->index = CollectionModel::Index::kThere;
  } else if (IsUnclear(created)) {
    target.model->index = CollectionModel::Index::kEither;
  }
}

void Workload::DropIndex(const std::string& name) {
  const Target target = Find(name);
  if (target.model == nullptr || target.model->index == CollectionModel::Index::kNone) return;
  const absl::Status dropped = target.collection->DropIndex("v", NewContext());
  if (Succeeded(dropped, "DropIndex")) {
    target.model->index = CollectionModel::Index::kNone;
  } else if (IsUnclear(dropped)) {
    target.model->index = CollectionModel::Index::kEither;
  }
}

void Workload::WaitForIndex(const std::string& name) {
  const Target target = Find(name);
  if (target.model == nullptr || target.model->index != CollectionModel::Index::kThere) return;
  Succeeded(target.collection->WaitForIndex("v", NewContext()), "WaitForIndex");
}

void Workload::Compact(const std::string& name) {
  const Target target = Find(name);
  if (target.model == nullptr) return;
  const auto id = target.collection->Compact({}, NewContext());
  if (!Succeeded(id.status(), "Compact")) return;
  Succeeded(target.collection->WaitForCompaction(*id, NewContext()), "WaitForCompaction");
}

void Workload::RunBehind() {
  if (!IsOver()) executor_.RunAll();
}

void Workload::RandomStep(const std::string& name) {
  const size_t num_rows = 1 + random_.Below(8);
  const auto level = static_cast<Durability>(1 + random_.Below(3));
  const uint64_t dice = random_.Below(100);
  if (dice < 25) return Insert(name, num_rows, level);
  if (dice < 50) return Upsert(name, num_rows, level);
  if (dice < 62) return Delete(name, num_rows, level);
  if (dice < 72) return Flush(name);
  if (dice < 78) return RunBehind();
  if (dice < 82) return CreateIndex(name, random_.OneIn(2) ? Flat() : Hnsw());
  if (dice < 85) return DropIndex(name);
  if (dice < 87) return Compact(name);
  if (dice < 95) return Kill();
  Close();
  Open();
}

void Workload::CheckOpen() {
  for (const auto& [at, collection] : open_) {
    const CollectionModel& model = model_[at];
    const auto found = ReadState(*collection, model.schema, model.rows.keys());
    ASSERT_OK(found);
    PendingOracle rows = model.rows;
    EXPECT_OK(rows.Match(*found, Crash::kNone));
  }
}

namespace {

OracleSearch SearchOf(const CollectionModel& model, uint64_t seed) {
  return {.field = "v",
          .vectors = GridVector(static_cast<int64_t>(seed),
                                static_cast<size_t>(model.schema.fields[2].dim))};
}

void ExpectRowsAndSearch(const CollectionModel& model, Collection& collection, uint64_t seed) {
  const Oracle oracle = OracleOf(model.schema, model.rows.Latest());
  ExpectSameRows(oracle, collection);
  if (model.index != CollectionModel::Index::kThere) return;
  if (oracle.size() < 1000) {
    ExpectSameSearch(oracle, collection, SearchOf(model, seed));
  } else {
    ExpectSoundSearch(oracle, collection, SearchOf(model, seed));
  }
}

// A batch that replaces, one that deletes and, by `seed`, an index and a flush.
void WriteMore(CollectionModel* model, Collection& collection, uint64_t seed) {
  const RowState before = model->rows.Latest();
  const uint64_t number = 1'000'000 + seed % 1000;
  std::vector<int64_t> keys = {2'000'000, 2'000'001, 2'000'002};
  if (!before.empty()) keys.push_back(before.begin()->first);
  model->rows.Begin({.number = number, .keys = keys});
  ASSERT_OK(collection.Upsert(RowsOfBatch(model->schema, keys, number),
                              {.durability = Durability::kSynced}));
  model->rows.Acknowledge(Durability::kSynced);
  model->rows.Begin({.number = number + 1, .is_delete = true, .keys = {keys[1]}});
  ASSERT_OK(collection.Delete(Keys{keys[1]}, {.durability = Durability::kSynced}));
  model->rows.Acknowledge(Durability::kSynced);
  if (model->index == CollectionModel::Index::kNone && seed % 3 == 0) {
    ASSERT_OK(collection.CreateIndex("v", Flat()));
    model->index = CollectionModel::Index::kThere;
  }
  if (seed % 4 == 1) {
    ASSERT_OK(collection.Flush());
  }
  ExpectRowsAndSearch(*model, collection, seed);
}

}  // namespace

void ExpectRecovery(const std::shared_ptr<PowerCutFileSystem>& files, DatabaseModel model,
                    Crash crash, uint64_t seed) {
  ManualExecutor executor;
  const DatabaseOptions options{.file_system = files, .host = {.executor = &executor}};
  {
    auto database = Database::Open(options);
    ASSERT_OK(database);
    const auto open = OpenAndMatch(**database, &model, crash);
    ASSERT_OK(open);
    for (const auto& [at, collection] : *open) {
      ExpectRowsAndSearch(model[at], *collection, seed);
      if (seed % 2 == 1) WriteMore(&model[at], *collection, seed);
    }
    if (seed % 8 < 3) executor.RunAll();
  }
  if (::testing::Test::HasFailure()) return;
  const auto again = seed % 8 == 7 ? files->Cut(seed) : files->CutAll();
  DatabaseOptions again_options = options;
  again_options.file_system = again;
  auto database = Database::Open(again_options);
  ASSERT_OK(database);
  EXPECT_OK(OpenAndMatch(**database, &model, Crash::kPowerCut));
}

}  // namespace vecdb::support
