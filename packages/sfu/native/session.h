// A peer and its outgoing streams, as the tables hold them.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "address.h"
#include "dtls_association.h"
#include "header_template.h"
#include "packet_sender.h"
#include "replay_window.h"
#include "srtp_receiver.h"
#include "srtp_sender.h"

namespace sangam {

struct Session;

struct Sink {
  static constexpr unsigned kSentWindow = 1024;

  uint32_t id = 0;
  Session* session = nullptr;
  uint32_t ssrc = 0;
  uint8_t payloadType = 0;
  HeaderTemplate header;
  // Indexes already used for a nonce. Kept for the AEAD suites only.
  ReplayWindow<kSentWindow> sent;
};

// Where an association's datagrams go: through the sender, to the session's destination of that moment.
struct DtlsOutput {
  PacketSender* sender = nullptr;
  Session* session = nullptr;

  static void send(void* owner, const uint8_t* data, size_t bytes);
};

struct SessionCounts {
  double receivedPackets = 0;
  double receivedBytes = 0;
  double sentPackets = 0;
  double sentBytes = 0;
};

struct Session {
  // An SSRC whose sink was closed, and the highest index it used: a later sink of that SSRC goes on after it. Of so many the
  // latest are remembered; that a random SSRC is one of n that were forgotten has a chance of n in 2^32.
  static constexpr size_t kMostRetired = 1024;
  struct RetiredSsrc {
    uint32_t ssrc;
    uint64_t highest;
  };

  uint32_t id = 0;
  Destination destination;
  // Where RTCP goes if it does not share RTP's way (RFC 5761 says when it may); meaningful if `rtcpApart`.
  Destination rtcpDestination;
  bool rtcpApart = false;
  // RTP and RTCP pass as they are: nothing is encrypted, nothing authenticated.
  bool plain = false;
  // SCTP packets pass as they are, beside RTP, whether that is encrypted or not.
  bool carriesSctp = false;
  std::vector<AddressKey> addresses;
  // Sockets on which it waits for an address.
  std::vector<SocketIndex> learning;
  DtlsOutput output;
  std::unique_ptr<DtlsAssociation> dtls;
  std::unique_ptr<SrtpReceiver> receiver;
  std::unique_ptr<SrtpSender> sender;
  std::vector<uint32_t> sinks;
  std::deque<RetiredSsrc> retired;
  SessionCounts counts;

  bool canSend() const { return plain || sender != nullptr; }
  const Destination& rtcpWay() const { return rtcpApart ? rtcpDestination : destination; }

  // The chain of this session's entries in the plan being executed; meaningful if planRun is the current one.
  uint64_t planRun = 0;
  uint32_t planFirst = 0;
  uint32_t planLast = 0;
};

inline void DtlsOutput::send(void* owner, const uint8_t* data, size_t bytes) {
  auto* self = static_cast<DtlsOutput*>(owner);
  Session& session = *self->session;
  if (!session.destination.isSet() || bytes > PacketSender::kMaxDatagramBytes) return;
  memcpy(self->sender->reserve(), data, bytes);
  self->sender->commit(session.destination, bytes, nullptr);
  session.counts.sentPackets += 1;
  session.counts.sentBytes += static_cast<double>(bytes);
}

}  // namespace sangam
