// The packet port: sockets on a libuv loop, and the parts that receive, decide nothing, and send. Node-API stays outside:
// PortEvents is the way to JavaScript.
#pragma once

#include <uv.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "receiver.h"
#include "send_plan.h"

namespace sangam {

struct SessionEvent {
  enum class Type : uint8_t { connected, failed, closed, address, disconnected };
  uint32_t session;
  Type type;
  DtlsFailure failure;
  SrtpSuite suite;
  std::string remoteCertificate;
  AddressKey address;
};

class PortEvents {
 public:
  virtual void onBatch(size_t count) = 0;
  virtual void onSessionEvent(const SessionEvent& event) = 0;
  // Every handle is gone: nothing of the port runs any more.
  virtual void onClosed() = 0;

 protected:
  ~PortEvents() = default;
};

class Port {
 public:
  // `shared` and `events` outlive the port.
  Port(uv_loop_t* loop, const SharedMemory& shared, PortEvents& events);
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Empty PEMs: a certificate is made. False if the certificate can't be used.
  bool init(const std::string& certificatePem, const std::string& keyPem);
  std::string certificate() { return pemOf(dtls_.certificate().x509); }

  static uint64_t nowUs() { return uv_hrtime() / 1000; }
  bool isClosed() const { return closed_; }
  SessionTable& sessions() { return sessions_; }

  // 0 and the socket's index, or an errno (EMFILE when kMaxSockets are open).
  int openUdp(const SocketBinding& binding, SocketIndex* index);
  // Listens for connections (RFC 6544); each becomes a socket of its own.
  int openTcp(const SocketBinding& binding, SocketIndex* index);
  uint16_t portOf(SocketIndex index) const;
  // The listener that accepted a connection; any other socket itself. -1 if it isn't open.
  int32_t listenerOf(uint32_t index) const;
  // Indexes of sockets that aren't open are ignored.
  void closeSocket(uint32_t index);
  // For tests: connections that are nobody's have been here for so long already.
  void ageConnections(uint64_t us) { tendTcp(nowUs() + us); }
  // For tests: the system's buffer of a socket, SO_SNDBUF or SO_RCVBUF, or -1.
  int bufferBytes(uint32_t index, int option) const;
  // For tests: makes the socket send without UDP_SEGMENT, or makes the system refuse UDP_SEGMENT.
  void setSegmentation(uint32_t index, bool allowed);

  // For tests, see DtlsContext.
  bool restrictSuites(uint32_t mask) { return dtls_.restrictSuites(mask); }

  void closeSession(uint32_t id);
  // A TCP connection is the session's from now on, and so may stay.
  void addAddress(Session& session, const AddressKey& key);
  // False if the address is malformed or its socket isn't open.
  bool setDestination(Session& session, const AddressKey& key);
  // RTCP takes a way of its own from now on; until one is set by an address, none.
  bool setRtcpDestination(Session& session, const AddressKey* key);
  // False if the socket isn't open.
  bool learnAddress(Session& session, uint32_t socket);
  // False if the session has DTLS already.
  bool startDtls(Session& session, DtlsRole role, std::vector<Fingerprint> fingerprints);

  // Into the shared array.
  void readCounts(const Session& session) const;

  // onBatch(0) whenever no batch was delivered for about `intervalMs`: time goes on without packets, too.
  void startClock(uint64_t intervalMs);

  uint32_t injectPacket(const uint8_t* data, size_t bytes);
  void execute(size_t entries, size_t controls);
  void close();

 private:
  static constexpr uint64_t kTickMs = 20;

  struct Socket {
    SendSocket send;
    // Of a TCP listener, which carries nothing itself.
    std::unique_ptr<TcpListener> listener;
    uv_poll_t* poll = nullptr;
    Port* port = nullptr;
    SocketIndex index = 0;
    // Of a connection its listener, else the socket itself.
    SocketIndex acceptedBy = 0;
  };

  static void onPoll(uv_poll_t* handle, int status, int events);
  static void onTick(uv_timer_t* handle);
  static void onClock(uv_timer_t* handle);
  uv_timer_t* newTimer();
  static void onHandleClosed(uv_handle_t* handle);
  void onReadable(Socket& socket);
  void onConnections(Socket& listener);
  void admit(int fd, const sockaddr_in6& from, const Socket& listener);
  void pause(const Socket& listener);
  void onStreamReadable(Socket& socket);
  bool takeFrames(Socket& socket, size_t bytes);
  void connectionEnded(SocketIndex index);
  void dropNewcomer(SocketIndex index);
  bool dropOldestNewcomer();
  void forgetNewcomer(SocketIndex index);
  void tendTcp(uint64_t now);
  void dtlsChanged(Session& session);
  void addressLearned(Session& session, const AddressKey& address);
  void tick();
  void scheduleTick(uint64_t delayMs);
  bool deliverEvents();
  void closeHandle(uv_handle_t* handle);
  Socket* socketAt(uint32_t index) const { return index < sockets_.size() ? sockets_[index].get() : nullptr; }
  int addSocket(std::unique_ptr<Socket> socket, SocketIndex* index);
  bool takeIndex(SocketIndex* index);
  void closeConnectionsOf(SocketIndex listener);
  bool resolve(const AddressKey& key, Destination* out) const;

  uv_loop_t* loop_;
  const SharedMemory& shared_;
  PortEvents& events_;
  DtlsContext dtls_;
  SessionTable sessions_;
  PacketRing ring_;
  PacketSender sender_;
  Receiver receiver_;
  SendPlan plan_;
  ReceiveBatch staging_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::deque<SocketIndex> freeIndexes_;
  // Connections that no session has yet, the oldest first; and listeners that wait for descriptors.
  std::vector<SocketIndex> newcomers_;
  std::vector<SocketIndex> paused_;
  std::vector<uint32_t> handshakes_;
  std::vector<SessionEvent> pending_;
  uv_timer_t* timer_ = nullptr;
  uv_timer_t* clock_ = nullptr;
  bool batchSinceClock_ = false;
  size_t handles_ = 0;
  bool closed_ = false;
};

}  // namespace sangam
