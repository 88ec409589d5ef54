#include "napi_support.h"

#include <uv.h>

#include <cstring>

namespace sangam {

namespace {

struct ErrorText {
  const char* code;
  const char* message;
  bool isTypeError;
};

constexpr ErrorText kErrors[] = {
    {"ERR_BAD_ARGUMENT", "an argument has another type than the packet port expects", true},
    {"ERR_BAD_SHARED_MEMORY", "a shared array has another length than the addon was built for: build it again", false},
    {"ERR_BAD_CERTIFICATE", "the DTLS certificate and key can't be read as PEM, or don't belong together", true},
    {"ERR_PORT_CLOSED", "the packet port is closed", false},
    {"ERR_TOO_MANY_SESSIONS", "no more sessions fit into one packet port", false},
    {"ERR_UNKNOWN_SESSION", "no such session", true},
    {"ERR_SINK_REFUSED", "the session has an open sink of this SSRC, or too many sinks are open", true},
    {"ERR_BAD_HEADER_EXTENSIONS", "a header extension is listed twice, has id 0, or its value is empty or too long", true},
    {"ERR_BAD_ADDRESS", "not an address of an open socket", true},
    {"ERR_DTLS_STARTED", "DTLS was started before on this session", false},
    {"ERR_BAD_KEYS", "unknown SRTP suite, or keys of another length than it has", true},
    {"ERR_PACKET_TOO_LONG", "the packet is empty or doesn't fit a slot of the ring", true},
};

}  // namespace

napi_value throwError(napi_env env, AddonError error) {
  const ErrorText& text = kErrors[static_cast<size_t>(error)];
  if (text.isTypeError) {
    napi_throw_type_error(env, text.code, text.message);
  } else {
    napi_throw_error(env, text.code, text.message);
  }
  return nullptr;
}

napi_value throwSystemError(napi_env env, int systemError, const char* call, const std::string& detail) {
  const int uvError = uv_translate_sys_error(systemError);
  char name[32];
  char text[128];
  uv_err_name_r(uvError, name, sizeof name);
  uv_strerror_r(uvError, text, sizeof text);
  const std::string message = std::string(call) + ' ' + name + ' ' + detail + ": " + text;
  napi_throw_error(env, name, message.c_str());
  return nullptr;
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kMax;
  ok_ = napi_get_cb_info(env, info, &count, values_, &self_, nullptr) == napi_ok;
}

bool Arguments::check(bool condition) {
  if (!condition && ok_) {
    ok_ = false;
    throwError(env_, AddonError::badArgument);
  }
  return condition;
}

uint32_t Arguments::u32(size_t i) {
  uint32_t value = 0;
  check(napi_get_value_uint32(env_, values_[i], &value) == napi_ok);
  return value;
}

double Arguments::number(size_t i) {
  double value = 0;
  check(napi_get_value_double(env_, values_[i], &value) == napi_ok);
  return value;
}

bool Arguments::boolean(size_t i) {
  bool value = false;
  check(napi_get_value_bool(env_, values_[i], &value) == napi_ok);
  return value;
}

std::string Arguments::string(size_t i) {
  size_t bytes = 0;
  if (!check(napi_get_value_string_utf8(env_, values_[i], nullptr, 0, &bytes) == napi_ok)) return {};
  std::string text(bytes + 1, '\0');
  napi_get_value_string_utf8(env_, values_[i], &text[0], text.size(), &bytes);
  text.resize(bytes);
  return text;
}

ByteView Arguments::bytes(size_t i) {
  bool ok = false;
  const ByteView view = viewOf(env_, values_[i], &ok);
  check(ok);
  return view;
}

ByteView viewOf(napi_env env, napi_value value, bool* ok) {
  bool isTypedArray = false;
  napi_typedarray_type type = napi_uint8_array;
  size_t length = 0;
  void* data = nullptr;
  *ok = napi_is_typedarray(env, value, &isTypedArray) == napi_ok && isTypedArray &&
        napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) == napi_ok;
  if (!*ok) return {};
  switch (type) {
    case napi_int16_array:
    case napi_uint16_array:
      length *= 2;
      break;
    case napi_int32_array:
    case napi_uint32_array:
    case napi_float32_array:
      length *= 4;
      break;
    case napi_float64_array:
    case napi_bigint64_array:
    case napi_biguint64_array:
      length *= 8;
      break;
    default:
      break;
  }
  return ByteView{static_cast<uint8_t*>(data), length};
}

napi_value makeNumber(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

napi_value makeString(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value.data(), value.size(), &result);
  return result;
}

napi_value makeBytes(napi_env env, const uint8_t* data, size_t bytes) {
  void* copy = nullptr;
  napi_value buffer = nullptr;
  napi_value result = nullptr;
  if (napi_create_arraybuffer(env, bytes, &copy, &buffer) != napi_ok) return nullptr;
  if (bytes != 0) memcpy(copy, data, bytes);
  napi_create_typedarray(env, napi_uint8_array, bytes, buffer, 0, &result);
  return result;
}

void setNumber(napi_env env, napi_value object, const char* name, double value) {
  napi_set_named_property(env, object, name, makeNumber(env, value));
}

void setFunction(napi_env env, napi_value object, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, object, name, function);
  }
}

}  // namespace sangam
