#ifndef DOCSEARCH_HASH_H_
#define DOCSEARCH_HASH_H_

#include <cstdint>
#include <string_view>

namespace docsearch {

inline constexpr uint64_t kHashSeed = 0xcbf29ce484222325ULL;

/// Hashes bytes: the same number in every run and build, so that it can be kept in files. `seed`
/// chains several pieces into one hash. FNV-1a over words of eight bytes, then MurmurHash3's final
/// mix.
uint64_t HashBytes(std::string_view bytes, uint64_t seed = kHashSeed);

}  // namespace docsearch

#endif  // DOCSEARCH_HASH_H_
