#include "dtls_certificate.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

namespace sangam {

namespace {

constexpr long kDaySeconds = 24 * 60 * 60;
constexpr long kValidDays = 31;

bool sign(X509* x509, EVP_PKEY* key) {
  uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<uint8_t*>(&serial), sizeof serial) != 1) return false;
  X509_NAME* name = X509_get_subject_name(x509);
  const auto* commonName = reinterpret_cast<const unsigned char*>("Sangam");
  return X509_set_version(x509, X509_VERSION_3) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(x509), -kDaySeconds) != nullptr &&
         X509_gmtime_adj(X509_getm_notAfter(x509), (kValidDays - 1) * kDaySeconds) != nullptr &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, commonName, -1, -1, 0) == 1 &&
         X509_set_issuer_name(x509, name) == 1 && X509_set_pubkey(x509, key) == 1 &&
         X509_sign(x509, key, EVP_sha256()) != 0;
}

const EVP_MD* digestOf(FingerprintAlgorithm algorithm) {
  switch (algorithm) {
    case FingerprintAlgorithm::sha1:
      return EVP_sha1();
    case FingerprintAlgorithm::sha224:
      return EVP_sha224();
    case FingerprintAlgorithm::sha256:
      return EVP_sha256();
    case FingerprintAlgorithm::sha384:
      return EVP_sha384();
    case FingerprintAlgorithm::sha512:
      return EVP_sha512();
  }
  return nullptr;
}

BIO* bioOf(const std::string& text) { return BIO_new_mem_buf(text.data(), static_cast<int>(text.size())); }

// Stands in for the prompt that OpenSSL would make on the terminal for an encrypted key.
int noPassword(char*, int, int, void*) { return -1; }

}  // namespace

Certificate::~Certificate() {
  X509_free(x509);
  EVP_PKEY_free(key);
}

bool Certificate::generate() {
  key = EVP_EC_gen("P-256");
  x509 = X509_new();
  return key != nullptr && x509 != nullptr && sign(x509, key);
}

bool Certificate::load(const std::string& certificatePem, const std::string& keyPem) {
  BIO* certificateBio = bioOf(certificatePem);
  BIO* keyBio = bioOf(keyPem);
  if (certificateBio != nullptr) x509 = PEM_read_bio_X509(certificateBio, nullptr, noPassword, nullptr);
  if (keyBio != nullptr) key = PEM_read_bio_PrivateKey(keyBio, nullptr, noPassword, nullptr);
  BIO_free(certificateBio);
  BIO_free(keyBio);
  return x509 != nullptr && key != nullptr && X509_check_private_key(x509, key) == 1;
}

std::string pemOf(X509* x509) {
  BIO* bio = BIO_new(BIO_s_mem());
  if (bio == nullptr) return {};
  std::string pem;
  if (PEM_write_bio_X509(bio, x509) == 1) {
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(bio, &data);
    pem.assign(data, static_cast<size_t>(bytes));
  }
  BIO_free(bio);
  return pem;
}

bool matches(X509* x509, const Fingerprint& fingerprint) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned bytes = 0;
  if (X509_digest(x509, digestOf(fingerprint.algorithm), digest, &bytes) != 1) return false;
  return fingerprint.digest.size() == bytes && CRYPTO_memcmp(digest, fingerprint.digest.data(), bytes) == 0;
}

}  // namespace sangam
