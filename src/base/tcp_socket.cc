#include "base/tcp_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace vecdb::base {

FileDescriptor OpenSocket(int family, int type, int protocol) {
  return FileDescriptor(::socket(family, type | SOCK_CLOEXEC, protocol));
}

void AcknowledgeNow(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

}  // namespace vecdb::base
