// Messages that the system had no room for, in order, until the socket is writable again. Bounded: what doesn't fit is
// refused, and the caller counts it.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "udp_socket.h"

namespace sangam {

class SendBacklog {
 public:
  static constexpr size_t kCapacityBytes = 4 * 1024 * 1024;

  bool empty() const { return head_ == messages_.size(); }
  const OutgoingMessage* first() const { return messages_.data() + head_; }
  size_t size() const { return messages_.size() - head_; }

  bool push(const OutgoingMessage& message) {
    if (bytes_ == nullptr) bytes_.reset(new uint8_t[kCapacityBytes]);
    if (message.bytes > kCapacityBytes - used_) return false;
    OutgoingMessage kept = message;
    kept.data = bytes_.get() + used_;
    memcpy(kept.data, message.data, message.bytes);
    used_ += message.bytes;
    messages_.push_back(kept);
    return true;
  }

  void pop(size_t count) {
    head_ += count;
    if (!empty()) return;
    messages_.clear();
    head_ = 0;
    used_ = 0;
  }

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  std::vector<OutgoingMessage> messages_;
  size_t head_ = 0;
  size_t used_ = 0;
};

}  // namespace sangam
