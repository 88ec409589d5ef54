// The port's TCP side: who is accepted, for how long a connection may be nobody's, and its bytes into the receiver.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "port.h"

namespace sangam {

namespace {

// Connections whose peer has proved nothing yet. One more ends the oldest: who is quick gets in, however many are not.
constexpr size_t kMaxNewcomers = 512;
constexpr size_t kAcceptsPerWakeup = 64;
constexpr size_t kReadsPerWakeup = 8;

}  // namespace

int Port::openTcp(const SocketBinding& binding, SocketIndex* index) {
  auto socket = std::make_unique<Socket>();
  socket->listener = std::make_unique<TcpListener>();
  const int error = socket->listener->open(binding);
  return error != 0 ? error : addSocket(std::move(socket), index);
}

int32_t Port::listenerOf(uint32_t index) const {
  const Socket* socket = socketAt(index);
  return socket == nullptr ? -1 : socket->acceptedBy;
}

void Port::addAddress(Session& session, const AddressKey& key) {
  sessions_.addAddress(session, key);
  forgetNewcomer(key.socket());
}

void Port::onConnections(Socket& listener) {
  for (size_t i = 0; i < kAcceptsPerWakeup; ++i) {
    sockaddr_in6 from = {};
    const int fd = listener.listener->accept(&from);
    if (fd >= 0) {
      admit(fd, from, listener);
    } else if (fd == -EMFILE || fd == -ENFILE || fd == -ENOBUFS || fd == -ENOMEM) {
      if (!dropOldestNewcomer()) return pause(listener);
    } else if (fd != -ECONNABORTED && fd != -EINTR) {
      return;
    }
  }
}

void Port::admit(int fd, const sockaddr_in6& from, const Socket& listener) {
  if (newcomers_.size() == kMaxNewcomers) dropOldestNewcomer();
  auto socket = std::make_unique<Socket>();
  Socket* added = socket.get();
  SocketIndex index = 0;
  added->send.stream = std::make_unique<TcpConnection>(fd, listener.listener->isIpv6(), from, nowUs());
  if (addSocket(std::move(socket), &index) != 0) return;
  added->acceptedBy = listener.index;
  added->send.stream->setIndex(index);
  newcomers_.push_back(index);
  scheduleTick(kTickMs);
}

// The system has no descriptors left: the listener would wake the loop for nothing until one comes back.
void Port::pause(const Socket& listener) {
  uv_poll_stop(listener.poll);
  paused_.push_back(listener.index);
  scheduleTick(kTickMs);
}

void Port::onStreamReadable(Socket& socket) {
  const SocketIndex index = socket.index;
  for (size_t round = 0; round < kReadsPerWakeup; ++round) {
    TcpConnection& stream = *socket.send.stream;
    const size_t capacity = stream.isNewcomer ? TcpConnection::kNewcomerBytes : staging_.capacity();
    size_t bytes = 0;
    const TcpConnection::Read result = stream.read(staging_.memory(), capacity, &bytes);
    if (result == TcpConnection::Read::nothing) return;
    if (result == TcpConnection::Read::closed) return connectionEnded(index);
    if (!takeFrames(socket, bytes)) return;
    if (stream.isNewcomer && (stream.newcomerBytes += bytes) > TcpConnection::kNewcomerBytes) return dropNewcomer(index);
    if (bytes < capacity) return;
  }
}

// False if the connection was closed by whom its packets were for.
bool Port::takeFrames(Socket& socket, size_t bytes) {
  const SocketIndex index = socket.index;
  TcpConnection& stream = *socket.send.stream;
  stream.frames().feed(staging_.memory(), bytes);
  FrameReader::Frame frame;
  bool more = true;
  while (more) {
    receiver_.begin();
    while (receiver_.room() > 0 && (more = stream.frames().next(&frame))) {
      receiver_.takeFrame(frame.data, frame.bytes, stream.peer(), nowUs());
    }
    shared_.count(Counter::droppedOversized, static_cast<double>(stream.frames().takeOversized()));
    sender_.flush();
    const size_t count = receiver_.count();
    if (!deliverEvents()) return false;
    if (count != 0) events_.onBatch(count);
    if (closed_ || socketAt(index) != &socket) return false;
  }
  return true;
}

void Port::connectionEnded(SocketIndex index) {
  const AddressKey peer = sockets_[index]->send.stream->peer();
  const Session* session = sessions_.byAddress(peer);
  if (session != nullptr) {
    SessionEvent event{session->id, SessionEvent::Type::disconnected, DtlsFailure::protocol, SrtpSuite::gcm128, {}, peer};
    pending_.push_back(std::move(event));
  }
  closeSocket(index);
  deliverEvents();
}

void Port::dropNewcomer(SocketIndex index) {
  shared_.count(Counter::droppedConnections);
  closeSocket(index);
}

bool Port::dropOldestNewcomer() {
  if (newcomers_.empty()) return false;
  dropNewcomer(newcomers_.front());
  return true;
}

void Port::forgetNewcomer(SocketIndex index) {
  Socket* socket = socketAt(index);
  if (socket == nullptr || socket->send.stream == nullptr || !socket->send.stream->isNewcomer) return;
  socket->send.stream->isNewcomer = false;
  newcomers_.erase(std::remove(newcomers_.begin(), newcomers_.end(), index), newcomers_.end());
}

// Newcomers stand in the order in which their time runs out.
void Port::tendTcp(uint64_t now) {
  while (!newcomers_.empty() && sockets_[newcomers_.front()]->send.stream->deadlineUs <= now) dropOldestNewcomer();
  for (const SocketIndex index : paused_) {
    Socket* listener = socketAt(index);
    if (listener != nullptr && listener->listener != nullptr) uv_poll_start(listener->poll, UV_READABLE, onPoll);
  }
  paused_.clear();
}

}  // namespace sangam
