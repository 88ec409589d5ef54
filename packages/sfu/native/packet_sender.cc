#include "packet_sender.h"

#include <errno.h>

#include <algorithm>

namespace sangam {

void PacketSender::setSocket(SocketIndex index, SendSocket* socket) {
  if (sockets_.size() <= index) sockets_.resize(static_cast<size_t>(index) + 1, nullptr);
  sockets_[index] = socket;
}

uint8_t* PacketSender::reserve() {
  if (used_ + kMaxDatagramBytes > kBufferBytes || count_ == UdpSocket::kMaxMessages) flush();
  return buffer_.get() + used_;
}

void PacketSender::commit(const Destination& destination, size_t bytes, const void* run) {
  if (count_ != 0 && messages_[0].destination.socket != destination.socket) sendQueued();
  uint8_t* data = buffer_.get() + used_;
  used_ += bytes;
  if (merge(run, bytes)) return;
  messages_[count_++] = OutgoingMessage{destination, data, bytes, bytes, 1};
  lastRun_ = run;
}

bool PacketSender::merge(const void* run, size_t bytes) {
  if (count_ == 0 || run == nullptr || run != lastRun_) return false;
  OutgoingMessage& last = messages_[count_ - 1];
  const SendSocket* socket = socketAt(last.destination.socket);
  if (socket == nullptr || !socket->udp.canSegment()) return false;
  if (bytes > last.segmentBytes || last.segmentBytes > kMaxSegmentBytes) return false;
  if (last.packets == kMaxSegments || last.bytes + bytes > kMaxSegmentedBytes) return false;
  last.bytes += bytes;
  ++last.packets;
  if (bytes < last.segmentBytes) lastRun_ = nullptr;  // only the last segment may be shorter
  return true;
}

// Begins at the buffer's start again: what is written over and over stays in the cache.
void PacketSender::flush() {
  sendQueued();
  used_ = 0;
}

void PacketSender::sendQueued() {
  lastRun_ = nullptr;
  ++flushes_;
  if (count_ == 0) return;
  const SocketIndex index = messages_[0].destination.socket;
  const size_t count = count_;
  count_ = 0;
  SendSocket* socket = socketAt(index);
  if (socket == nullptr) {
    for (size_t i = 0; i < count; ++i) shared_.count(Counter::sendErrors, static_cast<double>(messages_[i].packets));
  } else if (socket->stream != nullptr) {
    sendFrames(*socket, index, messages_, count);
  } else if (socket->blocked) {
    keep(*socket, index, messages_, count);
  } else {
    sendAll(*socket, index, messages_, count);
  }
}

void PacketSender::sendFrames(SendSocket& socket, SocketIndex index, const OutgoingMessage* messages, size_t count) {
  const size_t taken = socket.stream->send(messages, count);
  shared_.count(Counter::sendCalls);
  countSent(messages, taken);
  shared_.count(Counter::sendBufferFull, static_cast<double>(count - taken));
  if (socket.stream->isBlocked()) block(socket, index);
}

void PacketSender::sendAll(SendSocket& socket, SocketIndex index, const OutgoingMessage* messages, size_t count) {
  size_t at = 0;
  while (at < count) {
    const SendOutcome outcome = socket.udp.send(messages + at, count - at);
    shared_.count(Counter::sendCalls);
    countSent(messages + at, outcome.taken);
    at += outcome.taken;
    if (outcome.error == 0 || outcome.error == EINTR) continue;
    if (!handleError(socket, messages[at], outcome.error)) return keep(socket, index, messages + at, count - at);
    ++at;
  }
}

// False if this message and those after it must wait.
bool PacketSender::handleError(SendSocket& socket, const OutgoingMessage& message, int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  if (message.packets > 1 && (error == EIO || error == EINVAL)) {
    socket.udp.giveUpSegmentation();
    sendSegments(socket, message);
    return true;
  }
  shared_.count(Counter::sendErrors, static_cast<double>(message.packets));
  return true;
}

void PacketSender::sendSegments(SendSocket& socket, const OutgoingMessage& message) {
  for (size_t at = 0; at < message.bytes; at += message.segmentBytes) {
    const size_t bytes = std::min(message.segmentBytes, message.bytes - at);
    const OutgoingMessage one{message.destination, message.data + at, bytes, bytes, 1};
    const SendOutcome outcome = socket.udp.send(&one, 1);
    shared_.count(Counter::sendCalls);
    if (outcome.taken == 1) {
      countSent(&one, 1);
    } else {
      const bool full = outcome.error == EAGAIN || outcome.error == EWOULDBLOCK;
      shared_.count(full ? Counter::sendBufferFull : Counter::sendErrors);
    }
  }
}

void PacketSender::countSent(const OutgoingMessage* messages, size_t count) {
  size_t packets = 0;
  size_t bytes = 0;
  size_t segmented = 0;
  for (size_t i = 0; i < count; ++i) {
    packets += messages[i].packets;
    bytes += messages[i].bytes;
    segmented += messages[i].packets > 1 ? 1 : 0;
  }
  shared_.count(Counter::sentPackets, static_cast<double>(packets));
  shared_.count(Counter::sentBytes, static_cast<double>(bytes));
  shared_.count(Counter::segmentedSends, static_cast<double>(segmented));
}

void PacketSender::keep(SendSocket& socket, SocketIndex index, const OutgoingMessage* messages, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (!socket.backlog.push(messages[i])) {
      shared_.count(Counter::sendBufferFull, static_cast<double>(messages[i].packets));
    }
  }
  block(socket, index);
}

void PacketSender::block(SendSocket& socket, SocketIndex index) {
  if (socket.blocked) return;
  socket.blocked = true;
  if (blockedCallback_ != nullptr) blockedCallback_(blockedOwner_, index);
}

void PacketSender::drain(SocketIndex index) {
  SendSocket* socket = socketAt(index);
  if (socket == nullptr) return;
  if (socket->stream != nullptr) {
    socket->stream->drain();
    socket->blocked = socket->stream->isBlocked();
    return;
  }
  SendBacklog& backlog = socket->backlog;
  while (!backlog.empty()) {
    const size_t count = std::min(backlog.size(), UdpSocket::kMaxMessages);
    const SendOutcome outcome = socket->udp.send(backlog.first(), count);
    shared_.count(Counter::sendCalls);
    countSent(backlog.first(), outcome.taken);
    const bool failed = outcome.error != 0 && outcome.error != EINTR;
    if (failed && !handleError(*socket, backlog.first()[outcome.taken], outcome.error)) {
      return backlog.pop(outcome.taken);
    }
    backlog.pop(outcome.taken + (failed ? 1 : 0));
  }
  socket->blocked = false;
}

}  // namespace sangam
