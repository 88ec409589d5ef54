// Where a socket is bound, and how: what UDP sockets and TCP listeners have in common.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace sangam {

struct SocketBinding {
  std::string ip;
  uint16_t port = 0;
  bool ipv6Only = false;
  bool reusePort = false;   // UDP only
  int sendBufferBytes = 0;  // 0: UDP kDefaultBufferBytes, TCP the system's own choice
  int receiveBufferBytes = 0;
};

// A bound socket that doesn't block and isn't inherited by child processes.
struct BoundSocket {
  int fd = -1;
  uint16_t port = 0;
  bool ipv6 = false;
};

// 0, or the errno of what failed (EINVAL for an address that isn't numeric). `type` is SOCK_DGRAM or SOCK_STREAM.
int bindSocket(const SocketBinding& binding, int type, BoundSocket* out);

// `option` is SO_SNDBUF or SO_RCVBUF.
void setBufferBytes(int fd, int option, int bytes);

}  // namespace sangam
