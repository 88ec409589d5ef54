#include "session_table.h"

#include <algorithm>

namespace sangam {

namespace {

template <typename T>
void eraseValue(std::vector<T>* values, const T& value) {
  const auto at = std::find(values->begin(), values->end(), value);
  if (at != values->end()) values->erase(at);
}

}  // namespace

uint32_t SessionTable::create() {
  const uint32_t id = sessions_.insert(std::make_unique<Session>());
  if (id != kNone) sessions_.find(id)->id = id;
  return id;
}

void SessionTable::close(uint32_t id) {
  const std::unique_ptr<Session> session = sessions_.remove(id);
  if (session == nullptr) return;
  for (const AddressKey& key : session->addresses) {
    addresses_.remove(key);
    release(key.socket());
  }
  setDestination(session->destination, {});
  setDestination(session->rtcpDestination, {});
  for (const uint32_t sink : session->sinks) sinks_.remove(sink);
  for (const SocketIndex socket : session->learning) learners_.erase(socket);
}

Session* SessionTable::byAddress(const AddressKey& key) const {
  const int32_t id = addresses_.find(key);
  return id == AddressTable::kUnknown ? nullptr : sessions_.find(static_cast<uint32_t>(id));
}

void SessionTable::addAddress(Session& session, const AddressKey& key) {
  Session* owner = byAddress(key);
  if (owner == &session) return;
  if (owner == nullptr) {
    use(key.socket());
  } else {
    eraseValue(&owner->addresses, key);
  }
  session.addresses.push_back(key);
  addresses_.set(key, static_cast<int32_t>(session.id));
}

void SessionTable::removeAddress(const AddressKey& key) {
  Session* owner = byAddress(key);
  if (owner == nullptr) return;
  eraseValue(&owner->addresses, key);
  addresses_.remove(key);
  release(key.socket());
}

void SessionTable::use(SocketIndex socket) {
  if (uses_.size() <= socket) uses_.resize(static_cast<size_t>(socket) + 1, 0);
  ++uses_[socket];
}

void SessionTable::setDestination(Destination& way, const Destination& to) {
  if (way.isSet()) release(way.socket);
  way = to;
  if (way.isSet()) use(way.socket);
}

void SessionTable::learnAddress(Session& session, SocketIndex socket) {
  stopLearning(socket);
  learners_[socket] = session.id;
  session.learning.push_back(socket);
}

Session* SessionTable::learner(SocketIndex socket) const {
  const auto at = learners_.find(socket);
  return at == learners_.end() ? nullptr : sessions_.find(at->second);
}

void SessionTable::learned(Session& session, const AddressKey& key) {
  stopLearning(key.socket());
  addAddress(session, key);
}

void SessionTable::stopLearning(SocketIndex socket) {
  Session* session = learner(socket);
  if (session != nullptr) eraseValue(&session->learning, socket);
  learners_.erase(socket);
}

void SessionTable::closeSocket(SocketIndex socket) {
  stopLearning(socket);
  if (uses_.size() <= socket || uses_[socket] == 0) return;
  uses_[socket] = 0;
  addresses_.removeSocket(socket);
  sessions_.forEach([socket](Session& session) {
    auto& keys = session.addresses;
    const auto gone = [socket](const AddressKey& key) { return key.socket() == socket; };
    keys.erase(std::remove_if(keys.begin(), keys.end(), gone), keys.end());
    if (session.destination.socket == socket) session.destination = {};
    if (session.rtcpDestination.socket == socket) session.rtcpDestination = {};
  });
}

uint32_t SessionTable::createSink(std::unique_ptr<Sink> sink) {
  Session* session = sink->session;
  for (const uint32_t other : session->sinks) {
    if (sinks_.find(other)->ssrc == sink->ssrc) return kNone;
  }
  const auto wasHere = [&sink](const Session::RetiredSsrc& retired) { return retired.ssrc == sink->ssrc; };
  const auto retired = std::find_if(session->retired.begin(), session->retired.end(), wasHere);
  if (retired != session->retired.end()) {
    sink->sent.startAfter(retired->highest);
    session->retired.erase(retired);
  }
  const uint32_t id = sinks_.insert(std::move(sink));
  if (id == kNone) return kNone;
  sinks_.find(id)->id = id;
  session->sinks.push_back(id);
  return id;
}

void SessionTable::closeSink(uint32_t id) {
  const std::unique_ptr<Sink> sink = sinks_.remove(id);
  if (sink == nullptr) return;
  eraseValue(&sink->session->sinks, id);
  if (!sink->sent.started()) return;
  auto& retired = sink->session->retired;
  if (retired.size() == Session::kMostRetired) retired.pop_front();
  retired.push_back({sink->ssrc, sink->sent.highest()});
}

bool SessionTable::installKeys(Session& session, SrtpSuite suite, const uint8_t* sendMaster,
                               const uint8_t* receiveMaster) {
  DirectionKeys sendKeys;
  DirectionKeys receiveKeys;
  auto sender = std::make_unique<SrtpSender>(suite);
  auto receiver = std::make_unique<SrtpReceiver>(suite);
  const bool ok = deriveKeys(suite, sendMaster, &sendKeys) && deriveKeys(suite, receiveMaster, &receiveKeys) &&
                  sender->init(sendKeys) && receiver->init(receiveKeys);
  OPENSSL_cleanse(&sendKeys, sizeof sendKeys);
  OPENSSL_cleanse(&receiveKeys, sizeof receiveKeys);
  if (!ok) return false;
  // New keys, new nonces.
  for (const uint32_t sink : session.sinks) sinks_.find(sink)->sent = {};
  session.retired.clear();
  session.plain = false;
  session.sender = std::move(sender);
  session.receiver = std::move(receiver);
  return true;
}

}  // namespace sangam
