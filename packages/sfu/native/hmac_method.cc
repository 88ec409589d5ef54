#include "hmac_method.h"

#include "hmac_sha1.h"
#include "napi_support.h"

namespace sangam {

napi_value hmacSha1Method(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const ByteView scratch = args.bytes(0);
  const size_t keyBytes = args.u32(1);
  const size_t dataBytes = args.u32(2);
  if (!args.ok()) return nullptr;
  if (scratch.bytes < HmacSha1::kDigestBytes || keyBytes > scratch.bytes || dataBytes > scratch.bytes - keyBytes) {
    return throwError(env, AddonError::badArgument);
  }
  uint8_t hashedKey[HmacSha1::kDigestBytes];
  const bool isLong = keyBytes > SHA_CBLOCK;  // RFC 2104 section 2
  if (isLong) SHA1(scratch.data, keyBytes, hashedKey);
  HmacSha1 hmac;
  hmac.init(isLong ? hashedKey : scratch.data, isLong ? sizeof hashedKey : keyBytes);
  hmac.digest(scratch.data + keyBytes, dataBytes, nullptr, 0, scratch.data);
  return nullptr;
}

}  // namespace sangam
