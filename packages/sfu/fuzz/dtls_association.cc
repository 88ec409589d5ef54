#include "../native/dtls_association.h"

#include <deque>
#include <memory>

#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

namespace {

using Datagram = std::vector<uint8_t>;

// Datagrams on their way to one end.
struct Wire {
  std::deque<Datagram> queue;
  size_t bytes = 0;

  static void send(void* owner, const uint8_t* data, size_t size) {
    auto* self = static_cast<Wire*>(owner);
    self->bytes += size;
    self->queue.emplace_back(data, data + size);
  }
};

DtlsContext& context() {
  static DtlsContext* shared = [] {
    auto* made = new DtlsContext();
    require(made->certificate().generate() && made->init(DtlsAssociation::verifyPeer), "a context can be made");
    return made;
  }();
  return *shared;
}

// One that matches nobody, unless the honest end is to be believed.
std::vector<Fingerprint> fingerprintsOf(bool honest) {
  Fingerprint one{FingerprintAlgorithm::sha256, std::vector<uint8_t>(32, 0)};
  if (honest) {
    unsigned bytes = 0;
    one.digest.resize(EVP_MAX_MD_SIZE);
    X509_digest(context().certificate().x509, EVP_sha256(), one.digest.data(), &bytes);
    one.digest.resize(bytes);
  }
  return {one};
}

void readAll(DtlsAssociation& end) {
  uint8_t out[2048];
  while (end.read(out, sizeof out) != 0) {
  }
}

void deliver(DtlsAssociation& end, const Datagram& datagram) {
  const DtlsState before = end.state();
  end.receive(datagram.data(), datagram.size());
  readAll(end);
  require(before != DtlsState::failed || end.state() == DtlsState::failed, "a failed association stays failed");
}

}  // namespace

void dtlsAssociation(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  const uint8_t mode = in.u8();
  const bool honest = (mode & 1) != 0;
  Wire toServer;
  Wire toClient;
  DtlsAssociation server(context(), DtlsRole::server, fingerprintsOf(honest), {&toClient, Wire::send});
  DtlsAssociation client(context(), DtlsRole::client, fingerprintsOf(true), {&toServer, Wire::send});
  uint64_t nowUs = 0;
  server.start(nowUs);
  if ((mode & 2) != 0) client.start(nowUs);
  for (size_t steps = 0; !in.empty() && steps < 64; ++steps) {
    const uint8_t action = in.u8();
    switch (action & 7) {
      case 0: {
        deliver(server, in.chunk(2048));
        break;
      }
      case 1:
      case 2:
      case 3: {
        if (toServer.queue.empty()) break;
        Datagram next = toServer.queue.front();
        if ((action & 0x10) == 0) toServer.queue.pop_front();
        if ((action & 7) == 2) next[in.u16() % next.size()] ^= in.u8();
        if ((action & 7) == 3) next.resize(in.u16() % (next.size() + 1));
        if (!next.empty()) deliver(server, next);
        break;
      }
      case 4:
      case 5: {
        if (toClient.queue.empty()) break;
        const Datagram next = toClient.queue.front();
        toClient.queue.pop_front();
        if ((action & 7) == 4) deliver(client, next);
        break;
      }
      case 6: {
        const Datagram message = in.chunk(512);
        client.write(message.data(), message.size());
        break;
      }
      default:
        nowUs += 1000 * in.u16();
        server.tick(nowUs);
        client.tick(nowUs);
    }
  }
  require(honest || server.state() != DtlsState::connected, "nobody connects under another's fingerprint");
  DtlsSrtpKeys serverKeys = {};
  DtlsSrtpKeys clientKeys = {};
  if (server.state() == DtlsState::connected && client.state() == DtlsState::connected) {
    require(server.exportKeys(&serverKeys) && client.exportKeys(&clientKeys), "connected ends have keys");
    require(memcmp(serverKeys.send, clientKeys.receive, kMaxMasterBytes) == 0, "both ends have the same keys");
  }
}

}  // namespace sangam::fuzz
