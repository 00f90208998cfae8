#ifndef DOCSEARCH_PACK_H_
#define DOCSEARCH_PACK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace docsearch {

/// Writes numbers and text one after another into bytes, in the byte order of the machine: for
/// files that stay on it.
class Packer {
 public:
  void AddNumber(uint64_t number);
  void AddText(std::string_view text);
  void AddFloats(std::span<const float> floats);

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads what a Packer wrote. When the bytes do not suffice, this and all later values are 0 or
/// empty and ok() is false. Text points into the bytes.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  uint64_t Number();
  std::string_view Text();
  std::vector<float> Floats();

  bool ok() const { return ok_; }

 private:
  std::string_view TakeBytes(uint64_t count);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace docsearch

#endif  // DOCSEARCH_PACK_H_
