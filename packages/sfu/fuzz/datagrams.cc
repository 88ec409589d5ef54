#include <memory>

#include "../native/receiver.h"
#include "../native/send_plan.h"
#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

namespace {

constexpr uint16_t kSocket = 0;
constexpr uint16_t kLearningSocket = 1;
constexpr uint16_t kPorts = 4;  // of which one belongs to no session

// The arrays that TypeScript and C++ share, once for the whole process: the ring alone is 32 MiB.
struct Arrays {
  std::vector<uint8_t> memory = std::vector<uint8_t>(kRingSlots * kSlotBytes + kScratchBytes);
  std::vector<uint8_t> kind = std::vector<uint8_t>(kBatchCapacity);
  std::vector<int32_t> session = std::vector<int32_t>(kBatchCapacity);
  std::vector<uint32_t> offset = std::vector<uint32_t>(kBatchCapacity);
  std::vector<uint16_t> length = std::vector<uint16_t>(kBatchCapacity);
  std::vector<uint32_t> packetId = std::vector<uint32_t>(kBatchCapacity);
  std::vector<double> arrivalUs = std::vector<double>(kBatchCapacity);
  std::vector<uint8_t> address = std::vector<uint8_t>(kBatchCapacity * kAddressBytes);
  std::vector<uint16_t> records = std::vector<uint16_t>(kRingSlots * kRecordWords);
  std::vector<uint32_t> plan = std::vector<uint32_t>(kPlanCapacity * kPlanWords);
  std::vector<uint32_t> control = std::vector<uint32_t>(kControlCapacity * kControlWords);
  std::vector<uint8_t> controlBytes = std::vector<uint8_t>(kControlBytes);
  std::vector<double> counters = std::vector<double>(kCounters);

  SharedMemory shared() {
    return {memory.data(),    kind.data(),    session.data(), offset.data(), length.data(),       packetId.data(), arrivalUs.data(),
            address.data(),   records.data(), plan.data(),    control.data(), controlBytes.data(), counters.data()};
  }
};

Arrays& arrays() {
  static Arrays* made = new Arrays();
  return *made;
}

sockaddr_in6 from(uint16_t port) {
  sockaddr_in6 out = {};
  auto& v4 = reinterpret_cast<sockaddr_in&>(out);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// A plain session, one with SRTP keys, one without any, and one that waits for an address; each with a sink.
struct Rig {
  SharedMemory shared = arrays().shared();
  PacketRing ring{shared};
  SessionTable sessions;
  PacketSender sender{shared};
  Receiver receiver{shared, ring, sessions, SessionObserver{nullptr, ignoreDtls, ignoreAddress}};
  SendPlan plan{shared, ring, sessions, sender};
  ReceiveBatch batch;
  std::vector<uint32_t> sinks;

  Rig() {
    for (uint16_t port = 0; port < kPorts; ++port) {
      Session& session = *sessions.find(sessions.create());
      const AddressKey key = keyFromSockaddr(from(port), kSocket);
      if (port + 1 < kPorts) sessions.addAddress(session, key);
      destinationFromKey(key, false, &session.destination);
      session.plain = port != 1;
      if (port == 1) installKeys(session);
      if (port + 1 == kPorts) sessions.learnAddress(session, kLearningSocket);
      addSink(session, port);
    }
  }

  void installKeys(Session& session) {
    uint8_t master[kMaxMasterBytes];
    memset(master, 0x5a, sizeof master);
    require(sessions.installKeys(session, SrtpSuite::gcm128, master, master), "keys can be installed");
  }

  void addSink(Session& session, uint16_t port) {
    auto sink = std::make_unique<Sink>();
    sink->session = &session;
    sink->ssrc = 1000U + port;
    const uint8_t mid[] = {'a', 'b'};
    sink->header.add(ElementType::mid, 1, mid, sizeof mid);
    sink->header.add(ElementType::audioLevel, 2, nullptr, 0);
    sink->header.add(ElementType::absCaptureTime, port == 2 ? 15 : 3, nullptr, 0);
    sink->header.add(ElementType::dependencyDescriptor, 4, nullptr, 0);
    sink->header.build();
    sinks.push_back(sessions.createSink(std::move(sink)));
  }

  static void ignoreDtls(void*, Session&) {}
  static void ignoreAddress(void*, Session&, const AddressKey&) {}
};

void requireWithinMemory(const Rig& rig) {
  const size_t memoryBytes = kRingSlots * kSlotBytes + kScratchBytes;
  require(rig.receiver.count() <= kBatchCapacity, "a batch is bounded");
  for (size_t i = 0; i < rig.receiver.count(); ++i) {
    require(rig.shared.kind[i] <= kApplicationData, "a row has a kind");
    require(rig.shared.length[i] <= kSlotBytes, "a packet fits its slot");
    require(rig.shared.offset[i] + size_t{rig.shared.length[i]} <= memoryBytes, "a packet lies within the memory");
  }
}

// One entry for each packet that arrived, with any record: what TypeScript writes there is bounded by nothing but its
// own care.
size_t writePlan(Rig& rig, Input& in) {
  size_t entries = 0;
  for (size_t i = 0; i < rig.receiver.count() && !in.empty(); ++i) {
    if (rig.shared.kind[i] != kRtp) continue;
    const uint32_t id = rig.shared.packetId[i];
    uint16_t* record = rig.shared.records + (id & (kRingSlots - 1)) * kRecordWords;
    for (size_t word = 0; word < kRecordWords; ++word) record[word] = in.u16() & 0x0fff;
    uint32_t* entry = rig.shared.plan + entries++ * kPlanWords;
    entry[kPlanSink] = rig.sinks[in.u8() % rig.sinks.size()];
    entry[kPlanPacketId] = id - (in.u8() & 3);
    entry[kPlanSequenceNumber] = in.u32();
    entry[kPlanTimestamp] = in.u32();
    entry[kPlanFlags] = in.u32();
    entry[kPlanVp8Patch] = in.u32();
    entry[kPlanExtra] = in.u32();
  }
  return entries;
}

size_t writeControls(Rig& rig, Input& in) {
  const size_t controls = in.u8() & 3;
  for (size_t i = 0; i < controls; ++i) {
    uint32_t* control = rig.shared.control + i * kControlWords;
    control[kControlKind] = in.u8() & 3;
    control[kControlSession] = in.u8() % (kPorts + 1);
    control[kControlOffset] = in.u32() % (kControlBytes + 64);
    control[kControlLength] = in.u16();
  }
  return controls;
}

}  // namespace

void datagrams(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  Rig rig;
  for (size_t rounds = 0; !in.empty() && rounds < 16; ++rounds) {
    rig.receiver.begin();
    const size_t count = in.u8() % 8;
    const uint8_t socket = in.u8() & 1;
    for (size_t i = 0; i < count; ++i) {
      const std::vector<uint8_t> datagram = in.chunk(kSlotBytes);
      rig.batch.place(i, datagram.data(), datagram.size(), from(in.u8() % (kPorts + 1)));
    }
    rig.receiver.take(rig.batch, count, socket, 1000 * rounds);
    requireWithinMemory(rig);
    const size_t entries = writePlan(rig, in);
    rig.plan.execute(entries, writeControls(rig, in));
  }
}

}  // namespace sangam::fuzz
