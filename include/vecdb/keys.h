#ifndef VECDB_KEYS_H_
#define VECDB_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace vecdb {

/// Primary keys, as an argument of a call: all Int64 or all VarChar. Borrows what it is made from.
///
///     docs->Delete({1, 2, 3});
///     docs->Get(ids);                 // std::vector<int64_t> or std::vector<std::string>
class Keys {
 public:
  Keys(std::span<const int64_t> keys) : keys_(keys) {}                // NOLINT: implicit by design
  Keys(std::span<const std::string> keys) : keys_(keys) {}            // NOLINT
  Keys(const std::vector<int64_t>& keys) : keys_(std::span(keys)) {}  // NOLINT
  Keys(const std::vector<std::string>& keys) : keys_(std::span(keys)) {}  // NOLINT
  Keys(std::initializer_list<int64_t> keys)                               // NOLINT
      : keys_(std::span<const int64_t>(keys.begin(), keys.size())) {}
  Keys(std::initializer_list<std::string> keys)  // NOLINT
      : keys_(std::span<const std::string>(keys.begin(), keys.size())) {}

  bool is_int64() const { return keys_.index() == 0; }
  std::span<const int64_t> int64s() const { return std::get<0>(keys_); }
  std::span<const std::string> strings() const { return std::get<1>(keys_); }
  size_t size() const { return is_int64() ? int64s().size() : strings().size(); }

 private:
  std::variant<std::span<const int64_t>, std::span<const std::string>> keys_;
};

}  // namespace vecdb

#endif  // VECDB_KEYS_H_
