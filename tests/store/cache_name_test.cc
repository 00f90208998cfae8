#include "store/cache_name.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/store_testing.h"

namespace vecdb::store {
namespace {

using support::PathOf;

TEST(CacheNameTest, KeysTellStoresAndPathsApart) {
  std::set<std::string> keys;
  for (const auto& [store, path] :
       {std::pair("a", "b/c"), std::pair("a/b", "c"), std::pair("a", "b"), std::pair("ab", "c"),
        std::pair("a", "bc"), std::pair("a:1", "c"), std::pair("", "c")}) {
    const std::string key = CacheKeyOf(store, PathOf(path));
    EXPECT_TRUE(IsCacheKey(key)) << key;
    EXPECT_TRUE(keys.insert(key).second) << store << " " << path;
  }
  EXPECT_EQ(CacheKeyOf("a", PathOf("b")), CacheKeyOf("a", PathOf("b")));
}

TEST(CacheNameTest, NamesAreReadAsTheyAreWritten) {
  const std::string key = CacheKeyOf("s", PathOf("p"));
  for (uint64_t number : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
    const CacheName name{.key = key, .size_bytes = number, .checksum = number};
    EXPECT_EQ(ParseCacheName(name.file_name()), name);
    EXPECT_EQ(name.path(), "objects/" + key.substr(0, 2) + "/" + name.file_name());
    const CachePartName part{.key = key, .size_bytes = number, .id = CacheKeyOf("", PathOf("i"))};
    EXPECT_EQ(ParseCachePartName(part.path().substr(9)), part);
    EXPECT_EQ(ParseCacheName(part.path().substr(9)), std::nullopt);
    EXPECT_EQ(ParseCachePartName(name.file_name()), std::nullopt);
  }
}

TEST(CacheNameTest, OtherNamesAreNotTheCaches) {
  const std::string key = "0123456789abcdef0123456789abcdef";
  EXPECT_NE(ParseCacheName(key + "-12-0123456789abcdef"), std::nullopt);
  for (const std::string& name : {std::string(),
                                  std::string("-"),
                                  std::string("--"),
                                  key,
                                  key + "-",
                                  key + "--",
                                  key + "-12",
                                  key + "-12-",
                                  key + "-12-0123456789abcde",
                                  key + "-12-0123456789abcdeff",
                                  key + "-012-0123456789abcdef",
                                  key + "-+1-0123456789abcdef",
                                  key + "-x-0123456789abcdef",
                                  key + "--0123456789abcdef",
                                  key + "-18446744073709551616-0123456789abcdef",
                                  key + "-12-0123456789ABCDEF",
                                  key + "-12-0123456789abcdeg",
                                  key.substr(1) + "-12-0123456789abcdef",
                                  "../" + key + "-12-0123456789abcdef",
                                  key + "-12-0123456789abcdef.tmp"}) {
    EXPECT_EQ(ParseCacheName(name), std::nullopt) << name;
    EXPECT_EQ(ParseCachePartName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace vecdb::store
