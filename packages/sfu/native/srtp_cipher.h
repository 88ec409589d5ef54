// Seals and opens single packets of one direction: all four suites, SRTP and SRTCP. It knows indexes only as numbers it
// is given: no replay, no rollover, no table of SSRCs.
#pragma once

#include <openssl/evp.h>

#include "hmac_sha1.h"
#include "prefetch.h"
#include "srtp_keys.h"

namespace sangam {

enum class Direction : uint8_t { seal, open };

class SrtpCipher {
 public:
  SrtpCipher(SrtpSuite suite, Direction direction) : info_(infoOf(suite)), direction_(direction) {}
  SrtpCipher(const SrtpCipher&) = delete;
  SrtpCipher& operator=(const SrtpCipher&) = delete;
  ~SrtpCipher();

  bool init(const DirectionKeys& keys);
  const SrtpSuiteInfo& info() const { return info_; }
  // That sealRtp() follows. OpenSSL's context is opaque; its own fields are at its start.
  void prefetchRtp() const { prefetch(rtp_.ctx, kContextBytes); }

  // SRTP (RFC 3711 section 3.1, RFC 7714 section 8). `packet` begins with the header; ciphertext and tag are written
  // behind it. `payload` may be elsewhere, or already in its place. Returns the packet's bytes, 0 if OpenSSL refuses.
  size_t sealRtp(uint8_t* packet, size_t headerBytes, const uint8_t* payload, size_t payloadBytes, uint32_t ssrc,
                 uint64_t index);

  // `packet` is header, ciphertext, tag; at least headerBytes + tag. The plaintext goes to `payload`, which is written
  // before the tag is verified for the AEAD suites. False if the packet isn't authentic.
  bool openRtp(const uint8_t* packet, size_t bytes, size_t headerBytes, uint64_t index, uint8_t* payload);

  // SRTCP (RFC 3711 section 3.4, RFC 7714 section 9). `out` has room for 20 more bytes than the packet.
  size_t sealRtcp(const uint8_t* packet, size_t bytes, uint32_t index, uint8_t* out);

  // `packet` is at least 8 bytes, index and tag. Writes bytes - index - tag to `out`. False if it isn't authentic.
  bool openRtcp(const uint8_t* packet, size_t bytes, uint8_t* out);

 private:
  static constexpr size_t kContextBytes = 192;

  struct Half {
    EVP_CIPHER_CTX* ctx = nullptr;
    uint8_t salt[kMaxSaltBytes];
    HmacSha1 hmac;
  };

  bool initHalf(const SessionKeys& keys, Half* half);
  bool setIv(Half& half, uint32_t ssrc, uint64_t index) const;
  bool countermode(Half& half, uint32_t ssrc, uint64_t index, const uint8_t* in, size_t bytes, uint8_t* out) const;
  bool sealAead(Half& half, const uint8_t* in, size_t bytes, uint8_t* out);
  bool openAead(Half& half, const uint8_t* in, size_t bytes, const uint8_t* tag, uint8_t* out);
  bool openRtcpAead(const uint8_t* packet, size_t bytes, uint8_t* out);

  const SrtpSuiteInfo& info_;
  Direction direction_;
  Half rtp_;
  Half rtcp_;
};

}  // namespace sangam
