// The own certificate, and fingerprints of others (RFC 8122).
#pragma once

#include <openssl/x509.h>

#include <string>
#include <vector>

namespace sangam {

// ECDSA P-256 with SHA-256, self-signed, valid from yesterday for 31 days (peers check the fingerprint, not the dates).
struct Certificate {
  X509* x509 = nullptr;
  EVP_PKEY* key = nullptr;

  Certificate() = default;
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate();

  bool generate();
  // False if either PEM can't be read or the two don't belong together.
  bool load(const std::string& certificatePem, const std::string& keyPem);
};

std::string pemOf(X509* x509);

enum class FingerprintAlgorithm : uint8_t { sha1, sha224, sha256, sha384, sha512 };
constexpr size_t kFingerprintAlgorithms = 5;

struct Fingerprint {
  FingerprintAlgorithm algorithm;
  std::vector<uint8_t> digest;
};

bool matches(X509* x509, const Fingerprint& fingerprint);

}  // namespace sangam
