// The sending half of an SRTP session. RTP indexes come from the plan; the SRTCP index is counted here.
#pragma once

#include "srtp_cipher.h"

namespace sangam {

class SrtpSender {
 public:
  explicit SrtpSender(SrtpSuite suite) : cipher_(suite, Direction::seal) {}
  bool init(const DirectionKeys& keys) { return cipher_.init(keys); }

  const SrtpSuiteInfo& info() const { return cipher_.info(); }
  // A repeated index would give two packets one nonce, which lets an observer forge tags (RFC 7714 section 4).
  bool needsUniqueIndexes() const { return cipher_.info().aead; }
  SrtpCipher& cipher() { return cipher_; }

  // Returns the SRTCP packet's bytes, 0 when the 31-bit index is used up (RFC 3711 section 9.2) or OpenSSL refuses.
  size_t sealRtcp(const uint8_t* packet, size_t bytes, uint8_t* out) {
    if (rtcpIndex_ > kMaxRtcpIndex) return 0;
    return cipher_.sealRtcp(packet, bytes, rtcpIndex_++, out);
  }

 private:
  static constexpr uint32_t kMaxRtcpIndex = 0x7fffffff;

  SrtpCipher cipher_;
  uint32_t rtcpIndex_ = 1;
};

}  // namespace sangam
