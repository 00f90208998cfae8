#include "engine/journal_setup.h"

#include <gtest/gtest.h>

#include "engine/engine_testing.h"
#include "engine/flush.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::Ids;

class JournalSetupTest : public CoreFixture {
 protected:
  Writer writer_{core_.get()};
};

TEST_F(JournalSetupTest, AutoIsADirectoryWhereThereIsOne) {
  Environment environment = environment_;
  EXPECT_EQ(*ResolveJournalPlace(environment, JournalPlace::kAuto), JournalPlace::kObjectStore);
  EXPECT_EQ(CodeOf(ResolveJournalPlace(environment, JournalPlace::kDirectory)),
            absl::StatusCode::kInvalidArgument);
  environment.journal_files = MakeMemoryFileSystem();
  EXPECT_EQ(*ResolveJournalPlace(environment, JournalPlace::kAuto), JournalPlace::kDirectory);
  EXPECT_EQ(*ResolveJournalPlace(environment, JournalPlace::kNone), JournalPlace::kNone);
}

TEST_F(JournalSetupTest, ManifestNamesTheLogBeforeItsFirstRecord) {
  ASSERT_OK(StartJournal(core_.get(), {}));
  ASSERT_OK(StartJournal(core_.get(), {}));  // once is enough
  const format::JournalState state = core_->manifest().journal;
  EXPECT_EQ(state.id, core_->journal()->log_id());
  EXPECT_EQ(state.first_file, 1u);
  EXPECT_EQ(MakeCore()->manifest().journal, state);
}

TEST_F(JournalSetupTest, FlushMovesTheManifestToTheNextFileAndDeletesThoseBefore) {
  ASSERT_OK(StartJournal(core_.get(), {}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(writer_.Insert(Rows(Ids(i * 10, 10)), false, {}, {}));
    ASSERT_OK(Flush(core_.get(), &writer_, {}));
    const format::JournalState state = core_->manifest().journal;
    EXPECT_EQ(state.first_file, state.last_file);
    const auto logs = store_->List(*ObjectPath::Parse("collections/" + id_ + "/journal"));
    EXPECT_EQ(logs->size(), 1u);
  }
  ASSERT_OK(FlushAndEndJournal(core_.get(), &writer_, {}));
  EXPECT_EQ(core_->manifest().journal, format::JournalState());
  EXPECT_TRUE(store_->List(*ObjectPath::Parse("collections/" + id_ + "/journal"))->empty());
}

TEST_F(JournalSetupTest, RecoveryIsTheSameHoweverOftenItIsRepeated) {
  ASSERT_OK(StartJournal(core_.get(), {}));
  ASSERT_OK(writer_.Insert(Rows(Ids(0, 20)), false, {}, {}));
  ASSERT_OK(writer_.Insert(Rows(Ids(10, 20), "new"), true, {}, {}));
  ASSERT_OK(writer_.Delete({0, 29}, {}, {}));
  for (int i = 0; i < 3; ++i) {
    const auto core = MakeCore();
    Writer writer(core.get());
    const auto report = RecoverJournal(core.get(), &writer, {}, {});
    ASSERT_OK(report);
    EXPECT_EQ(report->num_records, 3u);
    EXPECT_EQ(report->num_rows, 40u);
    EXPECT_EQ(report->num_deleted_rows, 12u);
    EXPECT_EQ(core->Read().live_rows, 28u);
    EXPECT_EQ(core->Read().as_of, core_->Read().as_of);
  }
}

TEST_F(JournalSetupTest, RemovingJournalsTakesEveryLogAndForgivesNone) {
  const auto files = MakeMemoryFileSystem();
  EXPECT_OK(RemoveJournals(*files, "collections/a/journal"));
  ASSERT_OK(files->CreateDirectories("collections/a/journal/x"));
  ASSERT_OK(files->CreateDirectories("collections/a/journal/y"));
  ASSERT_OK(files->CreateFile("collections/a/journal/x/1.log"));
  EXPECT_OK(RemoveJournals(*files, "collections/a/journal"));
  EXPECT_EQ(CodeOf(files->List("collections/a/journal")), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vecdb::engine
