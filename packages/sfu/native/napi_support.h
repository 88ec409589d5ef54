// The few Node-API idioms that the addon's functions share: arguments in, errors and values out.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace sangam {

// Every error that a method of the addon throws; openUdp throws the system's codes besides.
enum class AddonError : uint8_t {
  badArgument,
  badSharedMemory,
  badCertificate,
  portClosed,
  tooManySessions,
  unknownSession,
  sinkRefused,
  badHeaderExtensions,
  badAddress,
  dtlsStarted,
  badKeys,
  packetTooLong,
};

// Throws it into JavaScript and returns null.
napi_value throwError(napi_env env, AddonError error);
// Throws an Error whose `code` is the name of `systemError` (an errno), as Node's own do.
napi_value throwSystemError(napi_env env, int systemError, const char* call, const std::string& detail);

struct ByteView {
  uint8_t* data = nullptr;
  size_t bytes = 0;
};

// The arguments of one call. A getter that meets another type throws and remembers it: check ok() before the effects.
class Arguments {
 public:
  static constexpr size_t kMax = 8;

  Arguments(napi_env env, napi_callback_info info);

  uint32_t u32(size_t i);
  double number(size_t i);
  bool boolean(size_t i);
  std::string string(size_t i);
  // A typed array of any kind.
  ByteView bytes(size_t i);
  napi_value value(size_t i) const { return values_[i]; }
  napi_value self() const { return self_; }
  bool ok() const { return ok_; }

 private:
  bool check(bool condition);

  napi_env env_;
  napi_value self_ = nullptr;
  napi_value values_[kMax] = {};
  bool ok_ = true;
};

ByteView viewOf(napi_env env, napi_value value, bool* ok);

napi_value makeNumber(napi_env env, double value);
napi_value makeString(napi_env env, const std::string& value);
napi_value makeBytes(napi_env env, const uint8_t* data, size_t bytes);
void setNumber(napi_env env, napi_value object, const char* name, double value);
void setFunction(napi_env env, napi_value object, const char* name, napi_callback callback);

}  // namespace sangam
