#ifndef VECDB_BASE_READER_GATE_H_
#define VECDB_BASE_READER_GATE_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/mutex.h"

namespace vecdb::base {

/// Lets any number of readers in together, or one writer alone. Not reentrant.
///
/// The writer waits for a moment without readers, and keeps none out meanwhile. Where none comes,
/// it shuts the gate as soon as those inside have come a moment ago, so that nobody waits for the
/// rest of a long visit; only a visit of a second is waited for by all.
class ReaderGate {
 public:
  /// Inside, for a scope, together with other readers.
  class Visit {
   public:
    explicit Visit(ReaderGate* gate) : gate_(gate), turn_(gate->Enter()) {}
    ~Visit() { gate_->Leave(turn_); }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;

   private:
    ReaderGate* const gate_;
    const size_t turn_;
  };

  /// Inside, for a scope, alone. One thread at a time asks for it.
  class Alone {
   public:
    explicit Alone(ReaderGate* gate) : gate_(gate) { gate_->EnterAlone(); }
    ~Alone() { gate_->LeaveAlone(); }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

   private:
    ReaderGate* const gate_;
  };

 private:
  size_t Enter();
  void Leave(size_t turn);
  void EnterAlone();
  void LeaveAlone();
  void WaitATurn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsEmpty() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return inside_[0] + inside_[1] == 0;
  }

  Mutex mutex_;  // a leaf
  CondVar opened_;
  CondVar emptied_;
  bool shut_ ABSL_GUARDED_BY(mutex_) = false;
  bool awaited_ ABSL_GUARDED_BY(mutex_) = false;  // by a writer
  // Readers inside, by the turn in which they came: this one or the one before.
  std::array<uint64_t, 2> inside_ ABSL_GUARDED_BY(mutex_) = {};
  size_t turn_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_READER_GATE_H_
