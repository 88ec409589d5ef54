#include "../native/header_template.h"

#include "../native/bytes.h"
#include "../native/layout.h"
#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

namespace {

// Walks a block as a receiver would (RFC 8285 sections 4.2 and 4.3): every element lies within it.
void requireWellFormed(const uint8_t* block, size_t bytes) {
  require(bytes % 4 == 0 && bytes >= 4, "a block is whole words");
  require(readU16(block + 2) == bytes / 4 - 1, "a block says its own length");
  const bool twoByte = readU16(block) == 0x1000;
  require(twoByte || readU16(block) == 0xBEDE, "a block has a profile of RFC 8285");
  size_t at = 4;
  while (at < bytes) {
    if (block[at] == 0) {
      ++at;
      continue;
    }
    require(!twoByte || at + 2 <= bytes, "an element header lies within the block");
    at += twoByte ? 2U + block[at + 1] : 2U + (block[at] & 0x0f);
  }
  require(at == bytes, "the last element ends with the block");
}

}  // namespace

void headerTemplate(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  HeaderTemplate header;
  const size_t elements = in.u8() % (kElementTypes + 3);
  for (size_t i = 0; i < elements; ++i) {
    const auto type = static_cast<ElementType>(in.u8() % kElementTypes);
    const uint8_t id = in.u8();
    const std::vector<uint8_t> value = in.chunk(64);
    header.add(type, id, value.data(), value.size());
  }
  header.build();
  while (!in.empty()) {
    uint16_t record[kRecordWords];
    for (uint16_t& word : record) word = in.u16();
    ElementValues values;
    const std::vector<uint8_t> source = in.chunk(kSlotBytes);
    if ((in.u8() & 1) != 0) {
      values.source = source.data();
      values.sourceBytes = source.size();
      values.record = record;
    }
    values.absSendTime = in.u32() & 0xffffff;
    values.transportSequenceNumber = in.u16();
    std::vector<uint8_t> out(HeaderTemplate::kMaxWrittenBytes, 0xee);
    const size_t written = header.write(out.data(), values);
    require(written <= HeaderTemplate::kMaxWrittenBytes, "a block is bounded");
    if (written != 0) requireWellFormed(out.data(), written);
  }
}

}  // namespace sangam::fuzz
