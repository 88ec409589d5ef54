#include "header_template.h"

#include <algorithm>
#include <cstring>

#include "bytes.h"
#include "layout.h"

namespace sangam {

namespace {

constexpr size_t kProfileBytes = 4;
constexpr uint32_t kOneByteProfile = 0xBEDE;
constexpr uint32_t kTwoByteProfile = 0x1000;
constexpr uint8_t kMaxOneByteId = 14;
constexpr size_t kMaxOneByteLength = 16;
// In the order of ElementType; 0 where the length differs.
constexpr uint8_t kDataBytes[kElementTypes] = {0, 3, 2, 1, 1, 0, 0, 3};

size_t roundUp4(size_t bytes) { return (bytes + 3) & ~size_t{3}; }

void writeProfile(uint8_t* out, bool twoByte, size_t blockBytes) {
  writeU16(out, twoByte ? kTwoByteProfile : kOneByteProfile);
  writeU16(out + 2, static_cast<uint32_t>((blockBytes - kProfileBytes) / 4));
}

// Whether the packet has any of the elements that are in few.
bool hasOccasionalData(const uint16_t* record) {
  return (record[kDependencyDescriptorLength] | record[kAbsCaptureTimeLength] | record[kPlayoutDelayOffset]) != 0;
}

// Where a record says that `bytes` of extension data lie within the source packet.
bool lies(const ElementValues& values, size_t at, size_t bytes) {
  return values.record != nullptr && at != 0 && bytes != 0 && at + bytes <= values.sourceBytes;
}

// Where the packet has an element that is in few packets; 0 bytes where it has none, or one of a length that can't be.
struct Span {
  size_t at = 0;
  size_t bytes = 0;
};

Span spanOf(ElementType type, const ElementValues& values) {
  const uint16_t* record = values.record;
  Span span;
  if (type == ElementType::dependencyDescriptor) {
    span = {record[kDependencyDescriptorOffset], record[kDependencyDescriptorLength]};
    if (span.bytes > HeaderTemplate::kMaxDescriptorBytes) return {};
  } else if (type == ElementType::absCaptureTime) {
    span = {record[kAbsCaptureTimeOffset], record[kAbsCaptureTimeLength]};
    if (span.bytes != 8 && span.bytes != HeaderTemplate::kMaxCaptureTimeBytes) return {};
  } else {
    span = {record[kPlayoutDelayOffset], HeaderTemplate::kPlayoutDelayBytes};
  }
  return lies(values, span.at, span.bytes) ? span : Span{};
}

}  // namespace

bool HeaderTemplate::add(ElementType type, uint8_t id, const uint8_t* value, size_t valueBytes) {
  for (uint8_t i = 0; i < count_; ++i) {
    if (elements_[i].type == type) return false;
  }
  const bool isMid = type == ElementType::mid;
  if (id == 0 || count_ == kElementTypes || (isMid && (valueBytes == 0 || valueBytes > kMaxMidBytes))) return false;
  if (isMid) {
    midBytes_ = static_cast<uint8_t>(valueBytes);
    memcpy(mid_, value, valueBytes);
  }
  hasOccasional_ |= isOccasional(type);
  const uint8_t bytes = isMid ? midBytes_ : kDataBytes[static_cast<size_t>(type)];
  twoByte_ |= id > kMaxOneByteId || bytes > kMaxOneByteLength;
  elements_[count_++] = Element{type, id, bytes, 0};
  return true;
}

void HeaderTemplate::build() {
  const size_t headerBytes = twoByte_ ? 2 : 1;
  size_t at = kProfileBytes;
  for (uint8_t i = 0; i < count_; ++i) {
    Element& element = elements_[i];
    if (isOccasional(element.type)) continue;
    element.at = static_cast<uint8_t>(at);
    writeElementHeader(block_ + at, element.id, element.bytes, twoByte_);
    if (element.type == ElementType::mid) memcpy(block_ + at + headerBytes, mid_, midBytes_);
    at += headerBytes + element.bytes;
  }
  blockBytes_ = static_cast<uint8_t>(at == kProfileBytes ? 0 : roundUp4(at));
  if (blockBytes_ != 0) writeProfile(block_, twoByte_, blockBytes_);
}

size_t HeaderTemplate::writeElementHeader(uint8_t* out, uint8_t id, size_t bytes, bool twoByte) {
  if (twoByte) {
    out[0] = id;
    out[1] = static_cast<uint8_t>(bytes);
    return 2;
  }
  out[0] = static_cast<uint8_t>(id << 4 | (bytes - 1));
  return 1;
}

size_t HeaderTemplate::write(uint8_t* out, const ElementValues& values) const {
  if (hasOccasional_ && values.record != nullptr && hasOccasionalData(values.record)) {
    const size_t longest = longestOccasional(values);
    if (longest != 0) return writeEach(out, values, twoByte_ || longest > kMaxOneByteLength);
  }
  return blockBytes_ == 0 ? 0 : writeFixed(out, values);
}

size_t HeaderTemplate::longestOccasional(const ElementValues& values) const {
  size_t longest = 0;
  for (uint8_t i = 0; i < count_; ++i) {
    const ElementType type = elements_[i].type;
    if (isOccasional(type)) longest = std::max(longest, spanOf(type, values).bytes);
  }
  return longest;
}

size_t HeaderTemplate::writeFixed(uint8_t* out, const ElementValues& values) const {
  memcpy(out, block_, blockBytes_);
  bool any = false;
  for (uint8_t i = 0; i < count_; ++i) {
    const Element& element = elements_[i];
    if (element.at == 0) continue;
    if (patch(out + element.at, element, values, twoByte_)) {
      any = true;
    } else {
      memset(out + element.at, 0, (twoByte_ ? 2U : 1U) + element.bytes);
    }
  }
  return any ? blockBytes_ : 0;
}

// Fills one element whose header stands at `element`. False if the source packet doesn't have it.
bool HeaderTemplate::patch(uint8_t* element, const Element& spec, const ElementValues& values, bool twoByte) const {
  uint8_t* data = element + (twoByte ? 2 : 1);
  switch (spec.type) {
    case ElementType::mid:
      return true;
    case ElementType::absSendTime:
      writeU24(data, values.absSendTime);
      return true;
    case ElementType::transportSequenceNumber:
      writeU16(data, values.transportSequenceNumber);
      return true;
    case ElementType::audioLevel:
    case ElementType::videoOrientation: {
      const bool audio = spec.type == ElementType::audioLevel;
      const size_t at = values.record == nullptr ? 0 : values.record[audio ? kAudioLevelOffset : kVideoOrientationOffset];
      if (!lies(values, at, 1)) return false;
      data[0] = values.source[at];
      return true;
    }
    case ElementType::dependencyDescriptor:
    case ElementType::absCaptureTime:
    case ElementType::playoutDelay:
      return false;
  }
  return false;
}

// A descriptor's length differs from packet to packet, and one over 16 bytes forces the two-byte form on its packet
// (RFC 8285 section 4.3); a capture time and a playout delay are in the few packets that change them. Here the block is
// written element by element.
size_t HeaderTemplate::writeEach(uint8_t* out, const ElementValues& values, bool twoByte) const {
  size_t at = kProfileBytes;
  for (uint8_t i = 0; i < count_; ++i) {
    const Element& element = elements_[i];
    if (isOccasional(element.type)) {
      const Span span = spanOf(element.type, values);
      if (span.bytes == 0) continue;
      at += writeElementHeader(out + at, element.id, span.bytes, twoByte);
      memcpy(out + at, values.source + span.at, span.bytes);
      at += span.bytes;
      continue;
    }
    const size_t headerBytes = writeElementHeader(out + at, element.id, element.bytes, twoByte);
    if (element.type == ElementType::mid) memcpy(out + at + headerBytes, mid_, midBytes_);
    if (patch(out + at, element, values, twoByte)) at += headerBytes + element.bytes;
  }
  const size_t blockBytes = roundUp4(at);
  memset(out + at, 0, blockBytes - at);
  writeProfile(out, twoByte, blockBytes);
  return blockBytes;
}

}  // namespace sangam
