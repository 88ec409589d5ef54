// A BIO that keeps datagrams apart, which a memory BIO does not: one datagram in at most, each write one datagram out.
#pragma once

#include <openssl/bio.h>

#include <cstddef>
#include <cstdint>

namespace sangam {

struct DatagramSink {
  void* owner = nullptr;
  void (*send)(void* owner, const uint8_t* data, size_t bytes) = nullptr;
};

// Lives as long as the BIO made over it.
struct DatagramChannel {
  const uint8_t* incoming = nullptr;
  size_t incomingBytes = 0;
  DatagramSink out;
  uint64_t written = 0;
  unsigned mtu = 0;
};

BIO_METHOD* newDatagramBioMethod();
BIO* newDatagramBio(const BIO_METHOD* method, DatagramChannel* channel);

}  // namespace sangam
