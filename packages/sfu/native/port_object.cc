#include "port_object.h"

namespace sangam {

namespace {

constexpr const char* kFailureNames[] = {"fingerprint-mismatch", "no-srtp-profile", "timeout", "protocol"};
constexpr const char* kEventNames[] = {"connected", "failed", "closed", "address", "disconnected"};

std::string hexOf(const AddressKey& key) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const uint8_t byte : key.bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

// Only objects that create() made carry it.
constexpr napi_type_tag kPortTag = {0x7c1f4be2a9d04c55, 0x9a3e61f0d28b7713};

}  // namespace

napi_value PortObject::create(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const std::string certificatePem = args.string(1);
  const std::string keyPem = args.string(2);
  if (!args.ok()) return nullptr;
  std::unique_ptr<PortObject> self(new PortObject(env));
  if (!self->adoptArrays(args.value(0))) return throwError(env, AddonError::badSharedMemory);
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  self->port_ = std::make_unique<Port>(loop, self->shared_, *self);
  if (!self->port_->init(certificatePem, keyPem)) return throwError(env, AddonError::badCertificate);
  napi_value object = nullptr;
  napi_create_object(env, &object);
  napi_create_reference(env, args.value(0), 1, &self->arrays_);
  self->wrap(object, args.value(3), args.value(4));
  napi_set_named_property(env, object, "certificate", makeString(env, self->port_->certificate()));
  definePortMethods(env, object);
  self.release();
  return object;
}

void PortObject::wrap(napi_value object, napi_value onBatch, napi_value onSessionEvent) {
  napi_wrap(env_, object, this, finalize, nullptr, nullptr);
  napi_type_tag_object(env_, object, &kPortTag);
  napi_create_reference(env_, object, 1, &wrapper_);
  napi_create_reference(env_, onBatch, 1, &onBatch_);
  napi_create_reference(env_, onSessionEvent, 1, &onSessionEvent_);
  napi_value name = makeString(env_, "SangamPacketPort");
  napi_async_init(env_, object, name, &async_);
  napi_add_async_cleanup_hook(env_, onTeardown, this, &cleanup_);
}

// The order and lengths of the arrays are those of load.ts.
bool PortObject::adoptArrays(napi_value arrays) {
  constexpr size_t kWanted[kArrays] = {
      kRingSlots * kSlotBytes + kScratchBytes,
      kBatchCapacity,
      kBatchCapacity * 4,
      kBatchCapacity * 4,
      kBatchCapacity * 2,
      kBatchCapacity * 4,
      kBatchCapacity * 8,
      kBatchCapacity * kAddressBytes,
      kRingSlots * kRecordWords * 2,
      kPlanCapacity * kPlanWords * 4,
      kControlCapacity * kControlWords * 4,
      kControlBytes,
      kCounters * 8,
      kSessionCounts * 8,
  };
  uint8_t* data[kArrays];
  for (uint32_t i = 0; i < kArrays; ++i) {
    napi_value element = nullptr;
    bool ok = false;
    if (napi_get_element(env_, arrays, i, &element) != napi_ok) return false;
    const ByteView view = viewOf(env_, element, &ok);
    if (!ok || view.bytes != kWanted[i]) return false;
    data[i] = view.data;
  }
  shared_ = SharedMemory{data[0],
                         data[1],
                         reinterpret_cast<int32_t*>(data[2]),
                         reinterpret_cast<uint32_t*>(data[3]),
                         reinterpret_cast<uint16_t*>(data[4]),
                         reinterpret_cast<uint32_t*>(data[5]),
                         reinterpret_cast<double*>(data[6]),
                         data[7],
                         reinterpret_cast<uint16_t*>(data[8]),
                         reinterpret_cast<uint32_t*>(data[9]),
                         reinterpret_cast<uint32_t*>(data[10]),
                         data[11],
                         reinterpret_cast<double*>(data[12]),
                         reinterpret_cast<double*>(data[13])};
  return true;
}

Port* PortObject::portOf(napi_env env, napi_value self, bool mustBeOpen) {
  bool tagged = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, self, &kPortTag, &tagged) != napi_ok || !tagged ||
      napi_unwrap(env, self, &data) != napi_ok) {
    throwError(env, AddonError::badArgument);
    return nullptr;
  }
  Port* port = static_cast<PortObject*>(data)->port_.get();
  if (mustBeOpen && port->isClosed()) {
    throwError(env, AddonError::portClosed);
    return nullptr;
  }
  return port;
}

void PortObject::onBatch(size_t count) {
  napi_handle_scope scope = nullptr;
  if (tearingDown_ || napi_open_handle_scope(env_, &scope) != napi_ok) return;
  const napi_value value = makeNumber(env_, static_cast<double>(count));
  call(onBatch_, 1, &value);
  napi_close_handle_scope(env_, scope);
}

void PortObject::onSessionEvent(const SessionEvent& event) {
  napi_handle_scope scope = nullptr;
  if (tearingDown_ || napi_open_handle_scope(env_, &scope) != napi_ok) return;
  std::string detail;
  if (event.type == SessionEvent::Type::connected) detail = infoOf(event.suite).name;
  if (event.type == SessionEvent::Type::failed) detail = kFailureNames[static_cast<size_t>(event.failure)];
  const bool hasAddress = event.type == SessionEvent::Type::address || event.type == SessionEvent::Type::disconnected;
  if (hasAddress) detail = hexOf(event.address);
  const napi_value values[] = {
      makeNumber(env_, event.session),
      makeString(env_, kEventNames[static_cast<size_t>(event.type)]),
      makeString(env_, detail),
      makeString(env_, event.remoteCertificate),
  };
  call(onSessionEvent_, 4, values);
  napi_close_handle_scope(env_, scope);
}

// napi_make_callback, so that microtasks and process.nextTick() run after the callback.
void PortObject::call(napi_ref callback, size_t count, const napi_value* values) {
  napi_value function = nullptr;
  napi_value global = nullptr;
  napi_value result = nullptr;
  napi_get_reference_value(env_, callback, &function);
  napi_get_global(env_, &global);
  if (napi_make_callback(env_, async_, global, function, count, values, &result) != napi_pending_exception) return;
  napi_value error = nullptr;
  napi_get_and_clear_last_exception(env_, &error);
  napi_fatal_exception(env_, error);
}

void PortObject::onClosed() {
  napi_handle_scope scope = nullptr;
  napi_open_handle_scope(env_, &scope);
  for (napi_ref* reference : {&arrays_, &onBatch_, &onSessionEvent_, &wrapper_}) {
    if (*reference != nullptr) napi_delete_reference(env_, *reference);
    *reference = nullptr;
  }
  if (async_ != nullptr) napi_async_destroy(env_, async_);
  async_ = nullptr;
  if (scope != nullptr) napi_close_handle_scope(env_, scope);
  // Last: it lets the environment go on with its own end.
  const napi_async_cleanup_hook_handle cleanup = cleanup_;
  cleanup_ = nullptr;
  if (cleanup != nullptr) napi_remove_async_cleanup_hook(cleanup);
}

void PortObject::onTeardown(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<PortObject*>(data);
  self->tearingDown_ = true;
  self->port_->close();
}

void PortObject::finalize(napi_env, void* data, void*) { delete static_cast<PortObject*>(data); }

}  // namespace sangam
