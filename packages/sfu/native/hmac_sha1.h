// HMAC-SHA1 (RFC 2104) with the states after the inner and outer pad kept, so that a short packet costs two fewer
// compressions. OpenSSL's low-level SHA1 functions, because a saved state is there a copy of 96 bytes.
#pragma once

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <cstring>

namespace sangam {

class HmacSha1 {
 public:
  static constexpr size_t kDigestBytes = SHA_DIGEST_LENGTH;

  HmacSha1() = default;
  HmacSha1(const HmacSha1&) = delete;
  HmacSha1& operator=(const HmacSha1&) = delete;
  ~HmacSha1() {
    OPENSSL_cleanse(&inner_, sizeof inner_);
    OPENSSL_cleanse(&outer_, sizeof outer_);
  }

  // `key` is at most 64 bytes.
  void init(const uint8_t* key, size_t bytes) {
    start(&inner_, key, bytes, 0x36);
    start(&outer_, key, bytes, 0x5c);
  }

  // Authenticates `data` followed by `tail`.
  void digest(const uint8_t* data, size_t bytes, const uint8_t* tail, size_t tailBytes,
              uint8_t out[kDigestBytes]) const {
    uint8_t innerDigest[kDigestBytes];
    SHA_CTX state = inner_;
    SHA1_Update(&state, data, bytes);
    if (tailBytes != 0) SHA1_Update(&state, tail, tailBytes);
    SHA1_Final(innerDigest, &state);
    state = outer_;
    SHA1_Update(&state, innerDigest, sizeof innerDigest);
    SHA1_Final(out, &state);
  }

 private:
  static void start(SHA_CTX* state, const uint8_t* key, size_t bytes, uint8_t pad) {
    uint8_t block[SHA_CBLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < bytes; ++i) block[i] ^= key[i];
    SHA1_Init(state);
    SHA1_Update(state, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
  }

  SHA_CTX inner_;
  SHA_CTX outer_;
};

}  // namespace sangam
