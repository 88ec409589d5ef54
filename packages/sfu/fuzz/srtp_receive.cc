#include "../native/srtp_receiver.h"

#include "../native/bytes.h"
#include "../native/srtp_sender.h"
#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

namespace {

constexpr size_t kMostBytes = 2048;

struct Ends {
  SrtpReceiver receiver;
  SrtpSender sender;

  explicit Ends(SrtpSuite suite) : receiver(suite), sender(suite) {
    uint8_t master[kMaxMasterBytes];
    memset(master, 0x5a, sizeof master);
    DirectionKeys keys;
    require(deriveKeys(suite, master, &keys) && receiver.init(keys) && sender.init(keys), "keys of any bytes work");
  }
};

SrtpVerdict open(Ends& ends, const std::vector<uint8_t>& packet, bool rtcp, uint64_t nowUs) {
  const size_t before = ends.receiver.ssrcs();
  std::vector<uint8_t> out(packet.size());
  size_t outBytes = 0;
  const SrtpVerdict verdict =
      rtcp ? ends.receiver.openRtcp(packet.data(), packet.size(), nowUs, out.data(), &outBytes)
           : ends.receiver.openRtp(packet.data(), packet.size(), nowUs, out.data(), &outBytes);
  if (verdict == SrtpVerdict::accepted) {
    require(outBytes < packet.size(), "the plaintext is shorter than the packet");
  } else {
    require(ends.receiver.ssrcs() == before, "what is not accepted takes no place");
  }
  require(ends.receiver.ssrcs() <= SrtpReceiver::kMaxSsrcs, "the SSRCs stay bounded");
  return verdict;
}

std::vector<uint8_t> sealed(Ends& ends, Input& in, bool rtcp) {
  std::vector<uint8_t> plain = in.chunk(kMostBytes - 64);
  const size_t least = rtcp ? 8 : 12;
  if (plain.size() < least) plain.resize(least);
  plain[0] = static_cast<uint8_t>(0x80 | (plain[0] & 0x3f));
  std::vector<uint8_t> out(plain.size() + 64);
  if (rtcp) {
    out.resize(ends.sender.sealRtcp(plain.data(), plain.size(), out.data()));
    return out;
  }
  size_t header = rtpHeaderBytes(plain.data(), plain.size());
  if (header == 0) {
    plain[0] = 0x80;
    header = least;
  }
  memcpy(out.data(), plain.data(), header);
  const uint16_t sequenceNumber = readU16(plain.data() + 2);
  out.resize(ends.sender.cipher().sealRtp(out.data(), header, plain.data() + header, plain.size() - header,
                                          readU32(plain.data() + 8), sequenceNumber));
  return out;
}

}  // namespace

void srtpReceive(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  Ends ends(static_cast<SrtpSuite>(in.u8() % kSrtpSuites));
  uint64_t nowUs = 0;
  while (!in.empty()) {
    const uint8_t action = in.u8();
    const bool rtcp = (action & 1) != 0;
    nowUs += (action & 0x80) != 0 ? SrtpReceiver::kIdleUs : 1000;
    if ((action & 2) == 0) {
      open(ends, in.chunk(kMostBytes), rtcp, nowUs);
      continue;
    }
    std::vector<uint8_t> packet = sealed(ends, in, rtcp);
    if (packet.empty()) continue;
    if ((action & 4) != 0) {
      std::vector<uint8_t> forged = packet;
      forged[in.u16() % forged.size()] ^= static_cast<uint8_t>(in.u8() | 1);
      require(open(ends, forged, rtcp, nowUs) != SrtpVerdict::accepted, "a changed packet is never accepted");
    }
    // A sequence number may lie anywhere, so an honest packet may be late or repeated; the second copy always is.
    const SrtpVerdict first = open(ends, packet, rtcp, nowUs);
    if (first == SrtpVerdict::accepted) {
      require(open(ends, packet, rtcp, nowUs) == SrtpVerdict::replayed, "a packet is accepted once");
    }
  }
}

}  // namespace sangam::fuzz
