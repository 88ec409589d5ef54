// What happens to a received datagram: told apart by its first byte (RFC 7983), dropped and counted, or written to the
// batch. Cheap checks come first, so that a packet nobody wants costs less than one that somebody does.
#pragma once

#include "packet_ring.h"
#include "session_table.h"
#include "udp_socket.h"

namespace sangam {

// Told when a DTLS association has changed its state, and when a session that waited for an address has one.
struct SessionObserver {
  void* owner = nullptr;
  void (*dtlsChanged)(void* owner, Session& session) = nullptr;
  void (*addressLearned)(void* owner, Session& session, const AddressKey& address) = nullptr;
};

enum class Protocol : uint8_t { none, stun, dtls, sctp, rtp };

class Receiver {
 public:
  Receiver(const SharedMemory& shared, PacketRing& ring, SessionTable& sessions, SessionObserver observer)
      : shared_(shared), ring_(ring), sessions_(sessions), observer_(observer) {}

  void begin() { count_ = 0; }
  size_t count() const { return count_; }
  size_t room() const { return kBatchCapacity - count_; }

  // Takes the first `datagrams` of `batch`; they are at most room().
  void take(const ReceiveBatch& batch, size_t datagrams, SocketIndex socket, uint64_t nowUs);
  // Takes one datagram that came in a frame; there is room.
  void takeFrame(const uint8_t* data, size_t bytes, const AddressKey& from, uint64_t nowUs);

 private:
  void takeOne(const uint8_t* data, size_t bytes, const AddressKey& from);
  void takeStun(const uint8_t* data, size_t bytes, const AddressKey& from);
  void takeDtls(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from);
  // Of an address that no session owns: for the session that waits for one on this socket, if there is one.
  void takeUnknown(Protocol protocol, const uint8_t* data, size_t bytes, const AddressKey& from);
  // False if it was dropped.
  bool takeMedia(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from);
  bool takeRtp(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from);
  bool takeRtcp(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from);
  // False if it was dropped.
  bool takeSctp(Session& session, const uint8_t* data, size_t bytes, const AddressKey& from);
  size_t readApplicationData(Session& session, const AddressKey& from);
  uint8_t* scratch() const { return shared_.memory + kRingSlots * kSlotBytes + count_ * kSlotBytes; }
  void append(PacketKind kind, int32_t session, const uint8_t* at, size_t bytes, uint32_t packetId,
              const AddressKey& from);
  // Counts the drop by its reason; false, for its caller to return.
  bool dropped(SrtpVerdict verdict) const;

  const SharedMemory& shared_;
  PacketRing& ring_;
  SessionTable& sessions_;
  SessionObserver observer_;
  size_t count_ = 0;
  size_t waiting_ = 0;  // datagrams of this round still to take, for which room is kept
  uint64_t nowUs_ = 0;
};

}  // namespace sangam
