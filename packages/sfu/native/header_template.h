// The RTP header extension block (RFC 8285) of one outgoing stream: built once, patched per packet.
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  0xBEDE (one-byte form) or 0x1000 (two-byte)  |  length in words |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//  |  ID   |  len-1 | data ...     |     or |  ID   |  len  | data ... |
//  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#pragma once

#include <cstddef>
#include <cstdint>

namespace sangam {

// Values as load.ts encodes them.
enum class ElementType : uint8_t {
  mid,
  absSendTime,
  transportSequenceNumber,
  audioLevel,
  videoOrientation,
  dependencyDescriptor,
  absCaptureTime,
  playoutDelay,
};
constexpr size_t kElementTypes = 8;

// What the elements of one packet are filled from. `source` and `record` describe a packet in the ring; without them
// (padding packets) nothing is copied.
struct ElementValues {
  const uint8_t* source = nullptr;
  size_t sourceBytes = 0;
  const uint16_t* record = nullptr;
  uint32_t absSendTime = 0;  // 24 bits, 6.18 fixed-point seconds
  uint16_t transportSequenceNumber = 0;
};

class HeaderTemplate {
 public:
  static constexpr size_t kMaxMidBytes = 32;
  static constexpr size_t kMaxBlockBytes = 80;
  static constexpr size_t kMaxDescriptorBytes = 255;
  static constexpr size_t kPlayoutDelayBytes = 3;
  static constexpr size_t kMaxCaptureTimeBytes = 16;
  // A block written out: the template, and a dependency descriptor, a capture time and a playout delay with two-byte headers,
  // padding.
  static constexpr size_t kMaxWrittenBytes =
      kMaxBlockBytes + 2 + kMaxDescriptorBytes + 2 + kMaxCaptureTimeBytes + 2 + kPlayoutDelayBytes + 4;

  // Appends an element; call build() after the last. False if the type was there before, the id is 0, or a mid is empty
  // or too long.
  bool add(ElementType type, uint8_t id, const uint8_t* value, size_t valueBytes);
  void build();

  // Writes the block and returns its bytes, a multiple of 4; 0 when no element is present in this packet.
  size_t write(uint8_t* out, const ElementValues& values) const;

 private:
  struct Element {
    ElementType type;
    uint8_t id;
    uint8_t bytes;
    uint8_t at;  // of the element's header in the template; 0 for one that is in few packets
  };

  size_t writeFixed(uint8_t* out, const ElementValues& values) const;
  // Bytes of the longest element that this packet has of those that are in few packets, or differ in length; 0 without any.
  size_t longestOccasional(const ElementValues& values) const;
  size_t writeEach(uint8_t* out, const ElementValues& values, bool twoByte) const;
  static bool isOccasional(ElementType type) {
    return type == ElementType::dependencyDescriptor || type == ElementType::absCaptureTime ||
           type == ElementType::playoutDelay;
  }
  bool patch(uint8_t* element, const Element& spec, const ElementValues& values, bool twoByte) const;
  static size_t writeElementHeader(uint8_t* out, uint8_t id, size_t bytes, bool twoByte);

  Element elements_[kElementTypes] = {};
  uint8_t count_ = 0;
  bool twoByte_ = false;
  bool hasOccasional_ = false;
  uint8_t midBytes_ = 0;
  uint8_t blockBytes_ = 0;
  uint8_t mid_[kMaxMidBytes] = {};
  uint8_t block_[kMaxBlockBytes] = {};
};

}  // namespace sangam
