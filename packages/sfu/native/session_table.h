// The sessions, their addresses and their sinks: who belongs to whom, and what goes when one of them goes.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "session.h"
#include "slot_map.h"

namespace sangam {

class SessionTable {
 public:
  static constexpr uint32_t kNone = 0xffffffff;

  // kNone when there are 65,535.
  uint32_t create();
  Session* find(uint32_t id) const { return sessions_.find(id); }
  // Forgets its addresses and sinks with it.
  void close(uint32_t id);
  template <typename Visit>
  void forEach(Visit visit) const {
    sessions_.forEach(visit);
  }

  void addAddress(Session& session, const AddressKey& key);
  void removeAddress(const AddressKey& key);
  // Null if no session owns the address.
  Session* byAddress(const AddressKey& key) const;
  // `way` is one of the session's destinations.
  void setDestination(Destination& way, const Destination& to);
  // Whatever came or left by this socket no longer does. Costs nothing where nobody uses it any longer.
  void closeSocket(SocketIndex socket);

  // The next authentic packet from an unknown address on `socket` gives the session that address: once.
  void learnAddress(Session& session, SocketIndex socket);
  // The session that waits for an address on this socket, or null.
  Session* learner(SocketIndex socket) const;
  // The wait on the key's socket is over: the address is the session's.
  void learned(Session& session, const AddressKey& key);

  struct Sizes {
    size_t sessions;
    size_t sinks;
    size_t addresses;
  };
  Sizes sizes() const { return {sessions_.size(), sinks_.size(), addresses_.size()}; }

  // kNone when there are too many, or the session has an open sink of that SSRC.
  uint32_t createSink(std::unique_ptr<Sink> sink);
  Sink* findSink(uint32_t id) const { return sinks_.find(id); }
  void closeSink(uint32_t id);

  bool installKeys(Session& session, SrtpSuite suite, const uint8_t* sendMaster, const uint8_t* receiveMaster);

 private:
  // 31 bits in all: ids stay positive as int32, which is what the engine keeps them in.
  SlotMap<Session, 16, 15> sessions_;
  SlotMap<Sink, 20, 11> sinks_;
  AddressTable addresses_;
  void stopLearning(SocketIndex socket);
  void use(SocketIndex socket);
  void release(SocketIndex socket) { --uses_[socket]; }

  std::unordered_map<SocketIndex, uint32_t> learners_;
  // By socket: the addresses and destinations that name it.
  std::vector<uint32_t> uses_;
};

}  // namespace sangam
