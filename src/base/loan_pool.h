#ifndef VECDB_BASE_LOAN_POOL_H_
#define VECDB_BASE_LOAN_POOL_H_

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "base/out_of_memory.h"

namespace vecdb::base {

/// Objects lent to one call at a time and kept between calls. Thread-safe.
template <typename T>
class LoanPool {
 public:
  /// An object on loan, given back on destruction.
  class Loan {
   public:
    Loan(LoanPool* pool, std::unique_ptr<T> object) : pool_(pool), object_(std::move(object)) {}
    Loan(Loan&&) = default;
    ~Loan() {
      if (object_ != nullptr) pool_->GiveBack(std::move(object_));
    }
    T* get() const { return object_.get(); }
    T* operator->() const { return object_.get(); }

   private:
    LoanPool* pool_;
    std::unique_ptr<T> object_;
  };

  /// One that was given back, if there is any.
  std::optional<Loan> BorrowFree() {
    MutexLock lock(&mutex_);
    if (free_.empty()) return std::nullopt;
    std::unique_ptr<T> object = std::move(free_.back());
    free_.pop_back();
    return Loan(this, std::move(object));
  }

  /// A new one, which stays in the pool when it is given back.
  Loan Lend(std::unique_ptr<T> object) { return Loan(this, std::move(object)); }

 private:
  // Without memory to keep it, it goes.
  void GiveBack(std::unique_ptr<T> object) {
    OrOutOfMemory([&] {
      MutexLock lock(&mutex_);
      free_.push_back(std::move(object));
    }).IgnoreError();
  }

  Mutex mutex_;  // a leaf
  std::vector<std::unique_ptr<T>> free_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_LOAN_POOL_H_
