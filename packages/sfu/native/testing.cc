#include "testing.h"

#include <cstring>
#include <memory>
#include <vector>

#include "bytes.h"
#include "napi_support.h"
#include "payload_patch.h"
#include "srtp_cipher.h"
#include "srtp_receiver.h"

namespace sangam {

namespace {

bool copyKeys(const SrtpSuiteInfo& info, ByteView keys, DirectionKeys* out) {
  if (keys.bytes != info.keyBytes + info.saltBytes + kAuthKeyBytes) return false;
  *out = {};
  for (SessionKeys* set : {&out->rtp, &out->rtcp}) {
    memcpy(set->key, keys.data, info.keyBytes);
    memcpy(set->salt, keys.data + info.keyBytes, info.saltBytes);
    memcpy(set->authKey, keys.data + info.keyBytes + info.saltBytes, kAuthKeyBytes);
  }
  return true;
}

// Arguments (suite, keys, packet, index) of the four functions below. `keys` are session keys, not master keys: key,
// salt, authentication key (any 20 bytes for the AEAD suites), used for both SRTP and SRTCP.
struct CipherCall {
  Arguments args;
  ByteView packet;
  uint64_t index = 0;
  std::unique_ptr<SrtpCipher> cipher;

  CipherCall(napi_env env, napi_callback_info info, Direction direction) : args(env, info) {
    const uint32_t suite = args.u32(0);
    const ByteView keys = args.bytes(1);
    packet = args.bytes(2);
    index = static_cast<uint64_t>(args.number(3));
    DirectionKeys direct;
    if (!args.ok() || suite >= kSrtpSuites || !copyKeys(kSrtpSuiteTable[suite], keys, &direct)) return;
    cipher = std::make_unique<SrtpCipher>(static_cast<SrtpSuite>(suite), direction);
    if (!cipher->init(direct)) cipher.reset();
  }
};

napi_value null(napi_env env) {
  napi_value value = nullptr;
  napi_get_null(env, &value);
  return value;
}

napi_value testDeriveKeys(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t suite = args.u32(0);
  const ByteView master = args.bytes(1);
  if (!args.ok()) return nullptr;
  DirectionKeys keys;
  if (suite >= kSrtpSuites || master.bytes != kSrtpSuiteTable[suite].masterBytes() ||
      !deriveKeys(static_cast<SrtpSuite>(suite), master.data, &keys)) {
    return throwError(env, AddonError::badKeys);
  }
  const SrtpSuiteInfo& suiteInfo = kSrtpSuiteTable[suite];
  std::vector<uint8_t> all;
  for (const SessionKeys* set : {&keys.rtp, &keys.rtcp}) {
    all.insert(all.end(), set->key, set->key + suiteInfo.keyBytes);
    all.insert(all.end(), set->salt, set->salt + suiteInfo.saltBytes);
    all.insert(all.end(), set->authKey, set->authKey + kAuthKeyBytes);
  }
  return makeBytes(env, all.data(), all.size());
}

napi_value testSealRtp(napi_env env, napi_callback_info info) {
  CipherCall call(env, info, Direction::seal);
  if (call.cipher == nullptr) return throwError(env, AddonError::badKeys);
  const size_t header = rtpHeaderBytes(call.packet.data, call.packet.bytes);
  if (header == 0) return throwError(env, AddonError::badArgument);
  std::vector<uint8_t> out(call.packet.bytes + kMaxTagBytes);
  memcpy(out.data(), call.packet.data, header);
  const size_t bytes = call.cipher->sealRtp(out.data(), header, call.packet.data + header, call.packet.bytes - header,
                                            readU32(call.packet.data + 8), call.index);
  return makeBytes(env, out.data(), bytes);
}

napi_value testOpenRtp(napi_env env, napi_callback_info info) {
  CipherCall call(env, info, Direction::open);
  if (call.cipher == nullptr) return throwError(env, AddonError::badKeys);
  const size_t tag = call.cipher->info().rtpTagBytes;
  const size_t plain = call.packet.bytes < tag ? 0 : call.packet.bytes - tag;
  const size_t header = rtpHeaderBytes(call.packet.data, plain);
  if (header == 0) return null(env);
  std::vector<uint8_t> out(call.packet.data, call.packet.data + plain);
  const bool ok = call.cipher->openRtp(call.packet.data, call.packet.bytes, header, call.index, out.data() + header);
  return ok ? makeBytes(env, out.data(), out.size()) : null(env);
}

napi_value testSealRtcp(napi_env env, napi_callback_info info) {
  CipherCall call(env, info, Direction::seal);
  if (call.cipher == nullptr || call.packet.bytes < 8) return throwError(env, AddonError::badKeys);
  std::vector<uint8_t> out(call.packet.bytes + kMaxTagBytes + kSrtcpIndexBytes);
  const auto index = static_cast<uint32_t>(call.index);
  const size_t bytes = call.cipher->sealRtcp(call.packet.data, call.packet.bytes, index, out.data());
  return makeBytes(env, out.data(), bytes);
}

napi_value testOpenRtcp(napi_env env, napi_callback_info info) {
  CipherCall call(env, info, Direction::open);
  if (call.cipher == nullptr) return throwError(env, AddonError::badKeys);
  const size_t trailer = call.cipher->info().rtcpTagBytes + kSrtcpIndexBytes;
  if (call.packet.bytes < 8 + trailer) return null(env);
  std::vector<uint8_t> out(call.packet.bytes);
  const bool ok = call.cipher->openRtcp(call.packet.data, call.packet.bytes, out.data());
  return ok ? makeBytes(env, out.data(), call.packet.bytes - trailer) : null(env);
}

// patchVp8(payload, pictureId, tl0PicIdx): changes `payload`.
napi_value testPatchVp8(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const ByteView payload = args.bytes(0);
  const auto pictureId = static_cast<uint16_t>(args.u32(1));
  const auto tl0PicIdx = static_cast<uint8_t>(args.u32(2));
  if (args.ok()) patchVp8(payload.data, payload.bytes, pictureId, tl0PicIdx);
  return nullptr;
}

}  // namespace

void defineTesting(napi_env env, napi_value object) {
  setFunction(env, object, "deriveKeys", testDeriveKeys);
  setFunction(env, object, "sealRtp", testSealRtp);
  setFunction(env, object, "openRtp", testOpenRtp);
  setFunction(env, object, "sealRtcp", testSealRtcp);
  setFunction(env, object, "openRtcp", testOpenRtcp);
  setFunction(env, object, "patchVp8", testPatchVp8);
}

}  // namespace sangam
