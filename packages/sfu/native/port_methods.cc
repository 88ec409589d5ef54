// The methods of a port, as load.ts calls them.
#include <cstring>

#include "port_object.h"

namespace sangam {

namespace {

bool keyFromArgument(napi_env env, ByteView view, AddressKey* key) {
  if (view.bytes != kAddressBytes) {
    throwError(env, AddonError::badAddress);
    return false;
  }
  memcpy(key->bytes, view.data, kAddressBytes);
  // IPv4 has one spelling, so that equal addresses are equal bytes.
  if (key->family() == 4) memset(key->bytes + 8, 0, 12);
  return true;
}

Session* sessionOf(napi_env env, Port* port, uint32_t id) {
  Session* session = port->sessions().find(id);
  if (session == nullptr) throwError(env, AddonError::unknownSession);
  return session;
}

napi_value nowUs(napi_env env, napi_callback_info) { return makeNumber(env, static_cast<double>(Port::nowUs())); }

// Binds what `open` opens; index * 65536 + port.
template <typename Open>
napi_value bindTo(napi_env env, Port* port, SocketBinding& binding, double port16, Open open) {
  const bool inRange = port16 >= 0 && port16 <= 65535;
  binding.port = inRange ? static_cast<uint16_t>(port16) : 0;
  SocketIndex index = 0;
  const int error = inRange ? open(&index) : EINVAL;
  if (error != 0) {
    const std::string where = binding.ip + ':' + std::to_string(static_cast<int64_t>(port16));
    return throwSystemError(env, error, "bind", where);
  }
  return makeNumber(env, index * 65536.0 + port->portOf(index));
}

// bindUdp(ip, port, ipv6Only, reusePort, sendBufferBytes, receiveBufferBytes)
napi_value bindUdp(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  SocketBinding binding;
  binding.ip = args.string(0);
  const double port16 = args.number(1);
  binding.ipv6Only = args.boolean(2);
  binding.reusePort = args.boolean(3);
  binding.sendBufferBytes = static_cast<int>(args.u32(4));
  binding.receiveBufferBytes = static_cast<int>(args.u32(5));
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port == nullptr) return nullptr;
  return bindTo(env, port, binding, port16, [&](SocketIndex* index) { return port->openUdp(binding, index); });
}

// bindTcp(ip, port, ipv6Only, sendBufferBytes, receiveBufferBytes)
napi_value bindTcp(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  SocketBinding binding;
  binding.ip = args.string(0);
  const double port16 = args.number(1);
  binding.ipv6Only = args.boolean(2);
  binding.sendBufferBytes = static_cast<int>(args.u32(3));
  binding.receiveBufferBytes = static_cast<int>(args.u32(4));
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port == nullptr) return nullptr;
  return bindTo(env, port, binding, port16, [&](SocketIndex* index) { return port->openTcp(binding, index); });
}

napi_value listenerOf(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t index = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  return port == nullptr ? nullptr : makeNumber(env, port->listenerOf(index));
}

napi_value closeSocket(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t index = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  if (port != nullptr) port->closeSocket(index);
  return nullptr;
}

napi_value createSession(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  Port* port = PortObject::portOf(env, args.self(), true);
  if (port == nullptr) return nullptr;
  const uint32_t id = port->sessions().create();
  return id == SessionTable::kNone ? throwError(env, AddonError::tooManySessions) : makeNumber(env, id);
}

napi_value closeSession(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  if (port != nullptr) port->closeSession(id);
  return nullptr;
}

napi_value addAddress(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  const ByteView address = args.bytes(1);
  AddressKey key;
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session != nullptr && keyFromArgument(env, address, &key)) port->addAddress(*session, key);
  return nullptr;
}

napi_value removeAddress(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const ByteView address = args.bytes(0);
  AddressKey key;
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  if (port != nullptr && keyFromArgument(env, address, &key)) port->sessions().removeAddress(key);
  return nullptr;
}

napi_value setDestination(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  const ByteView address = args.bytes(1);
  AddressKey key;
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session == nullptr || !keyFromArgument(env, address, &key)) return nullptr;
  return port->setDestination(*session, key) ? nullptr : throwError(env, AddonError::badAddress);
}

// routeRtcp(session, address): an empty address has RTCP wait for one.
napi_value routeRtcp(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  const ByteView address = args.bytes(1);
  AddressKey key;
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  const bool waits = address.bytes == 0;
  if (session == nullptr || (!waits && !keyFromArgument(env, address, &key))) return nullptr;
  return port->setRtcpDestination(*session, waits ? nullptr : &key) ? nullptr : throwError(env, AddonError::badAddress);
}

napi_value learnAddress(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  const uint32_t socket = args.u32(1);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session == nullptr) return nullptr;
  return port->learnAddress(*session, socket) ? nullptr : throwError(env, AddonError::badAddress);
}

napi_value setPlain(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session == nullptr) return nullptr;
  // What is to be encrypted is never sent in the clear by a later mistake.
  if (session->sender != nullptr || session->dtls != nullptr) return throwError(env, AddonError::badKeys);
  session->plain = true;
  return nullptr;
}

napi_value carrySctp(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session == nullptr) return nullptr;
  // What goes through DTLS never goes beside it.
  if (session->dtls != nullptr) return throwError(env, AddonError::dtlsStarted);
  session->carriesSctp = true;
  return nullptr;
}

// beginDtls(session, isClient, fingerprints): fingerprints are (algorithm, length, digest) one after the other.
napi_value beginDtls(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  const DtlsRole role = args.boolean(1) ? DtlsRole::client : DtlsRole::server;
  const ByteView list = args.bytes(2);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session == nullptr) return nullptr;
  std::vector<Fingerprint> fingerprints;
  for (size_t at = 0; at + 2 <= list.bytes;) {
    const size_t bytes = list.data[at + 1];
    if (list.data[at] >= kFingerprintAlgorithms || at + 2 + bytes > list.bytes) {
      return throwError(env, AddonError::badArgument);
    }
    const uint8_t* digest = list.data + at + 2;
    fingerprints.push_back({static_cast<FingerprintAlgorithm>(list.data[at]), {digest, digest + bytes}});
    at += 2 + bytes;
  }
  const bool started = port->startDtls(*session, role, std::move(fingerprints));
  return started ? nullptr : throwError(env, AddonError::dtlsStarted);
}

// installSrtpKeys(session, suite, sendKey, receiveKey): the suite by its place in the table of srtp_suite.h.
napi_value installSrtpKeys(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  const uint32_t suite = args.u32(1);
  const ByteView send = args.bytes(2);
  const ByteView receive = args.bytes(3);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session == nullptr) return nullptr;
  const bool fits = suite < kSrtpSuites && send.bytes == kSrtpSuiteTable[suite].masterBytes() &&
                    receive.bytes == send.bytes;
  if (!fits || !port->sessions().installKeys(*session, static_cast<SrtpSuite>(suite), send.data, receive.data)) {
    return throwError(env, AddonError::badKeys);
  }
  return nullptr;
}

// readSessionCounts(session): puts them into the shared array, which costs less than an object with four properties.
napi_value readSessionCounts(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  const Session* session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (session != nullptr) port->readCounts(*session);
  return nullptr;
}

// tableSizes(): how much of each is open.
napi_value tableSizes(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  Port* port = PortObject::portOf(env, args.self(), false);
  if (port == nullptr) return nullptr;
  const SessionTable::Sizes sizes = port->sessions().sizes();
  napi_value object = nullptr;
  napi_create_object(env, &object);
  setNumber(env, object, "sessions", static_cast<double>(sizes.sessions));
  setNumber(env, object, "sinks", static_cast<double>(sizes.sinks));
  setNumber(env, object, "addresses", static_cast<double>(sizes.addresses));
  return object;
}

// addSink(session, ssrc, payloadType, elements): elements are (type, id, length, value) one after the other.
napi_value addSink(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  auto sink = std::make_unique<Sink>();
  const uint32_t id = args.u32(0);
  sink->ssrc = args.u32(1);
  sink->payloadType = static_cast<uint8_t>(args.u32(2) & 0x7f);
  const ByteView list = args.bytes(3);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  sink->session = port == nullptr ? nullptr : sessionOf(env, port, id);
  if (sink->session == nullptr) return nullptr;
  for (size_t at = 0; at + 3 <= list.bytes;) {
    const size_t bytes = list.data[at + 2];
    if (list.data[at] >= kElementTypes || at + 3 + bytes > list.bytes ||
        !sink->header.add(static_cast<ElementType>(list.data[at]), list.data[at + 1], list.data + at + 3, bytes)) {
      return throwError(env, AddonError::badHeaderExtensions);
    }
    at += 3 + bytes;
  }
  sink->header.build();
  const uint32_t sinkId = port->sessions().createSink(std::move(sink));
  return sinkId == SessionTable::kNone ? throwError(env, AddonError::sinkRefused) : makeNumber(env, sinkId);
}

napi_value closeSink(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t id = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  if (port != nullptr) port->sessions().closeSink(id);
  return nullptr;
}

napi_value startClock(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t intervalMs = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port != nullptr) port->startClock(intervalMs);
  return nullptr;
}

napi_value injectPacket(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const ByteView packet = args.bytes(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port == nullptr) return nullptr;
  if (packet.bytes == 0 || packet.bytes > kSlotBytes) return throwError(env, AddonError::packetTooLong);
  return makeNumber(env, port->injectPacket(packet.data, packet.bytes));
}

napi_value execute(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t entries = args.u32(0);
  const uint32_t controls = args.u32(1);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), false) : nullptr;
  if (port != nullptr) port->execute(entries, controls);
  return nullptr;
}

napi_value closePort(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  Port* port = PortObject::portOf(env, args.self(), false);
  if (port != nullptr) port->close();
  return nullptr;
}

// ageConnections(us): as if so much time had passed for connections that are nobody's. For tests.
napi_value ageConnections(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t us = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port != nullptr) port->ageConnections(us);
  return nullptr;
}

// bufferBytes(socket, isSend): what the system says. For tests.
napi_value bufferBytes(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t index = args.u32(0);
  const int option = args.boolean(1) ? SO_SNDBUF : SO_RCVBUF;
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  return port == nullptr ? nullptr : makeNumber(env, port->bufferBytes(index, option));
}

// setSegmentation(socket, mode): 0 switches UDP_SEGMENT off, 1 makes the system refuse it. For tests.
napi_value setSegmentation(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t index = args.u32(0);
  const bool refused = args.u32(1) == 1;
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port != nullptr) port->setSegmentation(index, refused);
  return nullptr;
}

// restrictSuites(mask): DTLS offers and accepts only these suites from now on. For tests.
napi_value restrictSuites(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const uint32_t mask = args.u32(0);
  Port* port = args.ok() ? PortObject::portOf(env, args.self(), true) : nullptr;
  if (port != nullptr && !port->restrictSuites(mask)) throwError(env, AddonError::badKeys);
  return nullptr;
}

}  // namespace

void definePortMethods(napi_env env, napi_value object) {
  setFunction(env, object, "nowUs", nowUs);
  setFunction(env, object, "bindUdp", bindUdp);
  setFunction(env, object, "bindTcp", bindTcp);
  setFunction(env, object, "listenerOf", listenerOf);
  setFunction(env, object, "closeSocket", closeSocket);
  setFunction(env, object, "createSession", createSession);
  setFunction(env, object, "closeSession", closeSession);
  setFunction(env, object, "addAddress", addAddress);
  setFunction(env, object, "removeAddress", removeAddress);
  setFunction(env, object, "setDestination", setDestination);
  setFunction(env, object, "routeRtcp", routeRtcp);
  setFunction(env, object, "learnAddress", learnAddress);
  setFunction(env, object, "setPlain", setPlain);
  setFunction(env, object, "carrySctp", carrySctp);
  setFunction(env, object, "beginDtls", beginDtls);
  setFunction(env, object, "installSrtpKeys", installSrtpKeys);
  setFunction(env, object, "readSessionCounts", readSessionCounts);
  setFunction(env, object, "tableSizes", tableSizes);
  setFunction(env, object, "addSink", addSink);
  setFunction(env, object, "closeSink", closeSink);
  setFunction(env, object, "startClock", startClock);
  setFunction(env, object, "injectPacket", injectPacket);
  setFunction(env, object, "execute", execute);
  setFunction(env, object, "close", closePort);
  setFunction(env, object, "ageConnections", ageConnections);
  setFunction(env, object, "bufferBytes", bufferBytes);
  setFunction(env, object, "setSegmentation", setSegmentation);
  setFunction(env, object, "restrictSuites", restrictSuites);
}

}  // namespace sangam
