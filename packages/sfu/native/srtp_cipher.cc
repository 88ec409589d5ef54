#include "srtp_cipher.h"

#include "bytes.h"

namespace sangam {

namespace {

constexpr size_t kRtcpClearBytes = 8;  // the first header and the sender's SSRC stay readable
constexpr uint32_t kEncryptedBit = 0x80000000;
constexpr size_t kAeadIvBytes = 12;
constexpr size_t kCounterIvBytes = 16;

const EVP_CIPHER* cipherOf(const SrtpSuiteInfo& info) {
  if (!info.aead) return EVP_aes_128_ctr();
  return info.keyBytes == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
}

bool authenticate(EVP_CIPHER_CTX* ctx, Direction direction, const uint8_t* data, size_t bytes) {
  int written = 0;
  const auto size = static_cast<int>(bytes);
  return direction == Direction::seal ? EVP_EncryptUpdate(ctx, nullptr, &written, data, size) == 1
                                      : EVP_DecryptUpdate(ctx, nullptr, &written, data, size) == 1;
}

}  // namespace

SrtpCipher::~SrtpCipher() {
  EVP_CIPHER_CTX_free(rtp_.ctx);
  EVP_CIPHER_CTX_free(rtcp_.ctx);
}

bool SrtpCipher::init(const DirectionKeys& keys) { return initHalf(keys.rtp, &rtp_) && initHalf(keys.rtcp, &rtcp_); }

bool SrtpCipher::initHalf(const SessionKeys& keys, Half* half) {
  half->ctx = EVP_CIPHER_CTX_new();
  if (half->ctx == nullptr) return false;
  memcpy(half->salt, keys.salt, info_.saltBytes);
  if (!info_.aead) half->hmac.init(keys.authKey, kAuthKeyBytes);
  // Counter mode decrypts by encrypting.
  const int encrypt = !info_.aead || direction_ == Direction::seal ? 1 : 0;
  return EVP_CipherInit_ex(half->ctx, cipherOf(info_), nullptr, keys.key, nullptr, encrypt) == 1;
}

// AES-CM (RFC 3711 section 4.1.1): salt * 2^16 xor ssrc * 2^64 xor index * 2^16; the low 16 bits count blocks.
// AEAD (RFC 7714 sections 8.1 and 9.1): 2 zero bytes, SSRC, 48-bit index, xor salt. Both put SSRC at 4 and index at 8
// in the former, at 2 and 6 in the latter. The key schedule in the context is kept.
bool SrtpCipher::setIv(Half& half, uint32_t ssrc, uint64_t index) const {
  uint8_t iv[kCounterIvBytes] = {};
  uint8_t* at = iv + (info_.aead ? 2 : 4);
  writeU32(at, ssrc);
  writeU16(at + 4, static_cast<uint32_t>(index >> 32));
  writeU32(at + 6, static_cast<uint32_t>(index));
  const size_t saltBytes = info_.aead ? kAeadIvBytes : kMaxSaltBytes;
  for (size_t i = 0; i < saltBytes; ++i) iv[i] ^= half.salt[i];
  return EVP_CipherInit_ex(half.ctx, nullptr, nullptr, nullptr, iv, -1) == 1;
}

bool SrtpCipher::countermode(Half& half, uint32_t ssrc, uint64_t index, const uint8_t* in, size_t bytes,
                             uint8_t* out) const {
  if (bytes == 0) return true;
  int written = 0;
  return setIv(half, ssrc, index) && EVP_EncryptUpdate(half.ctx, out, &written, in, static_cast<int>(bytes)) == 1;
}

bool SrtpCipher::sealAead(Half& half, const uint8_t* in, size_t bytes, uint8_t* out) {
  int written = 0;
  if (bytes != 0 && EVP_EncryptUpdate(half.ctx, out, &written, in, static_cast<int>(bytes)) != 1) return false;
  uint8_t* tag = out + bytes;
  return EVP_EncryptFinal_ex(half.ctx, tag, &written) == 1 &&
         EVP_CIPHER_CTX_ctrl(half.ctx, EVP_CTRL_AEAD_GET_TAG, kMaxTagBytes, tag) == 1;
}

bool SrtpCipher::openAead(Half& half, const uint8_t* in, size_t bytes, const uint8_t* tag, uint8_t* out) {
  int written = 0;
  uint8_t none[16];
  if (bytes != 0 && EVP_DecryptUpdate(half.ctx, out, &written, in, static_cast<int>(bytes)) != 1) return false;
  return EVP_CIPHER_CTX_ctrl(half.ctx, EVP_CTRL_AEAD_SET_TAG, kMaxTagBytes, const_cast<uint8_t*>(tag)) == 1 &&
         EVP_DecryptFinal_ex(half.ctx, none, &written) == 1;
}

size_t SrtpCipher::sealRtp(uint8_t* packet, size_t headerBytes, const uint8_t* payload, size_t payloadBytes,
                           uint32_t ssrc, uint64_t index) {
  uint8_t* out = packet + headerBytes;
  const size_t sealedBytes = headerBytes + payloadBytes;
  if (info_.aead) {
    const bool ok = setIv(rtp_, ssrc, index) && authenticate(rtp_.ctx, Direction::seal, packet, headerBytes) &&
                    sealAead(rtp_, payload, payloadBytes, out);
    return ok ? sealedBytes + kMaxTagBytes : 0;
  }
  if (!countermode(rtp_, ssrc, index, payload, payloadBytes, out)) return 0;
  uint8_t rollover[4];
  uint8_t digest[HmacSha1::kDigestBytes];
  writeU32(rollover, static_cast<uint32_t>(index >> 16));
  rtp_.hmac.digest(packet, sealedBytes, rollover, sizeof rollover, digest);
  memcpy(packet + sealedBytes, digest, info_.rtpTagBytes);
  return sealedBytes + info_.rtpTagBytes;
}

bool SrtpCipher::openRtp(const uint8_t* packet, size_t bytes, size_t headerBytes, uint64_t index, uint8_t* payload) {
  const uint32_t ssrc = readU32(packet + 8);
  const size_t tagAt = bytes - info_.rtpTagBytes;
  const size_t payloadBytes = tagAt - headerBytes;
  if (info_.aead) {
    return setIv(rtp_, ssrc, index) && authenticate(rtp_.ctx, Direction::open, packet, headerBytes) &&
           openAead(rtp_, packet + headerBytes, payloadBytes, packet + tagAt, payload);
  }
  uint8_t rollover[4];
  uint8_t digest[HmacSha1::kDigestBytes];
  writeU32(rollover, static_cast<uint32_t>(index >> 16));
  rtp_.hmac.digest(packet, tagAt, rollover, sizeof rollover, digest);
  if (CRYPTO_memcmp(digest, packet + tagAt, info_.rtpTagBytes) != 0) return false;
  return countermode(rtp_, ssrc, index, packet + headerBytes, payloadBytes, payload);
}

size_t SrtpCipher::sealRtcp(const uint8_t* packet, size_t bytes, uint32_t index, uint8_t* out) {
  const uint32_t ssrc = readU32(packet + 4);
  const size_t bodyBytes = bytes - kRtcpClearBytes;
  memcpy(out, packet, kRtcpClearBytes);
  uint8_t* body = out + kRtcpClearBytes;
  uint8_t word[kSrtcpIndexBytes];
  writeU32(word, index | kEncryptedBit);
  if (info_.aead) {
    const bool ok = setIv(rtcp_, ssrc, index) && authenticate(rtcp_.ctx, Direction::seal, packet, kRtcpClearBytes) &&
                    authenticate(rtcp_.ctx, Direction::seal, word, sizeof word) &&
                    sealAead(rtcp_, packet + kRtcpClearBytes, bodyBytes, body);
    memcpy(out + bytes + kMaxTagBytes, word, sizeof word);
    return ok ? bytes + kMaxTagBytes + sizeof word : 0;
  }
  if (!countermode(rtcp_, ssrc, index, packet + kRtcpClearBytes, bodyBytes, body)) return 0;
  memcpy(out + bytes, word, sizeof word);
  uint8_t digest[HmacSha1::kDigestBytes];
  rtcp_.hmac.digest(out, bytes + sizeof word, nullptr, 0, digest);
  memcpy(out + bytes + sizeof word, digest, info_.rtcpTagBytes);
  return bytes + sizeof word + info_.rtcpTagBytes;
}

bool SrtpCipher::openRtcp(const uint8_t* packet, size_t bytes, uint8_t* out) {
  if (info_.aead) return openRtcpAead(packet, bytes, out);
  const size_t tagAt = bytes - info_.rtcpTagBytes;
  const size_t plainBytes = tagAt - kSrtcpIndexBytes;
  uint8_t digest[HmacSha1::kDigestBytes];
  rtcp_.hmac.digest(packet, tagAt, nullptr, 0, digest);
  if (CRYPTO_memcmp(digest, packet + tagAt, info_.rtcpTagBytes) != 0) return false;
  const uint32_t word = readU32(packet + plainBytes);
  if ((word & kEncryptedBit) == 0) {
    memcpy(out, packet, plainBytes);
    return true;
  }
  memcpy(out, packet, kRtcpClearBytes);
  return countermode(rtcp_, readU32(packet + 4), word & ~kEncryptedBit, packet + kRtcpClearBytes,
                     plainBytes - kRtcpClearBytes, out + kRtcpClearBytes);
}

// Without the E flag everything is associated data and only the tag is checked (RFC 7714 section 9.3).
bool SrtpCipher::openRtcpAead(const uint8_t* packet, size_t bytes, uint8_t* out) {
  const uint8_t* word = packet + bytes - kSrtcpIndexBytes;
  const uint8_t* tag = word - kMaxTagBytes;
  const auto plainBytes = static_cast<size_t>(tag - packet);
  const uint32_t value = readU32(word);
  const bool encrypted = (value & kEncryptedBit) != 0;
  const size_t clearBytes = encrypted ? kRtcpClearBytes : plainBytes;
  memcpy(out, packet, clearBytes);
  return setIv(rtcp_, readU32(packet + 4), value & ~kEncryptedBit) &&
         authenticate(rtcp_.ctx, Direction::open, packet, clearBytes) &&
         authenticate(rtcp_.ctx, Direction::open, word, kSrtcpIndexBytes) &&
         openAead(rtcp_, packet + clearBytes, plainBytes - clearBytes, tag, out + clearBytes);
}

}  // namespace sangam
