#ifndef VECDB_SIM_ROW_MODEL_H_
#define VECDB_SIM_ROW_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "support/test_database.h"

namespace vecdb::support {

/// The number of the batch that wrote the row, by key: says all, since a row follows from the two.
using ModelRows = std::map<int64_t, uint64_t>;

inline std::vector<float> ModelVector(int64_t key, uint64_t batch, size_t dim) {
  return GridVector(key * 1'000'003 + static_cast<int64_t>(batch), dim);
}

/// One write: rows of `keys`, or their deletion.
struct ModelBatch {
  uint64_t number = 0;
  bool is_delete = false;
  std::vector<int64_t> keys{};

  ModelRows ApplyTo(ModelRows rows) const {
    for (const int64_t key : keys) {
      if (is_delete) {
        rows.erase(key);
      } else {
        rows[key] = number;
      }
    }
    return rows;
  }
};

/// What has happened to the process and the machine.
enum class ModelCrash { kKill, kPowerCut };

/// What one collection shows, and what it may show after a crash: a prefix of the writes, up to
/// the last that the crash must leave, where a write that was Unknown is there whole or not at all.
/// A value; thread-compatible.
class RowModel {
 public:
  /// What a reader must see now.
  const ModelRows& visible() const { return visible_; }

  void Acknowledge(const ModelBatch& batch, Durability level) {
    visible_ = batch.ApplyTo(std::move(visible_));
    entries_.push_back({.batch = batch, .acknowledged = true, .level = level});
  }
  /// It is not visible, and the next opening may find it.
  void Unclear(const ModelBatch& batch) { entries_.push_back({.batch = batch}); }

  /// Everything acknowledged survives whatever happens.
  void Flushed() { FlushedUpTo(entries_.empty() ? 0 : entries_.back().batch.number); }
  /// The same for the batches up to `number`.
  void FlushedUpTo(uint64_t number) {
    while (num_flushed_ < entries_.size() && entries_[num_flushed_].batch.number <= number) {
      ++num_flushed_;
      not_durable_.clear();
    }
  }

  /// True when a crash may leave `found`, which is what there is from now on.
  bool Match(const ModelRows& found, ModelCrash crash) {
    if (!Possible(crash).contains(found)) return false;
    std::set<ModelRows> may_be_lost;
    if (crash == ModelCrash::kKill) may_be_lost = Possible(ModelCrash::kPowerCut);
    *this = RowModel();
    visible_ = base_ = found;
    not_durable_ = std::move(may_be_lost);
    return true;
  }
  /// What was found is on a disk that has lost nothing.
  void AllDurable() { not_durable_.clear(); }

 private:
  struct Entry {
    ModelBatch batch{};
    bool acknowledged = false;
    Durability level = Durability::kNone;
  };

  size_t NumRequired(ModelCrash crash) const {
    const Durability least =
        crash == ModelCrash::kKill ? Durability::kProcessCrash : Durability::kSynced;
    size_t required = num_flushed_;
    for (size_t i = required; i < entries_.size(); ++i) {
      if (entries_[i].acknowledged && entries_[i].level >= least) required = i + 1;
    }
    return required;
  }

  std::set<ModelRows> Possible(ModelCrash crash) const {
    const size_t required = NumRequired(crash);
    std::set<ModelRows> possible;
    if (crash == ModelCrash::kPowerCut && required == 0) possible = not_durable_;
    std::set<ModelRows> states = {base_};
    for (size_t i = 0; i < entries_.size(); ++i) {
      if (i >= required) possible.insert(states.begin(), states.end());
      std::set<ModelRows> next;
      for (const ModelRows& state : states) next.insert(entries_[i].batch.ApplyTo(state));
      if (!entries_[i].acknowledged) next.insert(states.begin(), states.end());
      states = std::move(next);
    }
    possible.insert(states.begin(), states.end());
    return possible;
  }

  ModelRows visible_;
  ModelRows base_;                   // before the entries
  std::set<ModelRows> not_durable_;  // what a power cut may leave instead, until more is durable
  std::vector<Entry> entries_;
  size_t num_flushed_ = 0;
};

}  // namespace vecdb::support

#endif  // VECDB_SIM_ROW_MODEL_H_
