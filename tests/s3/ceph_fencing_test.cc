// C3 in a bucket: a writer that sleeps for longer than anything is kept.
#include <gtest/gtest.h>

#include "api/two_writers.h"
#include "base/random_id.h"
#include "s3/ceph_settings.h"

namespace vecdb::s3 {
namespace {

class CephFencingTest : public support::TwoWriters {
 protected:
  // The bucket dates its objects by the true time, which the clock leaves behind.
  CephFencingTest() {
    clock_.Set(SystemClock().NowMillis());
    const std::string prefix = base::RandomId();
    Start(OpenCephPrefix(prefix).value(), OpenCephPrefix(prefix).value());
  }
};

TEST_F(CephFencingTest, SleeperCannotAcknowledgeAfterAnyTime) { ExpectSleeperIsStopped(false); }

TEST_F(CephFencingTest, SleeperCannotAcknowledgeAfterItsSuccessorHasClosed) {
  ExpectSleeperIsStopped(true);
}

}  // namespace
}  // namespace vecdb::s3
