// Interposed by LD_PRELOAD: a disk whose every sync takes DELAY_US longer.
#include <dlfcn.h>
#include <unistd.h>

using Sync = int (*)(int);

extern "C" int fsync(int file) {
  static const Sync real = reinterpret_cast<Sync>(dlsym(RTLD_NEXT, "fsync"));
  usleep(DELAY_US);
  return real(file);
}

extern "C" int fdatasync(int file) {
  static const Sync real = reinterpret_cast<Sync>(dlsym(RTLD_NEXT, "fdatasync"));
  usleep(DELAY_US);
  return real(file);
}
