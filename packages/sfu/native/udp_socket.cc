#include "udp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __linux__
#include <netinet/udp.h>
#endif

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

namespace sangam {

namespace {

#ifdef __linux__
// Room for one UDP_SEGMENT control message (a uint16_t).
struct alignas(cmsghdr) SegmentControl {
  uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
};

void setSegmentBytes(msghdr* header, SegmentControl* control, size_t segmentBytes) {
  header->msg_control = control->bytes;
  header->msg_controllen = sizeof control->bytes;
  cmsghdr* message = CMSG_FIRSTHDR(header);
  message->cmsg_level = IPPROTO_UDP;
  message->cmsg_type = UDP_SEGMENT;
  message->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  const auto value = static_cast<uint16_t>(segmentBytes);
  memcpy(CMSG_DATA(message), &value, sizeof value);
}
#endif

bool parse(const UdpBinding& binding, sockaddr_in6* out, socklen_t* bytes) {
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

void setBuffer(int fd, int option, int bytes) {
  const int wanted = bytes > 0 ? bytes : UdpSocket::kDefaultBufferBytes;
#ifdef __linux__
  // The forced form goes over the system's limit where the process may; else the limit is what we get.
  const int forced = option == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;
  if (setsockopt(fd, SOL_SOCKET, forced, &wanted, sizeof wanted) == 0) return;
#endif
  setsockopt(fd, SOL_SOCKET, option, &wanted, sizeof wanted);
}

}  // namespace

ReceiveBatch::ReceiveBatch() : staging_(new uint8_t[kDatagrams * kSlotBytes]) {
  for (size_t i = 0; i < kDatagrams; ++i) vectors_[i] = iovec{staging_.get() + i * kSlotBytes, kSlotBytes};
#ifdef __linux__
  for (size_t i = 0; i < kDatagrams; ++i) {
    messages_[i] = {};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_name = &from_[i];
  }
#endif
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) close(fd_);
}

int UdpSocket::open(const UdpBinding& binding) {
  const int error = bindTo(binding);
  if (error != 0) return error;
  setBuffer(fd_, SO_SNDBUF, binding.sendBufferBytes);
  setBuffer(fd_, SO_RCVBUF, binding.receiveBufferBytes);
  detectSegmentation();
  return 0;
}

int UdpSocket::bindTo(const UdpBinding& binding) {
  sockaddr_in6 address;
  socklen_t bytes = 0;
  if (!parse(binding, &address, &bytes)) return EINVAL;
  ipv6_ = address.sin6_family == AF_INET6;
  fd_ = socket(address.sin6_family, SOCK_DGRAM, 0);
  if (fd_ < 0) return errno;
  const int on = 1;
  const int ipv6Only = binding.ipv6Only ? 1 : 0;
  if (fcntl(fd_, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd_, F_SETFD, FD_CLOEXEC) != 0) return errno;
  if (ipv6_ && setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &ipv6Only, sizeof ipv6Only) != 0) return errno;
  if (binding.reusePort && setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) return errno;
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), bytes) != 0) return errno;
  bytes = sizeof address;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes) != 0) return errno;
  port_ = ntohs(address.sin6_port);  // the port is at the same place in both families
  return 0;
}

void UdpSocket::detectSegmentation() {
#ifdef __linux__
  int value = 0;
  socklen_t bytes = sizeof value;
  segmentation_ = getsockopt(fd_, IPPROTO_UDP, UDP_SEGMENT, &value, &bytes) == 0;
#endif
}

#ifdef __linux__

size_t UdpSocket::receive(ReceiveBatch* batch, size_t limit) {
  for (size_t i = 0; i < limit; ++i) batch->messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in6);
  const int got = recvmmsg(fd_, batch->messages_, static_cast<unsigned>(limit), MSG_DONTWAIT, nullptr);
  if (got <= 0) return 0;
  for (int i = 0; i < got; ++i) {
    batch->bytes_[i] = batch->messages_[i].msg_len;
    batch->truncated_[i] = (batch->messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
  }
  return static_cast<size_t>(got);
}

SendOutcome UdpSocket::send(const OutgoingMessage* messages, size_t count) {
  mmsghdr headers[kMaxMessages];
  iovec vectors[kMaxMessages];
  SegmentControl controls[kMaxMessages];
  for (size_t i = 0; i < count; ++i) {
    const OutgoingMessage& message = messages[i];
    vectors[i] = iovec{message.data, message.bytes};
    msghdr& header = headers[i].msg_hdr;
    header = {};
    header.msg_name = const_cast<sockaddr_in6*>(&message.destination.address.v6);
    header.msg_namelen = message.destination.length;
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
    if (message.packets > 1) setSegmentBytes(&header, &controls[i], message.segmentBytes);
  }
  const int sent = sendmmsg(fd_, headers, static_cast<unsigned>(count), MSG_DONTWAIT);
  if (sent < 0) return SendOutcome{0, errno};
  // The system keeps the error of the message it stopped at for the next call.
  return SendOutcome{static_cast<size_t>(sent), 0};
}

#else

size_t UdpSocket::receive(ReceiveBatch* batch, size_t limit) {
  size_t got = 0;
  for (; got < limit; ++got) {
    msghdr header = {};
    header.msg_name = &batch->from_[got];
    header.msg_namelen = sizeof(sockaddr_in6);
    header.msg_iov = &batch->vectors_[got];
    header.msg_iovlen = 1;
    const ssize_t bytes = recvmsg(fd_, &header, MSG_DONTWAIT);
    if (bytes < 0) break;
    batch->bytes_[got] = static_cast<size_t>(bytes);
    batch->truncated_[got] = (header.msg_flags & MSG_TRUNC) != 0;
  }
  return got;
}

SendOutcome UdpSocket::send(const OutgoingMessage* messages, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const auto* to = reinterpret_cast<const sockaddr*>(&messages[i].destination.address.v6);
    const socklen_t toBytes = messages[i].destination.length;
    if (sendto(fd_, messages[i].data, messages[i].bytes, MSG_DONTWAIT, to, toBytes) < 0) return SendOutcome{i, errno};
  }
  return SendOutcome{count, 0};
}

#endif

}  // namespace sangam
