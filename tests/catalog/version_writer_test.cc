#include "catalog/version_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "catalog/catalog_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::catalog {
namespace {

using support::CodeOf;
using support::FaultMode;
using support::PathOf;

class VersionWriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<VersionWriter> CreateFirst(std::string body = "{}") {
    auto writer = VersionWriter::CreateFirst(versions_, std::move(body), {});
    EXPECT_OK(writer);
    return *std::move(writer);
  }
  // Another writer, whose calls no fault meets.
  std::unique_ptr<VersionWriter> TakeOverAside() {
    auto writer = VersionWriter::TakeOver(VersionsOf(*base_), SameBody, {});
    EXPECT_OK(writer);
    return *std::move(writer);
  }
  Version Newest() {
    const auto newest = versions_.ReadNewest({});
    EXPECT_OK(newest);
    return newest.ok() && newest->has_value() ? **newest : Version{};
  }
  void Fail(const char* call, absl::Status error, FaultMode mode = FaultMode::kFailBefore) {
    injector_->Arm({.call = call, .mode = mode, .error = std::move(error)});
  }

  const std::shared_ptr<ObjectStore> base_ = MakeMemoryObjectStore();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store_{base_, injector_};
  const VersionStore versions_ = VersionsOf(store_);
};

void ExpectFenced(const absl::Status& status) {
  EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_NE(std::string(status.message()).find("fenced"), std::string::npos) << status;
}

TEST_F(VersionWriterTest, FirstVersionIsOneOfEpochOne) {
  const auto writer = CreateFirst("{\"a\":1}");
  EXPECT_EQ(writer->current().number, 1u);
  EXPECT_EQ(writer->current().epoch, 1u);
  EXPECT_EQ(Newest().body, "{\"a\":1}");
  EXPECT_OK(writer->stopped());
}

TEST_F(VersionWriterTest, FirstVersionOfAnExistingDocumentIsAlreadyExists) {
  CreateFirst();
  EXPECT_EQ(CodeOf(VersionWriter::CreateFirst(versions_, "{}", {})),
            absl::StatusCode::kAlreadyExists);
}

TEST_F(VersionWriterTest, FirstVersionIsNotMadeAnewAfterCollection) {
  const auto writer = CreateFirst();
  ASSERT_OK(writer->Commit("{}", {}));
  ASSERT_OK(versions_.PutBoundary(2, {}));
  ASSERT_OK(versions_.DeleteVersion(1, {}));
  EXPECT_EQ(CodeOf(VersionWriter::CreateFirst(versions_, "{}", {})),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(PathsBelow(*base_, "m").size(), 2u);
}

TEST_F(VersionWriterTest, OfTwoFirstVersionsAtOnceOneIsAlreadyExists) {
  injector_->Arm({.call = "Finish", .mode = FaultMode::kSlow, .on_slow = [&] {
                    ASSERT_OK(VersionWriter::CreateFirst(VersionsOf(*base_), "{\"a\":1}", {}));
                  }});
  EXPECT_EQ(CodeOf(VersionWriter::CreateFirst(versions_, "{}", {})),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Newest().body, "{\"a\":1}");
}

TEST_F(VersionWriterTest, CommitsGoOnInOneEpoch) {
  const auto writer = CreateFirst();
  for (uint64_t number = 2; number <= 5; ++number) {
    ASSERT_OK(writer->Commit(absl::StrCat("{\"n\":", number, "}"), {}));
    EXPECT_EQ(writer->current().number, number);
    const Version newest = Newest();
    EXPECT_EQ(newest.commit_id, writer->current().commit_id);
    EXPECT_EQ(newest.epoch, 1u);
    EXPECT_EQ(newest.body, absl::StrCat("{\"n\":", number, "}"));
  }
}

TEST_F(VersionWriterTest, TakeOverOfNothingIsNotFound) {
  EXPECT_EQ(CodeOf(VersionWriter::TakeOver(versions_, SameBody, {})), absl::StatusCode::kNotFound);
}

TEST_F(VersionWriterTest, TakeOverCommitsTheNextBodyInTheNextEpoch) {
  CreateFirst("{\"a\":1}");
  const auto next_body = [](const Version& newest) -> absl::StatusOr<std::string> {
    return absl::StrCat("{\"was\":", newest.body, "}");
  };
  const auto writer = VersionWriter::TakeOver(versions_, next_body, {});
  ASSERT_OK(writer);
  EXPECT_EQ((*writer)->current().number, 2u);
  EXPECT_EQ((*writer)->current().epoch, 2u);
  EXPECT_EQ(Newest().body, "{\"was\":{\"a\":1}}");
}

TEST_F(VersionWriterTest, ErrorOfTheNextBodyEndsTheTakeOver) {
  CreateFirst();
  const auto next_body = [](const Version&) -> absl::StatusOr<std::string> {
    return absl::DataLossError("no");
  };
  EXPECT_EQ(CodeOf(VersionWriter::TakeOver(versions_, next_body, {})), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Newest().number, 1u);
}

TEST_F(VersionWriterTest, OlderWriterIsFencedAtItsNextCommitForGood) {
  const auto older = CreateFirst();
  ASSERT_OK(older->Commit("{\"a\":1}", {}));
  const auto newer = TakeOverAside();
  for (int i = 0; i < 2; ++i) {
    const absl::Status status = older->Commit("{\"a\":2}", {});
    ExpectFenced(status);
    EXPECT_NE(std::string(status.message()).find("(epoch 2 > 1)"), std::string::npos) << status;
    EXPECT_EQ(older->stopped(), status);
  }
  EXPECT_EQ(older->current().number, 2u);
  EXPECT_EQ(Newest().body, "{\"a\":1}");
  ASSERT_OK(newer->Commit("{}", {}));
  EXPECT_EQ(Newest().number, 4u);
}

TEST_F(VersionWriterTest, FencedWriterStaysFencedWhenTheNewestCannotBeRead) {
  const auto older = CreateFirst();
  TakeOverAside();
  Fail("List", absl::UnavailableError("503"));
  ExpectFenced(older->Commit("{}", {}));
  injector_->Disarm();
  ExpectFenced(older->Commit("{}", {}));
}

TEST_F(VersionWriterTest, WriterOfTheSameEpochFencesToo) {
  const auto writer = CreateFirst();
  PutVersion(*base_, {.number = 2, .epoch = 1, .commit_id = "theirs", .body = "{}"});
  ExpectFenced(writer->Commit("{}", {}));
  ExpectFenced(writer->stopped());
}

TEST_F(VersionWriterTest, CheckNotFencedSeesANewerWriter) {
  const auto older = CreateFirst();
  EXPECT_OK(older->CheckNotFenced({}));
  TakeOverAside();
  ExpectFenced(older->CheckNotFenced({}));
  ExpectFenced(older->stopped());
}

TEST_F(VersionWriterTest, CheckNotFencedPassesErrorsOnAndGoesOn) {
  const auto writer = CreateFirst();
  Fail("List", absl::UnavailableError("503"));
  EXPECT_EQ(CodeOf(writer->CheckNotFenced({})), absl::StatusCode::kUnavailable);
  EXPECT_OK(writer->Commit("{}", {}));
}

TEST_F(VersionWriterTest, CheckNotFencedOfAVanishedVersionIsDataLoss) {
  const auto writer = CreateFirst();
  ASSERT_OK(versions_.DeleteVersion(1, {}));
  EXPECT_EQ(CodeOf(writer->CheckNotFenced({})), absl::StatusCode::kDataLoss);
}

TEST_F(VersionWriterTest, UnknownOutcomeStopsTheWriterAndNamesTheFirstCause) {
  const auto writer = CreateFirst();
  Fail("Finish", absl::UnavailableError("the first cause"));
  EXPECT_EQ(CodeOf(writer->Commit("{}", {})), absl::StatusCode::kUnknown);
  injector_->Disarm();
  for (const absl::Status& status :
       {writer->Commit("{}", {}), writer->CheckNotFenced({}), writer->stopped()}) {
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(std::string(status.message()).find("the first cause"), std::string::npos) << status;
  }
  EXPECT_EQ(Newest().number, 1u);
}

TEST_F(VersionWriterTest, RefusedCommitCanBeTriedAgain) {
  const auto writer = CreateFirst();
  for (const char* call : {"Create", "Append", "Finish"}) {
    Fail(call, absl::ResourceExhaustedError("disk full"));
    EXPECT_EQ(CodeOf(writer->Commit("{}", {})), absl::StatusCode::kResourceExhausted);
    EXPECT_OK(writer->stopped());
  }
  injector_->Disarm();
  ASSERT_OK(writer->Commit("{\"a\":1}", {}));
  EXPECT_EQ(Newest().number, 2u);
}

TEST_F(VersionWriterTest, TakeOverThatLosesRacesValidatesAnew) {
  CreateFirst();
  for (const int times : {1, 5}) {
    const auto other = TakeOverAside();
    int left = times;
    injector_->Arm({.call = "Finish", .sticky = true, .mode = FaultMode::kSlow, .on_slow = [&] {
                      if (left == 0) return;
                      ASSERT_OK(other->Commit(absl::StrCat("{\"left\":", --left, "}"), {}));
                    }});
    std::vector<std::string> seen;
    const auto next_body = [&](const Version& newest) -> absl::StatusOr<std::string> {
      seen.push_back(newest.body);
      return newest.body;
    };
    const auto writer = VersionWriter::TakeOver(versions_, next_body, {});
    injector_->Disarm();
    ASSERT_OK(writer);
    EXPECT_EQ(seen.size(), static_cast<size_t>(times) + 1);
    EXPECT_EQ(seen.back(), "{\"left\":0}");
    EXPECT_EQ((*writer)->current().body, "{\"left\":0}");
    EXPECT_EQ((*writer)->current().epoch, other->current().epoch + 1);
  }
}

TEST_F(VersionWriterTest, TakeOverThatLosesEveryRaceIsAborted) {
  CreateFirst();
  int num_races = 0;
  injector_->Arm({.call = "Finish", .sticky = true, .mode = FaultMode::kSlow, .on_slow = [&] {
                    ++num_races;
                    TakeOverAside();
                  }});
  EXPECT_EQ(CodeOf(VersionWriter::TakeOver(versions_, SameBody, {})), absl::StatusCode::kAborted);
  EXPECT_EQ(num_races, 6);
}

TEST_F(VersionWriterTest, TakeOverOfUnknownOutcomeGivesNoWriter) {
  CreateFirst();
  Fail("Finish", absl::UnknownError("reset"));
  EXPECT_EQ(CodeOf(VersionWriter::TakeOver(versions_, SameBody, {})), absl::StatusCode::kUnknown);
}

TEST_F(VersionWriterTest, WriterOverTheLastNumberIsRefused) {
  PutVersion(*base_, {.number = ~uint64_t{0}, .commit_id = "c", .body = "{}"});
  EXPECT_EQ(CodeOf(VersionWriter::TakeOver(versions_, SameBody, {})),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::catalog
