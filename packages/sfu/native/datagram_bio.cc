#include "datagram_bio.h"

#include <algorithm>
#include <cstring>

namespace sangam {

namespace {

DatagramChannel* channelOf(BIO* bio) { return static_cast<DatagramChannel*>(BIO_get_data(bio)); }

int onRead(BIO* bio, char* out, int capacity) {
  DatagramChannel* channel = channelOf(bio);
  BIO_clear_retry_flags(bio);
  if (channel->incoming == nullptr) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t bytes = std::min(channel->incomingBytes, static_cast<size_t>(capacity));
  memcpy(out, channel->incoming, bytes);
  channel->incoming = nullptr;
  return static_cast<int>(bytes);
}

int onWrite(BIO* bio, const char* data, int bytes) {
  DatagramChannel* channel = channelOf(bio);
  BIO_clear_retry_flags(bio);
  ++channel->written;
  channel->out.send(channel->out.owner, reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(bytes));
  return bytes;
}

long onControl(BIO* bio, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return static_cast<long>(channelOf(bio)->mtu);
    default:
      return 0;
  }
}

}  // namespace

BIO_METHOD* newDatagramBioMethod() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sangam datagram");
  if (method == nullptr) return nullptr;
  BIO_meth_set_read(method, onRead);
  BIO_meth_set_write(method, onWrite);
  BIO_meth_set_ctrl(method, onControl);
  return method;
}

BIO* newDatagramBio(const BIO_METHOD* method, DatagramChannel* channel) {
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, channel);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace sangam
