#include "catalog/version_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/checksum.h"
#include "format/sealed_json.h"
#include "support/fault_object_store.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::catalog {
namespace {

using support::CodeOf;
using support::FaultMode;
using support::PathOf;

std::string NameOf(uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits + ".json";
}

// A store that can be written and not be read.
class UnreadableStore : public support::FaultObjectStore {
 public:
  UnreadableStore(std::shared_ptr<ObjectStore> base,
                  std::shared_ptr<support::FaultInjector> injector, absl::Status error)
      : FaultObjectStore(std::move(base), std::move(injector)), error_(std::move(error)) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath&, const Context&) override {
    return error_;
  }

 private:
  const absl::Status error_;
};

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
  void PutForeign(uint64_t number) {
    Put("m/" + NameOf(number), format::SealJson("manifest", "theirs", "{\"by\":\"other\"}"));
  }

  const std::shared_ptr<ObjectStore> base_ = MakeMemoryObjectStore();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store_{base_, injector_};
  const VersionStore versions_{&store_, PathOf("m"), "manifest"};
};

TEST_F(VersionStoreTest, StartsWithNone) { EXPECT_FALSE(Newest().has_value()); }

TEST_F(VersionStoreTest, NewestIsTheOneOfTheHighestNumber) {
  for (const uint64_t number : {1u, 2u, 9u, 10u, 11u}) {
    ASSERT_OK(versions_.Commit(number, "{\"n\":" + std::to_string(number) + "}", {}));
    const auto newest = Newest();
    ASSERT_TRUE(newest.has_value());
    EXPECT_EQ(newest->number, number);
    EXPECT_EQ(newest->body, "{\"n\":" + std::to_string(number) + "}");
  }
  ASSERT_OK(versions_.Commit(5, "{}", {}));
  EXPECT_EQ(Newest()->number, 11u);
}

TEST_F(VersionStoreTest, NumbersHaveTwentyDigits) {
  ASSERT_OK(versions_.Commit(42, "{}", {}));
  EXPECT_OK(base_->Open(PathOf("m/00000000000000000042.json")));
  ASSERT_OK(versions_.Commit(~uint64_t{0}, "{}", {}));
  EXPECT_EQ(Newest()->number, ~uint64_t{0});
}

TEST_F(VersionStoreTest, ForeignNamesAreIgnored) {
  ASSERT_OK(versions_.Commit(3, "{}", {}));
  for (const char* name :
       {"m/99999999999999999999.json", "m/18446744073709551616.json", "m/4.json",
        "m/0000000000000000000x.json", "m/-0000000000000000005.json", "m/00000000000000000004.jsom",
        "m/00000000000000000004.json.tmp", "m/000000000000000000004.json",
        "m/sub/00000000000000000009.json", "m/hint", "n/00000000000000000009.json",
        "m0/00000000000000000009.json"}) {
    Put(name, "not a version");
  }
  EXPECT_EQ(Newest()->number, 3u);
}

TEST_F(VersionStoreTest, DamagedNewestIsDataLossAndNotSkipped) {
  ASSERT_OK(versions_.Commit(3, "{}", {}));
  Put("m/" + NameOf(4), "damaged");
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kDataLoss);
}

TEST_F(VersionStoreTest, DocumentOfAnotherKindIsDataLoss) {
  Put("m/" + NameOf(1), format::SealJson("catalog", "1", "{}"));
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kDataLoss);
}

TEST_F(VersionStoreTest, NewestOfANewerLibraryIsFailedPrecondition) {
  const std::string covered = R"("format":2,"kind":"manifest","id":"1","features":[],"body":{}})";
  Put("m/" + NameOf(1),
      absl::StrFormat("{\"checksum\":\"%016x\",%s", base::Xxh3(covered), covered));
  EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kFailedPrecondition);
}

TEST_F(VersionStoreTest, SecondCommitOfANumberIsAbortedAndTheFirstStays) {
  ASSERT_OK(versions_.Commit(1, "{\"who\":1}", {}));
  EXPECT_EQ(CodeOf(versions_.Commit(1, "{\"who\":1}", {})), absl::StatusCode::kAborted);
  EXPECT_EQ(Newest()->body, "{\"who\":1}");
}

TEST_F(VersionStoreTest, AnswerLostAfterTheCommitLandedIsOk) {
  const absl::Status answers[] = {absl::UnknownError("reset"), absl::UnavailableError("503"),
                                  absl::AlreadyExistsError("412 for our own retry")};
  uint64_t number = 1;
  for (const absl::Status& answer : answers) {
    injector_->Arm({.call = "Finish", .mode = FaultMode::kFailAfter, .error = answer});
    EXPECT_OK(versions_.Commit(number, "{}", {}));
    injector_->Disarm();
    EXPECT_EQ(Newest()->number, number);
    ++number;
  }
}

TEST_F(VersionStoreTest, LostAnswerAndAnotherWriterIsAborted) {
  PutForeign(1);
  const absl::Status answers[] = {absl::UnknownError("reset"), absl::UnavailableError("503")};
  for (const absl::Status& answer : answers) {
    injector_->Arm({.call = "Finish", .error = answer});
    EXPECT_EQ(CodeOf(versions_.Commit(1, "{}", {})), absl::StatusCode::kAborted);
  }
  injector_->Disarm();
  EXPECT_EQ(Newest()->body, "{\"by\":\"other\"}");
}

TEST_F(VersionStoreTest, CommitThatDidNotLandKeepsItsError) {
  struct Case {
    const char* call;
    absl::Status error;
  };
  for (const Case& c : {Case{"Create", absl::PermissionDeniedError("no")},
                        Case{"Append", absl::ResourceExhaustedError("disk full")},
                        Case{"Finish", absl::ResourceExhaustedError("disk full")},
                        Case{"Finish", absl::UnavailableError("503")},
                        Case{"Finish", absl::CancelledError("cancelled")}}) {
    injector_->Arm({.call = c.call, .error = c.error});
    EXPECT_EQ(versions_.Commit(1, "{}", {}), c.error);
    injector_->Disarm();
    EXPECT_FALSE(Newest().has_value());
  }
  EXPECT_OK(versions_.Commit(1, "{}", {}));
}

TEST_F(VersionStoreTest, OutcomeThatCannotBeFoundOutIsUnknown) {
  // The store says that it does not know, and the version is not there yet.
  injector_->Arm({.call = "Finish", .error = absl::UnknownError("reset")});
  const absl::Status status = versions_.Commit(1, "{}", {});
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kUnknown);
  for (const char* part : {"manifest version 1", "reset", "open again"}) {
    EXPECT_NE(std::string(status.message()).find(part), std::string::npos) << status;
  }
}

TEST_F(VersionStoreTest, OutcomeThatCannotBeReadBackIsUnknownAndTheVersionStays) {
  for (const absl::Status& unreadable :
       {absl::UnavailableError("503"), absl::DeadlineExceededError("late")}) {
    const std::shared_ptr<ObjectStore> base = MakeMemoryObjectStore();
    const auto injector = std::make_shared<support::FaultInjector>();
    UnreadableStore store(base, injector, unreadable);
    const VersionStore versions(&store, PathOf("m"), "manifest");
    injector->Arm({.call = "Finish",
                   .mode = FaultMode::kFailAfter,
                   .error = absl::UnavailableError("reset")});
    EXPECT_EQ(CodeOf(versions.Commit(1, "{}", {})), absl::StatusCode::kUnknown);
    EXPECT_OK(base->Open(PathOf("m/" + NameOf(1))));
  }
}

TEST_F(VersionStoreTest, DamagedVersionInTheWayIsUnknown) {
  Put("m/" + NameOf(1), "damaged");
  EXPECT_EQ(CodeOf(versions_.Commit(1, "{}", {})), absl::StatusCode::kUnknown);
}

TEST_F(VersionStoreTest, CancelledCommitLeavesNothing) {
  EXPECT_EQ(CodeOf(versions_.Commit(1, "{}", support::CancelledContext())),
            absl::StatusCode::kCancelled);
  EXPECT_FALSE(Newest().has_value());
}

TEST_F(VersionStoreTest, ErrorsOfListAndReadPassThrough) {
  ASSERT_OK(versions_.Commit(1, "{}", {}));
  for (const char* call : {"List", "Open", "ReadAt"}) {
    injector_->Arm({.call = call, .error = absl::UnavailableError("later")});
    EXPECT_EQ(CodeOf(versions_.ReadNewest({})), absl::StatusCode::kUnavailable) << call;
  }
}

}  // namespace
}  // namespace vecdb::catalog
