#include "udp_socket.h"

#include <errno.h>
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

void setBuffer(int fd, int option, int bytes) {
  setBufferBytes(fd, option, bytes > 0 ? bytes : UdpSocket::kDefaultBufferBytes);
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
    messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in6);
  }
#endif
}

UdpSocket::~UdpSocket() {
  if (bound_.fd >= 0) close(bound_.fd);
}

int UdpSocket::open(const SocketBinding& binding) {
  const int error = bindSocket(binding, SOCK_DGRAM, &bound_);
  if (error != 0) return error;
  setBuffer(bound_.fd, SO_SNDBUF, binding.sendBufferBytes);
  setBuffer(bound_.fd, SO_RCVBUF, binding.receiveBufferBytes);
  detectSegmentation();
  return 0;
}

void UdpSocket::detectSegmentation() {
#ifdef __linux__
  int value = 0;
  socklen_t bytes = sizeof value;
  segmentation_ = getsockopt(bound_.fd, IPPROTO_UDP, UDP_SEGMENT, &value, &bytes) == 0;
#endif
}

#ifdef __linux__

size_t UdpSocket::receive(ReceiveBatch* batch, size_t limit) {
  const int got = recvmmsg(bound_.fd, batch->messages_, static_cast<unsigned>(limit), MSG_DONTWAIT, nullptr);
  if (got <= 0) return 0;
  for (int i = 0; i < got; ++i) {
    batch->bytes_[i] = batch->messages_[i].msg_len;
    batch->truncated_[i] = (batch->messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
    // For the next time; of those that brought nothing it is still so.
    batch->messages_[i].msg_hdr.msg_namelen = sizeof(sockaddr_in6);
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
  const int sent = sendmmsg(bound_.fd, headers, static_cast<unsigned>(count), MSG_DONTWAIT);
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
    const ssize_t bytes = recvmsg(bound_.fd, &header, MSG_DONTWAIT);
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
    if (sendto(bound_.fd, messages[i].data, messages[i].bytes, MSG_DONTWAIT, to, toBytes) < 0) return SendOutcome{i, errno};
  }
  return SendOutcome{count, 0};
}

#endif

}  // namespace sangam
