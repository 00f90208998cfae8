#include "store/cache_name.h"

#include <array>
#include <charconv>

#include "base/checksum.h"
#include "base/file_path.h"
#include "base/random_id.h"
#include "base/str_format.h"

namespace vecdb::store {
namespace {

constexpr size_t kChecksumDigits = 16;

// A number in exactly the digits that the cache writes, so that each file has one name.
std::optional<uint64_t> NumberOf(std::string_view text, int base) {
  uint64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

// The three parts of a name; the first is a key.
std::optional<std::array<std::string_view, 3>> Split(std::string_view name) {
  const size_t first = name.find('-');
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = name.find('-', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::array<std::string_view, 3> parts = {
      name.substr(0, first), name.substr(first + 1, second - first - 1), name.substr(second + 1)};
  if (!base::IsRandomId(parts[0])) return std::nullopt;
  return parts;
}

}  // namespace

std::string CacheKeyOf(std::string_view store_name, const ObjectPath& path) {
  // The length tells where the one name ends; the first letter makes two hashes of 64 bits.
  std::string text = base::StrFormat("a%d:%s/%s", store_name.size(), store_name, path.str());
  const uint64_t high = base::Xxh3(text);
  text.front() = 'b';
  return base::StrFormat("%016x%016x", high, base::Xxh3(text));
}

std::string CacheFolderOf(std::string_view key) {
  return base::JoinPath(kCacheObjects, key.substr(0, 2));
}

std::string CacheName::file_name() const {
  return base::StrFormat("%s-%d-%016x", key, size_bytes, checksum);
}

std::string CacheName::folder() const { return CacheFolderOf(key); }

std::string CacheName::path() const { return base::JoinPath(folder(), file_name()); }

std::optional<CacheName> ParseCacheName(std::string_view file_name) {
  const auto parts = Split(file_name);
  if (!parts.has_value() || (*parts)[2].size() != kChecksumDigits) return std::nullopt;
  const auto size_bytes = NumberOf((*parts)[1], 10);
  const auto checksum = NumberOf((*parts)[2], 16);
  if (!size_bytes.has_value() || !checksum.has_value()) return std::nullopt;
  CacheName name{.key = std::string((*parts)[0]), .size_bytes = *size_bytes, .checksum = *checksum};
  if (name.file_name() != file_name) return std::nullopt;
  return name;
}

std::string CachePartName::path() const {
  return base::JoinPath(kCacheFetching, base::StrFormat("%s-%d-%s", key, size_bytes, id));
}

std::optional<CachePartName> ParseCachePartName(std::string_view file_name) {
  const auto parts = Split(file_name);
  if (!parts.has_value() || !base::IsRandomId((*parts)[2])) return std::nullopt;
  const auto size_bytes = NumberOf((*parts)[1], 10);
  if (!size_bytes.has_value()) return std::nullopt;
  return CachePartName{
      .key = std::string((*parts)[0]), .size_bytes = *size_bytes, .id = std::string((*parts)[2])};
}

bool IsCacheKey(std::string_view file_name) { return base::IsRandomId(file_name); }

}  // namespace vecdb::store
