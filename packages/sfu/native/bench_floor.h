// The least that a forwarder must do, as a loop: the reference of `npm run bench -- forward`.
#pragma once

#include <node_api.h>

namespace sangam {

// testing.floor({ packetBytes, receivers, packets, segment }): { cpuUs, wallUs, sent, refused }
napi_value benchFloor(napi_env env, napi_callback_info info);

}  // namespace sangam
