// Datagrams out of a byte stream (RFC 4571 section 2): a 16-bit length, then that many bytes, one frame after the other.
//
//   0                   1                   2                   3
//   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//  +-------------------------------+-------------------------------+
//  |             LENGTH            |  STUN, DTLS, RTP or RTCP ...  |
//  +-------------------------------+-------------------------------+
#pragma once

#include <algorithm>
#include <cstring>

#include "bytes.h"
#include "layout.h"

namespace sangam {

// Holds one unfinished frame of at most kSlotBytes; longer ones are skipped and counted.
class FrameReader {
 public:
  static constexpr size_t kHeaderBytes = 2;

  struct Frame {
    const uint8_t* data;
    size_t bytes;
  };

  // `data` stays valid until next() is false.
  void feed(const uint8_t* data, size_t bytes) {
    at_ = data;
    left_ = bytes;
  }

  // The next whole frame, valid until the next call. False: all was read, and what is unfinished is kept.
  bool next(Frame* out) {
    while (skip() && left_ > 0) {
      if (kept_ != 0 ? fromKept(out) : fromInput(out)) return true;
    }
    return false;
  }

  // Frames too long for a slot, since the last call.
  size_t takeOversized() {
    const size_t count = oversized_;
    oversized_ = 0;
    return count;
  }

 private:
  void advance(size_t bytes) {
    at_ += bytes;
    left_ -= bytes;
  }

  // False while the frame to be skipped goes on beyond the input.
  bool skip() {
    const size_t bytes = std::min(skip_, left_);
    skip_ -= bytes;
    advance(bytes);
    return skip_ == 0;
  }

  void skipFrame(size_t bytes) {
    ++oversized_;
    skip_ = bytes;
  }

  bool fromInput(Frame* out) {
    if (left_ < kHeaderBytes) return keep(left_);
    const size_t bytes = readU16(at_);
    if (bytes > kSlotBytes) {
      advance(kHeaderBytes);
      skipFrame(bytes);
      return false;
    }
    if (left_ < kHeaderBytes + bytes) return keep(left_);
    *out = Frame{at_ + kHeaderBytes, bytes};
    advance(kHeaderBytes + bytes);
    return bytes != 0;
  }

  bool fromKept(Frame* out) {
    if (kept_ < kHeaderBytes) keep(std::min(kHeaderBytes - kept_, left_));
    if (kept_ < kHeaderBytes) return false;
    const size_t bytes = readU16(rest_);
    if (bytes > kSlotBytes) {
      kept_ = 0;
      skipFrame(bytes);
      return false;
    }
    keep(std::min(kHeaderBytes + bytes - kept_, left_));
    if (kept_ < kHeaderBytes + bytes) return false;
    kept_ = 0;
    *out = Frame{rest_ + kHeaderBytes, bytes};
    return bytes != 0;
  }

  bool keep(size_t bytes) {
    memcpy(rest_ + kept_, at_, bytes);
    kept_ += bytes;
    advance(bytes);
    return false;
  }

  const uint8_t* at_ = nullptr;
  size_t left_ = 0;
  size_t skip_ = 0;
  size_t kept_ = 0;
  size_t oversized_ = 0;
  uint8_t rest_[kHeaderBytes + kSlotBytes];
};

}  // namespace sangam
