#include "srtp_keys.h"

#include <openssl/evp.h>

#include <cstring>

namespace sangam {

namespace {

enum Label : uint8_t {
  kRtpEncryption = 0,
  kRtpAuthentication = 1,
  kRtpSalt = 2,
  kRtcpEncryption = 3,
  kRtcpAuthentication = 4,
  kRtcpSalt = 5,
};

// The PRF is AES in counter mode under the master key. key_id = label || index (index 0) is 7 bytes, right-aligned in
// the 14-byte salt, so the label falls on byte 7. A 12-byte AEAD salt is extended by two zero bytes on its right.
bool derive(SrtpSuite suite, const uint8_t* master, Label label, uint8_t* out, size_t bytes) {
  const SrtpSuiteInfo& info = infoOf(suite);
  uint8_t iv[16] = {};
  memcpy(iv, master + info.keyBytes, info.saltBytes);
  iv[7] ^= label;
  memset(out, 0, bytes);
  EVP_CIPHER_CTX* ctx = EVP_CIPHER_CTX_new();
  if (ctx == nullptr) return false;
  const EVP_CIPHER* cipher = info.keyBytes == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
  int written = 0;
  const bool ok = EVP_EncryptInit_ex(ctx, cipher, nullptr, master, iv) == 1 &&
                  EVP_EncryptUpdate(ctx, out, &written, out, static_cast<int>(bytes)) == 1;
  EVP_CIPHER_CTX_free(ctx);
  return ok;
}

bool deriveSet(SrtpSuite suite, const uint8_t* master, const Label labels[3], SessionKeys* out) {
  const SrtpSuiteInfo& info = infoOf(suite);
  return derive(suite, master, labels[0], out->key, info.keyBytes) &&
         derive(suite, master, labels[1], out->authKey, kAuthKeyBytes) &&
         derive(suite, master, labels[2], out->salt, info.saltBytes);
}

}  // namespace

bool deriveKeys(SrtpSuite suite, const uint8_t* master, DirectionKeys* out) {
  constexpr Label kRtpLabels[3] = {kRtpEncryption, kRtpAuthentication, kRtpSalt};
  constexpr Label kRtcpLabels[3] = {kRtcpEncryption, kRtcpAuthentication, kRtcpSalt};
  *out = {};
  return deriveSet(suite, master, kRtpLabels, &out->rtp) && deriveSet(suite, master, kRtcpLabels, &out->rtcp);
}

}  // namespace sangam
