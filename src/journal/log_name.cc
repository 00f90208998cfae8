#include "journal/log_name.h"

#include <charconv>
#include <system_error>

#include "absl/strings/str_format.h"

namespace vecdb::journal {
namespace {

constexpr size_t kDigits = 20;
constexpr std::string_view kSuffix = ".log";

}  // namespace

std::string LogFileName(uint64_t number) { return absl::StrFormat("%020d%s", number, kSuffix); }

std::optional<uint64_t> LogFileNumber(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  uint64_t number = 0;
  const auto read = std::from_chars(name.data(), name.data() + kDigits, number);
  if (read.ec != std::errc() || read.ptr != name.data() + kDigits) return std::nullopt;
  return number;
}

}  // namespace vecdb::journal
