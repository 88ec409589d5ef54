#include "receiver.h"

#include "bytes.h"

namespace sangam {

namespace {

constexpr size_t kStunHeaderBytes = 20;
constexpr uint32_t kStunCookie = 0x2112a442;
constexpr size_t kDtlsHeaderBytes = 13;
constexpr size_t kRtpHeaderBytes = 12;
constexpr size_t kRtcpHeaderBytes = 8;
constexpr size_t kSctpHeaderBytes = 12;

// RFC 7983 section 7. Where ZRTP would be (16-19) stands SCTP whose source port is WebRTC's 5000 (RFC 8841), for sessions that
// carry it outside DTLS. TURN channels (64-79) are not spoken here.
Protocol protocolOf(uint8_t first) {
  if (first <= 3) return Protocol::stun;
  if (first >= 128 && first <= 191) return Protocol::rtp;
  if (first >= 16 && first <= 19) return Protocol::sctp;
  if (first >= 20 && first <= 63) return Protocol::dtls;
  return Protocol::none;
}

// RFC 5761 section 4: with the marker bit, RTCP's packet types 192-223 are payload types 64-95.
bool isRtcp(const uint8_t* data) { return data[1] >= 192 && data[1] <= 223; }

// RFC 8489 section 5: two zero bits (the first byte said so), a length in words that fits, the magic cookie.
bool looksLikeStun(const uint8_t* data, size_t bytes) {
  return bytes >= kStunHeaderBytes && bytes % 4 == 0 && readU32(data + 4) == kStunCookie &&
         readU16(data + 2) == bytes - kStunHeaderBytes;
}

// RFC 3550 section 6.1: the packets of a compound fill it to its end.
bool isWholeRtcp(const uint8_t* data, size_t bytes) {
  size_t at = 0;
  while (at + 4 <= bytes && data[at] >> 6 == 2) at += 4 * (static_cast<size_t>(readU16(data + at + 2)) + 1);
  return at == bytes;
}

SrtpVerdict copyPlain(bool wellFormed, const uint8_t* data, size_t bytes, uint8_t* out) {
  if (!wellFormed) return SrtpVerdict::malformed;
  memcpy(out, data, bytes);
  return SrtpVerdict::accepted;
}

bool longEnough(Protocol protocol, const uint8_t* data, size_t bytes) {
  switch (protocol) {
    case Protocol::stun:
      return looksLikeStun(data, bytes);
    case Protocol::dtls:
      return bytes >= kDtlsHeaderBytes;
    case Protocol::sctp:
      return bytes >= kSctpHeaderBytes;
    case Protocol::rtp:
      return bytes >= 2 && bytes >= (isRtcp(data) ? kRtcpHeaderBytes : kRtpHeaderBytes);
    case Protocol::none:
      return false;
  }
  return false;
}

}  // namespace

void Receiver::take(const ReceiveBatch& batch, size_t datagrams, SocketIndex socket, uint64_t nowUs) {
  nowUs_ = nowUs;
  double bytes = 0;
  for (size_t i = 0; i < datagrams; ++i) {
    bytes += static_cast<double>(batch.bytes(i));
    waiting_ = datagrams - i;
    if (batch.truncated(i)) {
      shared_.count(Counter::droppedOversized);
      continue;
    }
    takeOne(batch.data(i), batch.bytes(i), keyFromSockaddr(batch.from(i), socket));
  }
  shared_.count(Counter::receivedPackets, static_cast<double>(datagrams));
  shared_.count(Counter::receivedBytes, bytes);
}

void Receiver::takeFrame(const uint8_t* data, size_t bytes, const AddressKey& from, uint64_t nowUs) {
  nowUs_ = nowUs;
  waiting_ = 1;
  takeOne(data, bytes, from);
  shared_.count(Counter::receivedPackets);
  shared_.count(Counter::receivedBytes, static_cast<double>(bytes));
}

void Receiver::takeOne(const uint8_t* data, size_t bytes, const AddressKey& from) {
  const Protocol protocol = bytes == 0 ? Protocol::none : protocolOf(data[0]);
  if (!longEnough(protocol, data, bytes)) return shared_.count(Counter::droppedMalformed);
  if (protocol == Protocol::stun) return takeStun(data, bytes, from);
  Session* session = sessions_.byAddress(from);
  if (session == nullptr) return takeUnknown(protocol, data, bytes, from);
  session->counts.receivedPackets += 1;
  session->counts.receivedBytes += static_cast<double>(bytes);
  if (protocol == Protocol::dtls) return takeDtls(*session, data, bytes, from);
  if (protocol == Protocol::sctp) {
    takeSctp(*session, data, bytes, from);
  } else {
    takeMedia(*session, data, bytes, from);
  }
}

void Receiver::takeUnknown(Protocol protocol, const uint8_t* data, size_t bytes, const AddressKey& from) {
  Session* session = sessions_.learner(from.socket());
  // Of what is not encrypted any packet of the right shape will do; SCTP proves nothing where RTP has keys.
  const bool isMedia = protocol == Protocol::rtp;
  const bool isSctp = protocol == Protocol::sctp && session != nullptr && session->plain && session->carriesSctp;
  if (session == nullptr || !(isMedia || isSctp)) return shared_.count(Counter::droppedUnknownAddress);
  if (!(isMedia ? takeMedia(*session, data, bytes, from) : takeSctp(*session, data, bytes, from))) return;
  session->counts.receivedPackets += 1;
  session->counts.receivedBytes += static_cast<double>(bytes);
  sessions_.learned(*session, from);
  observer_.addressLearned(observer_.owner, *session, from);
}

bool Receiver::takeMedia(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from) {
  if (!session.plain && session.receiver == nullptr) {
    shared_.count(Counter::droppedNoKeys);
    return false;
  }
  return isRtcp(data) ? takeRtcp(session, data, bytes, from) : takeRtp(session, data, bytes, from);
}

void Receiver::takeStun(const uint8_t* data, size_t bytes, const AddressKey& from) {
  Session* session = sessions_.byAddress(from);
  if (session != nullptr) {
    session->counts.receivedPackets += 1;
    session->counts.receivedBytes += static_cast<double>(bytes);
  }
  uint8_t* at = scratch();
  memcpy(at, data, bytes);
  append(kStun, session == nullptr ? -1 : static_cast<int32_t>(session->id), at, bytes, 0, from);
}

bool Receiver::takeRtp(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from) {
  uint8_t* slot = ring_.nextSlot();
  size_t plainBytes = bytes;
  const SrtpVerdict verdict = session.plain ? copyPlain(rtpHeaderBytes(data, bytes) != 0, data, bytes, slot)
                                            : session.receiver->openRtp(data, bytes, nowUs_, slot, &plainBytes);
  if (verdict != SrtpVerdict::accepted) return dropped(verdict);
  append(kRtp, static_cast<int32_t>(session.id), slot, plainBytes, ring_.commit(plainBytes), from);
  return true;
}

bool Receiver::takeRtcp(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from) {
  uint8_t* at = scratch();
  size_t plainBytes = bytes;
  const SrtpVerdict verdict = session.plain ? copyPlain(isWholeRtcp(data, bytes), data, bytes, at)
                                            : session.receiver->openRtcp(data, bytes, nowUs_, at, &plainBytes);
  if (verdict != SrtpVerdict::accepted) return dropped(verdict);
  append(kRtcp, static_cast<int32_t>(session.id), at, plainBytes, 0, from);
  return true;
}

void Receiver::takeDtls(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from) {
  DtlsAssociation* dtls = session.dtls.get();
  if (dtls == nullptr) return shared_.count(Counter::droppedDtls);
  const DtlsState before = dtls->state();
  if (!dtls->receive(data, bytes)) return shared_.count(Counter::droppedDtls);
  const bool wasHandshake = before == DtlsState::handshaking;
  if (wasHandshake && dtls->state() != before) observer_.dtlsChanged(observer_.owner, session);
  const DtlsState between = dtls->state();
  const uint64_t written = dtls->datagramsWritten();
  const size_t messages = readApplicationData(session, from);
  if (dtls->state() != between) {
    observer_.dtlsChanged(observer_.owner, session);
  } else if (!wasHandshake && messages == 0 && dtls->datagramsWritten() == written) {
    shared_.count(Counter::droppedDtls);  // neither data nor a retransmitted flight that was answered
  }
}

bool Receiver::takeSctp(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from) {
  if (!session.carriesSctp) {
    shared_.count(Counter::droppedMalformed);
    return false;
  }
  uint8_t* at = scratch();
  memcpy(at, data, bytes);
  append(kApplicationData, static_cast<int32_t>(session.id), at, bytes, 0, from);
  return true;
}

size_t Receiver::readApplicationData(Session& session, const AddressKey& from) {
  size_t messages = 0;
  // Room stays for the datagrams behind this one; a datagram with more messages than that loses the rest.
  while (room() >= waiting_) {
    uint8_t* at = scratch();
    const size_t bytes = session.dtls->read(at, kSlotBytes);
    if (bytes == 0) return messages;
    append(kApplicationData, static_cast<int32_t>(session.id), at, bytes, 0, from);
    ++messages;
  }
  uint8_t rest[kSlotBytes];
  while (session.dtls->read(rest, sizeof rest) != 0) shared_.count(Counter::droppedDtls);
  return messages;
}

void Receiver::append(PacketKind kind, int32_t session, const uint8_t* at, size_t bytes, uint32_t packetId,
                      const AddressKey& from) {
  const size_t row = count_++;
  shared_.kind[row] = kind;
  shared_.session[row] = session;
  shared_.offset[row] = static_cast<uint32_t>(at - shared_.memory);
  shared_.length[row] = static_cast<uint16_t>(bytes);
  shared_.packetId[row] = packetId;
  shared_.arrivalUs[row] = static_cast<double>(nowUs_);
  memcpy(shared_.address + row * kAddressBytes, from.bytes, kAddressBytes);
}

bool Receiver::dropped(SrtpVerdict verdict) const {
  switch (verdict) {
    case SrtpVerdict::malformed:
      shared_.count(Counter::droppedMalformed);
      break;
    case SrtpVerdict::tooManySsrcs:
      shared_.count(Counter::droppedTooManySsrcs);
      break;
    case SrtpVerdict::replayed:
      shared_.count(Counter::droppedReplayed);
      break;
    case SrtpVerdict::notAuthentic:
      shared_.count(Counter::droppedAuthentication);
      break;
    case SrtpVerdict::accepted:
      break;
  }
  return false;
}

}  // namespace sangam
