// The fuzz targets: each takes any bytes, and neither crashes, nor hangs, nor breaks one of its own rules.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sangam::fuzz {

// Hostile, tampered, repeated and honest packets at the receiving half of an SRTP session.
void srtpReceive(const uint8_t* data, size_t bytes);
// Header extension blocks of any elements, filled from a hostile packet by a hostile record.
void headerTemplate(const uint8_t* data, size_t bytes);
// VP8 payload descriptors that are patched for one receiver and put back.
void payloadPatch(const uint8_t* data, size_t bytes);
// Datagrams at a DTLS server, alone or in the middle of an honest client's handshake.
void dtlsAssociation(const uint8_t* data, size_t bytes);
// Datagrams of any kind through demultiplexing, the ring and a send plan, in several sessions.
void datagrams(const uint8_t* data, size_t bytes);
// Addresses that come and go, against a plain list of what should be there.
void addressTable(const uint8_t* data, size_t bytes);
// A TCP stream in pieces of any size, against the same stream as a whole.
void frameReader(const uint8_t* data, size_t bytes);

struct Target {
  const char* name;
  void (*run)(const uint8_t* data, size_t bytes);
};

constexpr Target kTargets[] = {
    {"srtp-receive", srtpReceive},         {"header-template", headerTemplate}, {"payload-patch", payloadPatch},
    {"dtls-association", dtlsAssociation}, {"datagrams", datagrams},            {"address-table", addressTable},
    {"frame-reader", frameReader},
};

}  // namespace sangam::fuzz
