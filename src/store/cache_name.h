#ifndef VECDB_STORE_CACHE_NAME_H_
#define VECDB_STORE_CACHE_NAME_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vecdb/object_store.h"

namespace vecdb::store {

/// The names of a cache's directory. Nothing in them comes from a store or a manifest: they are
/// digests and numbers.
///
///   objects/<2 digits>/<key>-<size>-<checksum>   an object, whole, and nothing else
///   fetching/<key>                               locked by the process that fetches the object
///   fetching/<key>-<size>-<random id>            what it has fetched so far
///   lock                                         locked while room is made
///   total/<20 digits>                            at most so many bytes are kept or under way
///
/// A file is under objects/ only once all of its bytes were written, and its name says what they
/// must be. Sizes are decimal, the others hexadecimal.
inline constexpr char kCacheObjects[] = "objects";
inline constexpr char kCacheFetching[] = "fetching";
inline constexpr char kCacheLock[] = "lock";
inline constexpr char kCacheTotal[] = "total";

/// 32 hexadecimal digits that stand for an object of a store: 128 bits of a hash of both names.
std::string CacheKeyOf(std::string_view store_name, const ObjectPath& path);

/// What the name of a kept object says.
struct CacheName {
  std::string key{};
  uint64_t size_bytes = 0;
  uint64_t checksum = 0;  // of the checksums of its pieces

  std::string file_name() const;
  std::string folder() const;  // of the file, below the root
  std::string path() const;    // of the file, below the root

  friend bool operator==(const CacheName&, const CacheName&) = default;
};

/// The folder that objects of a key lie in.
std::string CacheFolderOf(std::string_view key);

/// What a file name under objects/ says; nullopt for all that the cache does not give.
std::optional<CacheName> ParseCacheName(std::string_view file_name);

/// What the name of a part says.
struct CachePartName {
  std::string key{};
  uint64_t size_bytes = 0;
  std::string id{};

  std::string path() const;

  friend bool operator==(const CachePartName&, const CachePartName&) = default;
};

std::optional<CachePartName> ParseCachePartName(std::string_view file_name);

/// Whether a file name under fetching/ is that of a key's lock.
bool IsCacheKey(std::string_view file_name);

}  // namespace vecdb::store

#endif  // VECDB_STORE_CACHE_NAME_H_
