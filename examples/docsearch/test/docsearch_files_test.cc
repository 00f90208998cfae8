// What docsearch reads from folders and keeps in files.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "docsearch/chunk_table.h"
#include "docsearch/corpus.h"
#include "docsearch/hash.h"
#include "docsearch/options.h"
#include "docsearch/sample.h"
#include "docsearch/sealed_file.h"
#include "docsearch/walk.h"

namespace docsearch {
namespace {

namespace fs = std::filesystem;

// A fresh folder for each test.
class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "docsearch_test_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string Write(const std::string& name, const std::string& contents) {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << contents;
    return path.string();
  }

  fs::path root_;
};

std::string Sentence(int number) {
  const auto letter = static_cast<char>('a' + number % 26);
  return "Sentence about the subject " + std::string(static_cast<size_t>(3 + number / 26), letter) +
         " in rather many plain words.\n";
}

TEST(HashTest, IsTheSameInEveryRunAndBuild) {
  EXPECT_EQ(HashBytes(""), 13331581593930102267ULL);
  EXPECT_EQ(HashBytes("docsearch"), 17344761973884023311ULL);
  EXPECT_NE(HashBytes("ab", HashBytes("c")), HashBytes("b", HashBytes("ca")));
  EXPECT_NE(HashBytes(std::string(1, '\0')), HashBytes(std::string(2, '\0')));
}

TEST(WalkTest, TellsFilesByTheirNames) {
  EXPECT_EQ(KindOf("/usr/include/zlib.h"), FileKind::kCode);
  EXPECT_EQ(KindOf("/usr/include/c++/12/vector"), FileKind::kCode);
  EXPECT_EQ(KindOf("/usr/share/doc/git/README.Debian"), FileKind::kText);
  EXPECT_EQ(KindOf("/usr/share/doc/git/notes.MD"), FileKind::kText);
  EXPECT_EQ(KindOf("/usr/share/doc/git/copyright"), std::nullopt);
  EXPECT_EQ(KindOf("/usr/share/doc/git/changelog.md"), std::nullopt);
  EXPECT_EQ(KindOf("/usr/share/doc/git/logo.png"), std::nullopt);
}

TEST(WalkTest, NamesTheLibraryOfAFile) {
  EXPECT_EQ(SourceName("absl/time/clock.h"), "absl");
  EXPECT_EQ(SourceName("x86_64-linux-gnu/sys/stat.h"), "sys");
  EXPECT_EQ(SourceName("x86_64-linux-gnu/ffi.h"), "ffi");
  EXPECT_EQ(SourceName("zlib.h"), "zlib");
}

TEST_F(FilesTest, WalkListsEachFileOnceAndFollowsNoLinks) {
  const std::string a = Write("a/one.h", "x");
  const std::string b = Write("b/two.txt", "y");
  Write("b/empty.txt", "");
  Write("b/picture.png", "z");
  fs::create_directory_symlink(root_ / "a", root_ / "b/link");
  fs::create_symlink(a, root_ / "b/link.h");
  const auto files =
      WalkFolders({root_.string(), (root_ / "a").string(), (root_ / "none").string()});
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].path, a);
  EXPECT_EQ(files[0].source, "a");
  EXPECT_EQ(files[1].path, b);
  EXPECT_EQ(files[1].size_bytes, 1U);
}

TEST_F(FilesTest, FingerprintChangesWithNameSizeAndTime) {
  const std::string path = Write("a.txt", "one");
  const uint64_t before = Fingerprint(WalkFolders({root_.string()}));
  EXPECT_EQ(Fingerprint(WalkFolders({root_.string()})), before);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(5));
  const uint64_t touched = Fingerprint(WalkFolders({root_.string()}));
  EXPECT_NE(touched, before);
  Write("b.txt", "one");
  EXPECT_NE(Fingerprint(WalkFolders({root_.string()})), touched);
}

TEST(SampleTest, SharesAreLevelAndUseTheTotal) {
  using Sizes = std::vector<size_t>;
  EXPECT_EQ(FairShares(Sizes{10, 2, 100}, 50), (Sizes{10, 2, 38}));
  EXPECT_EQ(FairShares(Sizes{10, 10, 10}, 20), (Sizes{7, 7, 6}));
  EXPECT_EQ(FairShares(Sizes{1, 2, 3}, 100), (Sizes{1, 2, 3}));
  EXPECT_EQ(FairShares(Sizes{5, 5}, 1), (Sizes{1, 0}));
  EXPECT_EQ(FairShares(Sizes{}, 7), Sizes{});
}

TEST_F(FilesTest, CorpusTakesRepeatedTextOnce) {
  Write("a/one.txt", Sentence(1) + "\n");
  Write("b/two.txt", Sentence(1));
  const auto chunks = CutCorpus(WalkFolders({root_.string()}), 100);
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_EQ(chunks[0].source, "a");
}

TEST_F(FilesTest, IdsStayWhileTheTextStays) {
  const std::string path =
      Write("a/one.md", "# First\n" + Sentence(1) + "\n# Second\n" + Sentence(2));
  const auto before = CutCorpus(WalkFolders({root_.string()}), 100);
  Write("a/one.md",
        "# Zero\n" + Sentence(3) + "\n# First\n" + Sentence(1) + "\n# Second\n" + Sentence(2));
  const auto after = CutCorpus(WalkFolders({root_.string()}), 100);
  ASSERT_EQ(before.size(), 2U);
  ASSERT_EQ(after.size(), 3U);
  std::set<int64_t> ids;
  for (const Chunk& chunk : after) ids.insert(chunk.id);
  for (const Chunk& chunk : before) EXPECT_TRUE(ids.contains(chunk.id));
}

TEST_F(FilesTest, SampleIsFairAndDoesNotDependOnWhenItIsThinned) {
  std::string large;
  for (int i = 0; i < 60; ++i) large += "# Title\n" + Sentence(i) + "\n";
  Write("large/one.md", large);
  Write("small/two.md", Sentence(70));
  const auto files = WalkFolders({root_.string()});
  const auto all = CutCorpus(files, 1000);
  const auto sample = CutCorpus(files, 10);
  ASSERT_EQ(all.size(), 61U);
  ASSERT_EQ(sample.size(), 10U);
  size_t large_kept = 0;
  for (const Chunk& chunk : all) {
    if (chunk.source == "small" || large_kept++ < 9) {
      const bool kept = std::any_of(sample.begin(), sample.end(),
                                    [&](const Chunk& other) { return other.id == chunk.id; });
      EXPECT_TRUE(kept);
    }
  }
}

TEST_F(FilesTest, SealedFileComesBackAndEveryDamageIsSeen) {
  const std::string path = (root_ / "file").string();
  EXPECT_TRUE(absl::IsNotFound(ReadSealedFile(path).status()));
  ASSERT_TRUE(WriteSealedFile(path, "first").ok());
  ASSERT_TRUE(WriteSealedFile(path, "contents").ok());
  const auto contents = ReadSealedFile(path);
  ASSERT_TRUE(contents.ok());
  EXPECT_EQ(*contents, "contents");

  const auto size = fs::file_size(path);
  std::string bytes(size, '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(size));
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    Write("file", damaged);
    EXPECT_TRUE(absl::IsDataLoss(ReadSealedFile(path).status())) << "bit flipped in byte " << i;
    Write("file", bytes.substr(0, i));
    EXPECT_TRUE(absl::IsDataLoss(ReadSealedFile(path).status())) << "cut at byte " << i;
  }
}

TEST_F(FilesTest, SealedFileInAMissingFolderIsUnavailable) {
  EXPECT_TRUE(absl::IsUnavailable(WriteSealedFile((root_ / "none/file").string(), "x")));
}

TEST(ChunkTableTest, FindsChunksByIdAndRefusesTruncation) {
  const std::vector<Chunk> chunks = {{-5, "/a", "a", 1, {3, "first text", "int f()"}},
                                     {7, "/b", "b", 2, {9, "second text", ""}}};
  const std::string bytes = ChunkTable::Pack(chunks);
  const auto table = ChunkTable::Unpack(bytes);
  ASSERT_TRUE(table.ok());
  ASSERT_NE(table->Find(-5), nullptr);
  EXPECT_EQ(table->Find(-5)->declaration, "int f()");
  EXPECT_EQ(table->Find(7)->line, 9U);
  EXPECT_EQ(table->Find(0), nullptr);
  EXPECT_EQ(table->entries().size(), 2U);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ChunkTable::Unpack(bytes.substr(0, size)).status())) << size;
  }
}

TEST(OptionsTest, ReadsOptionsAndQuestions) {
  const std::vector<const char*> arguments = {"--limit",       "5",        "what is a mutex",
                                              "--data=/tmp/x", "--folder", "/",
                                              "--source",      "absl",     "-i"};
  const auto options = ParseOptions(arguments);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->limit, 5);
  EXPECT_EQ(options->data, "/tmp/x");
  EXPECT_EQ(options->folders, std::vector<std::string>{"/"});
  EXPECT_EQ(options->source, "absl");
  EXPECT_TRUE(options->interactive);
  EXPECT_EQ(options->questions, std::vector<std::string>{"what is a mutex"});
}

TEST(OptionsTest, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::vector<const char*>> cases = {{"--limit"},
                                                       {"--limit", "0"},
                                                       {"--limit", "101"},
                                                       {"--limit", "3x"},
                                                       {"--max-chunks=-1"},
                                                       {"--max-chunks="},
                                                       {"--folder", "/no/such"},
                                                       {"--unknown"},
                                                       {"--limit=99999999999999999999"}};
  for (const auto& arguments : cases) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseOptions(arguments).status())) << arguments[0];
  }
}

}  // namespace
}  // namespace docsearch
