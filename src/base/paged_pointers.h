#ifndef VECDB_BASE_PAGED_POINTERS_H_
#define VECDB_BASE_PAGED_POINTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace vecdb::base {

/// An array of up to a million owned objects that never moves, so that readers need no lock while
/// one writer adds to it. An empty one takes 4 KiB.
template <typename T>
class PagedPointers {
 public:
  static constexpr size_t kLeafSlots = 2048;
  static constexpr size_t kRootSlots = 512;
  static constexpr size_t kCapacity = kLeafSlots * kRootSlots;

  PagedPointers() = default;
  PagedPointers(const PagedPointers&) = delete;
  PagedPointers& operator=(const PagedPointers&) = delete;
  ~PagedPointers() {
    for (std::atomic<Leaf*>& slot : root_) {
      Leaf* leaf = slot.load(std::memory_order_relaxed);
      if (leaf == nullptr) continue;
      for (std::atomic<T*>& object : *leaf) delete object.load(std::memory_order_relaxed);
      delete leaf;
    }
  }

  /// The object at `i`, which is below kCapacity; nullptr when none was set.
  T* Get(size_t i) const {
    const Leaf* leaf = root_[i / kLeafSlots].load(std::memory_order_acquire);
    return leaf == nullptr ? nullptr : (*leaf)[i % kLeafSlots].load(std::memory_order_acquire);
  }

  /// Puts an object where there was none. One thread at a time.
  T* Set(size_t i, std::unique_ptr<T> object) {
    std::atomic<Leaf*>& slot = root_[i / kLeafSlots];
    if (slot.load(std::memory_order_relaxed) == nullptr)
      slot.store(new Leaf(), std::memory_order_release);
    T* raw = object.release();
    (*slot.load(std::memory_order_relaxed))[i % kLeafSlots].store(raw, std::memory_order_release);
    return raw;
  }

 private:
  using Leaf = std::array<std::atomic<T*>, kLeafSlots>;  // acquire in Get pairs with release in Set

  std::array<std::atomic<Leaf*>, kRootSlots> root_ = {};
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_PAGED_POINTERS_H_
