#include "base/numbered_name.h"

#include <charconv>
#include <system_error>

#include "base/str_format.h"

namespace vecdb::base {
namespace {

constexpr size_t kDigits = 20;

}  // namespace

std::string NumberedName(uint64_t number, std::string_view suffix) {
  return base::StrFormat("%020d%s", number, suffix);
}

std::optional<uint64_t> NumberInName(std::string_view name, std::string_view suffix) {
  if (name.size() != kDigits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
  uint64_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + kDigits, number);
  if (read.ec != std::errc() || read.ptr != name.data() + kDigits) return std::nullopt;
  return number;
}

}  // namespace vecdb::base
