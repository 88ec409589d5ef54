#include "tcp_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <algorithm>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0  // Node ignores SIGPIPE anyway
#endif

namespace sangam {

namespace {

constexpr int kListenBacklog = 511;
// What the system may hold of data that it has not sent: more would only be older when it arrives.
constexpr int kNotSentBytes = 128 * 1024;

void prepare(int fd) {
  const int on = 1;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef TCP_NOTSENT_LOWAT
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kNotSentBytes, sizeof kNotSentBytes);
#endif
}

}  // namespace

TcpListener::~TcpListener() {
  if (bound_.fd >= 0) close(bound_.fd);
}

int TcpListener::open(const SocketBinding& binding) {
  const int error = bindSocket(binding, SOCK_STREAM, &bound_);
  if (error != 0) return error;
  // Connections inherit them.
  if (binding.sendBufferBytes > 0) setBufferBytes(bound_.fd, SO_SNDBUF, binding.sendBufferBytes);
  if (binding.receiveBufferBytes > 0) setBufferBytes(bound_.fd, SO_RCVBUF, binding.receiveBufferBytes);
  return listen(bound_.fd, kListenBacklog) == 0 ? 0 : errno;
}

int TcpListener::accept(sockaddr_in6* from) {
  socklen_t bytes = sizeof *from;
  const int fd = ::accept(bound_.fd, reinterpret_cast<sockaddr*>(from), &bytes);
  if (fd < 0) return -errno;
  prepare(fd);
  return fd;
}

TcpConnection::TcpConnection(int fd, bool ipv6, const sockaddr_in6& peer, uint64_t nowUs)
    : deadlineUs(nowUs + kNewcomerUs), fd_(fd), ipv6_(ipv6), peer_(keyFromSockaddr(peer, 0)) {}

TcpConnection::~TcpConnection() { close(fd_); }

TcpConnection::Read TcpConnection::read(uint8_t* into, size_t capacity, size_t* bytes) {
  const ssize_t got = recv(fd_, into, capacity, MSG_DONTWAIT);
  *bytes = got > 0 ? static_cast<size_t>(got) : 0;
  if (got > 0) return Read::data;
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return Read::nothing;
  return Read::closed;
}

size_t TcpConnection::send(const OutgoingMessage* messages, size_t count) {
  // Frames keep their order: nothing overtakes what waits.
  size_t sent = isBlocked() ? 0 : write(messages, count);
  for (size_t i = 0; i < count; ++i) {
    const size_t frame = FrameReader::kHeaderBytes + messages[i].bytes;
    const size_t ofThis = std::min(sent, frame);
    sent -= ofThis;
    if (ofThis < frame && !keep(messages[i], ofThis)) return i;
  }
  return count;
}

// Bytes that the system took. An error other than a full buffer comes again when the connection is read, and ends it there.
size_t TcpConnection::write(const OutgoingMessage* messages, size_t count) {
  uint8_t headers[UdpSocket::kMaxMessages][FrameReader::kHeaderBytes];
  iovec vectors[2 * UdpSocket::kMaxMessages];
  for (size_t i = 0; i < count; ++i) {
    writeU16(headers[i], static_cast<uint32_t>(messages[i].bytes));
    vectors[2 * i] = iovec{headers[i], FrameReader::kHeaderBytes};
    vectors[2 * i + 1] = iovec{messages[i].data, messages[i].bytes};
  }
  msghdr header = {};
  header.msg_iov = vectors;
  header.msg_iovlen = 2 * count;
  const ssize_t sent = sendmsg(fd_, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent > 0 ? static_cast<size_t>(sent) : 0;
}

// A frame that has begun to leave is kept whatever it takes: without its end nothing after it could be read.
bool TcpConnection::keep(const OutgoingMessage& message, size_t alreadySent) {
  const size_t frame = FrameReader::kHeaderBytes + message.bytes;
  if (alreadySent == 0 && backlog_.size() - head_ + frame > kBacklogBytes) return false;
  if (head_ > kBacklogBytes) {
    backlog_.erase(backlog_.begin(), backlog_.begin() + static_cast<ptrdiff_t>(head_));
    head_ = 0;
  }
  uint8_t header[FrameReader::kHeaderBytes];
  writeU16(header, static_cast<uint32_t>(message.bytes));
  const size_t ofHeader = std::min(alreadySent, FrameReader::kHeaderBytes);
  backlog_.insert(backlog_.end(), header + ofHeader, header + FrameReader::kHeaderBytes);
  backlog_.insert(backlog_.end(), message.data + (alreadySent - ofHeader), message.data + message.bytes);
  return true;
}

void TcpConnection::drain() {
  while (isBlocked()) {
    const size_t waiting = backlog_.size() - head_;
    const ssize_t sent = ::send(fd_, backlog_.data() + head_, waiting, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0) return;
    head_ += static_cast<size_t>(sent);
  }
  std::vector<uint8_t>().swap(backlog_);
  head_ = 0;
}

}  // namespace sangam
