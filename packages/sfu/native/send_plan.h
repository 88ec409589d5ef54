// Executes a send plan: control messages, then one RTP packet per entry.
#pragma once

#include <memory>

#include "packet_ring.h"
#include "packet_sender.h"
#include "session_table.h"

namespace sangam {

class SendPlan {
 public:
  SendPlan(const SharedMemory& shared, const PacketRing& ring, const SessionTable& sessions, PacketSender& sender)
      : shared_(shared),
        ring_(ring),
        sessions_(sessions),
        sender_(sender),
        sinks_(new Sink*[kPlanCapacity]),
        next_(new uint32_t[kPlanCapacity]) {}

  // Counts are clamped to the capacities.
  void execute(size_t entries, size_t controls);

 private:
  void sendControl(const uint32_t* control);
  void sendRaw(const uint8_t* data, size_t bytes);
  void sendApplicationData(Session& session, const uint8_t* data, size_t bytes);
  void sendRtcp(Session& session, const uint8_t* data, size_t bytes);

  // Chains the entries of each session, so that those of one destination stand together and may share a segmented
  // send. Sessions keep the order of their first entry, entries their order within a session.
  void group(size_t entries);
  void find(size_t first, size_t end);
  void chain(uint32_t entry);
  // Sends one session's entries.
  void sendChain(const Session& session);
  void sendEntry(Sink& sink, const uint32_t* entry);
  void sendPadding(Sink& sink, const uint32_t* entry);
  size_t writeHeader(const Sink& sink, const uint32_t* entry, const PacketRing::Found* packet, uint8_t* out);
  void sealAndQueue(Sink& sink, uint32_t index, uint8_t* out, size_t headerBytes, const uint8_t* payload, size_t bytes);
  // Queues the RTP packet just written at the sender's reserve().
  void queue(Session& session, size_t bytes);
  uint32_t absSendTime();

  const SharedMemory& shared_;
  const PacketRing& ring_;
  const SessionTable& sessions_;
  PacketSender& sender_;

  std::unique_ptr<Sink*[]> sinks_;
  std::unique_ptr<uint32_t[]> next_;
  std::vector<Session*> order_;
  uint64_t run_ = 0;
  uint32_t absSendTime_ = 0;
  uint64_t absSendTimeFlush_ = ~uint64_t{0};
};

}  // namespace sangam
