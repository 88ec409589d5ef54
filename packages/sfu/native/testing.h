// Doors to the pure parts, for tests with published vectors.
#pragma once

#include <node_api.h>

namespace sangam {

// deriveKeys, sealRtp, openRtp, sealRtcp, openRtcp, patchVp8: see test/native.
void defineTesting(napi_env env, napi_value object);

}  // namespace sangam
