#include <gtest/gtest.h>

#include "format/golden.h"

namespace vecdb::format {
namespace {

// Test row B1 of the promises: every way in which a disk or a copy damages a file.
class GoldenMutantTest : public ::testing::TestWithParam<const char*> {
 protected:
  // Calls `mutate(expect, good)` for each file of the kind; `expect` takes a mutant and its name.
  template <typename Mutate>
  void ForEachFile(Mutate mutate) {
    size_t num_files = 0;
    for (const char* version : kGoldenVersions) {
      const std::shared_ptr<ObjectStore> store = StoreOf(GoldenFiles(version));
      for (const auto& [name, good] : FilesBelow(version)) {
        if (!name.ends_with(GetParam())) continue;
        const ObjectPath path = PathOf(name);
        const auto whole = ReadWhole(*store, path);
        ASSERT_OK(whole);
        mutate(
            [&](const std::string& bad, size_t number) {
              ExpectRefusedOrSame(*store, path, good, *whole, bad, std::to_string(number));
            },
            good);
        Replace(*store, path, good);
        ++num_files;
      }
    }
    ASSERT_GT(num_files, 0u);
  }
};

TEST_P(GoldenMutantTest, EveryFlippedBit) {
  ForEachFile([](auto expect, const std::string& good) {
    for (size_t bit = 0; bit < good.size() * 8; ++bit) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
      expect(bad, bit);
    }
  });
}

TEST_P(GoldenMutantTest, EveryTruncation) {
  ForEachFile([](auto expect, const std::string& good) {
    for (size_t length = 0; length < good.size(); ++length) expect(good.substr(0, length), length);
  });
}

TEST_P(GoldenMutantTest, EverySectorZeroedOrExchanged) {
  constexpr size_t kSector = 512;
  ForEachFile([](auto expect, const std::string& good) {
    for (size_t a = 0; a + kSector <= good.size(); a += kSector) {
      std::string zeroed = good;
      std::fill_n(zeroed.begin() + static_cast<ptrdiff_t>(a), kSector, '\0');
      expect(zeroed, a);
      for (size_t b = 0; b < a; b += kSector) {
        std::string exchanged = good;
        std::swap_ranges(exchanged.begin() + static_cast<ptrdiff_t>(a),
                         exchanged.begin() + static_cast<ptrdiff_t>(a + kSector),
                         exchanged.begin() + static_cast<ptrdiff_t>(b));
        expect(exchanged, a * good.size() + b);
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Kinds, GoldenMutantTest,
                         ::testing::Values(".vseg", ".vec", ".del", ".idx", "rows", ".json",
                                           ".log"));

}  // namespace
}  // namespace vecdb::format
