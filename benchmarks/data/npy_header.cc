#include "data/npy_header.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr uint64_t kMaxHeaderBytes = 1 << 20;

// The text after `'key':` in a dictionary as Python prints it; "" when the key is not there.
std::string_view ValueOf(std::string_view dictionary, std::string_view key) {
  const size_t at = dictionary.find(absl::StrFormat("'%s':", key));
  if (at == dictionary.npos) return {};
  std::string_view rest = dictionary.substr(at + key.size() + 3);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

// Takes a number off the front of `text`.
bool TakeNumber(std::string_view& text, uint64_t* value) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return true;
}

bool TakeText(std::string_view& text, std::string_view wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

bool ParseShape(std::string_view text, NpyHeader* header) {
  return TakeText(text, "(") && TakeNumber(text, &header->num_rows) && TakeText(text, ", ") &&
         TakeNumber(text, &header->dim) && TakeText(text, ")");
}

// The dictionary between the fixed bytes and the values.
absl::StatusOr<std::string> ReadDictionary(InputFile& file) {
  std::array<char, 6> magic{};
  std::array<uint8_t, 2> version{};
  VECDB_RETURN_IF_ERROR(file.ReadInto(magic));
  VECDB_RETURN_IF_ERROR(file.ReadInto(version));
  if (std::string_view(magic.data(), magic.size()) != kMagic) {
    return file.Damaged("it does not begin as NumPy files do");
  }
  if (version[0] != 1 && version[0] != 2) {
    return file.Damaged(absl::StrFormat("NumPy format %d is not 1 or 2", version[0]));
  }
  std::array<uint8_t, 4> length{};
  const size_t length_bytes = version[0] == 1 ? 2 : 4;
  VECDB_RETURN_IF_ERROR(file.Read(length.data(), length_bytes));
  uint64_t header_bytes = 0;
  for (size_t i = length_bytes; i-- > 0;) header_bytes = header_bytes << 8 | length[i];
  if (header_bytes > std::min(file.bytes_left(), kMaxHeaderBytes)) {
    return file.Damaged(absl::StrFormat("a header of %d bytes", header_bytes));
  }
  std::string dictionary(header_bytes, '\0');
  VECDB_RETURN_IF_ERROR(file.Read(dictionary.data(), header_bytes));
  return dictionary;
}

}  // namespace

absl::StatusOr<NpyHeader> ReadNpyHeader(InputFile& file) {
  VECDB_ASSIGN_OR_RETURN(const std::string dictionary, ReadDictionary(file));
  NpyHeader header;
  const std::string_view type = ValueOf(dictionary, "descr");
  if (type.starts_with("'<f4'")) {
    header.value_type = NpyType::kFloat32;
  } else if (type.starts_with("'|u1'")) {
    header.value_type = NpyType::kUint8;
  } else {
    return file.Damaged("its values are neither float32 ('<f4') nor uint8 ('|u1')");
  }
  if (!ValueOf(dictionary, "fortran_order").starts_with("False")) {
    return file.Damaged("its array is not in C order");
  }
  if (!ParseShape(ValueOf(dictionary, "shape"), &header)) {
    return file.Damaged("its array is not two-dimensional");
  }
  return header;
}

}  // namespace vecdb::bench
