#include "base/tcp_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace vecdb::base {
namespace {

TEST(TcpSocketTest, OpensWhatProgramsStartedLaterDoNotGet) {
  const FileDescriptor opened = OpenSocket(AF_INET, SOCK_STREAM, 0);
  ASSERT_TRUE(opened.is_open());
  EXPECT_NE(fcntl(opened.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_FALSE(OpenSocket(-1, SOCK_STREAM, 0).is_open());
}

// That answers come sooner is shown in tests/s3/transfers_test.cc.
TEST(TcpSocketTest, AcknowledgesAtOnceWhateverItIsGiven) {
  const FileDescriptor opened = OpenSocket(AF_INET, SOCK_STREAM, 0);
  AcknowledgeNow(opened.get());
  int is_quick = 0;
  socklen_t size = sizeof(is_quick);
  ASSERT_EQ(getsockopt(opened.get(), IPPROTO_TCP, TCP_QUICKACK, &is_quick, &size), 0);
  EXPECT_NE(is_quick, 0);
  AcknowledgeNow(-1);
  AcknowledgeNow(OpenSocket(AF_UNIX, SOCK_STREAM, 0).get());
}

}  // namespace
}  // namespace vecdb::base
