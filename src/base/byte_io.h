#ifndef VECDB_BASE_BYTE_IO_H_
#define VECDB_BASE_BYTE_IO_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace vecdb::base {

static_assert(std::endian::native == std::endian::little,
              "files are little-endian and mapped as they are");

inline std::span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// The bytes of an array of a trivial type.
template <typename T>
std::span<const std::byte> AsBytes(std::span<const T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(values);
}

/// Appends little-endian values to a string.
class ByteWriter {
 public:
  template <typename T>
  void Put(T value) {
    static_assert(std::is_integral_v<T> || std::is_floating_point_v<T> || std::is_enum_v<T>);
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.append(raw, sizeof(T));
  }
  void PutBytes(std::string_view bytes) { bytes_.append(bytes); }
  void PadTo(size_t alignment) {
    while (bytes_.size() % alignment != 0) bytes_.push_back('\0');
  }

  const std::string& str() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Takes little-endian values from bytes that nobody has checked. A read past the end gives zeros
/// and makes ok() false for good, so a parser may read a whole record and look once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit ByteReader(std::string_view bytes) : bytes_(AsBytes(bytes)) {}

  template <typename T>
  T Get() {
    static_assert(std::is_integral_v<T> || std::is_floating_point_v<T>);
    T value{};
    Copy(&value, sizeof(T));
    return value;
  }

  /// The next `count` bytes, or none when fewer are left.
  std::span<const std::byte> GetBytes(uint64_t count);

  size_t remaining() const { return bytes_.size(); }
  bool ok() const { return ok_; }

 private:
  // Fills `out` with the next bytes, or leaves it alone when fewer are left.
  void Copy(void* out, size_t size);

  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

}  // namespace vecdb::base

#endif  // VECDB_BASE_BYTE_IO_H_
