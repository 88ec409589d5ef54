// The receiving half of an SRTP session: which index a packet has, whether it was seen before, whether it is authentic.
// Pure: bytes and a clock in, bytes and a verdict out.
#pragma once

#include <memory>
#include <vector>

#include "replay_window.h"
#include "srtp_cipher.h"

namespace sangam {

enum class SrtpVerdict : uint8_t { accepted, malformed, tooManySsrcs, replayed, notAuthentic };

class SrtpReceiver {
 public:
  static constexpr size_t kMaxSsrcs = 256;
  static constexpr unsigned kRtpWindow = 1024;
  static constexpr unsigned kRtcpWindow = 128;
  // At kMaxSsrcs, the SSRC that was silent longest makes room for a new authentic one if it was silent this long.
  static constexpr uint64_t kIdleUs = 120'000'000;

  explicit SrtpReceiver(SrtpSuite suite) : cipher_(suite, Direction::open), info_(infoOf(suite)) {}
  bool init(const DirectionKeys& keys) { return cipher_.init(keys); }

  // Header and plaintext go to `out`, which has room for `bytes`; `outBytes` is then their length. On any verdict but
  // `accepted` no state has changed, though `out` may have been written.
  SrtpVerdict openRtp(const uint8_t* packet, size_t bytes, uint64_t nowUs, uint8_t* out, size_t* outBytes);
  SrtpVerdict openRtcp(const uint8_t* packet, size_t bytes, uint64_t nowUs, uint8_t* out, size_t* outBytes);

  size_t ssrcs() const { return streams_.size(); }

 private:
  struct Stream {
    ReplayWindow<kRtpWindow> rtp;
    ReplayWindow<kRtcpWindow> rtcp;
  };

  bool find(uint32_t ssrc);
  bool hasRoom(uint64_t nowUs) const;
  void add(uint32_t ssrc);
  size_t quietest() const;

  SrtpCipher cipher_;
  const SrtpSuiteInfo& info_;
  // Three columns of one table; the narrow ones are searched.
  std::vector<uint32_t> ssrcs_;
  std::vector<uint64_t> usedUs_;
  std::vector<std::unique_ptr<Stream>> streams_;
  size_t at_ = 0;  // the row found or added last
};

// The index of RFC 3711 section 3.3.1 and appendix A: 2^16 * rollover counter + sequence number, nearest to `highest`.
// Negative where the packet would lie before the stream's beginning.
int64_t estimateIndex(uint64_t highest, uint16_t sequenceNumber);

// Bytes of an RTP header with CSRCs and extension (RFC 3550 section 5.1), or 0 if `bytes` don't hold it.
size_t rtpHeaderBytes(const uint8_t* packet, size_t bytes);

}  // namespace sangam
