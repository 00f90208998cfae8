#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "journal/journal_testing.h"
#include "support/fault_object_store.h"

// The one of two places of journal/log_place.h that is a prefix of an object store.

namespace vecdb::journal {
namespace {

class ObjectLogPlaceTest : public ::testing::Test {
 protected:
  absl::Status Create(uint64_t number, std::string_view bytes) {
    return place_->Create(number, base::AsBytes(bytes), 4096).status();
  }
  std::string BytesOf(uint64_t number) {
    return *GetObject(*store_, support::PathOf(PathOfFile(number)), support::kNoLimit);
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  const std::unique_ptr<LogPlace> place_ = MakeObjectLogPlace(
      std::make_shared<support::FaultObjectStore>(store_, injector_), support::PathOf(kFolder));
};

TEST_F(ObjectLogPlaceTest, FileIsWholeFromTheFirst) {
  const auto file = place_->Create(7, base::AsBytes("all of it"), 4096);
  ASSERT_OK(file);
  EXPECT_EQ(*file, nullptr);
  EXPECT_FALSE(place_->grows());
  EXPECT_EQ(ToText(place_->Read(7, {}, {})->bytes()), "all of it");
  EXPECT_EQ(place_->NameOf(7), PathOfFile(7));
}

TEST_F(ObjectLogPlaceTest, FilesAreListedByNumberWithoutOtherNames) {
  EXPECT_TRUE(NumbersIn(*place_).empty());
  for (const uint64_t number : {11u, 2u}) ASSERT_OK(Create(number, "bytes"));
  const std::string folder = kFolder;
  for (const char* other : {"/readme", "/00000000000000000003.log.x", "/below/00.log",
                            "/below/00000000000000000004.log", "2/00000000000000000005.log"}) {
    ASSERT_OK(PutObject(*store_, support::PathOf(folder + other), "x"));
  }
  EXPECT_EQ(NumbersIn(*place_), (std::vector<uint64_t>{2, 11}));
  EXPECT_EQ(place_->List({})->front().size_bytes, 5u);
}

TEST_F(ObjectLogPlaceTest, MissingFileIsNotFound) {
  EXPECT_EQ(CodeOf(place_->Read(1, {}, {})), absl::StatusCode::kNotFound);
}

TEST_F(ObjectLogPlaceTest, RemovedFileIsGone) {
  ASSERT_OK(Create(1, "bytes"));
  EXPECT_OK(place_->Remove(1));
  EXPECT_OK(place_->Remove(1));
  EXPECT_TRUE(NumbersIn(*place_).empty());
}

TEST_F(ObjectLogPlaceTest, NumberThatIsTakenIsAbortedAndStaysAsItIs) {
  ASSERT_OK(Create(1, "first"));
  for (const char* other : {"other", "first and more", "fir", ""}) {
    EXPECT_EQ(CodeOf(Create(1, other)), absl::StatusCode::kAborted) << other;
  }
  EXPECT_EQ(BytesOf(1), "first");
}

TEST_F(ObjectLogPlaceTest, StoreThatSaysAtTheStartThatTheNumberIsTakenIsAborted) {
  ASSERT_OK(Create(1, "first"));
  injector_->Arm({.call = "Create", .error = absl::AlreadyExistsError("taken")});
  EXPECT_EQ(CodeOf(Create(1, "other")), absl::StatusCode::kAborted);
}

TEST_F(ObjectLogPlaceTest, PutThatLandedAndAnsweredWithAnErrorIsOk) {
  int number = 0;
  for (const auto& error :
       {absl::UnknownError("lost"), absl::UnavailableError("reset"),
        absl::AlreadyExistsError("a second try"), absl::DeadlineExceededError("late")}) {
    ++number;
    injector_->Arm({.call = "Finish", .mode = support::FaultMode::kFailAfter, .error = error});
    EXPECT_OK(Create(static_cast<uint64_t>(number), "bytes")) << error;
  }
}

TEST_F(ObjectLogPlaceTest, PutThatMayLandLaterIsUnknown) {
  for (const auto& error : {absl::UnknownError("lost"), absl::UnavailableError("reset"),
                            absl::AlreadyExistsError("so it says")}) {
    injector_->Arm({.call = "Finish", .error = error});
    EXPECT_EQ(CodeOf(Create(1, "bytes")), kUnknown) << error;
  }
}

TEST_F(ObjectLogPlaceTest, PutThatLandedAndCannotBeReadBackIsUnknown) {
  for (const char* call : {"Open", "ReadAt"}) {
    const auto store = MakeMemoryObjectStore();
    // The put fails after it has landed, and so does the look.
    const auto inner = std::make_shared<support::FaultInjector>();
    const auto outer = std::make_shared<support::FaultInjector>();
    inner->Arm({.call = "Finish", .mode = support::FaultMode::kFailAfter});
    outer->Arm({.call = call, .sticky = true});
    const auto place =
        MakeObjectLogPlace(std::make_shared<support::FaultObjectStore>(
                               std::make_shared<support::FaultObjectStore>(store, inner), outer),
                           support::PathOf(kFolder));
    EXPECT_EQ(CodeOf(place->Create(1, base::AsBytes("bytes"), 0)), kUnknown) << call;
  }
}

TEST_F(ObjectLogPlaceTest, PutThatMayNotLastIsUnknown) {
  injector_->Arm({.call = "Finish",
                  .mode = support::FaultMode::kFailAfter,
                  .error = absl::DataLossError("may go again")});
  EXPECT_EQ(CodeOf(Create(1, "bytes")), kUnknown);
}

TEST_F(ObjectLogPlaceTest, AfterAnErrorOtherThanUnknownTheFileIsNotThere) {
  for (const auto mode : {support::FaultMode::kFailBefore, support::FaultMode::kFailAfter,
                          support::FaultMode::kShortAppend}) {
    for (int nth = 1;; ++nth) {
      injector_->Arm({.nth = nth, .mode = mode, .error = absl::ResourceExhaustedError("full")});
      const absl::Status created = Create(1, "bytes");
      const bool fault_was_hit = injector_->num_matched() >= nth;
      injector_->Disarm();
      const bool is_there = !NumbersIn(*place_).empty();
      if (created.ok()) {
        EXPECT_TRUE(is_there && BytesOf(1) == "bytes") << nth;
      } else if (CodeOf(created) != kUnknown) {
        EXPECT_FALSE(is_there) << nth;
      }
      ASSERT_OK(place_->Remove(1));
      if (!fault_was_hit) break;
    }
  }
}

TEST_F(ObjectLogPlaceTest, EndedContextStopsListAndRead) {
  ASSERT_OK(Create(1, "bytes"));
  const Context cancelled = support::CancelledContext();
  EXPECT_EQ(CodeOf(place_->List(cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(place_->Read(1, {}, cancelled)), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::journal
