#include "crash/pending_oracle.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr int64_t kNoSuchKey = -77;

std::vector<float> VectorOf(int64_t key, uint64_t batch, size_t dim) {
  return GridVector(key * 1'000'003 + static_cast<int64_t>(batch), dim);
}

RowState Applied(RowState rows, const WriteBatch& batch) {
  for (const int64_t key : batch.keys) {
    if (batch.is_delete) {
      rows.erase(key);
    } else {
      rows[key] = batch.number;
    }
  }
  return rows;
}

std::string Describe(const RowState& rows) {
  std::string text;
  for (const auto& [key, batch] : rows) absl::StrAppend(&text, " ", key, ":", batch);
  return text;
}

absl::StatusOr<uint64_t> BatchOfRow(const RowBatch& rows, size_t row, size_t dim) {
  const int64_t key = rows.column("id")->int64s()[row];
  const std::string tag(rows.column("tag")->string(row));
  uint64_t batch = 0;
  if (!absl::SimpleAtoi(tag.substr(std::min<size_t>(1, tag.size())), &batch)) {
    return absl::InternalError(absl::StrFormat("row %d has tag '%s'", key, tag));
  }
  const auto vector = rows.column("v")->vector(row);
  const auto expected = VectorOf(key, batch, dim);
  if (!std::equal(vector.begin(), vector.end(), expected.begin(), expected.end())) {
    return absl::InternalError(
        absl::StrFormat("row %d of batch %d has another vector", key, batch));
  }
  return batch;
}

}  // namespace

RowBatch RowsOfBatch(const Schema& schema, const std::vector<int64_t>& keys, uint64_t batch) {
  const auto dim = static_cast<size_t>(schema.fields[2].dim);
  std::vector<float> vectors;
  vectors.reserve(keys.size() * dim);
  for (const int64_t key : keys) {
    const auto vector = VectorOf(key, batch, dim);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
  }
  RowBatch rows(schema);
  rows.SetInt64("id", keys);
  rows.SetVarChar("tag", std::vector<std::string>(keys.size(), absl::StrCat("b", batch)));
  rows.SetFloatVectors("v", std::move(vectors));
  return rows;
}

absl::StatusOr<RowState> ReadState(const Collection& collection, const Schema& schema,
                                   const std::set<int64_t>& keys) {
  std::vector<int64_t> wanted(keys.begin(), keys.end());
  wanted.push_back(kNoSuchKey);
  VECDB_ASSIGN_OR_RETURN(const RowBatch rows, collection.Get(wanted));
  VECDB_ASSIGN_OR_RETURN(const uint64_t count, collection.Count());
  RowState found;
  for (size_t row = 0; row < rows.num_rows(); ++row) {
    VECDB_ASSIGN_OR_RETURN(const uint64_t batch,
                           BatchOfRow(rows, row, static_cast<size_t>(schema.fields[2].dim)));
    found[rows.column("id")->int64s()[row]] = batch;
  }
  if (rows.num_rows() == count && found.size() == count) return found;
  return absl::InternalError(absl::StrFormat("%d rows of %d keys, and Count says %d",
                                             rows.num_rows(), found.size(), count));
}

Oracle OracleOf(const Schema& schema, const RowState& rows) {
  Oracle oracle(schema);
  std::map<uint64_t, std::vector<int64_t>> keys_of_batch;
  for (const auto& [key, batch] : rows) keys_of_batch[batch].push_back(key);
  for (const auto& [batch, keys] : keys_of_batch) oracle.Put(RowsOfBatch(schema, keys, batch));
  return oracle;
}

void PendingOracle::Begin(const WriteBatch& batch) {
  keys_.insert(batch.keys.begin(), batch.keys.end());
  entries_.push_back({.batch = batch});
}

void PendingOracle::Acknowledge(Durability level) {
  entries_.back().acknowledged = true;
  entries_.back().level = level;
}

void PendingOracle::Refuse() { entries_.pop_back(); }

void PendingOracle::FlushedUpTo(size_t num_batches) {
  num_flushed_ = std::max(num_flushed_, num_batches);
  not_durable_.clear();
}

size_t PendingOracle::num_unanswered() const {
  return static_cast<size_t>(
      std::ranges::count_if(entries_, [](const Entry& entry) { return !entry.acknowledged; }));
}

RowState PendingOracle::Latest() const {
  RowState rows = *bases_.begin();
  for (const Entry& entry : entries_) rows = Applied(std::move(rows), entry.batch);
  return rows;
}

// The entries up to the last that must be there.
size_t PendingOracle::NumRequired(Crash crash) const {
  const Durability least = crash == Crash::kNone   ? Durability::kNone
                           : crash == Crash::kKill ? Durability::kProcessCrash
                                                   : Durability::kSynced;
  size_t required = num_flushed_;
  for (size_t i = required; i < entries_.size(); ++i) {
    if (entries_[i].acknowledged && entries_[i].level >= least) required = i + 1;
  }
  return required;
}

std::set<RowState> PendingOracle::Possible(Crash crash) const {
  const size_t required = NumRequired(crash);
  std::set<RowState> possible;
  if (crash == Crash::kPowerCut && required == 0) possible = not_durable_;
  std::set<RowState> states = bases_;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (i >= required) possible.insert(states.begin(), states.end());
    std::set<RowState> next;
    for (const RowState& state : states) next.insert(Applied(state, entries_[i].batch));
    if (!entries_[i].acknowledged) next.insert(states.begin(), states.end());
    states = std::move(next);
  }
  possible.insert(states.begin(), states.end());
  return possible;
}

absl::Status PendingOracle::Match(const RowState& found, Crash crash) {
  const std::set<RowState> possible = Possible(crash);
  if (!possible.contains(found)) {
    std::string expected;
    for (const RowState& state : possible) absl::StrAppend(&expected, "\n  or", Describe(state));
    return absl::InternalError(
        absl::StrCat("rows by key and batch:\n    ", Describe(found), "\n  are none of", expected));
  }
  // In an open collection nothing has become more durable than it was.
  if (crash == Crash::kNone) return absl::OkStatus();
  not_durable_ = crash == Crash::kKill ? Possible(Crash::kPowerCut) : std::set<RowState>();
  bases_ = {found};
  entries_.clear();
  num_flushed_ = 0;
  return absl::OkStatus();
}

void PendingOracle::GoOnAfter(Crash crash) {
  std::set<RowState> lost;
  if (crash == Crash::kKill) lost = Possible(Crash::kPowerCut);
  bases_ = Possible(crash);
  not_durable_ = std::move(lost);
  entries_.clear();
  num_flushed_ = 0;
}

}  // namespace vecdb::support
