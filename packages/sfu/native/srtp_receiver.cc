#include "srtp_receiver.h"

#include <algorithm>
#include <cstring>

#include "bytes.h"

namespace sangam {

namespace {

constexpr size_t kFixedHeaderBytes = 12;
constexpr size_t kRtcpMinBytes = 8;
constexpr uint32_t kSrtcpIndexMask = 0x7fffffff;

}  // namespace

int64_t estimateIndex(uint64_t highest, uint16_t sequenceNumber) {
  const auto last = static_cast<int32_t>(highest & 0xffff);
  const auto rollover = static_cast<int64_t>(highest >> 16);
  const int32_t seq = sequenceNumber;
  int64_t guess = rollover;
  if (last < 0x8000) {
    if (seq - last > 0x8000) --guess;
  } else if (last - 0x8000 > seq) {
    ++guess;
  }
  return guess * 0x10000 + seq;
}

size_t rtpHeaderBytes(const uint8_t* packet, size_t bytes) {
  if (bytes < kFixedHeaderBytes || packet[0] >> 6 != 2) return 0;
  size_t header = kFixedHeaderBytes + 4 * static_cast<size_t>(packet[0] & 0x0f);
  if ((packet[0] & 0x10) != 0) {
    if (bytes < header + 4) return 0;
    header += 4 + 4 * static_cast<size_t>(readU16(packet + header + 2));
  }
  return header <= bytes ? header : 0;
}

bool SrtpReceiver::find(uint32_t ssrc) {
  if (at_ < ssrcs_.size() && ssrcs_[at_] == ssrc) return true;
  for (size_t i = 0; i < ssrcs_.size(); ++i) {
    if (ssrcs_[i] != ssrc) continue;
    at_ = i;
    return true;
  }
  return false;
}

size_t SrtpReceiver::quietest() const {
  return static_cast<size_t>(std::min_element(usedUs_.begin(), usedUs_.end()) - usedUs_.begin());
}

bool SrtpReceiver::hasRoom(uint64_t nowUs) const {
  return streams_.size() < kMaxSsrcs || nowUs - usedUs_[quietest()] >= kIdleUs;
}

void SrtpReceiver::add(uint32_t ssrc) {
  if (streams_.size() < kMaxSsrcs) {
    at_ = streams_.size();
    ssrcs_.push_back(ssrc);
    usedUs_.push_back(0);
    streams_.push_back(std::make_unique<Stream>());
    return;
  }
  at_ = quietest();
  ssrcs_[at_] = ssrc;
  *streams_[at_] = Stream();
}

SrtpVerdict SrtpReceiver::openRtp(const uint8_t* packet, size_t bytes, uint64_t nowUs, uint8_t* out,
                                  size_t* outBytes) {
  if (bytes < kFixedHeaderBytes + info_.rtpTagBytes) return SrtpVerdict::malformed;
  const size_t plainBytes = bytes - info_.rtpTagBytes;
  const size_t header = rtpHeaderBytes(packet, plainBytes);
  if (header == 0) return SrtpVerdict::malformed;
  const uint32_t ssrc = readU32(packet + 8);
  const bool known = find(ssrc);
  if (!known && !hasRoom(nowUs)) return SrtpVerdict::tooManySsrcs;
  const uint16_t seq = readU16(packet + 2);
  const auto* window = known && streams_[at_]->rtp.started() ? &streams_[at_]->rtp : nullptr;
  const int64_t guess = window != nullptr ? estimateIndex(window->highest(), seq) : seq;
  if (guess < 0) return SrtpVerdict::replayed;
  const auto index = static_cast<uint64_t>(guess);
  if (window != nullptr && !window->isFresh(index)) return SrtpVerdict::replayed;
  if (!cipher_.openRtp(packet, bytes, header, index, out + header)) return SrtpVerdict::notAuthentic;
  if (!known) add(ssrc);
  streams_[at_]->rtp.accept(index);
  usedUs_[at_] = nowUs;
  memcpy(out, packet, header);
  *outBytes = plainBytes;
  return SrtpVerdict::accepted;
}

SrtpVerdict SrtpReceiver::openRtcp(const uint8_t* packet, size_t bytes, uint64_t nowUs, uint8_t* out,
                                   size_t* outBytes) {
  const size_t trailer = kSrtcpIndexBytes + info_.rtcpTagBytes;
  if (bytes < kRtcpMinBytes + trailer) return SrtpVerdict::malformed;
  const uint32_t ssrc = readU32(packet + 4);
  const bool known = find(ssrc);
  if (!known && !hasRoom(nowUs)) return SrtpVerdict::tooManySsrcs;
  // The index stands before the tag with AES-CM, after it with the AEAD suites.
  const size_t indexAt = info_.aead ? bytes - kSrtcpIndexBytes : bytes - trailer;
  const uint32_t index = readU32(packet + indexAt) & kSrtcpIndexMask;
  if (known && !streams_[at_]->rtcp.isFresh(index)) return SrtpVerdict::replayed;
  if (!cipher_.openRtcp(packet, bytes, out)) return SrtpVerdict::notAuthentic;
  if (!known) add(ssrc);
  streams_[at_]->rtcp.accept(index);
  usedUs_[at_] = nowUs;
  *outBytes = bytes - trailer;
  return SrtpVerdict::accepted;
}

}  // namespace sangam
