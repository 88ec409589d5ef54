#include "port.h"

#include <errno.h>
#include <stdlib.h>

namespace sangam {

namespace {

// Datagrams read per wakeup at most, so that a flood on one socket can't keep the loop from its other work.
constexpr size_t kRoundsPerWakeup = 8;
constexpr size_t kRestingIndexes = 64;

// libuv's handles are allocated at the size that the running libuv says, which a newer Node may have raised.
template <typename Handle>
Handle* newHandle(uv_handle_type type) {
  return static_cast<Handle*>(calloc(1, uv_handle_size(type)));
}

}  // namespace

Port::Port(uv_loop_t* loop, const SharedMemory& shared, PortEvents& events)
    : loop_(loop),
      shared_(shared),
      events_(events),
      ring_(shared_),
      sender_(shared_),
      receiver_(shared_, ring_, sessions_,
                SessionObserver{this,
                                [](void* self, Session& session) { static_cast<Port*>(self)->dtlsChanged(session); },
                                [](void* self, Session& session, const AddressKey& address) {
                                  static_cast<Port*>(self)->addressLearned(session, address);
                                }}),
      plan_(shared_, ring_, sessions_, sender_) {
  const auto watch = [](void* self, SocketIndex index) {
    uv_poll_start(static_cast<Port*>(self)->sockets_[index]->poll, UV_READABLE | UV_WRITABLE, onPoll);
  };
  sender_.onBlocked(watch, this);
}

bool Port::init(const std::string& certificatePem, const std::string& keyPem) {
  Certificate& certificate = dtls_.certificate();
  const bool own = certificatePem.empty() && keyPem.empty();
  if (!(own ? certificate.generate() : certificate.load(certificatePem, keyPem))) return false;
  if (!dtls_.init(DtlsAssociation::verifyPeer)) return false;
  timer_ = newTimer();
  clock_ = newTimer();
  return timer_ != nullptr && clock_ != nullptr;
}

// Keeps no process alive. Null if there is no memory for it.
uv_timer_t* Port::newTimer() {
  auto* timer = newHandle<uv_timer_t>(UV_TIMER);
  if (timer == nullptr || uv_timer_init(loop_, timer) != 0) {
    free(timer);
    return nullptr;
  }
  timer->data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(timer));
  ++handles_;
  return timer;
}

void Port::startClock(uint64_t intervalMs) {
  if (!closed_) uv_timer_start(clock_, onClock, intervalMs, intervalMs);
}

void Port::onClock(uv_timer_t* handle) {
  auto* self = static_cast<Port*>(handle->data);
  const bool quiet = !self->batchSinceClock_;
  self->batchSinceClock_ = false;
  if (quiet && !self->closed_) self->events_.onBatch(0);
}

// A place that was freed rests until kRestingIndexes are, so that its next tenant comes late.
bool Port::takeIndex(SocketIndex* index) {
  const bool isFull = sockets_.size() == kMaxSockets;
  if (isFull ? freeIndexes_.empty() : freeIndexes_.size() < kRestingIndexes) {
    if (isFull) return false;
    *index = static_cast<SocketIndex>(sockets_.size());
    sockets_.emplace_back();
    return true;
  }
  *index = freeIndexes_.front();
  freeIndexes_.pop_front();
  return true;
}

int Port::openUdp(const SocketBinding& binding, SocketIndex* index) {
  auto socket = std::make_unique<Socket>();
  const int error = socket->send.udp.open(binding);
  return error != 0 ? error : addSocket(std::move(socket), index);
}

int Port::addSocket(std::unique_ptr<Socket> socket, SocketIndex* index) {
  socket->poll = newHandle<uv_poll_t>(UV_POLL);
  socket->port = this;
  const int fd = socket->listener == nullptr ? socket->send.fd() : socket->listener->fd();
  const int status = uv_poll_init(loop_, socket->poll, fd);
  if (status != 0) {
    free(socket->poll);
    return -status;
  }
  ++handles_;
  if (!takeIndex(&socket->index)) {
    closeHandle(reinterpret_cast<uv_handle_t*>(socket->poll));
    return EMFILE;
  }
  socket->acceptedBy = socket->index;
  socket->poll->data = socket.get();
  uv_poll_start(socket->poll, UV_READABLE, onPoll);
  *index = socket->index;
  if (socket->listener == nullptr) sender_.setSocket(*index, &socket->send);
  sockets_[*index] = std::move(socket);
  return 0;
}

uint16_t Port::portOf(SocketIndex index) const {
  const Socket& socket = *sockets_[index];
  return socket.listener == nullptr ? socket.send.udp.port() : socket.listener->port();
}

void Port::closeSocket(uint32_t index) {
  Socket* socket = socketAt(index);
  if (socket == nullptr) return;
  sender_.flush();
  closeHandle(reinterpret_cast<uv_handle_t*>(socket->poll));
  const SocketIndex place = socket->index;
  forgetNewcomer(place);
  if (socket->listener != nullptr) closeConnectionsOf(place);
  sender_.setSocket(place, nullptr);
  sockets_[place].reset();
  freeIndexes_.push_back(place);
  sessions_.closeSocket(place);
}

int Port::bufferBytes(uint32_t index, int option) const {
  const Socket* socket = socketAt(index);
  int bytes = -1;
  socklen_t length = sizeof bytes;
  if (socket == nullptr) return -1;
  const int fd = socket->listener == nullptr ? socket->send.fd() : socket->listener->fd();
  return getsockopt(fd, SOL_SOCKET, option, &bytes, &length) == 0 ? bytes : -1;
}

void Port::closeConnectionsOf(SocketIndex listener) {
  for (size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i] != nullptr && sockets_[i]->acceptedBy == listener && i != listener) {
      closeSocket(static_cast<uint32_t>(i));
    }
  }
}

void Port::setSegmentation(uint32_t index, bool allowed) {
  Socket* socket = socketAt(index);
  if (socket == nullptr) return;
  if (!allowed) return socket->send.udp.giveUpSegmentation();
#ifdef SO_NO_CHECK
  const int on = 1;  // the system segments only what has checksums
  setsockopt(socket->send.udp.fd(), SOL_SOCKET, SO_NO_CHECK, &on, sizeof on);
#endif
}

void Port::closeHandle(uv_handle_t* handle) {
  handle->data = this;
  uv_close(handle, onHandleClosed);
}

void Port::onHandleClosed(uv_handle_t* handle) {
  auto* self = static_cast<Port*>(handle->data);
  free(handle);
  if (--self->handles_ == 0) self->events_.onClosed();
}

void Port::onPoll(uv_poll_t* handle, int status, int events) {
  auto* socket = static_cast<Socket*>(handle->data);
  Port* self = socket->port;
  if (socket->listener != nullptr) return self->onConnections(*socket);
  if (status == 0 && (events & UV_WRITABLE) != 0) {
    self->sender_.drain(socket->index);
    if (!socket->send.blocked) uv_poll_start(handle, UV_READABLE, onPoll);
  }
  // An error is read, and thereby cleared, like a packet.
  if (status != 0 || (events & UV_READABLE) != 0) {
    if (socket->send.stream != nullptr) return self->onStreamReadable(*socket);
    self->onReadable(*socket);
  }
}

void Port::onReadable(Socket& socket) {
  receiver_.begin();
  for (size_t round = 0; round < kRoundsPerWakeup && receiver_.room() > 0; ++round) {
    const size_t wanted = std::min(ReceiveBatch::kDatagrams, receiver_.room());
    const size_t got = socket.send.udp.receive(&staging_, wanted);
    shared_.count(Counter::receiveCalls);
    if (got != 0) receiver_.take(staging_, got, socket.index, nowUs());
    if (got < wanted) break;
  }
  sender_.flush();
  const size_t count = receiver_.count();
  // Events first: a packet of a session is never reported before the session is known to be connected.
  if (!deliverEvents() || count == 0) return;
  batchSinceClock_ = true;
  events_.onBatch(count);
}

// False if a listener closed the port.
bool Port::deliverEvents() {
  while (!pending_.empty() && !closed_) {
    std::vector<SessionEvent> events;
    events.swap(pending_);
    for (const SessionEvent& event : events) {
      if (closed_) return false;
      if (sessions_.find(event.session) != nullptr) events_.onSessionEvent(event);
    }
  }
  return !closed_;
}

void Port::dtlsChanged(Session& session) {
  DtlsAssociation& dtls = *session.dtls;
  SessionEvent event{session.id, SessionEvent::Type::failed, dtls.failure(), SrtpSuite::gcm128, {}, {}};
  if (dtls.state() == DtlsState::closed) event.type = SessionEvent::Type::closed;
  if (dtls.state() == DtlsState::connected) {
    DtlsSrtpKeys keys;
    event.failure = DtlsFailure::protocol;
    if (dtls.exportKeys(&keys) && sessions_.installKeys(session, keys.suite, keys.send, keys.receive)) {
      event.type = SessionEvent::Type::connected;
      event.suite = keys.suite;
      event.remoteCertificate = dtls.remoteCertificate();
    }
    OPENSSL_cleanse(&keys, sizeof keys);
  }
  pending_.push_back(std::move(event));
}

void Port::addressLearned(Session& session, const AddressKey& address) {
  pending_.push_back(
      {session.id, SessionEvent::Type::address, DtlsFailure::protocol, SrtpSuite::gcm128, {}, address});
}

bool Port::startDtls(Session& session, DtlsRole role, std::vector<Fingerprint> fingerprints) {
  if (session.dtls != nullptr) return false;
  session.output = DtlsOutput{&sender_, &session};
  const DatagramSink output{&session.output, DtlsOutput::send};
  session.dtls = std::make_unique<DtlsAssociation>(dtls_, role, std::move(fingerprints), output);
  const bool failed = session.dtls->start(nowUs()) == DtlsState::failed;
  sender_.flush();
  if (failed) {
    dtlsChanged(session);
  } else {
    handshakes_.push_back(session.id);
  }
  scheduleTick(failed ? 0 : kTickMs);
  return true;
}

void Port::scheduleTick(uint64_t delayMs) {
  if (!closed_ && (delayMs == 0 || uv_is_active(reinterpret_cast<uv_handle_t*>(timer_)) == 0)) {
    uv_timer_start(timer_, onTick, delayMs, 0);
  }
}

void Port::onTick(uv_timer_t* handle) { static_cast<Port*>(handle->data)->tick(); }

void Port::tick() {
  size_t kept = 0;
  const uint64_t now = nowUs();
  for (const uint32_t id : handshakes_) {
    Session* session = sessions_.find(id);
    if (session == nullptr || session->dtls->state() != DtlsState::handshaking) continue;
    if (session->dtls->tick(now) == DtlsState::handshaking) {
      handshakes_[kept++] = id;
    } else {
      dtlsChanged(*session);
    }
  }
  handshakes_.resize(kept);
  sender_.flush();
  tendTcp(now);
  if (kept != 0 || !newcomers_.empty()) scheduleTick(kTickMs);
  deliverEvents();
}

void Port::closeSession(uint32_t id) {
  Session* session = sessions_.find(id);
  if (session == nullptr) return;
  if (session->dtls != nullptr) session->dtls->shutdown();
  sender_.flush();
  sessions_.close(id);
}

bool Port::resolve(const AddressKey& key, Destination* out) const {
  const SendSocket* socket = sender_.socketAt(key.socket());
  return socket != nullptr && destinationFromKey(key, socket->isIpv6(), out);
}

bool Port::setDestination(Session& session, const AddressKey& key) {
  Destination destination;
  if (!resolve(key, &destination)) return false;
  sessions_.setDestination(session.destination, destination);
  return true;
}

bool Port::setRtcpDestination(Session& session, const AddressKey* key) {
  Destination destination;
  if (key != nullptr && !resolve(*key, &destination)) return false;
  session.rtcpApart = true;
  sessions_.setDestination(session.rtcpDestination, destination);
  return true;
}

bool Port::learnAddress(Session& session, uint32_t socket) {
  if (socketAt(socket) == nullptr) return false;
  sessions_.learnAddress(session, static_cast<SocketIndex>(socket));
  return true;
}

void Port::readCounts(const Session& session) const {
  shared_.sessionCounts[kReceivedPackets] = session.counts.receivedPackets;
  shared_.sessionCounts[kReceivedBytes] = session.counts.receivedBytes;
  shared_.sessionCounts[kSentPackets] = session.counts.sentPackets;
  shared_.sessionCounts[kSentBytes] = session.counts.sentBytes;
}

uint32_t Port::injectPacket(const uint8_t* data, size_t bytes) {
  memcpy(ring_.nextSlot(), data, bytes);
  return ring_.commit(bytes);
}

void Port::execute(size_t entries, size_t controls) {
  if (!closed_) plan_.execute(entries, controls);
}

void Port::close() {
  if (closed_) return;
  std::vector<uint32_t> ids;
  sessions_.forEach([&ids](Session& session) { ids.push_back(session.id); });
  for (const uint32_t id : ids) closeSession(id);
  for (size_t i = 0; i < sockets_.size(); ++i) closeSocket(static_cast<uint32_t>(i));
  closed_ = true;
  pending_.clear();
  handshakes_.clear();
  closeHandle(reinterpret_cast<uv_handle_t*>(timer_));
  closeHandle(reinterpret_cast<uv_handle_t*>(clock_));
}

}  // namespace sangam
