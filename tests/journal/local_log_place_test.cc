#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "journal/journal_testing.h"
#include "support/power_cut_file_system.h"

// The one of two places of journal/log_place.h that is a directory.

namespace vecdb::journal {
namespace {

constexpr uint64_t kRoom = 4096;

class LocalLogPlaceTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<AppendFile>> Create(uint64_t number, std::string_view bytes) {
    return place_->Create(number, base::AsBytes(bytes), kRoom);
  }

  const std::shared_ptr<FileSystem> files_ = MakeMemoryFileSystem();
  const std::unique_ptr<LogPlace> place_ = MakeLocalLogPlace(files_, kFolder);
};

TEST_F(LocalLogPlaceTest, FileHasItsFirstBytesAndWhatIsAppended) {
  auto file = Create(7, "header");
  ASSERT_OK(file);
  ASSERT_NE(*file, nullptr);
  EXPECT_TRUE(place_->grows());
  ASSERT_OK((*file)->Append(base::AsBytes("+more")));
  const auto read = place_->Read(7, {}, {});
  ASSERT_OK(read);
  EXPECT_EQ(ToText(read->bytes()).substr(0, 11), "header+more");
}

TEST_F(LocalLogPlaceTest, RoomIsMade) {
  support::PowerCutFileSystem files;
  const std::shared_ptr<FileSystem> borrowed(std::shared_ptr<void>(), &files);
  ASSERT_OK(MakeLocalLogPlace(borrowed, kFolder)->Create(1, base::AsBytes("header"), kRoom));
  EXPECT_EQ(BytesOfFile(files, 1), std::string("header").append(kRoom - 6, '\0'));
}

TEST_F(LocalLogPlaceTest, FilesAreListedByNumber) {
  EXPECT_TRUE(NumbersIn(*place_).empty());  // there is no directory yet
  for (const uint64_t number : {11u, 2u, 100u}) ASSERT_OK(Create(number, "header"));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{2, 11, 100}));
  EXPECT_GE(place_->List({})->front().size_bytes, 6u);
}

TEST_F(LocalLogPlaceTest, OtherNamesAreNotListed) {
  ASSERT_OK(Create(1, "header"));
  const std::string folder = kFolder;
  ASSERT_OK(files_->CreateFile(folder + "/00000000000000000002.log.tmp"));
  ASSERT_OK(files_->CreateFile(folder + "/readme"));
  ASSERT_OK(files_->CreateDirectories(folder + "/00000000000000000003.log"));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{1}));
}

TEST_F(LocalLogPlaceTest, MissingFileIsNotFound) {
  EXPECT_EQ(CodeOf(place_->Read(1, {}, {})), absl::StatusCode::kNotFound);
  ASSERT_OK(Create(1, "header"));
  EXPECT_EQ(CodeOf(place_->Read(2, {}, {})), absl::StatusCode::kNotFound);
}

TEST_F(LocalLogPlaceTest, NumberThatIsTakenIsAbortedAndStaysAsItIs) {
  ASSERT_OK(Create(1, "first"));
  EXPECT_EQ(CodeOf(Create(1, "second")), absl::StatusCode::kAborted);
  EXPECT_EQ(BytesOfFile(*files_, 1).substr(0, 5), "first");
}

TEST_F(LocalLogPlaceTest, LeftoversOfACrashAreNotInTheWay) {
  ASSERT_OK(files_->CreateDirectories(kFolder));
  auto left = files_->CreateFile(PathOfFile(1) + ".tmp");
  ASSERT_OK(left);
  ASSERT_OK((*left)->Append(base::AsBytes("garbage")));
  ASSERT_OK(Create(1, "header"));
  EXPECT_EQ(BytesOfFile(*files_, 1).substr(0, 6), "header");
}

TEST_F(LocalLogPlaceTest, RemoveTakesTheDirectoryWithTheLastFile) {
  ASSERT_OK(Create(1, "a"));
  ASSERT_OK(Create(2, "b"));
  EXPECT_OK(place_->Remove(1));
  EXPECT_OK(place_->Remove(1));
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{2}));
  EXPECT_OK(place_->Remove(2));
  EXPECT_EQ(CodeOf(files_->List(kFolder)), absl::StatusCode::kNotFound);
  EXPECT_OK(Create(3, "c"));  // which makes it again
}

TEST_F(LocalLogPlaceTest, NameSaysWhereTheFileIs) {
  const auto place = MakeLocalLogPlace(std::make_shared<support::PowerCutFileSystem>(), kFolder);
  EXPECT_EQ(place->NameOf(3), "power-cut/collections/c/journal/l/00000000000000000003.log");
}

TEST_F(LocalLogPlaceTest, EndedContextStopsListAndRead) {
  ASSERT_OK(Create(1, "header"));
  const Context cancelled = support::CancelledContext();
  EXPECT_EQ(CodeOf(place_->List(cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(place_->Read(1, {}, cancelled)), absl::StatusCode::kCancelled);
}

TEST_F(LocalLogPlaceTest, ReadingTakesMemoryFromTheBudget) {
  ASSERT_OK(Create(1, std::string(2000, 'x')));
  MemoryBudget budget(1000);
  EXPECT_EQ(CodeOf(place_->Read(1, {.budget = &budget}, {})), absl::StatusCode::kResourceExhausted);
}

// ---- failures

// What the `nth` call of a Create does, failing in one way.
struct Outcome {
  absl::StatusCode code = absl::StatusCode::kOk;
  bool fault_was_hit = false;
};

Outcome CreateWithFault(const support::Fault& fault, const std::string& bytes) {
  const auto files = std::make_shared<support::PowerCutFileSystem>();
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto place =
      MakeLocalLogPlace(std::make_shared<support::FaultFileSystem>(files, injector), kFolder);
  injector->Arm(fault);
  Outcome outcome{.code = CodeOf(place->Create(1, base::AsBytes(bytes), kRoom)),
                  .fault_was_hit = injector->num_matched() >= fault.nth};
  injector->Disarm();
  const std::string what = absl::StrCat("call ", fault.nth, " mode ", static_cast<int>(fault.mode));
  const bool is_there = !NumbersIn(*place).empty();
  if (is_there) {
    EXPECT_EQ(BytesOfFile(*files, 1).substr(0, bytes.size()), bytes) << what;
  }
  if (outcome.code == absl::StatusCode::kOk) {
    EXPECT_TRUE(is_there) << what;
    EXPECT_EQ(NumbersIn(*MakeLocalLogPlace(files->CutAll(), kFolder)).size(), 1u) << what;
  } else if (outcome.code != kUnknown) {
    EXPECT_FALSE(is_there) << what;
    EXPECT_OK(place->Create(1, base::AsBytes(bytes), kRoom)) << what;  // the cause is gone
  }
  return outcome;
}

TEST(LocalLogPlaceFaultTest, AfterAnErrorOtherThanUnknownTheFileIsNotThere) {
  for (const auto mode : {support::FaultMode::kFailBefore, support::FaultMode::kFailAfter,
                          support::FaultMode::kShortAppend}) {
    int failed = 0;
    for (int nth = 1;; ++nth) {
      const Outcome outcome = CreateWithFault(
          {.nth = nth, .mode = mode, .error = absl::ResourceExhaustedError("full")}, "header");
      if (!outcome.fault_was_hit) break;
      if (outcome.code != absl::StatusCode::kOk) ++failed;
    }
    EXPECT_GE(failed, 8) << static_cast<int>(mode);  // all but the last Unlink
  }
}

TEST(LocalLogPlaceFaultTest, FailedLinkAndDirectorySyncAreUnknown) {
  for (const auto mode : {support::FaultMode::kFailBefore, support::FaultMode::kFailAfter}) {
    const absl::Status full = absl::ResourceExhaustedError("full");
    EXPECT_EQ(CreateWithFault({.call = "Link", .mode = mode, .error = full}, "h").code, kUnknown);
    // The directories above are synced first, when nothing is lost yet.
    const int nth = 5;
    EXPECT_EQ(
        CreateWithFault({.call = "SyncDirectory", .nth = nth, .mode = mode, .error = full}, "h")
            .code,
        kUnknown);
    EXPECT_EQ(
        CreateWithFault({.call = "SyncDirectory", .nth = nth - 1, .mode = mode, .error = full}, "h")
            .code,
        absl::StatusCode::kResourceExhausted);
  }
}

TEST(LocalLogPlaceFaultTest, PowerCutAtEveryStepLeavesTheFileWholeOrAbsent) {
  const uint64_t seed = support::TestSeed("PowerCutAtEveryStepLeavesTheFileWholeOrAbsent");
  SCOPED_TRACE(seed);
  const std::string bytes(1500, 'h');
  bool finished = false;
  for (int step = 1; !finished; ++step) {
    const auto files = std::make_shared<support::PowerCutFileSystem>();
    files->StopAfter(step);
    const bool created =
        MakeLocalLogPlace(files, kFolder)->Create(1, base::AsBytes(bytes), kRoom).ok();
    finished = !files->is_off();
    for (uint64_t i = 0; i < 30; ++i) {
      const auto image = files->Cut(seed + i);
      const bool is_there = !NumbersIn(*MakeLocalLogPlace(image, kFolder)).empty();
      EXPECT_TRUE(is_there || !created) << step;
      if (is_there) {
        EXPECT_TRUE(BytesOfFile(*image, 1).starts_with(bytes)) << step;
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::journal
