#include "journal/log_name.h"

#include "base/numbered_name.h"

namespace vecdb::journal {
namespace {

constexpr std::string_view kSuffix = ".log";

}  // namespace

std::string LogFileName(uint64_t number) { return base::NumberedName(number, kSuffix); }

std::optional<uint64_t> LogFileNumber(std::string_view name) {
  return base::NumberInName(name, kSuffix);
}

}  // namespace vecdb::journal
