// The SRTP protection profiles (RFC 5764 section 4.1.2, RFC 7714 section 14.2) in order of preference.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sangam {

enum class SrtpSuite : uint8_t { gcm128, gcm256, cm80, cm32 };
constexpr size_t kSrtpSuites = 4;

struct SrtpSuiteInfo {
  const char* name;         // as in the contract
  const char* opensslName;  // as SSL_CTX_set_tlsext_use_srtp wants it
  uint16_t dtlsId;
  bool aead;
  size_t keyBytes;
  size_t saltBytes;
  size_t rtpTagBytes;
  size_t rtcpTagBytes;

  constexpr size_t masterBytes() const { return keyBytes + saltBytes; }
};

// AES_CM_128_HMAC_SHA1_32 shortens the tag of SRTP only; SRTCP keeps 80 bits (RFC 5764 section 4.1.2).
constexpr SrtpSuiteInfo kSrtpSuiteTable[kSrtpSuites] = {
    {"AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM", 0x0007, true, 16, 12, 16, 16},
    {"AEAD_AES_256_GCM", "SRTP_AEAD_AES_256_GCM", 0x0008, true, 32, 12, 16, 16},
    {"AES_CM_128_HMAC_SHA1_80", "SRTP_AES128_CM_SHA1_80", 0x0001, false, 16, 14, 10, 10},
    {"AES_CM_128_HMAC_SHA1_32", "SRTP_AES128_CM_SHA1_32", 0x0002, false, 16, 14, 4, 10},
};

constexpr const SrtpSuiteInfo& infoOf(SrtpSuite suite) { return kSrtpSuiteTable[static_cast<size_t>(suite)]; }

constexpr size_t kMaxKeyBytes = 32;
constexpr size_t kMaxSaltBytes = 14;
constexpr size_t kAuthKeyBytes = 20;
constexpr size_t kMaxMasterBytes = kMaxKeyBytes + kMaxSaltBytes;
constexpr size_t kMaxTagBytes = 16;
constexpr size_t kSrtcpIndexBytes = 4;

}  // namespace sangam
