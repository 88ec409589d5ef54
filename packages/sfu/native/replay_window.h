// The replay list of RFC 3711 section 3.3.2 as a bitmap that turns with the highest index.
#pragma once

#include <cstdint>

namespace sangam {

template <unsigned kBits>
class ReplayWindow {
  static_assert(kBits % 64 == 0, "whole words");

 public:
  bool started() const { return started_; }
  uint64_t highest() const { return highest_; }

  // True if `index` was not accepted before and is not too old to know.
  bool isFresh(uint64_t index) const {
    if (!started_ || index > highest_) return true;
    if (highest_ - index >= kBits) return false;
    return (words_[wordOf(index)] & bitOf(index)) == 0;
  }

  void accept(uint64_t index) {
    if (!started_) {
      started_ = true;
      highest_ = index;
    } else if (index > highest_) {
      advanceTo(index);
    } else if (highest_ - index >= kBits) {
      return;
    }
    words_[wordOf(index)] |= bitOf(index);
  }

  // As if every index up to `highest` had been accepted.
  void startAfter(uint64_t highest) {
    started_ = true;
    highest_ = highest;
    for (uint64_t& word : words_) word = ~uint64_t{0};
  }

 private:
  static unsigned wordOf(uint64_t index) { return static_cast<unsigned>(index % kBits) / 64; }
  static uint64_t bitOf(uint64_t index) { return uint64_t{1} << (index % 64); }

  void advanceTo(uint64_t index) {
    if (index - highest_ >= kBits) {
      for (uint64_t& word : words_) word = 0;
    } else {
      for (uint64_t i = highest_ + 1; i <= index; ++i) words_[wordOf(i)] &= ~bitOf(i);
    }
    highest_ = index;
  }

  uint64_t words_[kBits / 64] = {};
  uint64_t highest_ = 0;
  bool started_ = false;
};

}  // namespace sangam
