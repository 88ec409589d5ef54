// HMAC-SHA1 for JavaScript: STUN's MESSAGE-INTEGRITY (RFC 8489 section 14.5).
#pragma once

#include <node_api.h>

namespace sangam {

// hmacSha1(scratch, keyBytes, dataBytes): see load.ts.
napi_value hmacSha1Method(napi_env env, napi_callback_info info);

}  // namespace sangam
