#include "address.h"

#include <openssl/rand.h>

#include "bytes.h"

namespace sangam {

namespace {

constexpr size_t kInitialEntries = 256;
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

AddressKey keyFromSockaddr(const sockaddr_in6& from, SocketIndex socket) {
  AddressKey key = {};
  key.setSocket(socket);
  if (from.sin6_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    key.bytes[0] = 4;
    memcpy(key.bytes + 2, &v4.sin_port, 2);
    memcpy(key.bytes + 4, &v4.sin_addr, 4);
    return key;
  }
  memcpy(key.bytes + 2, &from.sin6_port, 2);
  const bool mapped = memcmp(&from.sin6_addr, kMappedPrefix, sizeof kMappedPrefix) == 0;
  key.bytes[0] = mapped ? 4 : 6;
  if (mapped) {
    memcpy(key.bytes + 4, reinterpret_cast<const uint8_t*>(&from.sin6_addr) + sizeof kMappedPrefix, 4);
  } else {
    memcpy(key.bytes + 4, &from.sin6_addr, 16);
  }
  return key;
}

bool destinationFromKey(const AddressKey& key, bool ipv6Socket, Destination* out) {
  *out = {};
  out->socket = key.socket();
  if (key.family() == 4 && !ipv6Socket) {
    out->address.v4.sin_family = AF_INET;
    memcpy(&out->address.v4.sin_port, key.bytes + 2, 2);
    memcpy(&out->address.v4.sin_addr, key.bytes + 4, 4);
    out->length = sizeof(sockaddr_in);
    return true;
  }
  if (!ipv6Socket || (key.family() != 4 && key.family() != 6)) return false;
  sockaddr_in6& v6 = out->address.v6;
  v6 = {};
  v6.sin6_family = AF_INET6;
  memcpy(&v6.sin6_port, key.bytes + 2, 2);
  auto* ip = reinterpret_cast<uint8_t*>(&v6.sin6_addr);
  if (key.family() == 4) {
    memcpy(ip, kMappedPrefix, sizeof kMappedPrefix);
    memcpy(ip + sizeof kMappedPrefix, key.bytes + 4, 4);
  } else {
    memcpy(ip, key.bytes + 4, 16);
  }
  out->length = sizeof(sockaddr_in6);
  return true;
}

AddressTable::AddressTable() : entries_(kInitialEntries, Entry{{}, kUnknown}) {
  if (RAND_bytes(reinterpret_cast<uint8_t*>(seeds_), sizeof seeds_) != 1) seeds_[0] = seeds_[1] = 0x9e3779b97f4a7c15;
}

size_t AddressTable::home(const AddressKey& key) const {
  uint64_t a = 0;
  uint64_t b = 0;
  uint64_t c = 0;
  memcpy(&a, key.bytes, 8);
  memcpy(&b, key.bytes + 8, 8);
  memcpy(&c, key.bytes + 16, 8);
  return fold(fold(a ^ seeds_[0], b ^ seeds_[1]), c ^ seeds_[0]) & (entries_.size() - 1);
}

int32_t AddressTable::find(const AddressKey& key) const {
  for (size_t i = home(key);; i = (i + 1) & (entries_.size() - 1)) {
    const Entry& entry = entries_[i];
    if (entry.session == kUnknown) return kUnknown;
    if (entry.key == key) return entry.session;
  }
}

void AddressTable::set(const AddressKey& key, int32_t session) {
  if (2 * (size_ + 1) > entries_.size()) grow();
  size_t i = home(key);
  while (entries_[i].session != kUnknown && !(entries_[i].key == key)) i = (i + 1) & (entries_.size() - 1);
  if (entries_[i].session == kUnknown) ++size_;
  entries_[i] = Entry{key, session};
}

void AddressTable::remove(const AddressKey& key) {
  const size_t mask = entries_.size() - 1;
  size_t hole = home(key);
  while (!(entries_[hole].key == key) || entries_[hole].session == kUnknown) {
    if (entries_[hole].session == kUnknown) return;
    hole = (hole + 1) & mask;
  }
  --size_;
  for (size_t next = (hole + 1) & mask; entries_[next].session != kUnknown; next = (next + 1) & mask) {
    const size_t wanted = home(entries_[next].key);
    // An entry may move into the hole only if that does not put it before its home.
    if (((next - wanted) & mask) < ((next - hole) & mask)) continue;
    entries_[hole] = entries_[next];
    hole = next;
  }
  entries_[hole].session = kUnknown;
}

void AddressTable::removeSocket(SocketIndex socket) {
  std::vector<AddressKey> doomed;
  for (const Entry& entry : entries_) {
    if (entry.session != kUnknown && entry.key.socket() == socket) doomed.push_back(entry.key);
  }
  for (const AddressKey& key : doomed) remove(key);
}

void AddressTable::grow() {
  std::vector<Entry> old(entries_.size() * 2, Entry{{}, kUnknown});
  old.swap(entries_);
  size_ = 0;
  for (const Entry& entry : old) {
    if (entry.session != kUnknown) set(entry.key, entry.session);
  }
}

}  // namespace sangam
