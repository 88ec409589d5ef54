// A loop that sends each datagram back.
#pragma once

#include <node_api.h>

namespace sangam {

// testing.echo(port): echoes on 127.0.0.1 until a datagram of one byte comes; returns how many it sent back.
napi_value benchEcho(napi_env env, napi_callback_info info);

}  // namespace sangam
