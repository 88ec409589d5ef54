#include "bench_echo.h"
#include "bench_floor.h"
#include "hmac_method.h"
#include "port_object.h"
#include "testing.h"

NAPI_MODULE_INIT() {
  using namespace sangam;
  setFunction(env, exports, "createPort", PortObject::create);
  setFunction(env, exports, "hmacSha1", hmacSha1Method);
  napi_value testing = nullptr;
  napi_create_object(env, &testing);
  defineTesting(env, testing);
  setFunction(env, testing, "floor", benchFloor);
  setFunction(env, testing, "echo", benchEcho);
  napi_set_named_property(env, exports, "testing", testing);
  return exports;
}
