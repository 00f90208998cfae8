// What a cut leaves of writes and of names.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/power_cut_testing.h"

namespace vecdb::support {
namespace {

using PowerCutImageTest = PowerCutTest;

enum class Fate { kDropped, kTorn, kKept, kTrashed };

// What became of `written` in `found`, where there were zeros or nothing before.
Fate FateOf(std::string_view written, std::string_view found) {
  size_t num_kept = 0;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == written[i]) {
      ++num_kept;
    } else if (found[i] != '\0') {
      return Fate::kTrashed;
    }
  }
  if (num_kept == 0) return Fate::kDropped;
  return num_kept == written.size() ? Fate::kKept : Fate::kTorn;
}

TEST_F(PowerCutImageTest, PendingWriteIsKeptDroppedTornOrTrashed) {
  const std::string base = Text(1000, 1);
  const std::string added = Text(2048, 2);
  const auto file = DurableFile("f", base);
  ASSERT_OK(file->Append(BytesOf(added)));
  const auto fates = OverSeeds([&](FileSystem& image) {
    const std::string text = *ReadFile(image, "f");
    EXPECT_EQ(text.substr(0, base.size()), base);
    EXPECT_LE(text.size(), base.size() + added.size());
    return FateOf(added, text.substr(base.size()));
  });
  ASSERT_EQ(fates.size(), 4u);
  for (const auto& [fate, count] : fates) EXPECT_GE(count, 20) << static_cast<int>(fate);
}

TEST_F(PowerCutImageTest, LostWriteLeavesZerosOrAShorterFile) {
  const auto file = DurableFile("f", "base");
  ASSERT_OK(file->Append(BytesOf("added")));
  auto texts = TextsOf("f");
  EXPECT_GE(texts["base"], 5);
  EXPECT_GE(texts[std::string("base").append(5, '\0')], 5);
  EXPECT_GE(texts["baseadded"], 5);
  EXPECT_GE(texts["basead"] + texts[std::string("basead").append(3, '\0')], 1);
}

TEST_F(PowerCutImageTest, TornWriteIsAPrefixOrAnySectors) {
  const std::string added = Text(4 * 512, 2);
  const auto file = DurableFile("f", "");
  ASSERT_OK(file->Append(BytesOf(added)));
  int prefixes = 0;
  std::set<std::string> sectors;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    std::string text = *ReadFile(*files_.Cut(seed), "f");
    if (FateOf(added, text) != Fate::kTorn) continue;
    text.resize(added.size());
    const size_t kept = static_cast<size_t>(std::ranges::mismatch(text, added).in1 - text.begin());
    const bool is_prefix = text.find_first_not_of('\0', kept) == std::string::npos;
    if (is_prefix && kept % 512 != 0) {
      ++prefixes;
      continue;
    }
    std::string pattern;
    for (size_t at = 0; at < text.size(); at += 512) {
      const std::string sector = text.substr(at, 512);
      EXPECT_TRUE(sector == added.substr(at, 512) || sector == std::string(512, '\0'));
      pattern += sector[0] == '\0' ? '.' : 'x';
    }
    sectors.insert(pattern);
  }
  EXPECT_GE(prefixes, 20);
  EXPECT_EQ(sectors.size(), 14u);  // all but none and all
}

TEST_F(PowerCutImageTest, WritesMeetTheirFatesIndependently) {
  const std::string first = Text(300, 1);
  const std::string second = Text(300, 2);
  const auto file = DurableFile("f", "");
  ASSERT_OK(file->Append(BytesOf(first)));
  ASSERT_OK(file->Append(BytesOf(second)));
  const auto fates = OverSeeds([&](FileSystem& image) {
    std::string text = *ReadFile(image, "f");
    text.resize(600);
    return std::pair(FateOf(first, text.substr(0, 300)), FateOf(second, text.substr(300)));
  });
  EXPECT_EQ(fates.size(), 16u);
}

TEST_F(PowerCutImageTest, ManyWritesMayAllButOneSurvive) {
  const auto file = DurableFile("f", "");
  const std::string text = Text(20 * 100, 1);
  for (size_t i = 0; i < 20; ++i) ASSERT_OK(file->Append(BytesOf(text).subspan(i * 100, 100)));
  std::set<size_t> damaged_alone;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    std::string found = *ReadFile(*files_.Cut(seed), "f");
    found.resize(text.size());
    std::set<size_t> damaged;
    for (size_t i = 0; i < 20; ++i) {
      if (found.compare(i * 100, 100, text, i * 100, 100) != 0) damaged.insert(i);
    }
    if (damaged.size() == 1) damaged_alone.insert(*damaged.begin());
  }
  EXPECT_GE(damaged_alone.size(), 15u);
}

TEST_F(PowerCutImageTest, TrashMayBeWhatADeletedFileHeld) {
  const std::string old(512, '#');
  DurableFile("old", old);
  ASSERT_OK(files_.Unlink("old"));
  ASSERT_OK(files_.SyncDirectory(""));
  const auto file = DurableFile("f", "");
  ASSERT_OK(file->Append(BytesOf(Text(1024, 1))));
  const auto stale = OverSeeds(
      [&](FileSystem& image) { return ReadFile(image, "f")->find(old) != std::string::npos; });
  EXPECT_EQ(stale.size(), 2u);
}

TEST_F(PowerCutImageTest, SyncedBytesNeverChange) {
  const std::string text = Text(5000, 1);
  const auto file = DurableFile("f", "");
  for (size_t at = 0; at < text.size(); at += 500) {
    ASSERT_OK(file->Append(BytesOf(text).subspan(at, 500)));
    if (at % 1000 == 0) continue;
    ASSERT_OK(file->Sync());
    const std::string so_far = text.substr(0, at + 500);
    const std::map<std::string, int> all = {{so_far, kNumSeeds}};
    EXPECT_EQ(TextsOf("f"), all);
    EXPECT_EQ(TextOf(*files_.CutAll(), "f"), so_far);
  }
}

TEST_F(PowerCutImageTest, PreallocatedBytesAreZerosThatAppendsTakeThePlaceOf) {
  const auto file = files_.CreateFile("f");
  ASSERT_OK(file);
  ASSERT_OK((*file)->Append(BytesOf("ab")));
  ASSERT_OK((*file)->Preallocate(5));
  EXPECT_EQ(TextOf(files_, "f"), std::string("ab").append(3, '\0'));
  ASSERT_OK((*file)->Preallocate(4));
  ASSERT_OK((*file)->Append(BytesOf("cd")));
  EXPECT_EQ(TextOf(files_, "f"), std::string("abcd").append(1, '\0'));
  ASSERT_OK((*file)->Append(BytesOf("efg")));
  EXPECT_EQ(TextOf(files_, "f"), "abcdefg");
}

TEST_F(PowerCutImageTest, PreallocatedGrowthIsKeptLostOrCutShort) {
  const auto file = DurableFile("f", "ab");
  ASSERT_OK(file->Preallocate(1000));
  const auto sizes = OverSeeds([&](FileSystem& image) {
    const std::string text = *ReadFile(image, "f");
    EXPECT_EQ(text, std::string("ab").append(text.size() - 2, '\0'));
    return text.size();
  });
  EXPECT_GE(sizes.begin()->second, 20);
  EXPECT_EQ(sizes.begin()->first, 2u);
  EXPECT_GE(sizes.rbegin()->second, 20);
  EXPECT_EQ(sizes.rbegin()->first, 1000u);
  EXPECT_GE(sizes.size(), 12u);
  ASSERT_OK(file->Sync());
  ASSERT_OK(file->Preallocate(500));
  const std::map<std::string, int> all = {{std::string("ab").append(998, '\0'), kNumSeeds}};
  EXPECT_EQ(TextsOf("f"), all);
  EXPECT_EQ(TextOf(*files_.CutAll(), "f"), all.begin()->first);
}

TEST_F(PowerCutImageTest, WriteIntoSyncedZerosIsTheOnlyPartThatChanges) {
  const std::string added = Text(1200, 1);
  const auto file = DurableFile("f", "ab");
  ASSERT_OK(file->Preallocate(4000));
  ASSERT_OK(file->Sync());
  ASSERT_OK(file->Append(BytesOf(added)));
  const auto fates = OverSeeds([&](FileSystem& image) {
    const std::string text = *ReadFile(image, "f");
    EXPECT_EQ(text.size(), 4000u);
    EXPECT_EQ(text.substr(0, 2), "ab");
    EXPECT_EQ(text.substr(1202), std::string(2798, '\0'));
    return FateOf(added, text.substr(2, 1200));
  });
  EXPECT_EQ(fates.size(), 4u);
}

TEST_F(PowerCutImageTest, NewNameIsDurableOnlyAfterSyncDirectory) {
  ASSERT_OK(WriteFile(files_, "f", "text"));
  const auto texts = TextsOf("f");
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_GE(texts.at("text"), 20);
  EXPECT_GE(texts.at("none"), 20);
  EXPECT_FALSE(Exists(*files_.CutAll(), "f"));
  ASSERT_OK(files_.SyncDirectory(""));
  EXPECT_EQ(TextsOf("f"), (std::map<std::string, int>{{"text", kNumSeeds}}));
}

TEST_F(PowerCutImageTest, SyncedNameSaysNothingOfTheBytes) {
  const auto file = files_.CreateFile("f");
  ASSERT_OK((*file)->Append(BytesOf("text")));
  ASSERT_OK(files_.SyncDirectory(""));
  EXPECT_EQ(TextOf(*files_.CutAll(), "f"), "");
  EXPECT_GE(TextsOf("f").size(), 4u);
}

TEST_F(PowerCutImageTest, SyncDirectorySaysNothingOfTheOneAbove) {
  ASSERT_OK(files_.CreateDirectories("a/b"));
  ASSERT_OK(WriteFile(files_, "a/b/f", "text"));
  ASSERT_OK(files_.SyncDirectory("a/b"));
  EXPECT_TRUE(ContentsOf(*files_.CutAll()).empty());
  const auto kinds = OverSeeds([](FileSystem& image) { return ContentsOf(image).size(); });
  EXPECT_EQ(kinds.size(), 3u);  // nothing, "a", or all three
  EXPECT_EQ(kinds.count(2), 0u);
  ASSERT_OK(files_.SyncDirectory(""));
  EXPECT_EQ(ContentsOf(*files_.CutAll()).size(), 1u);
  ASSERT_OK(files_.SyncDirectory("a"));
  EXPECT_EQ(TextsOf("a/b/f"), (std::map<std::string, int>{{"text", kNumSeeds}}));
}

TEST_F(PowerCutImageTest, PendingUnlinkMayBringTheFileBack) {
  DurableFile("f", "text");
  ASSERT_OK(files_.Unlink("f"));
  const auto texts = TextsOf("f");
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_GE(texts.at("text"), 20);
  EXPECT_GE(texts.at("none"), 20);
  EXPECT_TRUE(Exists(*files_.CutAll(), "f"));
  ASSERT_OK(files_.SyncDirectory(""));
  EXPECT_EQ(ExistenceOf("f"), (std::map<bool, int>{{false, kNumSeeds}}));
}

TEST_F(PowerCutImageTest, PendingRemovalMayBringTheDirectoryBackWithItsFiles) {
  ASSERT_OK(files_.CreateDirectories("d"));
  ASSERT_OK(files_.SyncDirectory(""));
  DurableFile("d/f", "text");
  ASSERT_OK(files_.Unlink("d/f"));
  ASSERT_OK(files_.RemoveDirectory("d"));
  const auto counts = OverSeeds([](FileSystem& image) { return ContentsOf(image).size(); });
  EXPECT_EQ(counts.size(), 3u);  // neither, "d" alone, or both
  EXPECT_EQ(TextOf(*files_.CutAll(), "d/f"), "text");
}

TEST_F(PowerCutImageTest, NameThatIsTakenAnewIsTheOldTheNewOrNone) {
  DurableFile("f", "old");
  ASSERT_OK(files_.Unlink("f"));
  ASSERT_OK(WriteFile(files_, "f", "new"));
  auto texts = TextsOf("f");
  EXPECT_EQ(texts.size(), 3u);
  EXPECT_GE(texts["old"], 10);
  EXPECT_GE(texts["new"], 10);
  EXPECT_GE(texts["none"], 10);
}

TEST_F(PowerCutImageTest, BothNamesOfAFileShowTheSameBytes) {
  const std::string added = Text(2000, 1);
  const auto file = DurableFile("f", "");
  ASSERT_OK(files_.CreateDirectories("d"));
  ASSERT_OK(files_.Link("f", "d/g"));
  ASSERT_OK(files_.SyncDirectory(""));
  ASSERT_OK(file->Append(BytesOf(added)));
  const auto linked = OverSeeds([&](FileSystem& image) {
    if (!Exists(image, "d/g")) return false;
    EXPECT_EQ(TextOf(image, "f"), TextOf(image, "d/g"));
    return true;
  });
  EXPECT_EQ(linked.size(), 2u);
  ASSERT_OK(file->Sync());
  ASSERT_OK(files_.SyncDirectory("d"));
  ASSERT_OK(files_.Unlink("f"));
  EXPECT_EQ(TextsOf("d/g"), (std::map<std::string, int>{{added, kNumSeeds}}));
}

TEST_F(PowerCutImageTest, KeepAllKeepsAndCutAllDropsWhatIsPending) {
  const auto file = DurableFile("f", "text");
  DurableFile("gone", "");
  const auto durable = ContentsOf(files_);
  ASSERT_OK(file->Append(BytesOf("added")));
  ASSERT_OK(file->Preallocate(100));
  ASSERT_OK(files_.Unlink("gone"));
  ASSERT_OK(files_.CreateDirectories("d/e"));
  ASSERT_OK(files_.Link("f", "d/e/g"));
  EXPECT_EQ(ContentsOf(*files_.KeepAll()), ContentsOf(files_));
  EXPECT_EQ(ContentsOf(*files_.CutAll()), durable);
  EXPECT_EQ(ContentsOf(*files_.KeepAll()->CutAll()), ContentsOf(files_));
}

// Leaves something of each kind pending.
void LeavePending(PowerCutFileSystem& files, AppendFile& file) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(file.Append(BytesOf(Text(700, static_cast<uint64_t>(i)))));
    const std::string name = absl::StrCat("d", i);
    ASSERT_OK(files.CreateDirectories(name));
    ASSERT_OK(files.Link("f", base::JoinPath(name, "f")));
  }
  ASSERT_OK(file.Preallocate(10'000));
  ASSERT_OK(files.Unlink("d0/f"));
  ASSERT_OK(files.RemoveDirectory("d0"));
}

TEST_F(PowerCutImageTest, OneHistoryAndSeedGiveOneImageWhichIsAllDurable) {
  const auto file = DurableFile("f", "");
  LeavePending(files_, *file);
  PowerCutFileSystem twin;
  ASSERT_OK(WriteFile(twin, "x", ""));
  std::set<std::map<std::string, std::string>> images;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto image = files_.Cut(seed);
    const auto contents = ContentsOf(*image);
    EXPECT_EQ(ContentsOf(*files_.Cut(seed)), contents) << seed;
    EXPECT_EQ(ContentsOf(*image->CutAll()), contents) << seed;
    EXPECT_EQ(ContentsOf(*image->Cut(seed + 1)), contents) << seed;
    images.insert(contents);
  }
  EXPECT_GE(images.size(), 45u);
}

TEST_F(PowerCutImageTest, TwoRunsOfOneHistoryHaveTheSameImages) {
  PowerCutFileSystem twin(clock_);
  const auto file = DurableFile("f", "");
  auto twin_file = twin.CreateFile("f");
  ASSERT_OK((*twin_file)->Append({}));
  ASSERT_OK((*twin_file)->Sync());
  ASSERT_OK(twin.SyncDirectory(""));
  LeavePending(files_, *file);
  LeavePending(twin, **twin_file);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    EXPECT_EQ(ContentsOf(*files_.Cut(seed)), ContentsOf(*twin.Cut(seed))) << seed;
  }
}

}  // namespace
}  // namespace vecdb::support
