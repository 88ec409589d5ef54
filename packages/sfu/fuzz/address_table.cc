#include <map>
#include <string>

#include "../native/address.h"
#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

namespace {

// Few different addresses, so that they meet; the hash's seed spreads them anew in each process.
AddressKey keyOf(uint16_t choice) {
  sockaddr_in6 from = {};
  if ((choice & 1) != 0) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(from);
    v4.sin_family = AF_INET;
    v4.sin_port = choice;
    v4.sin_addr.s_addr = choice >> 4;
  } else {
    from.sin6_family = AF_INET6;
    from.sin6_port = choice;
    from.sin6_addr.s6_addr[15] = static_cast<uint8_t>(choice >> 4);
  }
  return keyFromSockaddr(from, choice & 3);
}

std::string nameOf(const AddressKey& key) {
  return {reinterpret_cast<const char*>(key.bytes), kAddressBytes};
}

}  // namespace

void addressTable(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  AddressTable table;
  std::map<std::string, std::pair<AddressKey, int32_t>> expected;
  while (!in.empty()) {
    const uint8_t action = in.u8();
    const AddressKey key = keyOf(in.u16() & 0x7ff);
    if (action % 8 == 0) {
      table.removeSocket(key.socket());
      for (auto at = expected.begin(); at != expected.end();) {
        at = at->second.first.socket() == key.socket() ? expected.erase(at) : std::next(at);
      }
    } else if (action % 3 == 0) {
      table.remove(key);
      expected.erase(nameOf(key));
    } else {
      table.set(key, action);
      expected[nameOf(key)] = {key, action};
    }
    const auto known = expected.find(nameOf(key));
    require(table.find(key) == (known == expected.end() ? AddressTable::kUnknown : known->second.second),
            "an address leads to the session that set it last");
    require(table.size() == expected.size(), "the table counts its entries");
  }
  for (const auto& [name, entry] : expected) require(table.find(entry.first) == entry.second, "no entry gets lost");
}

}  // namespace sangam::fuzz
