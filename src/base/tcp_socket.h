#ifndef VECDB_BASE_TCP_SOCKET_H_
#define VECDB_BASE_TCP_SOCKET_H_

#include "base/file_descriptor.h"

namespace vecdb::base {

/// A socket that programs which this process starts do not get; not open, with errno set, where the
/// system has none of the kind.
FileDescriptor OpenSocket(int family, int type, int protocol);

/// Has the system tell the other side now of what has come, where it would wait for something to
/// tell along with it. Of what is no TCP socket nothing is done.
void AcknowledgeNow(int socket);

}  // namespace vecdb::base

#endif  // VECDB_BASE_TCP_SOCKET_H_
