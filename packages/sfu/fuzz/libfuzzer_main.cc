// libFuzzer's entry for the target that SANGAM_FUZZ_TARGET names.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "targets.h"

namespace {

const sangam::fuzz::Target* chosen = nullptr;

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = getenv("SANGAM_FUZZ_TARGET");
  for (const auto& target : sangam::fuzz::kTargets) {
    if (name != nullptr && strcmp(name, target.name) == 0) chosen = &target;
  }
  if (chosen != nullptr) return 0;
  fprintf(stderr, "SANGAM_FUZZ_TARGET names no fuzz target\n");
  exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  chosen->run(data, bytes);
  return 0;
}
