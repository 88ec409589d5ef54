// Changes that one receiver wants in a payload that all receivers share: VP8 picture id and TL0PICIDX (RFC 7741), and
// the original sequence number that RTX puts in front (RFC 4588). The bytes are changed in the ring, encrypted from
// there, and put back: cheaper than copying a payload of which at most six bytes differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bytes.h"

namespace sangam {

// Writes `pictureId` (its low 7 or 15 bits, whichever size is there) and `tl0PicIdx` where the descriptor has them.
//
//       0 1 2 3 4 5 6 7
//      +-+-+-+-+-+-+-+-+
//      |X|R|N|S|R| PID |
//      +-+-+-+-+-+-+-+-+
// X:   |I|L|T|K|  RSV  |
//      +-+-+-+-+-+-+-+-+
// I:   |M| PictureID   |   M: a second byte follows
//      +-+-+-+-+-+-+-+-+
// L:   |   TL0PICIDX   |
//      +-+-+-+-+-+-+-+-+
inline void patchVp8(uint8_t* payload, size_t bytes, uint16_t pictureId, uint8_t tl0PicIdx) {
  if (bytes < 2 || (payload[0] & 0x80) == 0) return;
  const uint8_t fields = payload[1];
  size_t at = 2;
  if ((fields & 0x80) != 0) {
    if (at >= bytes) return;
    const bool wide = (payload[at] & 0x80) != 0;
    if (wide) {
      if (at + 1 >= bytes) return;
      writeU16(payload + at, 0x8000U | pictureId);
      at += 2;
    } else {
      payload[at++] = static_cast<uint8_t>(pictureId & 0x7f);
    }
  }
  if ((fields & 0x40) != 0 && at < bytes) payload[at] = tl0PicIdx;
}

// Saves the bytes that may change and restores them at the end of its scope.
class BorrowedBytes {
 public:
  static constexpr size_t kBytes = 8;  // 2 of RTX, 5 of VP8's descriptor, rounded up

  BorrowedBytes(uint8_t* at, size_t available) : at_(at), bytes_(available < kBytes ? available : kBytes) {
    memcpy(saved_, at_, bytes_);
  }
  BorrowedBytes(const BorrowedBytes&) = delete;
  BorrowedBytes& operator=(const BorrowedBytes&) = delete;
  ~BorrowedBytes() { memcpy(at_, saved_, bytes_); }

 private:
  uint8_t* at_;
  size_t bytes_;
  uint8_t saved_[kBytes];
};

}  // namespace sangam
