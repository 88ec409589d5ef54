// One bound UDP socket: batches in, batches out. Linux does both in one system call each; elsewhere one per datagram.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

#include <memory>
#include <vector>

#include "address.h"
#include "layout.h"
#include "socket_binding.h"

namespace sangam {

// What one recvmmsg brought. Lives once per port, used by every socket.
class ReceiveBatch {
 public:
  static constexpr size_t kDatagrams = 64;

  ReceiveBatch();
  // Its bytes, for whoever reads a stream between two batches.
  uint8_t* memory() { return staging_.get(); }
  static constexpr size_t capacity() { return kDatagrams * kSlotBytes; }
  const uint8_t* data(size_t i) const { return staging_.get() + i * kSlotBytes; }
  size_t bytes(size_t i) const { return bytes_[i]; }
  bool truncated(size_t i) const { return truncated_[i]; }
  const sockaddr_in6& from(size_t i) const { return from_[i]; }

  // For fuzzing: as if the system had brought this datagram, of at most kSlotBytes.
  void place(size_t i, const uint8_t* data, size_t bytes, const sockaddr_in6& from) {
    memcpy(staging_.get() + i * kSlotBytes, data, bytes);
    bytes_[i] = bytes;
    truncated_[i] = false;
    from_[i] = from;
  }

 private:
  friend class UdpSocket;
  std::unique_ptr<uint8_t[]> staging_;
  size_t bytes_[kDatagrams];
  bool truncated_[kDatagrams];
  sockaddr_in6 from_[kDatagrams];
  iovec vectors_[kDatagrams];
#ifdef __linux__
  mmsghdr messages_[kDatagrams];
#endif
};

// A datagram to send, or several of `segmentBytes` each (the last may be shorter) that share one.
struct OutgoingMessage {
  Destination destination;
  uint8_t* data;
  size_t bytes;
  size_t segmentBytes;
  size_t packets;
};

struct SendOutcome {
  size_t taken = 0;  // messages that the system took, from the first on
  int error = 0;     // errno of the message after them, 0 if all were taken
};

class UdpSocket {
 public:
  static constexpr int kDefaultBufferBytes = 4 * 1024 * 1024;
  static constexpr size_t kMaxMessages = 64;

  UdpSocket() = default;
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;
  ~UdpSocket();

  // 0, or the errno of what failed (EINVAL for an address that isn't numeric).
  int open(const SocketBinding& binding);
  uint16_t port() const { return bound_.port; }
  bool isIpv6() const { return bound_.ipv6; }
  int fd() const { return bound_.fd; }

  // Reads at most `limit` datagrams (<= ReceiveBatch::kDatagrams); returns how many.
  size_t receive(ReceiveBatch* batch, size_t limit);

  // Tries `count` messages (<= kMaxMessages) in order.
  SendOutcome send(const OutgoingMessage* messages, size_t count);

  bool canSegment() const { return segmentation_; }
  void giveUpSegmentation() { segmentation_ = false; }

 private:
  void detectSegmentation();

  BoundSocket bound_;
  bool segmentation_ = false;
};

}  // namespace sangam
