// ICE-TCP, the passive side (RFC 6544): a listener, and the connections that it accepts. A connection carries datagrams in
// frames (RFC 4571) and loses what it can't take, as UDP would: nothing waits without end.
#pragma once

#include <vector>

#include "address.h"
#include "frame_reader.h"
#include "socket_binding.h"
#include "udp_socket.h"

namespace sangam {

class TcpListener {
 public:
  TcpListener() = default;
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;
  ~TcpListener();

  // 0, or the errno of what failed.
  int open(const SocketBinding& binding);
  uint16_t port() const { return bound_.port; }
  bool isIpv6() const { return bound_.ipv6; }
  int fd() const { return bound_.fd; }
  // A connection's descriptor, or the negative errno: -EAGAIN when there is none.
  int accept(sockaddr_in6* from);

 private:
  BoundSocket bound_;
};

class TcpConnection {
 public:
  // What waits here at most. The system holds about as much besides (kNotSentBytes).
  static constexpr size_t kBacklogBytes = 256 * 1024;
  // A peer that has not passed a connectivity check by then, or sends more before, is nobody's.
  static constexpr uint64_t kNewcomerUs = 10'000'000;
  static constexpr size_t kNewcomerBytes = 8 * 1024;

  enum class Read : uint8_t { data, nothing, closed };

  // Owns `fd` from now on.
  TcpConnection(int fd, bool ipv6, const sockaddr_in6& peer, uint64_t nowUs);
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  ~TcpConnection();

  int fd() const { return fd_; }
  bool isIpv6() const { return ipv6_; }
  // Complete once the connection has its place in the port.
  const AddressKey& peer() const { return peer_; }
  void setIndex(SocketIndex index) { peer_.setSocket(index); }
  FrameReader& frames() { return frames_; }

  Read read(uint8_t* into, size_t capacity, size_t* bytes);
  // A frame each; returns how many were sent or kept, from the first on. The others find no room.
  size_t send(const OutgoingMessage* messages, size_t count);
  // The system takes bytes again: sends what waits.
  void drain();
  bool isBlocked() const { return head_ != backlog_.size(); }

  // Until a session has its address.
  bool isNewcomer = true;
  uint64_t deadlineUs;
  size_t newcomerBytes = 0;

 private:
  size_t write(const OutgoingMessage* messages, size_t count);
  bool keep(const OutgoingMessage& message, size_t alreadySent);

  const int fd_;
  const bool ipv6_;
  AddressKey peer_;
  FrameReader frames_;
  std::vector<uint8_t> backlog_;
  size_t head_ = 0;
};

}  // namespace sangam
