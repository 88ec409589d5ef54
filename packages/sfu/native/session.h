// A peer and its outgoing streams, as the tables hold them.
#pragma once

#include <memory>
#include <vector>

#include "address.h"
#include "dtls_association.h"
#include "header_template.h"
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

struct SessionCounts {
  double receivedPackets = 0;
  double receivedBytes = 0;
  double sentPackets = 0;
  double sentBytes = 0;
};

struct Session {
  // An SSRC whose sink was closed, and the highest index it used: a later sink of that SSRC goes on after it.
  struct RetiredSsrc {
    uint32_t ssrc;
    uint64_t highest;
  };

  uint32_t id = 0;
  Destination destination;
  std::vector<AddressKey> addresses;
  std::unique_ptr<DtlsAssociation> dtls;
  std::unique_ptr<SrtpReceiver> receiver;
  std::unique_ptr<SrtpSender> sender;
  std::vector<uint32_t> sinks;
  std::vector<RetiredSsrc> retired;
  SessionCounts counts;

  // The chain of this session's entries in the plan being executed; meaningful if planRun is the current one.
  uint64_t planRun = 0;
  uint32_t planFirst = 0;
  uint32_t planLast = 0;
};

}  // namespace sangam
