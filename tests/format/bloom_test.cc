#include "format/bloom.h"

#include <gtest/gtest.h>

#include "schema/key.h"

namespace vecdb::format {
namespace {

TEST(BloomTest, FindsEveryKeyThatWasAdded) {
  for (const int64_t keys : {0, 1, 2, 25, 26, 1000, 50000}) {
    std::vector<uint32_t> words = MakeBloom(static_cast<uint64_t>(keys));
    EXPECT_EQ(words.size(), BloomWords(static_cast<uint64_t>(keys)));
    EXPECT_EQ(words.size() % 8, 0u);
    for (int64_t key = 0; key < keys; ++key) BloomAdd(words, schema::KeyHash(key));
    for (int64_t key = 0; key < keys; ++key) {
      ASSERT_TRUE(BloomMayContain(words, schema::KeyHash(key))) << key << " of " << keys;
    }
  }
}

TEST(BloomTest, AboutOneInAHundredOtherKeysIsTakenForOne) {
  constexpr int64_t kKeys = 30000;
  std::vector<uint32_t> words = MakeBloom(kKeys);
  for (int64_t key = 0; key < kKeys; ++key) BloomAdd(words, schema::KeyHash(key));
  int64_t wrong = 0;
  for (int64_t key = kKeys; key < 3 * kKeys; ++key) {
    wrong += BloomMayContain(words, schema::KeyHash(key)) ? 1 : 0;
  }
  EXPECT_GT(wrong, 2 * kKeys / 1000 * 5);   // 0.5 %
  EXPECT_LT(wrong, 2 * kKeys / 1000 * 15);  // 1.5 %
}

TEST(BloomTest, FreshFilterHoldsNothing) {
  const std::vector<uint32_t> words = MakeBloom(1000);
  for (int64_t key = 0; key < 1000; ++key) {
    EXPECT_FALSE(BloomMayContain(words, schema::KeyHash(key)));
  }
}

TEST(BloomTest, MissingFilterHoldsAnything) { EXPECT_TRUE(BloomMayContain({}, 7)); }

TEST(BloomTest, LayoutNeverChanges) {
  // Files hold these bits.
  std::vector<uint32_t> words = MakeBloom(100);
  ASSERT_EQ(words.size(), 24u);
  BloomAdd(words, 0x123456789abcdef0);
  uint64_t sum = 0;
  for (size_t i = 0; i < words.size(); ++i) sum = sum * 31 + words[i];
  EXPECT_EQ(sum, 8192975426010208132u);
}

}  // namespace
}  // namespace vecdb::format
