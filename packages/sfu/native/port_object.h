// A Port as JavaScript holds it: its lifetime, its callbacks, its shared arrays.
#pragma once

#include <node_api.h>

#include <memory>

#include "napi_support.h"
#include "port.h"

namespace sangam {

// Lives from construction until its wrapper was collected. While the port is open the wrapper is held strongly, so a
// collected wrapper means that every libuv handle is gone.
class PortObject final : public PortEvents {
 public:
  // createPort(arrays, certificatePem, keyPem, onBatch, onSessionEvent): see load.ts.
  static napi_value create(napi_env env, napi_callback_info info);
  // The port behind `this`. Null, with an error thrown, if it isn't one or (`mustBeOpen`) was closed.
  static Port* portOf(napi_env env, napi_value self, bool mustBeOpen);

  void onBatch(size_t count) override;
  void onSessionEvent(const SessionEvent& event) override;
  void onClosed() override;

 private:
  static constexpr size_t kArrays = 14;

  explicit PortObject(napi_env env) : env_(env) {}
  bool adoptArrays(napi_value arrays);
  void wrap(napi_value object, napi_value onBatch, napi_value onSessionEvent);
  void call(napi_ref callback, size_t count, const napi_value* values);
  static void finalize(napi_env env, void* data, void* hint);
  static void onTeardown(napi_async_cleanup_hook_handle handle, void* data);

  napi_env env_;
  SharedMemory shared_ = {};
  napi_ref arrays_ = nullptr;
  napi_ref wrapper_ = nullptr;
  napi_ref onBatch_ = nullptr;
  napi_ref onSessionEvent_ = nullptr;
  napi_async_context async_ = nullptr;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  bool tearingDown_ = false;
  std::unique_ptr<Port> port_;
};

// Puts the port's methods on its wrapper.
void definePortMethods(napi_env env, napi_value object);

}  // namespace sangam
