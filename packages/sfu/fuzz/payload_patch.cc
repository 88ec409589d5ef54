#include "../native/payload_patch.h"

#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

void payloadPatch(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  while (!in.empty()) {
    const uint16_t pictureId = in.u16() & 0x7fff;
    const uint8_t tl0PicIdx = in.u8();
    std::vector<uint8_t> payload = in.chunk(64);
    const std::vector<uint8_t> before = payload;
    {
      const BorrowedBytes borrowed(payload.data(), payload.size());
      patchVp8(payload.data(), payload.size(), pictureId, tl0PicIdx);
      require(payload.empty() || payload[0] == before[0], "the first byte of a descriptor never changes");
      const std::vector<uint8_t> once = payload;
      patchVp8(payload.data(), payload.size(), pictureId, tl0PicIdx);
      require(payload == once, "patching twice is patching once");
    }
    require(payload == before, "what was borrowed is put back");
  }
}

}  // namespace sangam::fuzz
