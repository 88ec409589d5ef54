// Addresses: the 24 bytes that TypeScript sees (address.ts), and what the system wants.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "layout.h"

namespace sangam {

// The place of a socket in its port. A closed socket's place is taken again as late as possible.
using SocketIndex = uint16_t;
constexpr size_t kMaxSockets = 65536;

// byte 0 family (4 or 6), byte 1 zero, bytes 2-3 port, bytes 4-19 address (IPv4: the first four, rest 0), bytes 20-21 the
// socket's index, bytes 22-23 zero. All big-endian.
struct AddressKey {
  uint8_t bytes[kAddressBytes];

  uint8_t family() const { return bytes[0]; }
  SocketIndex socket() const { return static_cast<SocketIndex>(bytes[20] << 8 | bytes[21]); }
  void setSocket(SocketIndex socket) {
    bytes[20] = static_cast<uint8_t>(socket >> 8);
    bytes[21] = static_cast<uint8_t>(socket);
  }
  bool operator==(const AddressKey& other) const { return memcmp(bytes, other.bytes, kAddressBytes) == 0; }
};

// Where packets go: a socket's index and the address in the family of that socket.
struct Destination {
  socklen_t length = 0;  // 0: not set
  SocketIndex socket = 0;
  union {
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address = {};

  bool isSet() const { return length != 0; }
};

// An IPv4 peer of a dual-stack IPv6 socket (RFC 4291 section 2.5.5.2) reads as family 4.
AddressKey keyFromSockaddr(const sockaddr_in6& from, SocketIndex socket);

// False when the family byte is neither 4 nor 6, or the address is IPv6 and the socket is not.
bool destinationFromKey(const AddressKey& key, bool ipv6Socket, Destination* out);

// Source address -> session. Open addressing with linear probing; removal shifts back, so there are no tombstones and
// a lookup of an unknown address stays short. The hash is seeded per process.
class AddressTable {
 public:
  static constexpr int32_t kUnknown = -1;

  AddressTable();
  int32_t find(const AddressKey& key) const;
  void set(const AddressKey& key, int32_t session);
  void remove(const AddressKey& key);
  void removeSocket(SocketIndex socket);
  size_t size() const { return size_; }

 private:
  struct Entry {
    AddressKey key;
    int32_t session;
  };

  size_t home(const AddressKey& key) const;
  void grow();

  std::vector<Entry> entries_;
  size_t size_ = 0;
  uint64_t seeds_[2];
};

}  // namespace sangam
