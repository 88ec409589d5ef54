#include "socket_binding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace sangam {

namespace {

bool parse(const SocketBinding& binding, sockaddr_in6* out, socklen_t* bytes) {
  *out = {};
  auto* v4 = reinterpret_cast<sockaddr_in*>(out);
  if (inet_pton(AF_INET, binding.ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(binding.port);
    *bytes = sizeof(sockaddr_in);
    return true;
  }
  *out = {};
  if (inet_pton(AF_INET6, binding.ip.c_str(), &out->sin6_addr) != 1) return false;
  out->sin6_family = AF_INET6;
  out->sin6_port = htons(binding.port);
  *bytes = sizeof(sockaddr_in6);
  return true;
}

bool setFlag(int fd, int level, int option, bool value) {
  const int wanted = value ? 1 : 0;
  return setsockopt(fd, level, option, &wanted, sizeof wanted) == 0;
}

int prepareAndBind(const SocketBinding& binding, int type, sockaddr_in6* address, socklen_t bytes, BoundSocket* out) {
  if (fcntl(out->fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(out->fd, F_SETFD, FD_CLOEXEC) != 0) return errno;
  if (out->ipv6 && !setFlag(out->fd, IPPROTO_IPV6, IPV6_V6ONLY, binding.ipv6Only)) return errno;
  if (binding.reusePort && !setFlag(out->fd, SOL_SOCKET, SO_REUSEPORT, true)) return errno;
  // Connections that ended a minute ago don't keep a listener from its port; another listener does.
  if (type == SOCK_STREAM && !setFlag(out->fd, SOL_SOCKET, SO_REUSEADDR, true)) return errno;
  if (bind(out->fd, reinterpret_cast<sockaddr*>(address), bytes) != 0) return errno;
  bytes = sizeof *address;
  if (getsockname(out->fd, reinterpret_cast<sockaddr*>(address), &bytes) != 0) return errno;
  out->port = ntohs(address->sin6_port);  // the port is at the same place in both families
  return 0;
}

}  // namespace

int bindSocket(const SocketBinding& binding, int type, BoundSocket* out) {
  sockaddr_in6 address;
  socklen_t bytes = 0;
  if (!parse(binding, &address, &bytes)) return EINVAL;
  out->ipv6 = address.sin6_family == AF_INET6;
  out->fd = socket(address.sin6_family, type, 0);
  if (out->fd < 0) return errno;
  const int error = prepareAndBind(binding, type, &address, bytes, out);
  if (error == 0) return 0;
  close(out->fd);
  out->fd = -1;
  return error;
}

void setBufferBytes(int fd, int option, int bytes) {
#ifdef __linux__
  // The forced form goes over the system's limit where the process may; else the limit is what we get.
  const int forced = option == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;
  if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) == 0) return;
#endif
  setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes);
}

}  // namespace sangam
