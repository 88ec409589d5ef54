// A datagram comes, a datagram goes back: nothing else happens between the two system calls. What a packet's way through a
// process costs at least, as the reference of `npm run bench -- latency`.
#include "bench_echo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "napi_support.h"

namespace sangam {

napi_value benchEcho(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t port = args.u32(0);
  if (!args.ok()) return nullptr;
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in own = {};
  own.sin_family = AF_INET;
  own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  own.sin_port = htons(static_cast<uint16_t>(port));
  if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return throwSystemError(env, error, "bind", "127.0.0.1");
  }
  uint8_t data[2048];
  double echoed = 0;
  for (;;) {
    sockaddr_in from = {};
    socklen_t fromBytes = sizeof from;
    const ssize_t bytes = recvfrom(fd, data, sizeof data, 0, reinterpret_cast<sockaddr*>(&from), &fromBytes);
    if (bytes <= 1) break;  // one byte says that it is over
    if (sendto(fd, data, static_cast<size_t>(bytes), 0, reinterpret_cast<sockaddr*>(&from), fromBytes) == bytes) ++echoed;
  }
  close(fd);
  return makeNumber(env, echoed);
}

}  // namespace sangam
