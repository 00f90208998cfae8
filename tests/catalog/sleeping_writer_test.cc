// Row C3: a writer sleeps within its commit, longer than the grace period of garbage collection.
// Meanwhile another one takes over, commits and collects; then the first one wakes up.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "catalog/ambiguous_store.h"
#include "catalog/garbage_testing.h"
#include "support/seeded_random.h"

namespace vecdb::catalog {
namespace {

using support::PathOf;
using support::SeededRandom;

constexpr int kCases = 200;

class Night {
 public:
  explicit Night(uint64_t seed) : random_(seed) {}

  // Sleeps before its put lands, or behind that; gives what the sleeper was told.
  absl::Status Sleep() {
    garbage_.PutData("old");
    garbage_.Commit({"old"});
    auto opened = VersionWriter::TakeOver(VersionsOf(store_), SameBody, {});
    EXPECT_OK(opened);
    sleeper_ = *std::move(opened);
    garbage_.PutData("mine");
    const Ambiguity fates[] = {Ambiguity::kNone, Ambiguity::kFailAfter, Ambiguity::kDuplicate,
                               Ambiguity::kDelayed, Ambiguity::kFailBefore};
    AmbiguousStore::Plan plan{.ambiguity = fates[random_.Below(std::size(fates))],
                              .error = RandomAmbiguousError(random_),
                              .delay_calls = static_cast<int>(random_.Below(4)) - 1};
    slept_before_put_ = random_.OneIn(2);
    (slept_before_put_ ? plan.before_put : plan.after_put) = [this] { OthersGoOn(); };
    number_ = sleeper_->current().number + 1;
    store_.Arm(std::move(plan));
    const absl::Status told = sleeper_->Commit(BodyNaming({"old", "mine"}), {});
    store_.Heal();
    return told;
  }

  void Check(const absl::Status& told) {
    EXPECT_TRUE(told.ok() || absl::IsUnknown(told) || absl::IsFailedPrecondition(told)) << told;
    if (slept_before_put_) {
      EXPECT_FALSE(told.ok());
    }
    if (told.ok()) {
      EXPECT_TRUE(is_base_) << "it was told OK, and nobody stands on its version";
    }
    if (absl::IsFailedPrecondition(told)) {
      EXPECT_FALSE(is_base_) << "it was told that it lost, and others stand on its version";
    }
    garbage_.ExpectWhole(newest_);
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(absl::IsFailedPrecondition(sleeper_->Commit(BodyNaming({}), {})));
    }
    garbage_.ExpectWhole(newest_);
    // What the sleeper has left is cleaned up, and the other one does not notice.
    ASSERT_OK(other_->Commit(BodyNaming({"new"}), {}));
    garbage_.clock.Advance(kGraceMs);
    ASSERT_OK(garbage_.Collect());
    garbage_.ExpectWhole(newest_ + 1);
    EXPECT_EQ(garbage_.Versions(), absl::StrCat(newest_ + 1, " "));
    EXPECT_EQ(garbage_.Data(), "d/new ");
  }

  bool number_was_removed() const { return number_was_removed_; }

 private:
  void OthersGoOn() {
    auto opened = VersionWriter::TakeOver(VersionsOf(*garbage_.base), SameBody, {});
    ASSERT_OK(opened);
    other_ = *std::move(opened);
    is_base_ = other_->current().number > number_;
    garbage_.PutData("new");
    const uint64_t num_commits = random_.Below(4);
    for (uint64_t i = 0; i <= num_commits; ++i) {
      const bool keeps_old = random_.OneIn(2);
      ASSERT_OK(other_->Commit(
          keeps_old && i == 0 ? BodyNaming({"new", "old"}) : BodyNaming({"new"}), {}));
      garbage_.clock.Advance(static_cast<int64_t>(random_.Below(2 * kGraceMs)));
      if (random_.OneIn(2)) {
        ASSERT_OK(garbage_.Collect());
      }
    }
    newest_ = other_->current().number;
    number_was_removed_ = garbage_.List().versions.front().number > number_;
  }

  SeededRandom random_;
  GarbageFixture garbage_;
  AmbiguousStore store_{garbage_.base};  // the sleeper's
  std::unique_ptr<VersionWriter> sleeper_;
  std::unique_ptr<VersionWriter> other_;
  bool slept_before_put_ = false;
  bool is_base_ = false;             // the other one took over behind the sleeper's version
  bool number_was_removed_ = false;  // the number that the sleeper commits, by collection
  uint64_t number_ = 0;
  uint64_t newest_ = 0;
};

TEST(SleepingWriterTest, OutcomeIsUnknownWhenTheVersionBehindIsGoneToo) {
  // A listing may show a boundary and miss the versions above it.
  for (const auto& [version, boundary] : {std::pair(9, 9), std::pair(9, 0), std::pair(0, 9)}) {
    const auto base = MakeMemoryObjectStore();
    AmbiguousStore store(base);
    store.Arm({.before_put = [&, version = version, boundary = boundary] {
      const auto number = static_cast<uint64_t>(version);
      if (version != 0) PutVersion(*base, {.number = number, .commit_id = "c", .body = "{}"});
      EXPECT_TRUE(boundary == 0 || VersionsOf(*base).PutBoundary(9, {}).ok());
    }});
    EXPECT_EQ(support::CodeOf(VersionsOf(store).CommitNext({}, 1, "{}", {})),
              absl::StatusCode::kUnknown)
        << version << " " << boundary;
  }
}

TEST(SleepingWriterTest, NeverBelievesThatItCommittedAndDoesNoHarm) {
  const uint64_t base_seed = support::TestSeed("SleepingWriter");
  const int cases = support::ScaledCount(kCases);
  int num_removed = 0;
  int num_ok = 0;
  for (int i = 0; i < cases; ++i) {
    const uint64_t seed = base_seed + static_cast<uint64_t>(i);
    SCOPED_TRACE(absl::StrFormat("VECDB_TEST_SEED=%d", seed));
    Night night(seed);
    const absl::Status told = night.Sleep();
    night.Check(told);
    num_removed += night.number_was_removed();
    num_ok += told.ok();
    if (::testing::Test::HasFailure()) return;
  }
  std::printf("%d cases: in %d the number was removed meanwhile; %d commits stood\n", cases,
              num_removed, num_ok);
  if (cases < kCases) return;
  EXPECT_GT(num_removed, cases / 4);
  EXPECT_GT(num_ok, 0);
}

}  // namespace
}  // namespace vecdb::catalog
