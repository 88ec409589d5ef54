// Gathers outgoing datagrams in one buffer that stays in the L2 cache, merges runs of equal size to one destination
// (UDP_SEGMENT), and hands them to the system in batches.
#pragma once

#include <memory>

#include "header_template.h"
#include "layout.h"
#include "send_backlog.h"
#include "tcp_socket.h"

namespace sangam {

// A socket with what waits for it: UDP, or one TCP connection, which keeps its own. `blocked` tells the owner to watch for
// writability.
struct SendSocket {
  UdpSocket udp;
  SendBacklog backlog;
  std::unique_ptr<TcpConnection> stream;
  bool blocked = false;

  bool isIpv6() const { return stream == nullptr ? udp.isIpv6() : stream->isIpv6(); }
  int fd() const { return stream == nullptr ? udp.fd() : stream->fd(); }
};

class PacketSender {
 public:
  // The longest datagram that reserve() gives room for.
  static constexpr size_t kMaxDatagramBytes = 4096;

  explicit PacketSender(const SharedMemory& shared)
      : shared_(shared), buffer_(new uint8_t[kBufferBytes]) {}

  // Null where none is open.
  SendSocket* socketAt(SocketIndex index) const { return index < sockets_.size() ? sockets_[index] : nullptr; }
  void setSocket(SocketIndex index, SendSocket* socket);
  // Called when a socket starts to refuse.
  void onBlocked(void (*callback)(void*, SocketIndex socket), void* owner) {
    blockedCallback_ = callback;
    blockedOwner_ = owner;
  }

  // Room for kMaxDatagramBytes. Valid until the next call of any method.
  uint8_t* reserve();
  // Queues the `bytes` just written at reserve(). Datagrams with the same non-null `run` may share a segmented send:
  // give one value per destination.
  void commit(const Destination& destination, size_t bytes, const void* run);
  void flush();
  // The socket takes packets again.
  void drain(SocketIndex index);

  // Changes whenever packets have left.
  uint64_t flushes() const { return flushes_; }

 private:
  static constexpr size_t kBufferBytes = 128 * 1024;
  // Kernel limits: 64 segments (UDP_MAX_SEGMENTS), a 16-bit length, and no segment over the path's MTU.
  static constexpr size_t kMaxSegments = 64;
  static constexpr size_t kMaxSegmentedBytes = 65000;
  static constexpr size_t kMaxSegmentBytes = 1452;

  bool merge(const void* run, size_t bytes);
  // Sends what is queued; the buffer stays as it is, for what was written at reserve() and is not queued yet.
  void sendQueued();
  void sendAll(SendSocket& socket, SocketIndex index, const OutgoingMessage* messages, size_t count);
  void sendFrames(SendSocket& socket, SocketIndex index, const OutgoingMessage* messages, size_t count);
  void block(SendSocket& socket, SocketIndex index);
  bool handleError(SendSocket& socket, const OutgoingMessage& message, int error);
  void sendSegments(SendSocket& socket, const OutgoingMessage& message);
  void countSent(const OutgoingMessage* messages, size_t count);
  void keep(SendSocket& socket, SocketIndex index, const OutgoingMessage* messages, size_t count);

  const SharedMemory& shared_;
  std::unique_ptr<uint8_t[]> buffer_;
  std::vector<SendSocket*> sockets_;
  OutgoingMessage messages_[UdpSocket::kMaxMessages];
  size_t count_ = 0;
  size_t used_ = 0;
  const void* lastRun_ = nullptr;  // null: the last message is complete
  uint64_t flushes_ = 0;
  void (*blockedCallback_)(void*, SocketIndex) = nullptr;
  void* blockedOwner_ = nullptr;
};

}  // namespace sangam
