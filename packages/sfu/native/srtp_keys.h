// SRTP key derivation (RFC 3711 section 4.3; RFC 7714 section 11 for the AEAD suites).
#pragma once

#include "srtp_suite.h"

namespace sangam {

// The keys that encrypt and authenticate one kind of packet (SRTP or SRTCP) in one direction.
struct SessionKeys {
  uint8_t key[kMaxKeyBytes];
  uint8_t salt[kMaxSaltBytes];
  uint8_t authKey[kAuthKeyBytes];  // AES-CM suites only
};

struct DirectionKeys {
  SessionKeys rtp;
  SessionKeys rtcp;
};

// `master` is the master key followed by the master salt, infoOf(suite).masterBytes() bytes. The key derivation rate is
// 0: one derivation for the life of the keys. False if OpenSSL refuses.
bool deriveKeys(SrtpSuite suite, const uint8_t* master, DirectionKeys* out);

}  // namespace sangam
