#include "catalog/version_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "catalog/catalog_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::catalog {
namespace {

using support::CodeOf;
using support::FaultMode;
using support::PathOf;

const Version kNothing;

class VersionStoreTest : public ::testing::Test {
 protected:
  std::optional<Version> Newest() {
    auto newest = versions_.ReadNewest({});
    EXPECT_OK(newest);
    return newest.ok() ? *newest : std::nullopt;
  }
  void Put(const std::string& path, std::string_view text) {
    ASSERT_OK(PutObject(*base_, PathOf(path), text));
  }
  // Version `number` of another writer.
  void PutForeign(uint64_t number, const std::string& base_id = "theirs") {
    PutVersion(*base_, {.number = number,
                        .epoch = 1,
                        .commit_id = absl::StrCat("foreign", number),
                        .base_id = base_id,
                        .body = "{\"by\":\"other\"}"});
  }
  // Makes the next call fail, with what lies below it done or not.
  void Fail(const char* call, absl::Status error, FaultMode mode = FaultMode::kFailBefore,
            bool sticky = false) {
    injector_->Arm({.call = call, .sticky = sticky, .mode = mode, .error = std::move(error)});
  }
  // Does `action` just before the first call of that name.
  void Before(const char* call, std::function<void()> action) {
    injector_->Arm({.call = call, .mode = FaultMode::kSlow, .on_slow = std::move(action)});
  }

  const std::shared_ptr<ObjectStore> base_ = MakeMemoryObjectStore();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store_{base_, injector_};
  int num_pauses_ = 0;
  const VersionStore versions_ = VersionsOf(store_, {.pause = [this](int) { ++num_pauses_; }});
};

TEST_F(VersionStoreTest, StartsWithNone) { EXPECT_FALSE(Newest().has_value()); }

TEST_F(VersionStoreTest, ListAfterGivesNewerVersionsAlsoWhenTheNextOneIsGone) {
  for (uint64_t number = 1; number <= 4; ++number) PutForeign(number);
  const auto numbers_after = [&](uint64_t number) {
    const auto list = versions_.ListAfter(number, {});
    EXPECT_OK(list);
    std::vector<uint64_t> numbers;
    for (const VersionInfo& info : list->versions) numbers.push_back(info.number);
    return numbers;
  };
  using Numbers = std::vector<uint64_t>;
  EXPECT_EQ(numbers_after(0), (Numbers{1, 2, 3, 4}));
  EXPECT_EQ(numbers_after(2), (Numbers{3, 4}));
  EXPECT_EQ(numbers_after(4), Numbers{});
  ASSERT_OK(versions_.PutBoundary(4, {}));
  for (uint64_t number = 1; number <= 3; ++number) ASSERT_OK(versions_.DeleteVersion(number, {}));
  EXPECT_EQ(numbers_after(2), Numbers{4});
  EXPECT_EQ(versions_.ListAfter(2, {})->boundary(), 4u);
  EXPECT_EQ(versions_.ListAfter(4, {})->boundary(), 4u);
}

TEST_F(VersionStoreTest, EachCommitIsTheNewestAndNamesItsBase) {
  Version base;
  for (uint64_t number = 1; number <= 11; ++number) {
    const std::string body = absl::StrCat("{\"n\":", number, "}");
    const auto next = versions_.CommitNext(base, number, body, {});
    ASSERT_OK(next);
    const auto newest = Newest();
    ASSERT_TRUE(newest.has_value());
    EXPECT_EQ(newest->number, number);
    EXPECT_EQ(newest->epoch, number);
    EXPECT_EQ(newest->body, body);
    EXPECT_EQ(newest->base_id, base.commit_id);
    EXPECT_EQ(newest->commit_id, next->commit_id);
    EXPECT_NE(newest->commit_id, base.commit_id);
    base = *next;
  }
}

TEST_F(VersionStoreTest, OlderVersionsCanBeRead) {
  const auto first = versions_.CommitNext(kNothing, 1, "{\"n\":1}", {});
  ASSERT_OK(first);
  ASSERT_OK(versions_.CommitNext(*first, 1, "{}", {}));
  EXPECT_EQ(versions_.Read(1, {})->body, "{\"n\":1}");
  EXPECT_EQ(CodeOf(versions_.Read(3, {})), absl::StatusCode::kNotFound);
}

TEST_F(VersionStoreTest, NumbersHaveTwentyDigits) {
  ASSERT_OK(versions_.CommitNext({.number = 41}, 1, "{}", {}));
  EXPECT_OK(base_->Open(PathOf("m/00000000000000000042.json")));
  ASSERT_OK(versions_.CommitNext({.number = ~uint64_t{0} - 1}, 1, "{}", {}));
  EXPECT_EQ(Newest()->number, ~uint64_t{0});
  EXPECT_EQ(CodeOf(versions_.CommitNext(*Newest(), 1, "{}", {})),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(VersionStoreTest, ForeignNamesAreIgnored) {
  PutForeign(3);
  for (const char* name :
       {"m/99999999999999999999.json", "m/18446744073709551616.json", "m/4.json",
        "m/0000000000000000000x.json", "m/-0000000000000000005.json", "m/00000000000000000004.jsom",
        "m/00000000000000000004.json.tmp", "m/000000000000000000004.json",
        "m/00000000000000000000.json", "m/sub/00000000000000000009.json", "m/hint", "m/boundary-",
        "m/boundary-9.json", "m/boundary-boundary-00000000000000000009.json",
        "n/00000000000000000009.json", "m0/00000000000000000009.json"}) {
    Put(name, "not a version");
  }
  EXPECT_EQ(Newest()->number, 3u);
  const auto list = versions_.List({});
  ASSERT_OK(list);
  EXPECT_EQ(list->versions.size(), 1u);
  EXPECT_EQ(list->boundary(), 0u);
}

TEST_F(VersionStoreTest, ListGivesNumbersSizesAndBoundaries) {
  PutForeign(3);
  PutForeign(10);
  ASSERT_OK(versions_.PutBoundary(2, {}));
  ASSERT_OK(versions_.PutBoundary(3, {}));
  ASSERT_OK(versions_.PutBoundary(3, {}));
  const auto list = versions_.List({});
  ASSERT_OK(list);
  ASSERT_EQ(list->versions.size(), 2u);
  EXPECT_EQ(list->versions[0].number, 3u);
  EXPECT_EQ(list->newest(), 10u);
  EXPECT_GT(list->versions[0].size_bytes, 100u);
  EXPECT_GT(list->versions[0].modified_ms, 1'600'000'000'000);
  ASSERT_EQ(list->boundaries.size(), 2u);
  EXPECT_EQ(list->boundaries[0].number, 2u);
  EXPECT_EQ(list->boundary(), 3u);
}

TEST_F(VersionStoreTest, DeletedVersionsAndBoundariesAreGone) {
  PutForeign(3);
  ASSERT_OK(versions_.PutBoundary(2, {}));
  ASSERT_OK(versions_.DeleteVersion(3, {}));
  ASSERT_OK(versions_.DeleteBoundary(2, {}));
  EXPECT_TRUE(PathsBelow(*base_, "m").empty());
}

TEST_F(VersionStoreTest, DamagedNewestIsDataLossAndNotSkipped) {
  PutForeign(3);
  Put(absl::StrCat("m/", NameOf(4)), "damaged");
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kDataLoss);
}

TEST_F(VersionStoreTest, VersionCopiedOverAnotherNumberIsDataLoss) {
  PutVersion(*base_, {.number = 3, .commit_id = "c", .body = "{}"}, 4);
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kDataLoss);
}

TEST_F(VersionStoreTest, VersionsBelowTheBoundaryAloneAreDataLoss) {
  PutForeign(3);
  ASSERT_OK(versions_.PutBoundary(4, {}));
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kDataLoss);
  ASSERT_OK(versions_.DeleteVersion(3, {}));
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kDataLoss);
  PutForeign(4);
  EXPECT_EQ(Newest()->number, 4u);
}

TEST_F(VersionStoreTest, NewestThatWasCollectedMeanwhileIsLookedForAgain) {
  PutForeign(1);
  uint64_t newest = 1;
  // Each time the listed version is opened, it has been replaced and removed.
  const auto move_on = [&] {
    PutForeign(newest + 1);
    ASSERT_OK(base_->Delete(PathOf(absl::StrCat("m/", NameOf(newest)))));
    ++newest;
  };
  for (const int times : {1, 4}) {
    int left = times;
    injector_->Arm({.call = "Open", .sticky = true, .mode = FaultMode::kSlow, .on_slow = [&] {
                      if (left-- > 0) move_on();
                    }});
    EXPECT_EQ(Newest()->number, newest);
  }
  injector_->Arm(
      {.call = "Open", .sticky = true, .mode = FaultMode::kSlow, .on_slow = [&] { move_on(); }});
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kUnavailable);
}

TEST_F(VersionStoreTest, SecondCommitOfANumberIsAbortedAndTheFirstStays) {
  ASSERT_OK(versions_.CommitNext(kNothing, 1, "{\"who\":1}", {}));
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{\"who\":2}", {})),
            absl::StatusCode::kAborted);
  EXPECT_EQ(Newest()->body, "{\"who\":1}");
}

TEST_F(VersionStoreTest, AnswerLostAfterTheCommitLandedIsOk) {
  Version base;
  for (const absl::Status& answer :
       {absl::UnknownError("reset"), absl::UnavailableError("503"),
        absl::DeadlineExceededError("late"), absl::CancelledError("cancelled"),
        absl::AbortedError("409"), absl::InternalError("?"), absl::ResourceExhaustedError("full"),
        absl::AlreadyExistsError("412 for our own retry")}) {
    Fail("Finish", answer, FaultMode::kFailAfter);
    const auto next = versions_.CommitNext(base, 1, "{}", {});
    ASSERT_OK(next);
    injector_->Disarm();
    EXPECT_EQ(Newest()->commit_id, next->commit_id);
    base = *next;
  }
}

TEST_F(VersionStoreTest, AnswerLostAndAnotherWriterIsAborted) {
  PutForeign(1);
  for (const absl::Status& answer :
       {absl::UnknownError("reset"), absl::UnavailableError("503"),
        absl::DeadlineExceededError("late"), absl::ResourceExhaustedError("full"),
        absl::AlreadyExistsError("412")}) {
    Fail("Finish", answer);
    EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", {})), absl::StatusCode::kAborted);
  }
  injector_->Disarm();
  EXPECT_EQ(Newest()->body, "{\"by\":\"other\"}");
}

TEST_F(VersionStoreTest, RefusedCommitKeepsItsErrorAndLeavesNothing) {
  struct Case {
    const char* call;
    absl::Status error;
  };
  for (const Case& c : {Case{"Create", absl::PermissionDeniedError("no")},
                        Case{"Create", absl::CancelledError("cancelled")},
                        Case{"Append", absl::ResourceExhaustedError("disk full")},
                        Case{"Append", absl::DataLossError("bad disk")},
                        Case{"Finish", absl::ResourceExhaustedError("disk full")},
                        Case{"Finish", absl::PermissionDeniedError("no")},
                        Case{"Finish", absl::InvalidArgumentError("name")},
                        Case{"Finish", absl::FailedPreconditionError("read-only")}}) {
    Fail(c.call, c.error);
    EXPECT_EQ(versions_.CommitNext(kNothing, 1, "{}", {}).status(), c.error);
    injector_->Disarm();
    EXPECT_FALSE(Newest().has_value());
  }
  EXPECT_EQ(num_pauses_, 0);
  EXPECT_OK(versions_.CommitNext(kNothing, 1, "{}", {}));
}

TEST_F(VersionStoreTest, CodesThatSayMoreThanIsKnownAreNotPassedOnBeforeThePut) {
  for (const absl::Status& error : {absl::UnknownError("reset"), absl::AbortedError("409")}) {
    for (const char* call : {"Create", "Append"}) {
      Fail(call, error);
      EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", {})),
                absl::StatusCode::kUnavailable);
    }
  }
}

TEST_F(VersionStoreTest, OutcomeThatCannotBeFoundOutIsUnknown) {
  // The put may still be on its way.
  for (const absl::Status& answer :
       {absl::UnknownError("reset"), absl::UnavailableError("503"),
        absl::DeadlineExceededError("late"), absl::CancelledError("cancelled"),
        absl::AlreadyExistsError("412")}) {
    Fail("Finish", answer);
    num_pauses_ = 0;
    const absl::Status status = versions_.CommitNext(kNothing, 1, "{}", {}).status();
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kUnknown);
    EXPECT_EQ(num_pauses_, 3);
    for (const std::string& part : {std::string("manifest version 1"),
                                    std::string(answer.message()), std::string("open again")}) {
      EXPECT_NE(std::string(status.message()).find(part), std::string::npos) << status;
    }
  }
}

TEST_F(VersionStoreTest, PutThatLandsWhileItIsReadBackIsOk) {
  for (int attempt = 1; attempt <= 3; ++attempt) {
    const auto base = MakeMemoryObjectStore();
    const auto injector = std::make_shared<support::FaultInjector>();
    support::FaultObjectStore store(base, injector);
    const auto land = [&](int at) {
      if (at == attempt) {
        PutVersion(*base, {.number = 1, .commit_id = "mine", .body = "{}"});
      }
    };
    const VersionStore versions =
        VersionsOf(store, {.pause = land, .new_id = [] { return std::string("mine"); }});
    injector->Arm({.call = "Finish", .error = absl::UnavailableError("503")});
    EXPECT_OK(versions.CommitNext(kNothing, 1, "{}", {})) << attempt;
  }
}

TEST_F(VersionStoreTest, OutcomeThatCannotBeReadBackIsUnknownAndTheVersionStays) {
  // An injector holds one fault, so the read-back fails in a store of its own.
  const auto reads = std::make_shared<support::FaultInjector>();
  const auto below = std::make_shared<support::FaultObjectStore>(base_, reads);
  support::FaultObjectStore store(below, injector_);
  const VersionStore versions = VersionsOf(store);
  for (const char* call : {"Open", "ReadAt"}) {
    Fail("Finish", absl::UnavailableError("reset"), FaultMode::kFailAfter);
    reads->Arm({.call = call, .sticky = true, .error = absl::UnavailableError("503")});
    EXPECT_EQ(CodeOf(versions.CommitNext(kNothing, 1, "{}", {})), absl::StatusCode::kUnknown);
    EXPECT_EQ(PathsBelow(*base_, "m").size(), 1u);
  }
  reads->Arm({.call = "Open", .error = absl::UnavailableError("once")});
  Fail("Finish", absl::UnavailableError("reset"), FaultMode::kFailAfter);
  EXPECT_OK(versions.CommitNext({.number = 1}, 1, "{}", {}));
}

TEST_F(VersionStoreTest, PutThatMayVanishIsUnknownThoughItIsThere) {
  Fail("Finish", absl::DataLossError("the directory was not synced"), FaultMode::kFailAfter);
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", {})), absl::StatusCode::kUnknown);
  EXPECT_EQ(Newest()->number, 1u);
}

TEST_F(VersionStoreTest, DamagedVersionInTheWayIsUnknown) {
  Put(absl::StrCat("m/", NameOf(1)), "damaged");
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", {})), absl::StatusCode::kUnknown);
}

TEST_F(VersionStoreTest, CommitWhoseFolderCannotBeListedIsUnknown) {
  Fail("List", absl::UnavailableError("503"), FaultMode::kFailBefore, true);
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", {})), absl::StatusCode::kUnknown);
  EXPECT_EQ(num_pauses_, 3);
  Fail("List", absl::UnavailableError("once"));
  EXPECT_OK(versions_.CommitNext({.number = 1}, 1, "{}", {}));
}

TEST_F(VersionStoreTest, CommitThatOthersAreBasedOnIsOk) {
  const VersionStore others = VersionsOf(*base_);
  Before("List", [&] {
    const auto newest = others.ReadNewest({});
    ASSERT_OK(newest);
    ASSERT_OK(others.CommitNext(**newest, 2, "{}", {}));
  });
  EXPECT_OK(versions_.CommitNext(kNothing, 1, "{}", {}));
}

TEST_F(VersionStoreTest, SleeperThatMadeARemovedVersionAnewIsAborted) {
  const VersionStore others = VersionsOf(*base_);
  Before("Finish", [&] {
    PutForeign(2, "foreign1");
    ASSERT_OK(others.PutBoundary(2, {}));
  });
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", {})), absl::StatusCode::kAborted);
  EXPECT_EQ(Newest()->number, 2u);
}

TEST_F(VersionStoreTest, SleeperIsFoundOutAfterALostAnswerToo) {
  PutForeign(3, "foreign2");
  Fail("Finish", absl::UnknownError("reset"), FaultMode::kFailAfter);
  EXPECT_EQ(CodeOf(versions_.CommitNext({.number = 1}, 1, "{}", {})), absl::StatusCode::kAborted);
}

TEST_F(VersionStoreTest, CancelledCommitLeavesNothing) {
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", support::CancelledContext())),
            absl::StatusCode::kCancelled);
  EXPECT_FALSE(Newest().has_value());
}

TEST_F(VersionStoreTest, CancelBetweenTheBytesAndThePutLeavesNothing) {
  Context context{.cancel = CancelToken::Make()};
  Before("Append", [&] { context.cancel.Cancel(); });
  EXPECT_EQ(CodeOf(versions_.CommitNext(kNothing, 1, "{}", context)), absl::StatusCode::kCancelled);
  EXPECT_FALSE(Newest().has_value());
}

TEST_F(VersionStoreTest, CancelFromThePutOnIsTooLate) {
  Version base;
  for (const char* call : {"Finish", "List"}) {
    Context context{.cancel = CancelToken::Make()};
    Before(call, [&] { context.cancel.Cancel(); });
    const auto next = versions_.CommitNext(base, 1, "{}", context);
    ASSERT_OK(next);
    base = *next;
  }
}

TEST_F(VersionStoreTest, ErrorsOfListAndReadPassThrough) {
  PutForeign(1);
  for (const char* call : {"List", "Open", "ReadAt"}) {
    Fail(call, absl::UnavailableError("later"));
    EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kUnavailable) << call;
  }
}

TEST_F(VersionStoreTest, PausesTenMillisecondsByDefault) {
  const VersionStore versions(&store_, PathOf("m"), "manifest");
  Fail("List", absl::UnavailableError("once"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_OK(versions.CommitNext(kNothing, 1, "{}", {}));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(10));
}

}  // namespace
}  // namespace vecdb::catalog
