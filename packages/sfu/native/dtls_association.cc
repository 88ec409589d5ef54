#include "dtls_association.h"

#include <openssl/err.h>

#include <algorithm>
#include <cstring>

namespace sangam {

namespace {

constexpr unsigned kFirstTimeoutUs = 150'000;
constexpr unsigned kLongestTimeoutUs = 3'600'000;
constexpr char kExporterLabel[] = "EXTRACTOR-dtls_srtp";  // RFC 5764 section 4.2
// The association of an SSL object is its application data (ex_data index 0).
constexpr int kAssociationIndex = 0;

unsigned nextTimeout(SSL*, unsigned lastUs) {
  return lastUs == 0 ? kFirstTimeoutUs : std::min(lastUs * 2, kLongestTimeoutUs);
}

}  // namespace

DtlsAssociation::DtlsAssociation(DtlsContext& context, DtlsRole role, std::vector<Fingerprint> fingerprints,
                                 DatagramSink out)
    : role_(role), fingerprints_(std::move(fingerprints)) {
  channel_.out = out;
  channel_.mtu = kMtu;
  ssl_ = SSL_new(context.ctx());
  BIO* bio = newDatagramBio(context.bioMethod(), &channel_);
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    fail(DtlsFailure::protocol);
    return;
  }
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_ex_data(ssl_, kAssociationIndex, this);
  SSL_set_mtu(ssl_, kMtu);
  DTLS_set_timer_cb(ssl_, nextTimeout);
  if (role == DtlsRole::client) {
    SSL_set_connect_state(ssl_);
  } else {
    SSL_set_accept_state(ssl_);
  }
}

DtlsAssociation::~DtlsAssociation() { SSL_free(ssl_); }

int DtlsAssociation::verifyPeer(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<DtlsAssociation*>(SSL_get_ex_data(ssl, kAssociationIndex));
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  for (const Fingerprint& fingerprint : self->fingerprints_) {
    if (!matches(leaf, fingerprint)) continue;
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  self->mismatch_ = true;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

DtlsState DtlsAssociation::start(uint64_t nowUs) {
  deadlineUs_ = nowUs + kGiveUpUs;
  if (role_ == DtlsRole::client && state_ == DtlsState::handshaking) advance();
  return state_;
}

bool DtlsAssociation::receive(const uint8_t* data, size_t bytes) {
  if (state_ == DtlsState::failed || state_ == DtlsState::closed) return false;
  if (state_ == DtlsState::handshaking) {
    if (datagrams_ >= kHandshakeDatagrams || bytes_ + bytes > kHandshakeBytes) return false;
    ++datagrams_;
    bytes_ += bytes;
  }
  channel_.incoming = data;
  channel_.incomingBytes = bytes;
  if (state_ != DtlsState::handshaking) return true;
  advance();
  // The rest of the datagram is in OpenSSL's own buffer now, or was of no use.
  channel_.incoming = nullptr;
  return true;
}

void DtlsAssociation::advance() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  if (result == 1) return finish();
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  fail(mismatch_ ? DtlsFailure::fingerprintMismatch : DtlsFailure::protocol);
}

void DtlsAssociation::finish() {
  X509* peer = SSL_get1_peer_certificate(ssl_);
  if (peer == nullptr || mismatch_ || SSL_get_verify_result(ssl_) != X509_V_OK) {
    X509_free(peer);
    return fail(DtlsFailure::fingerprintMismatch);
  }
  remoteCertificate_ = pemOf(peer);
  X509_free(peer);
  if (SSL_get_selected_srtp_profile(ssl_) == nullptr) {
    SSL_shutdown(ssl_);
    return fail(DtlsFailure::noSrtpProfile);
  }
  state_ = DtlsState::connected;
}

void DtlsAssociation::fail(DtlsFailure reason) {
  state_ = DtlsState::failed;
  failure_ = reason;
  ERR_clear_error();
}

size_t DtlsAssociation::read(uint8_t* out, size_t capacity) {
  if (state_ != DtlsState::connected) return 0;
  ERR_clear_error();
  const int bytes = SSL_read(ssl_, out, static_cast<int>(capacity));
  if (bytes > 0) return static_cast<size_t>(bytes);
  channel_.incoming = nullptr;
  const int error = SSL_get_error(ssl_, bytes);
  // A fatal alert, which only the peer can have sealed, ends the association as close_notify does.
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) state_ = DtlsState::closed;
  ERR_clear_error();
  return 0;
}

bool DtlsAssociation::write(const uint8_t* data, size_t bytes) {
  if (state_ != DtlsState::connected || bytes == 0) return false;
  ERR_clear_error();
  return SSL_write(ssl_, data, static_cast<int>(bytes)) > 0;
}

DtlsState DtlsAssociation::tick(uint64_t nowUs) {
  if (state_ != DtlsState::handshaking) return state_;
  timeval left = {};
  ERR_clear_error();
  if (nowUs >= deadlineUs_) {
    fail(DtlsFailure::timeout);
  } else if (DTLSv1_get_timeout(ssl_, &left) == 1 && left.tv_sec == 0 && left.tv_usec == 0 &&
             DTLSv1_handle_timeout(ssl_) < 0) {
    fail(DtlsFailure::timeout);
  }
  return state_;
}

void DtlsAssociation::shutdown() {
  if (state_ != DtlsState::connected) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  state_ = DtlsState::closed;
}

bool DtlsAssociation::exportKeys(DtlsSrtpKeys* out) const {
  const SRTP_PROTECTION_PROFILE* profile = SSL_get_selected_srtp_profile(ssl_);
  if (profile == nullptr) return false;
  size_t suite = 0;
  while (suite < kSrtpSuites && kSrtpSuiteTable[suite].dtlsId != profile->id) ++suite;
  if (suite == kSrtpSuites) return false;
  const SrtpSuiteInfo& info = kSrtpSuiteTable[suite];
  out->suite = static_cast<SrtpSuite>(suite);

  // Client key, server key, client salt, server salt (RFC 5764 section 4.2).
  uint8_t material[2 * kMaxMasterBytes];
  if (SSL_export_keying_material(ssl_, material, 2 * info.masterBytes(), kExporterLabel, sizeof kExporterLabel - 1,
                                 nullptr, 0, 0) != 1) {
    return false;
  }
  const uint8_t* salts = material + 2 * info.keyBytes;
  uint8_t* client = role_ == DtlsRole::client ? out->send : out->receive;
  uint8_t* server = role_ == DtlsRole::client ? out->receive : out->send;
  memcpy(client, material, info.keyBytes);
  memcpy(client + info.keyBytes, salts, info.saltBytes);
  memcpy(server, material + info.keyBytes, info.keyBytes);
  memcpy(server + info.keyBytes, salts + info.saltBytes, info.saltBytes);
  OPENSSL_cleanse(material, sizeof material);
  return true;
}

}  // namespace sangam
