#ifndef VECDB_BASE_CHECKSUM_H_
#define VECDB_BASE_CHECKSUM_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vecdb::base {

/// XXH3-64 with seed 0: the checksum of every byte that the library writes, and its hash of keys.
uint64_t Xxh3(std::span<const std::byte> bytes);
uint64_t Xxh3(std::string_view bytes);

}  // namespace vecdb::base

#endif  // VECDB_BASE_CHECKSUM_H_
