#include "support/power_cut_file_system.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>

#include "base/power_cut_testing.h"
#include "base/status_macros.h"
#include "support/file_system_contract.h"

namespace vecdb::support {
namespace {

using absl::StatusCode::kUnknown;

using PowerCutFileSystemTest = PowerCutTest;

struct PowerCutFiles {
  std::shared_ptr<FileSystem> Open() { return std::make_shared<PowerCutFileSystem>(); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(PowerCut, FileSystemContract, PowerCutFiles);

struct Image {
  std::shared_ptr<FileSystem> Open() { return PowerCutFileSystem().Cut(1); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(PowerCutImage, FileSystemContract, Image);

TEST_F(PowerCutFileSystemTest, ImageAndOriginalShareNothing) {
  const auto file = DurableFile("f", "text");
  const auto image = files_.KeepAll();
  ASSERT_OK(file->Append(BytesOf("added")));
  ASSERT_OK(file->Sync());
  ASSERT_OK(WriteFile(files_, "g", ""));
  EXPECT_EQ(ContentsOf(*image).size(), 1u);
  EXPECT_EQ(TextOf(*image, "f"), "text");
  ASSERT_OK(image->Unlink("f"));
  EXPECT_EQ(TextOf(files_, "f"), "textadded");
  image->StopAfter(1);
  EXPECT_EQ(CodeOf(image->SyncDirectory("")), kUnknown);
  EXPECT_OK(files_.SyncDirectory(""));
}

TEST_F(PowerCutFileSystemTest, LockDoesNotSurviveButItsFileMay) {
  const auto lock = files_.Lock("l");
  ASSERT_OK(lock);
  EXPECT_EQ(ExistenceOf("l").size(), 2u);
  const auto image = files_.KeepAll();
  EXPECT_TRUE(Exists(*image, "l"));
  EXPECT_OK(image->Lock("l"));
  EXPECT_EQ(CodeOf(files_.Lock("l")), absl::StatusCode::kFailedPrecondition);
}

TEST_F(PowerCutFileSystemTest, FilesKeepTheTimeOfTheirLastWrite) {
  clock_.Set(1000);
  const auto file = DurableFile("f", "text");
  clock_.Set(2000);
  ASSERT_OK(file->Append(BytesOf("added")));
  clock_.Set(3000);
  EXPECT_EQ(files_.List("")->front().modified_ms, 2000);
  const auto image = files_.KeepAll();
  EXPECT_EQ(image->List("")->front().modified_ms, 2000);
  ASSERT_OK(WriteFile(*image, "a", ""));
  EXPECT_EQ(image->List("")->front().modified_ms, 3000);
}

TEST_F(PowerCutFileSystemTest, OpenFilesAndLocksMayOutliveIt) {
  auto files = std::make_shared<PowerCutFileSystem>();
  const auto file = files->CreateFile("f");
  const auto lock = files->Lock("l");
  ASSERT_OK((*file)->Append(BytesOf("text")));
  const auto reader = files->OpenForRead("f");
  const auto image = files->Cut(1);
  files.reset();
  EXPECT_OK((*file)->Append(BytesOf("more")));
  EXPECT_OK((*file)->Sync());
  std::string out(4, '?');
  EXPECT_OK((*reader)->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "text");
}

using Call = std::function<absl::Status()>;

TEST_F(PowerCutFileSystemTest, EveryMutatingCallIsCountedAndCanBeTheOneThatStops) {
  const auto file = DurableFile("f", "text");
  ASSERT_OK(files_.CreateDirectories("empty"));
  const std::map<std::string, Call> calls = {
      {"Append", [&] { return file->Append(BytesOf("x")); }},
      {"Preallocate", [&] { return file->Preallocate(100); }},
      {"Sync", [&] { return file->Sync(); }},
      {"CreateFile", [&] { return files_.CreateFile("new").status(); }},
      {"Link", [&] { return files_.Link("f", "g"); }},
      {"Unlink", [&] { return files_.Unlink("f"); }},
      {"CreateDirectories", [&] { return files_.CreateDirectories("d"); }},
      {"RemoveDirectory", [&] { return files_.RemoveDirectory("empty"); }},
      {"SyncDirectory", [&] { return files_.SyncDirectory(""); }}};
  const auto before = ContentsOf(files_);
  const auto durable_before = ContentsOf(*files_.CutAll());
  for (const auto& [name, call] : calls) {
    files_.StopAfter(1);
    const int num_calls = files_.mutating_calls();
    EXPECT_FALSE(files_.is_off()) << name;
    EXPECT_EQ(CodeOf(call()), kUnknown) << name;
    EXPECT_TRUE(files_.is_off()) << name;
    EXPECT_EQ(files_.mutating_calls(), num_calls) << name;
    EXPECT_EQ(ContentsOf(*files_.KeepAll()), before) << name;
    EXPECT_EQ(ContentsOf(*files_.CutAll()), durable_before) << name;
    files_.Restart();
  }
  for (const char* name : {"Append", "Preallocate", "Sync", "CreateFile", "Link", "Unlink",
                           "CreateDirectories", "RemoveDirectory", "SyncDirectory"}) {
    const int num_calls = files_.mutating_calls();
    EXPECT_OK(calls.at(name)()) << name;
    EXPECT_EQ(files_.mutating_calls(), num_calls + 1) << name;
  }
}

TEST_F(PowerCutFileSystemTest, NothingWorksOnceThePowerIsOff) {
  const auto file = DurableFile("f", "text");
  const auto reader = files_.OpenForRead("f");
  auto lock = files_.Lock("l");
  files_.StopAfter(3);
  EXPECT_OK(file->Append(BytesOf("1")));
  EXPECT_EQ(CodeOf(files_.Unlink("missing")), absl::StatusCode::kNotFound);
  EXPECT_OK(files_.List(""));
  EXPECT_OK((*reader)->ReadAt(0, {}));
  EXPECT_FALSE(files_.is_off());
  EXPECT_EQ(CodeOf(file->Append(BytesOf("2"))), kUnknown);
  EXPECT_EQ(CodeOf(file->Sync()), kUnknown);
  EXPECT_EQ(CodeOf(files_.OpenForRead("f")), kUnknown);
  EXPECT_EQ(CodeOf((*reader)->ReadAt(0, {})), kUnknown);
  EXPECT_EQ(CodeOf(files_.List("")), kUnknown);
  EXPECT_EQ(CodeOf(files_.Lock("l2")), kUnknown);
  EXPECT_EQ(files_.List("").status().message(), "power is off");
  EXPECT_EQ((*reader)->size(), 4u);
  lock->reset();
  EXPECT_EQ(TextOf(*files_.KeepAll(), "f"), "text1");
  EXPECT_EQ(TextOf(*files_.CutAll(), "f"), "text");
}

TEST_F(PowerCutFileSystemTest, StopAfterZeroNeverStops) {
  files_.StopAfter(1);
  files_.StopAfter(0);
  EXPECT_OK(files_.SyncDirectory(""));
  EXPECT_OK(files_.SyncDirectory(""));
}

TEST_F(PowerCutFileSystemTest, RestartFindsWhatIsPendingAndACutMayStillTakeIt) {
  const auto file = DurableFile("f", "text");
  ASSERT_OK(file->Append(BytesOf("added")));
  files_.StopAfter(1);
  EXPECT_EQ(CodeOf(file->Sync()), kUnknown);
  files_.Restart();
  EXPECT_FALSE(files_.is_off());
  EXPECT_EQ(TextOf(files_, "f"), "textadded");
  EXPECT_EQ(TextOf(*files_.CutAll(), "f"), "text");
  EXPECT_OK(files_.SyncDirectory(""));
}

// How a local store publishes an object: whole or not at all.
absl::Status Publish(FileSystem& files, bool with_sync, bool with_directory_sync) {
  VECDB_ASSIGN_OR_RETURN(const auto file, files.CreateFile("temp"));
  const std::string text = Text(2000, 1);
  VECDB_RETURN_IF_ERROR(file->Append(BytesOf(text).first(700)));
  VECDB_RETURN_IF_ERROR(file->Append(BytesOf(text).subspan(700)));
  if (with_sync) VECDB_RETURN_IF_ERROR(file->Sync());
  VECDB_RETURN_IF_ERROR(files.Link("temp", "object"));
  if (with_directory_sync) VECDB_RETURN_IF_ERROR(files.SyncDirectory(""));
  return files.Unlink("temp");
}

struct Outcome {
  bool torn = false;  // an object that is not whole
  bool lost = false;  // a published one that is not there
};

Outcome CutAtEveryStep(bool with_sync, bool with_directory_sync) {
  Outcome outcome;
  for (int n = 1, last = 0; last == 0; ++n) {
    PowerCutFileSystem files;
    files.StopAfter(n);
    const bool published = Publish(files, with_sync, with_directory_sync).ok();
    if (!files.is_off()) last = n;
    for (uint64_t seed = 0; seed < kNumSeeds; ++seed) {
      const auto image = files.Cut(seed);
      const bool exists = Exists(*image, "object");
      outcome.torn |= exists && *ReadFile(*image, "object") != Text(2000, 1);
      outcome.lost |= published && !exists;
    }
  }
  return outcome;
}

TEST(PowerCutProtocolTest, FindsTheSyncThatIsMissing) {
  const Outcome right = CutAtEveryStep(true, true);
  EXPECT_FALSE(right.torn);
  EXPECT_FALSE(right.lost);
  const Outcome no_sync = CutAtEveryStep(false, true);
  EXPECT_TRUE(no_sync.torn);
  EXPECT_FALSE(no_sync.lost);
  const Outcome no_directory_sync = CutAtEveryStep(true, false);
  EXPECT_FALSE(no_directory_sync.torn);
  EXPECT_TRUE(no_directory_sync.lost);
}

}  // namespace
}  // namespace vecdb::support
