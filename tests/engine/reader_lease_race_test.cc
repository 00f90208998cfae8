#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "engine/lease_book.h"
#include "support/fake_clock.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::engine {
namespace {

// Refreshes and the thread that renews do it at the same time, and somebody closes.
TEST(ReaderLeaseRaceTest, RenewalsBesideEachOtherLeaveOneLeaseAndNoneAfterRelease) {
  constexpr int64_t kLeaseMillis = 1000;
  support::FakeClock clock;
  const auto store = MakeMemoryObjectStore(clock);
  const ObjectPath folder = support::PathOf("collections/c");
  const auto num_leases = [&] {
    return store->List(support::PathOf("collections/c/readers"))->size();
  };
  for (int round = 0; round < 10; ++round) {
    const auto lease = std::make_shared<ReaderLease>(store, folder, kLeaseMillis, &clock);
    LeaseBook book;
    book.Add(lease);
    const auto renew = [&](bool by_book) {
      for (int i = 0; i < 50; ++i) {
        clock.Advance(kLeaseMillis / 4);
        if (by_book) {
          book.RenewAll({});
        } else {
          EXPECT_OK(lease->Renew({}));
        }
        lease->Use(std::make_shared<const ManifestPin>(ManifestPin{7}));
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back(renew, i == 0);
    if (round % 2 == 1) lease->Release();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(num_leases(), round % 2 == 1 ? 0u : 1u);
    lease->Release();
    EXPECT_EQ(num_leases(), 0u);
  }
}

}  // namespace
}  // namespace vecdb::engine
