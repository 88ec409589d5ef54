// Cuts a fuzzer's bytes into the values and datagrams that a target needs. Once they have run out, every value is 0.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace sangam::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t bytes) : data_(data), bytes_(bytes) {}

  bool empty() const { return at_ == bytes_; }
  uint8_t u8() { return empty() ? 0 : data_[at_++]; }
  uint16_t u16() {
    const uint16_t high = u8();
    return static_cast<uint16_t>(high << 8 | u8());
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }

  // A two-byte length, then at most that many bytes: in memory of exactly their size, so that the address sanitizer
  // sees a read just behind them.
  std::vector<uint8_t> chunk(size_t most) {
    const size_t wanted = std::min<size_t>(u16(), most);
    const size_t bytes = std::min(wanted, bytes_ - at_);
    std::vector<uint8_t> out;
    out.reserve(std::max<size_t>(bytes, 1));  // never null, as no datagram's bytes are
    out.assign(data_ + at_, data_ + at_ + bytes);
    at_ += bytes;
    return out;
  }

 private:
  const uint8_t* data_;
  size_t bytes_;
  size_t at_ = 0;
};

// What must hold whatever the bytes are. Ends the process where it does not, which a fuzzer keeps as a finding.
inline void require(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

}  // namespace sangam::fuzz
