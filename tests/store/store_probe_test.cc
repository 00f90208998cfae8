#include "store/store_probe.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "catalog/catalog_testing.h"
#include "support/fault_object_store.h"
#include "support/quirky_object_store.h"
#include "support/temp_directory.h"

namespace vecdb::store {
namespace {

using catalog::PathsBelow;
using catalog::VersionsOf;
using support::CodeOf;
using support::FaultMode;
using support::PathOf;
using support::StoreQuirk;

absl::Status Probe(ObjectStore& store, const Context& context = {}) {
  return ProbeCreateIfAbsent(store, PathOf("m"), "i_promise_single_writer", context);
}

TEST(StoreProbeTest, GoodStoresPassAndKeepNothing) {
  const auto memory = MakeMemoryObjectStore();
  EXPECT_OK(Probe(*memory));
  EXPECT_TRUE(PathsBelow(*memory, "m").empty());
  const support::TempDirectory directory;
  const auto local = OpenLocalObjectStore(directory.path());
  ASSERT_OK(local);
  EXPECT_OK(Probe(**local));
  EXPECT_TRUE(PathsBelow(**local, "m").empty());
  support::QuirkyObjectStore plain(memory, StoreQuirk::kNone);
  EXPECT_OK(Probe(plain));
}

// Row C6.
TEST(StoreProbeTest, EveryQuirkIsRefusedInWords) {
  struct Case {
    StoreQuirk quirk;
    absl::StatusCode code;
    const char* says;
  };
  constexpr auto kUnfit = absl::StatusCode::kFailedPrecondition;
  const Case cases[] = {
      {StoreQuirk::kOverwrites, kUnfit, "a second write was answered OK"},
      {StoreQuirk::kAnswersOkAnyway, kUnfit, "a second write was answered OK"},
      {StoreQuirk::kWrongError, kUnfit, "INTERNAL: 500"},
      {StoreQuirk::kListsNever, kUnfit, "not listed"},
      {StoreQuirk::kRefusesConditions, absl::StatusCode::kUnavailable, "501"},
      {StoreQuirk::kLosesFirst, kUnfit, "replaced the first"},
  };
  ASSERT_EQ(std::size(cases), std::size(support::kAllStoreQuirks));
  for (const Case& c : cases) {
    const auto base = MakeMemoryObjectStore();
    support::QuirkyObjectStore store(base, c.quirk);
    const absl::Status status = Probe(store);
    EXPECT_EQ(CodeOf(status), c.code) << support::NameOf(c.quirk) << ": " << status;
    EXPECT_NE(std::string(status.message()).find(c.says), std::string::npos) << status;
    if (c.code == kUnfit) {
      EXPECT_NE(std::string(status.message()).find("i_promise_single_writer"), std::string::npos)
          << status;
    }
    EXPECT_TRUE(PathsBelow(*base, "m").empty()) << support::NameOf(c.quirk);
  }
}

class StoreProbeFaultTest : public ::testing::Test {
 protected:
  void Fail(const char* call, int nth, absl::Status error,
            FaultMode mode = FaultMode::kFailBefore) {
    injector_->Arm({.call = call, .nth = nth, .mode = mode, .error = std::move(error)});
  }

  const std::shared_ptr<ObjectStore> base_ = MakeMemoryObjectStore();
  const std::shared_ptr<support::FaultInjector> injector_ =
      std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store_{base_, injector_};
};

TEST_F(StoreProbeFaultTest, ErrorsOfTheStoreComeAsTheyAre) {
  struct Case {
    const char* call;
    int nth;
  };
  for (const Case& c : {Case{"Create", 1}, Case{"Append", 1}, Case{"Finish", 1}, Case{"Create", 2},
                        Case{"Append", 2}, Case{"Finish", 2}, Case{"Open", 1}, Case{"ReadAt", 1},
                        Case{"List", 1}}) {
    for (const absl::Status& error :
         {absl::UnavailableError("503"), absl::PermissionDeniedError("403"),
          absl::ResourceExhaustedError("full")}) {
      Fail(c.call, c.nth, error);
      EXPECT_EQ(Probe(store_), error) << c.call << c.nth;
      EXPECT_TRUE(PathsBelow(*base_, "m").empty()) << c.call << c.nth;
    }
  }
}

TEST_F(StoreProbeFaultTest, LostAnswerToTheFirstWriteIsLookedUp) {
  for (const absl::Status& error : {absl::UnknownError("reset"), absl::AlreadyExistsError("412")}) {
    Fail("Finish", 1, error, FaultMode::kFailAfter);
    EXPECT_OK(Probe(store_));
  }
  Fail("Finish", 1, absl::UnknownError("reset"));
  EXPECT_EQ(CodeOf(Probe(store_)), absl::StatusCode::kUnknown);
}

TEST_F(StoreProbeFaultTest, FreshNameThatIsSaidToExistIsRefused) {
  Fail("Finish", 1, absl::AlreadyExistsError("412"));
  EXPECT_EQ(CodeOf(Probe(store_)), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StoreProbeFaultTest, ProbeThatCannotBeDeletedPasses) {
  Fail("Delete", 1, absl::PermissionDeniedError("no"));
  EXPECT_OK(Probe(store_));
  EXPECT_EQ(PathsBelow(*base_, "m").size(), 1u);
  EXPECT_FALSE(VersionsOf(*base_).ReadNewest({})->has_value());
}

TEST_F(StoreProbeFaultTest, CancelledProbeIsCancelledAndKeepsNothing) {
  Context context{.cancel = CancelToken::Make()};
  injector_->Arm({.call = "Finish", .nth = 2, .mode = FaultMode::kSlow, .on_slow = [&] {
                    context.cancel.Cancel();
                  }});
  EXPECT_EQ(CodeOf(Probe(store_, context)), absl::StatusCode::kCancelled);
  EXPECT_TRUE(PathsBelow(*base_, "m").empty());
}

}  // namespace
}  // namespace vecdb::store
