// Asks for memory before it is needed. Between two packets of a lone voice everything that belongs to its receivers has left
// the cache; asked for one after the other, each piece would be waited for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sangam {

constexpr size_t kCacheLineBytes = 64;

// The first `bytes` of what `at` points to, which may be null: a hint, never an access.
inline void prefetch(const void* at, size_t bytes = kCacheLineBytes) {
#if defined(__GNUC__)
  const auto* data = static_cast<const uint8_t*>(at);
  for (size_t i = 0; i < bytes; i += kCacheLineBytes) __builtin_prefetch(data + i);
#else
  (void)at;
  (void)bytes;
#endif
}

}  // namespace sangam
