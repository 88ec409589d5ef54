#include "dtls_context.h"

#include <string>

#include "srtp_suite.h"

namespace sangam {

namespace {

// Forward secrecy and AEAD first; the CBC suites of RFC 8827 section 6.5's mandatory list last, for old peers.
constexpr const char* kCiphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA";

// A certificate chain larger than this ends the handshake: WebRTC peers send one self-signed certificate.
constexpr long kMaxPeerCertificateBytes = 16 * 1024;

constexpr uint32_t kAllSuites = (1U << kSrtpSuites) - 1;

std::string srtpProfiles(uint32_t mask) {
  std::string profiles;
  for (size_t i = 0; i < kSrtpSuites; ++i) {
    if ((mask >> i & 1) == 0) continue;
    if (!profiles.empty()) profiles += ':';
    profiles += kSrtpSuiteTable[i].opensslName;
  }
  return profiles;
}

}  // namespace

DtlsContext::~DtlsContext() {
  SSL_CTX_free(ctx_);
  BIO_meth_free(bioMethod_);
}

bool DtlsContext::init(int (*verify)(X509_STORE_CTX*, void*)) {
  bioMethod_ = newDatagramBioMethod();
  ctx_ = SSL_CTX_new(DTLS_method());
  if (ctx_ == nullptr || bioMethod_ == nullptr) return false;
  SSL_CTX_set_options(ctx_, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU |
                                SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx_, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(ctx_, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_verify(ctx_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx_, verify, nullptr);
  SSL_CTX_set_max_cert_list(ctx_, kMaxPeerCertificateBytes);
  SSL_CTX_set_read_ahead(ctx_, 1);
  return SSL_CTX_set_min_proto_version(ctx_, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ctx_, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(ctx_, kCiphers) == 1 &&
         SSL_CTX_use_certificate(ctx_, certificate_.x509) == 1 &&
         SSL_CTX_use_PrivateKey(ctx_, certificate_.key) == 1 &&
         restrictSuites(kAllSuites);
}

bool DtlsContext::restrictSuites(uint32_t mask) {
  // Unlike its neighbours this one returns 0 on success.
  return SSL_CTX_set_tlsext_use_srtp(ctx_, srtpProfiles(mask).c_str()) == 0;
}

}  // namespace sangam
