// K3 in a bucket: a writer is killed, goes on, or sleeps, and another process takes over.
#include <gtest/gtest.h>

#include "base/random_id.h"
#include "crash/kill_chain.h"
#include "s3/ceph_settings.h"
#include "support/seeded_random.h"

namespace vecdb::s3 {
namespace {

// 200 by hand, with VECDB_TEST_SCALE=20.
TEST(CephKillTest, StandbyTakesOverFromAWriterWithItsJournalInTheBucket) {
  support::TakeOverAgainAndAgain("K3.ceph", support::ScaledCount(10), [] {
    return support::KillTarget{.program = VECDB_CEPH_KILL_WRITER,
                               .place = support::kStorePlace + base::RandomId(),
                               .open_store = OpenCephPrefix,
                               .wait_us = 20'000};
  });
}

}  // namespace
}  // namespace vecdb::s3
