// The least that a forwarder must do, as a loop: the reference of `npm run bench -- forward`.
#pragma once

#include <node_api.h>

namespace sangam {

// testing.floor({ packetBytes, ports, packets, burst, intervalUs, segment }): { cpuUs, wallUs, sent, refused }
// `ports` are the receivers' on 127.0.0.1, `packets` what each of them gets, `burst` of them (at most 1000) at a time.
napi_value benchFloor(napi_env env, napi_callback_info info);

}  // namespace sangam
