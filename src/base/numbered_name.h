#ifndef VECDB_BASE_NUMBERED_NAME_H_
#define VECDB_BASE_NUMBERED_NAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vecdb::base {

/// `number` in 20 digits, so that names sort as their numbers, and `suffix`.
std::string NumberedName(uint64_t number, std::string_view suffix);

/// The number in such a name; nullopt for any other.
std::optional<uint64_t> NumberInName(std::string_view name, std::string_view suffix);

}  // namespace vecdb::base

#endif  // VECDB_BASE_NUMBERED_NAME_H_
