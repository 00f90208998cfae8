#ifndef VECDB_JOURNAL_LOG_NAME_H_
#define VECDB_JOURNAL_LOG_NAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vecdb::journal {

/// "00000000000000000042.log".
std::string LogFileName(uint64_t number);

/// The number in such a name; nullopt for any other.
std::optional<uint64_t> LogFileNumber(std::string_view name);

}  // namespace vecdb::journal

#endif  // VECDB_JOURNAL_LOG_NAME_H_
