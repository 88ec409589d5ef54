// Objects named by numbers that are not used again soon: the lower bits are a place, the upper bits count its tenants.
// A stale id therefore finds nothing. Places are reused in the order in which they were freed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace sangam {

template <typename T, unsigned kIndexBits, unsigned kGenerationBits>
class SlotMap {
 public:
  static constexpr uint32_t kFull = 0xffffffff;

  // Returns the id, or kFull.
  uint32_t insert(std::unique_ptr<T> item) {
    uint32_t index = 0;
    if (!free_.empty() && (free_.size() >= kRest || slots_.size() >= kMaxSlots)) {
      index = free_.front();
      free_.pop_front();
    } else if (slots_.size() < kMaxSlots) {
      index = static_cast<uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      return kFull;
    }
    Slot& slot = slots_[index];
    slot.item = std::move(item);
    ++size_;
    return slot.generation << kIndexBits | index;
  }

  T* find(uint32_t id) const {
    const uint32_t index = id & kIndexMask;
    if (index >= slots_.size()) return nullptr;
    const Slot& slot = slots_[index];
    return slot.generation == id >> kIndexBits ? slot.item.get() : nullptr;
  }

  std::unique_ptr<T> remove(uint32_t id) {
    if (find(id) == nullptr) return nullptr;
    Slot& slot = slots_[id & kIndexMask];
    slot.generation = (slot.generation + 1) & ((1U << kGenerationBits) - 1);
    free_.push_back(id & kIndexMask);
    --size_;
    return std::move(slot.item);
  }

  template <typename Visit>
  void forEach(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot.item != nullptr) visit(*slot.item);
    }
  }

  size_t size() const { return size_; }

 private:
  struct Slot {
    std::unique_ptr<T> item;
    uint32_t generation = 0;
  };

  static constexpr uint32_t kIndexMask = (1U << kIndexBits) - 1;
  static constexpr size_t kMaxSlots = kIndexMask;
  // A freed place rests until this many are free, so that its next tenant comes late.
  static constexpr size_t kRest = 64;

  std::vector<Slot> slots_;
  std::deque<uint32_t> free_;
  size_t size_ = 0;
};

}  // namespace sangam
