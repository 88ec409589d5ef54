// The memory that TypeScript and C++ share: the constants of src/worker/packet-port/packet-port.ts, in C++.
// load.ts allocates the arrays and the addon refuses arrays of another length, so the two cannot drift apart unseen.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sangam {

constexpr size_t kAddressBytes = 24;
constexpr uint32_t kRingSlots = 16384;
constexpr size_t kSlotBytes = 2048;
constexpr size_t kBatchCapacity = 256;
constexpr size_t kScratchBytes = kBatchCapacity * kSlotBytes;
constexpr size_t kPlanCapacity = 4096;
constexpr size_t kControlCapacity = 1024;
constexpr size_t kControlBytes = 512 * 1024;

enum PacketKind : uint8_t { kStun = 0, kRtp = 1, kRtcp = 2, kApplicationData = 3 };

enum RecordWord : size_t {
  kPayloadOffset = 0,
  kPayloadLength = 1,
  kAudioLevelOffset = 2,
  kVideoOrientationOffset = 3,
  kDependencyDescriptorOffset = 4,
  kDependencyDescriptorLength = 5,
  kAbsCaptureTimeOffset = 6,
  kAbsCaptureTimeLength = 7,
  kPlayoutDelayOffset = 8,
  kRecordWords = 9,
};

enum PlanWord : size_t {
  kPlanSink = 0,
  kPlanPacketId = 1,
  kPlanSequenceNumber = 2,
  kPlanTimestamp = 3,
  kPlanFlags = 4,
  kPlanVp8Patch = 5,
  kPlanExtra = 6,
  kPlanWords = 8,
};

enum PlanFlag : uint32_t { kMarker = 1, kVp8Patch = 2, kRtx = 4, kPadding = 8 };

enum ControlKind : uint32_t { kControlRtcp = 0, kControlRaw = 1, kControlApplicationData = 2 };

enum ControlWord : size_t {
  kControlKind = 0,
  kControlSession = 1,
  kControlOffset = 2,
  kControlLength = 3,
  kControlWords = 4,
};

enum class Counter : size_t {
  receivedPackets,
  receivedBytes,
  sentPackets,
  sentBytes,
  droppedOversized,
  droppedMalformed,
  droppedUnknownAddress,
  droppedNoKeys,
  droppedAuthentication,
  droppedReplayed,
  droppedTooManySsrcs,
  droppedDtls,
  expired,
  sendBufferFull,
  sendErrors,
  sendCalls,
  segmentedSends,
  receiveCalls,
  droppedConnections,
};
constexpr size_t kCounters = 19;

enum SessionCount : size_t {
  kReceivedPackets = 0,
  kReceivedBytes = 1,
  kSentPackets = 2,
  kSentBytes = 3,
  kSessionCounts = 4,
};

// Pointers into the typed arrays. They stay valid while the port holds its references to them.
struct SharedMemory {
  uint8_t* memory;  // the ring, then kScratchBytes of scratch
  uint8_t* kind;
  int32_t* session;
  uint32_t* offset;
  uint16_t* length;
  uint32_t* packetId;
  double* arrivalUs;
  uint8_t* address;
  uint16_t* records;
  uint32_t* plan;
  uint32_t* control;
  uint8_t* controlBytes;
  double* counters;
  double* sessionCounts;  // of the session that was asked for last

  void count(Counter counter, double by = 1) const { counters[static_cast<size_t>(counter)] += by; }
};

}  // namespace sangam
