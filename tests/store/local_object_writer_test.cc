#include "store/local_object_writer.h"

#include <gtest/gtest.h>

#include "support/fault_file_system.h"
#include "support/file_io.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::support {
namespace {

using Calls = std::vector<std::string>;

class LocalObjectWriterTest : public ::testing::Test {
 protected:
  // Empties everything, as if it had been started anew.
  void Reset() {
    files_ = MakeMemoryFileSystem();
    injector_ = std::make_shared<FaultInjector>();
    store_ = OpenLocalObjectStore(std::make_shared<FaultFileSystem>(files_, injector_)).value();
  }

  void SetUp() override { Reset(); }

  // What a process that opens the files afterwards finds: "none", "whole", or something else.
  std::string ObjectAfterwards() {
    const auto store = OpenLocalObjectStore(files_).value();
    const auto text = GetObject(*store, path_, kNoLimit);
    if (text.ok()) return *text == text_ ? "whole" : "damaged";
    return absl::IsNotFound(text.status()) ? "none" : text.status().ToString();
  }

  const ObjectPath path_ = PathOf("a/b/o");
  const std::string text_ = std::string(200000, 'x').append("end");
  std::shared_ptr<FileSystem> files_;
  std::shared_ptr<FaultInjector> injector_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(LocalObjectWriterTest, SyncsBytesThenLinksThenSyncsNamesUpToTheRoot) {
  ASSERT_OK(PutObject(*store_, path_, text_));
  EXPECT_EQ(injector_->calls(), (Calls{"CreateFile", "CreateDirectories", "CreateFile", "Append",
                                       "Sync", "Link", "CreateDirectories", "Link", "SyncDirectory",
                                       "SyncDirectory", "SyncDirectory", "Unlink"}));
}

TEST_F(LocalObjectWriterTest, SecondObjectOfADirectorySyncsThatDirectoryOnly) {
  ASSERT_OK(PutObject(*store_, PathOf("a/b/first"), "x"));
  injector_->Disarm();
  ASSERT_OK(PutObject(*store_, path_, text_));
  EXPECT_EQ(injector_->calls(),
            (Calls{"CreateFile", "Append", "Sync", "Link", "SyncDirectory", "Unlink"}));
}

TEST_F(LocalObjectWriterTest, DirectoryThatSomebodyElseMadeIsSyncedUpToTheRoot) {
  ASSERT_OK(files_->CreateDirectories("a/b"));
  ASSERT_OK(files_->CreateDirectories(".tmp"));
  ASSERT_OK(PutObject(*store_, path_, text_));
  EXPECT_EQ(injector_->calls(), (Calls{"CreateFile", "Append", "Sync", "Link", "SyncDirectory",
                                       "SyncDirectory", "SyncDirectory", "Unlink"}));
}

TEST_F(LocalObjectWriterTest, DirectoryThatADeleteRemovedIsSyncedAgain) {
  ASSERT_OK(PutObject(*store_, path_, text_));
  ASSERT_OK(store_->Delete(path_));
  injector_->Disarm();
  ASSERT_OK(PutObject(*store_, path_, text_));
  EXPECT_EQ(injector_->calls(),
            (Calls{"CreateFile", "Append", "Sync", "Link", "CreateDirectories", "Link",
                   "SyncDirectory", "SyncDirectory", "SyncDirectory", "Unlink"}));
}

TEST_F(LocalObjectWriterTest, DirectoryThatSomebodyElseRemovedIsSyncedAgain) {
  ASSERT_OK(PutObject(*store_, path_, text_));
  ASSERT_OK(files_->Unlink("a/b/o"));
  ASSERT_OK(files_->RemoveDirectory("a/b"));
  injector_->Arm({.call = "SyncDirectory", .nth = 2});
  EXPECT_EQ(CodeOf(PutObject(*store_, path_, text_)), absl::StatusCode::kDataLoss);
  // That sync failed, so the next object has to try it again.
  injector_->Arm({.call = "SyncDirectory", .nth = 2});
  EXPECT_EQ(CodeOf(PutObject(*store_, PathOf("a/b/p"), text_)), absl::StatusCode::kDataLoss);
}

TEST_F(LocalObjectWriterTest, SmallAppendsAreGatheredAndLargeOnesAreNotCopied) {
  auto writer = store_->Create(path_);
  ASSERT_OK(writer);
  injector_->Disarm();
  for (int i = 0; i < 1000; ++i) ASSERT_OK((*writer)->Append(BytesOf("0123456789")));
  EXPECT_EQ(injector_->calls(), Calls());
  ASSERT_OK((*writer)->Append(BytesOf(text_)));
  EXPECT_EQ(injector_->calls(), (Calls{"Append", "Append"}));
}

TEST_F(LocalObjectWriterTest, EveryFailingStepLeavesTheWholeObjectOrNone) {
  ASSERT_OK(PutObject(*store_, path_, text_));
  const Calls calls = injector_->calls();
  for (size_t i = 0; i < calls.size(); ++i) {
    for (const FaultMode mode :
         {FaultMode::kFailBefore, FaultMode::kFailAfter, FaultMode::kShortAppend}) {
      SCOPED_TRACE(calls[i] + ", step " + std::to_string(i) + ", mode " +
                   std::to_string(static_cast<int>(mode)));
      Reset();
      injector_->Arm({.nth = static_cast<int>(i) + 1, .mode = mode});
      const absl::Status put = PutObject(*store_, path_, text_);
      const bool linked = i > 7 || (i == 7 && mode == FaultMode::kFailAfter);
      EXPECT_EQ(ObjectAfterwards(), linked ? "whole" : "none");
      // Removing the temporary file may fail, every other step counts.
      EXPECT_EQ(put.ok(), calls[i] == "Unlink") << put;
      if (linked && !put.ok()) {
        EXPECT_EQ(CodeOf(put), calls[i] == "SyncDirectory" ? absl::StatusCode::kDataLoss
                                                           : absl::StatusCode::kUnknown);
      }

      // The store goes on, and the next writer's lock clears what was left behind.
      const absl::Status again = PutObject(*store_, path_, text_);
      EXPECT_EQ(CodeOf(again), linked ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kOk);
      const auto next = OpenLocalObjectStore(files_).value();
      EXPECT_OK(next->Lock());
      EXPECT_TRUE(files_->List(".tmp")->empty());
    }
  }
}

TEST_F(LocalObjectWriterTest, FailuresThatAreDefiniteKeepTheirCode) {
  for (const auto code : {absl::StatusCode::kResourceExhausted, absl::StatusCode::kPermissionDenied,
                          absl::StatusCode::kFailedPrecondition}) {
    for (const char* call : {"CreateFile", "Append", "Sync", "Link"}) {
      Reset();
      ASSERT_OK(PutObject(*store_, PathOf("a/b/first"), "x"));
      injector_->Arm({.call = call, .error = absl::Status(code, "injected")});
      EXPECT_EQ(CodeOf(PutObject(*store_, path_, text_)), code) << call;
      EXPECT_EQ(ObjectAfterwards(), "none");
    }
  }
}

TEST_F(LocalObjectWriterTest, FullDiskInSyncDirectoryIsDataLossAllTheSame) {
  injector_->Arm({.call = "SyncDirectory", .error = absl::ResourceExhaustedError("injected")});
  EXPECT_EQ(CodeOf(PutObject(*store_, path_, text_)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ObjectAfterwards(), "whole");
}

TEST_F(LocalObjectWriterTest, DirectoryIsNotTakenForDurableAfterAFailedSync) {
  injector_->Arm({.call = "SyncDirectory", .nth = 3});
  ASSERT_EQ(CodeOf(PutObject(*store_, path_, text_)), absl::StatusCode::kDataLoss);
  injector_->Arm({.call = "SyncDirectory", .nth = 3});
  EXPECT_EQ(CodeOf(PutObject(*store_, PathOf("a/b/second"), "x")), absl::StatusCode::kDataLoss);
}

TEST_F(LocalObjectWriterTest, WriterMayOutliveItsStore) {
  auto writer = store_->Create(path_);
  ASSERT_OK(writer);
  store_.reset();
  ASSERT_OK((*writer)->Append(BytesOf(text_)));
  EXPECT_OK((*writer)->Finish());
  EXPECT_EQ(ObjectAfterwards(), "whole");
}

}  // namespace
}  // namespace vecdb::support
