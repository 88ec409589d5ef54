#include "send_plan.h"

#include <uv.h>

#include <algorithm>
#include <cstring>

#include "bytes.h"
#include "payload_patch.h"

namespace sangam {

namespace {

constexpr size_t kRtpHeaderBytes = 12;
constexpr size_t kRtcpHeaderBytes = 8;
constexpr uint32_t kEnd = 0xffffffff;
// Entries whose sinks and sessions are asked for together: as much as the first cache level takes.
constexpr size_t kLookAtOnce = 32;
// Sessions ahead whose keys are asked for: two steps (the sender, its context), a step per session.
constexpr size_t kAhead = 2;

static_assert(kRtpHeaderBytes + HeaderTemplate::kMaxWrittenBytes + 2 + kSlotBytes + kMaxTagBytes <=
                  PacketSender::kMaxDatagramBytes,
              "every RTP packet fits what reserve() gives");
constexpr size_t kMaxControlBytes = PacketSender::kMaxDatagramBytes - kMaxTagBytes - kSrtcpIndexBytes;

}  // namespace

void SendPlan::execute(size_t entries, size_t controls) {
  entries = std::min(entries, kPlanCapacity);
  controls = std::min(controls, kControlCapacity);
  absSendTimeFlush_ = ~uint64_t{0};
  for (size_t i = 0; i < controls; ++i) sendControl(shared_.control + i * kControlWords);
  group(entries);
  const size_t sessions = order_.size();
  for (size_t i = 0; i < std::min(sessions, kAhead); ++i) prefetch(order_[i]->sender.get(), sizeof(SrtpSender));
  for (size_t i = 0; i < sessions; ++i) {
    if (i + kAhead < sessions) prefetch(order_[i + kAhead]->sender.get(), sizeof(SrtpSender));
    if (i + 1 < sessions && order_[i + 1]->sender != nullptr) order_[i + 1]->sender->cipher().prefetchRtp();
    sendChain(*order_[i]);
  }
  sender_.flush();
}

void SendPlan::sendChain(const Session& session) {
  for (uint32_t i = session.planFirst; i != kEnd; i = next_[i]) sendEntry(*sinks_[i], shared_.plan + i * kPlanWords);
}

void SendPlan::sendControl(const uint32_t* control) {
  const size_t offset = control[kControlOffset];
  const size_t bytes = control[kControlLength];
  if (offset > kControlBytes || bytes > kControlBytes - offset || bytes > kMaxControlBytes) {
    return shared_.count(Counter::sendErrors);
  }
  const uint8_t* data = shared_.controlBytes + offset;
  if (control[kControlKind] == kControlRaw) return sendRaw(data, bytes);
  Session* session = sessions_.find(control[kControlSession]);
  if (session == nullptr) return shared_.count(Counter::expired);
  if (control[kControlKind] == kControlRtcp) return sendRtcp(*session, data, bytes);
  sendApplicationData(*session, data, bytes);
}

void SendPlan::sendApplicationData(Session& session, const uint8_t* data, size_t bytes) {
  if (!session.destination.isSet()) return shared_.count(Counter::expired);
  if (!session.carriesSctp) {
    if (session.dtls == nullptr || !session.dtls->write(data, bytes)) shared_.count(Counter::expired);
    return;
  }
  memcpy(sender_.reserve(), data, bytes);
  sender_.commit(session.destination, bytes, nullptr);
  session.counts.sentPackets += 1;
  session.counts.sentBytes += static_cast<double>(bytes);
}

void SendPlan::sendRaw(const uint8_t* data, size_t bytes) {
  AddressKey key;
  Destination destination;
  if (bytes <= kAddressBytes) return shared_.count(Counter::sendErrors);
  memcpy(key.bytes, data, kAddressBytes);
  const SendSocket* socket = sender_.socketAt(key.socket());
  if (socket == nullptr || !destinationFromKey(key, socket->isIpv6(), &destination)) {
    return shared_.count(Counter::sendErrors);
  }
  memcpy(sender_.reserve(), data + kAddressBytes, bytes - kAddressBytes);
  sender_.commit(destination, bytes - kAddressBytes, nullptr);
}

void SendPlan::sendRtcp(Session& session, const uint8_t* data, size_t bytes) {
  const Destination& destination = session.rtcpWay();
  if (!destination.isSet()) return shared_.count(Counter::expired);
  if (!session.canSend()) return shared_.count(Counter::droppedNoKeys);
  if (bytes < kRtcpHeaderBytes) return shared_.count(Counter::sendErrors);
  uint8_t* out = sender_.reserve();
  if (session.plain) memcpy(out, data, bytes);
  const size_t sealed = session.plain ? bytes : session.sender->sealRtcp(data, bytes, out);
  if (sealed == 0) return shared_.count(Counter::sendErrors);
  sender_.commit(destination, sealed, nullptr);
  session.counts.sentPackets += 1;
  session.counts.sentBytes += static_cast<double>(sealed);
}

void SendPlan::group(size_t entries) {
  ++run_;
  order_.clear();
  for (size_t first = 0; first < entries; first += kLookAtOnce) {
    const size_t end = std::min(first + kLookAtOnce, entries);
    find(first, end);
    for (size_t i = first; i < end; ++i) chain(static_cast<uint32_t>(i));
  }
}

// Sinks first, then their sessions: none is waited for while there are others to ask for.
void SendPlan::find(size_t first, size_t end) {
  for (size_t i = first; i < end; ++i) {
    sinks_[i] = sessions_.findSink(shared_.plan[i * kPlanWords + kPlanSink]);
    prefetch(sinks_[i], sizeof(Sink));
  }
  for (size_t i = first; i < end; ++i) {
    if (sinks_[i] != nullptr) prefetch(sinks_[i]->session, sizeof(Session));
  }
}

void SendPlan::chain(uint32_t entry) {
  Session* session = sinks_[entry] == nullptr ? nullptr : sinks_[entry]->session;
  if (session == nullptr || !session->destination.isSet()) return shared_.count(Counter::expired);
  if (!session->canSend()) return shared_.count(Counter::droppedNoKeys);
  next_[entry] = kEnd;
  if (session->planRun != run_) {
    session->planRun = run_;
    session->planFirst = entry;
    order_.push_back(session);
  } else {
    next_[session->planLast] = entry;
  }
  session->planLast = entry;
}

void SendPlan::sendEntry(Sink& sink, const uint32_t* entry) {
  const uint32_t flags = entry[kPlanFlags];
  if ((flags & kPadding) != 0) return sendPadding(sink, entry);
  PacketRing::Found packet;
  if (!ring_.find(entry[kPlanPacketId], &packet)) return shared_.count(Counter::expired);
  const size_t at = packet.record[kPayloadOffset];
  const size_t bytes = packet.record[kPayloadLength];
  if (at < kRtpHeaderBytes || at + bytes > packet.bytes) return shared_.count(Counter::expired);

  uint8_t* out = sender_.reserve();
  const size_t headerBytes = writeHeader(sink, entry, &packet, out);
  uint8_t* payload = packet.data + at;
  const uint32_t index = entry[kPlanSequenceNumber];
  if ((flags & (kVp8Patch | kRtx)) == 0) return sealAndQueue(sink, index, out, headerBytes, payload, bytes);

  // The two bytes before a payload are its own packet's header: there is always room for the RTX field.
  const size_t prefix = (flags & kRtx) != 0 ? 2 : 0;
  const BorrowedBytes borrowed(payload - prefix, kSlotBytes - at + prefix);
  if (prefix != 0) writeU16(payload - prefix, entry[kPlanExtra]);
  if ((flags & kVp8Patch) != 0) {
    const uint32_t patch = entry[kPlanVp8Patch];
    patchVp8(payload, bytes, static_cast<uint16_t>(patch), static_cast<uint8_t>(patch >> 16));
  }
  sealAndQueue(sink, index, out, headerBytes, payload - prefix, bytes + prefix);
}

void SendPlan::sendPadding(Sink& sink, const uint32_t* entry) {
  const size_t bytes = entry[kPlanExtra] & 0xff;
  if (bytes == 0) return shared_.count(Counter::sendErrors);
  uint8_t* out = sender_.reserve();
  const size_t headerBytes = writeHeader(sink, entry, nullptr, out);
  out[0] |= 0x20;
  uint8_t* payload = out + headerBytes;
  memset(payload, 0, bytes);
  payload[bytes - 1] = static_cast<uint8_t>(bytes);
  sealAndQueue(sink, entry[kPlanSequenceNumber], out, headerBytes, payload, bytes);
}

size_t SendPlan::writeHeader(const Sink& sink, const uint32_t* entry, const PacketRing::Found* packet, uint8_t* out) {
  const uint32_t flags = entry[kPlanFlags];
  ElementValues values;
  if (packet != nullptr) {
    values.source = packet->data;
    values.sourceBytes = packet->bytes;
    values.record = packet->record;
  }
  values.absSendTime = absSendTime();
  values.transportSequenceNumber = static_cast<uint16_t>(flags >> 16);
  const size_t blockBytes = sink.header.write(out + kRtpHeaderBytes, values);
  out[0] = blockBytes == 0 ? 0x80 : 0x90;
  out[1] = static_cast<uint8_t>(((flags & kMarker) != 0 ? 0x80 : 0) | sink.payloadType);
  writeU16(out + 2, entry[kPlanSequenceNumber]);
  writeU32(out + 4, entry[kPlanTimestamp]);
  writeU32(out + 8, sink.ssrc);
  return kRtpHeaderBytes + blockBytes;
}

void SendPlan::sealAndQueue(Sink& sink, uint32_t index, uint8_t* out, size_t headerBytes, const uint8_t* payload,
                            size_t bytes) {
  Session& session = *sink.session;
  if (session.plain) {
    memmove(out + headerBytes, payload, bytes);
    return queue(session, headerBytes + bytes);
  }
  if (session.sender->needsUniqueIndexes()) {
    if (!sink.sent.isFresh(index)) return shared_.count(Counter::sendErrors);
    sink.sent.accept(index);
  }
  const size_t sealed = session.sender->cipher().sealRtp(out, headerBytes, payload, bytes, sink.ssrc, index);
  if (sealed == 0) return shared_.count(Counter::sendErrors);
  queue(session, sealed);
}

void SendPlan::queue(Session& session, size_t bytes) {
  sender_.commit(session.destination, bytes, &session);
  session.counts.sentPackets += 1;
  session.counts.sentBytes += static_cast<double>(bytes);
}

// Read anew after each batch that left, so that it is at most one batch old.
uint32_t SendPlan::absSendTime() {
  if (absSendTimeFlush_ != sender_.flushes()) {
    absSendTimeFlush_ = sender_.flushes();
    const uint64_t us = uv_hrtime() / 1000;
    absSendTime_ = static_cast<uint32_t>(((us << 18) / 1'000'000) & 0xffffff);
  }
  return absSendTime_;
}

}  // namespace sangam
