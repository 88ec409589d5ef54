// The one function of libuv that the fuzzed sources call. A clock that only calls move makes a finding repeatable.
#include <uv.h>

extern "C" uint64_t uv_hrtime(void) {
  static uint64_t nowNs = 1'000'000'000;
  return nowNs += 1'000;
}
