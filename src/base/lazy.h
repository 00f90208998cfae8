#ifndef VECDB_BASE_LAZY_H_
#define VECDB_BASE_LAZY_H_

#include <atomic>
#include <memory>

namespace vecdb::base {

/// A T that takes no memory until somebody needs it: counters of what most collections never do.
/// Thread-safe as far as T is; without a lock.
template <typename T>
class Lazy {
 public:
  Lazy() = default;
  ~Lazy() { delete value_.load(std::memory_order_acquire); }

  Lazy(const Lazy&) = delete;
  Lazy& operator=(const Lazy&) = delete;

  /// Makes it the first time.
  T& Get() {
    T* const value = value_.load(std::memory_order_acquire);
    return value != nullptr ? *value : Make();
  }

  /// Null when nobody has needed it yet.
  const T* Peek() const { return value_.load(std::memory_order_acquire); }

 private:
  T& Make() {
    auto made = std::make_unique<T>();
    T* there = nullptr;
    if (value_.compare_exchange_strong(there, made.get(), std::memory_order_acq_rel)) {
      return *made.release();
    }
    return *there;
  }

  std::atomic<T*> value_ = nullptr;  // released once made; acquired before it is looked at
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_LAZY_H_
