#include "engine/reader_lease.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/forwarding_store.h"
#include "support/counting_object_store.h"
#include "support/fake_clock.h"
#include "support/fault_object_store.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

using support::CodeOf;
using support::PathOf;

constexpr int64_t kLease = 10'000;
constexpr int64_t kGrace = 3000;
constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();

// A store whose next list of leases is of no one moment: while it is made `meanwhile` is called,
// and it lacks what was put by that and what was deleted.
class TornListStore final : public store::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    auto before = ForwardingStore::List(prefix, context);
    if (!before.ok() || meanwhile == nullptr) return before;
    std::exchange(meanwhile, nullptr)();
    const auto after = ForwardingStore::List(prefix, context);
    if (!after.ok()) return after;
    std::erase_if(*before, [&](const ObjectInfo& object) {
      return std::none_of(after->begin(), after->end(),
                          [&](const ObjectInfo& other) { return other.path == object.path; });
    });
    return before;
  }

  std::function<void()> meanwhile{};
};

class ReaderLeaseTest : public ::testing::Test {
 protected:
  uint64_t Lowest() {
    const auto lowest =
        LowestLeased(*store_, PathOf("collections/c"), clock_.NowMillis(), kGrace, {});
    EXPECT_OK(lowest);
    return lowest.value_or(0);
  }
  size_t NumLeases() { return store_->List(PathOf("collections/c/readers"))->size(); }
  std::unique_ptr<ReaderLease> Make() {
    return std::make_unique<ReaderLease>(counted_, PathOf("collections/c"), kLease, &clock_);
  }
  static std::shared_ptr<const ManifestPin> Pin(uint64_t version) {
    return std::make_shared<const ManifestPin>(ManifestPin{version});
  }

  support::FakeClock clock_;
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore(clock_);
  const std::shared_ptr<support::FaultInjector> faults_ =
      std::make_shared<support::FaultInjector>();
  const std::shared_ptr<support::CountingObjectStore> counted_ =
      std::make_shared<support::CountingObjectStore>(
          std::make_shared<support::FaultObjectStore>(store_, faults_));
};

TEST_F(ReaderLeaseTest, NameSaysEverything) {
  const LeaseName name{.reader = std::string(32, 'a'), .number = 3, .version = 42, .lease_ms = 7};
  const std::string text = ToString(name);
  const auto parsed = ParseLeaseName(text);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->reader, name.reader);
  EXPECT_EQ(parsed->number, 3u);
  EXPECT_EQ(parsed->version, 42u);
  EXPECT_EQ(parsed->lease_ms, 7u);
  EXPECT_OK(ObjectPath::Parse("collections/c/readers/" + text));
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(ParseLeaseName(text.substr(0, size)).has_value()) << size;
  }
  for (size_t at = 0; at < text.size(); ++at) {
    std::string other = text;
    other[at] = '?';
    EXPECT_FALSE(ParseLeaseName(other).has_value()) << at;
  }
}

TEST_F(ReaderLeaseTest, HoldsEverythingUntilSomethingIsUsedAndThenTheLowestInUse) {
  EXPECT_EQ(Lowest(), kNone);
  const auto lease = Make();
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(Lowest(), 1u);
  auto old = Pin(5);
  auto newer = Pin(8);
  lease->Use(newer);
  lease->Use(old);
  clock_.Advance(kLease / 2);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(Lowest(), 5u);
  EXPECT_EQ(NumLeases(), 1u);
  old.reset();
  clock_.Advance(kLease / 2);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(Lowest(), 8u);
}

TEST_F(ReaderLeaseTest, RenewalCostsNothingUntilHalfOfTheTimeIsGone) {
  const auto lease = Make();
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(counted_->num_requests(), 1u);
  clock_.Advance(kLease / 2 - 1);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(counted_->num_requests(), 1u);
  clock_.Advance(1);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(counted_->num_requests(), 3u);
}

TEST_F(ReaderLeaseTest, ExpiredLeaseHoldsNothingAndIsDeletedAfterTheGrace) {
  const auto lease = Make();
  ASSERT_OK(lease->Renew({}));
  clock_.Advance(kLease - 1);
  EXPECT_EQ(Lowest(), 1u);
  clock_.Advance(1);
  EXPECT_EQ(Lowest(), kNone);
  clock_.Advance(kGrace);
  EXPECT_EQ(Lowest(), kNone);
  EXPECT_EQ(NumLeases(), 1u);
  clock_.Advance(1);
  EXPECT_EQ(Lowest(), kNone);
  EXPECT_EQ(NumLeases(), 0u);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(Lowest(), 1u);
}

TEST_F(ReaderLeaseTest, LeaseThatTakesThePlaceOfAnotherDuringAListIsSeen) {
  const auto lease = Make();
  const auto pin = Pin(5);
  lease->Use(pin);
  ASSERT_OK(lease->Renew({}));
  TornListStore torn(store_);
  torn.meanwhile = [&] {
    clock_.Advance(kLease / 2);
    ASSERT_OK(lease->Renew({}));
  };
  EXPECT_EQ(*LowestLeased(torn, PathOf("collections/c"), clock_.NowMillis(), kGrace, {}), 5u);
  EXPECT_EQ(torn.meanwhile, nullptr);
}

// Two lists would miss one that is there for a moment alone.
TEST_F(ReaderLeaseTest, LeaseWhosePutTookLongStaysForAWhile) {
  const auto lease = Make();
  faults_->Arm({.call = "Finish", .mode = support::FaultMode::kSlow, .on_slow = [&] {
                  clock_.Advance(kLease / 2 - 1);
                }});
  ASSERT_OK(lease->Renew({}));
  clock_.Advance(1);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(NumLeases(), 2u);
  clock_.Advance(kLease / 4 - 2);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(NumLeases(), 2u);
  clock_.Advance(1);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(NumLeases(), 1u);
  lease->Release();
  EXPECT_EQ(NumLeases(), 0u);
}

TEST_F(ReaderLeaseTest, LowestOfAllReadersCounts) {
  const auto pins = {Pin(9), Pin(4)};
  std::vector<std::unique_ptr<ReaderLease>> leases;
  for (const auto& pin : pins) {
    leases.push_back(Make());
    leases.back()->Use(pin);
    ASSERT_OK(leases.back()->Renew({}));
  }
  EXPECT_EQ(Lowest(), 4u);
  leases.pop_back();  // gives it up
  EXPECT_EQ(Lowest(), 9u);
  leases.front()->Release();
  EXPECT_EQ(Lowest(), kNone);
  EXPECT_EQ(NumLeases(), 0u);
}

TEST_F(ReaderLeaseTest, StoreThatRefusesIsTold) {
  const auto lease = Make();
  faults_->Arm({.call = "Create", .error = absl::PermissionDeniedError("read only")});
  EXPECT_EQ(CodeOf(lease->Renew({})), absl::StatusCode::kPermissionDenied);
  ASSERT_OK(lease->Renew({}));
  // One that cannot be deleted expires.
  faults_->Arm({.call = "Delete", .sticky = true, .error = absl::UnavailableError("away")});
  clock_.Advance(kLease / 2);
  ASSERT_OK(lease->Renew({}));
  EXPECT_EQ(NumLeases(), 2u);
  lease->Release();
  EXPECT_EQ(NumLeases(), 2u);
  clock_.Advance(kLease);
  EXPECT_EQ(Lowest(), kNone);
}

TEST_F(ReaderLeaseTest, OtherNamesAndImpossibleTimesHarmNothing) {
  const std::string folder = "collections/c/readers/";
  ASSERT_OK(PutObject(*store_, PathOf(folder + "x"), "x"));
  ASSERT_OK(PutObject(*store_, PathOf(folder + "below/x"), "x"));
  EXPECT_EQ(Lowest(), kNone);
  const LeaseName name{.reader = std::string(32, 'a'), .version = 7, .lease_ms = kNone};
  ASSERT_OK(PutObject(*store_, PathOf(folder + ToString(name)), "x"));
  EXPECT_EQ(Lowest(), 7u);
  clock_.Advance(-1'000'000'000);  // dated in the future
  EXPECT_EQ(Lowest(), 7u);
}

}  // namespace
}  // namespace vecdb::engine
