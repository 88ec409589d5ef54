// What all DTLS associations of a port share: the SSL_CTX, the own certificate, the BIO method.
#pragma once

#include <openssl/ssl.h>

#include "datagram_bio.h"
#include "dtls_certificate.h"

namespace sangam {

class DtlsContext {
 public:
  DtlsContext() = default;
  DtlsContext(const DtlsContext&) = delete;
  DtlsContext& operator=(const DtlsContext&) = delete;
  ~DtlsContext();

  // `verify` judges the peer's certificate in place of OpenSSL's chain building; see DtlsAssociation.
  bool init(int (*verify)(X509_STORE_CTX*, void*));

  // For tests: offers and accepts only the suites whose bit (their place in the table) is set. At least one.
  bool restrictSuites(uint32_t mask);

  Certificate& certificate() { return certificate_; }
  SSL_CTX* ctx() const { return ctx_; }
  const BIO_METHOD* bioMethod() const { return bioMethod_; }

 private:
  Certificate certificate_;
  SSL_CTX* ctx_ = nullptr;
  BIO_METHOD* bioMethod_ = nullptr;
};

}  // namespace sangam
