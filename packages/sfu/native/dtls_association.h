// One DTLS 1.2 association (RFC 6347, RFC 5764): handshake, the peer's fingerprint, SRTP keys, application data.
#pragma once

#include <string>
#include <vector>

#include "dtls_context.h"
#include "srtp_suite.h"

namespace sangam {

enum class DtlsRole : uint8_t { client, server };
enum class DtlsState : uint8_t { handshaking, connected, failed, closed };
enum class DtlsFailure : uint8_t { fingerprintMismatch, noSrtpProfile, timeout, protocol };

// Master keys followed by master salts, as SRTP wants them.
struct DtlsSrtpKeys {
  SrtpSuite suite;
  uint8_t send[kMaxMasterBytes];
  uint8_t receive[kMaxMasterBytes];
};

class DtlsAssociation {
 public:
  // Payload and overhead of one handshake datagram; fits every path WebRTC runs on.
  static constexpr unsigned kMtu = 1200;
  static constexpr uint64_t kGiveUpUs = 30'000'000;
  // What a peer may make us process before it has proved who it is.
  static constexpr size_t kHandshakeDatagrams = 400;
  static constexpr size_t kHandshakeBytes = 256 * 1024;

  DtlsAssociation(DtlsContext& context, DtlsRole role, std::vector<Fingerprint> fingerprints, DatagramSink out);
  DtlsAssociation(const DtlsAssociation&) = delete;
  DtlsAssociation& operator=(const DtlsAssociation&) = delete;
  ~DtlsAssociation();

  // For DtlsContext::init. Accepts a certificate whose digest is one of the association's fingerprints, nothing else.
  static int verifyPeer(X509_STORE_CTX* store, void*);

  DtlsState state() const { return state_; }
  DtlsFailure failure() const { return failure_; }
  uint64_t datagramsWritten() const { return channel_.written; }
  const std::string& remoteCertificate() const { return remoteCertificate_; }

  // As client sends the ClientHello. Returns the state after it.
  DtlsState start(uint64_t nowUs);
  // Takes one datagram; false if OpenSSL made nothing of it. Application data then waits for read().
  bool receive(const uint8_t* data, size_t bytes);
  // Bytes of the next application message, 0 when there is none. May move the state to closed.
  size_t read(uint8_t* out, size_t capacity);
  bool write(const uint8_t* data, size_t bytes);
  // Retransmits a flight whose time has come, or gives up.
  DtlsState tick(uint64_t nowUs);
  // Sends close_notify if connected.
  void shutdown();

  // Once, in state connected.
  bool exportKeys(DtlsSrtpKeys* out) const;

 private:
  void advance();
  void finish();
  void fail(DtlsFailure reason);

  DtlsRole role_;
  std::vector<Fingerprint> fingerprints_;
  DatagramChannel channel_;
  SSL* ssl_ = nullptr;
  DtlsState state_ = DtlsState::handshaking;
  DtlsFailure failure_ = DtlsFailure::protocol;
  bool mismatch_ = false;
  uint64_t deadlineUs_ = 0;
  size_t datagrams_ = 0;
  size_t bytes_ = 0;
  std::string remoteCertificate_;
};

}  // namespace sangam
