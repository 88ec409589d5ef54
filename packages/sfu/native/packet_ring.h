// The last kRingSlots RTP packets, decrypted, by packet id.
#pragma once

#include <sys/mman.h>

#include <cstring>
#include <vector>

#include "layout.h"

namespace sangam {

class PacketRing {
 public:
  explicit PacketRing(const SharedMemory& shared) : shared_(shared), lengths_(kRingSlots, 0) { askForHugePages(); }

  // Where the next packet goes. Its former tenant has expired already (see `find`), so a packet that turns out not to
  // be authentic spoils nothing.
  uint8_t* nextSlot() const { return slotOf(next_); }

  // The next slot holds `bytes` of packet now. Returns the packet's id. Its record starts empty.
  uint32_t commit(size_t bytes) {
    const uint32_t slot = next_ & (kRingSlots - 1);
    lengths_[slot] = static_cast<uint16_t>(bytes);
    memset(recordAt(slot), 0, kRecordWords * sizeof(uint16_t));
    return next_++;
  }

  struct Found {
    uint8_t* data;
    size_t bytes;
    const uint16_t* record;
  };

  // False if the packet was overwritten, or is the one that the next packet will overwrite.
  bool find(uint32_t packetId, Found* out) const {
    const uint32_t age = next_ - packetId;
    if (age == 0 || age >= kRingSlots) return false;
    const uint32_t slot = packetId & (kRingSlots - 1);
    *out = Found{slotOf(slot), lengths_[slot], recordAt(slot)};
    return true;
  }

 private:
  // Until it has gone round once, each second packet touches a page for the first time, which costs more than all the rest
  // of receiving it; so it is asked for in pieces of 2 MB. A hint: the system may have none, or not know them.
  void askForHugePages() const {
#ifdef MADV_HUGEPAGE
    constexpr uintptr_t kHugePageBytes = 2 << 20;
    const auto begin = (reinterpret_cast<uintptr_t>(shared_.memory) + kHugePageBytes - 1) & ~(kHugePageBytes - 1);
    const auto end = reinterpret_cast<uintptr_t>(shared_.memory) + kRingSlots * kSlotBytes;
    if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
  }

  uint8_t* slotOf(uint32_t id) const { return shared_.memory + (id & (kRingSlots - 1)) * kSlotBytes; }
  uint16_t* recordAt(uint32_t slot) const { return shared_.records + slot * kRecordWords; }

  const SharedMemory& shared_;
  std::vector<uint16_t> lengths_;
  uint32_t next_ = 0;
};

}  // namespace sangam
