// Encrypts each of `packets` payloads once per receiver (AES-128-GCM, a context per receiver, only the IV set anew) and
// sends them with sendmmsg of 64, or with UDP_SEGMENT of 10. Raw system calls and raw EVP on purpose: it shares no code
// with the packet port, so that it can't inherit its costs.
//
// All receivers are one bound socket on 127.0.0.1 that nobody reads. Sending over loopback runs the receiving half of
// the kernel's network stack in the sender's time, so the figure includes it, up to the full receive queue.
#include "bench_floor.h"

#include <openssl/evp.h>

#include <cstring>
#include <vector>

#include "napi_support.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

namespace sangam {

namespace {

constexpr size_t kHeaderBytes = 12;
constexpr size_t kTagBytes = 16;
constexpr size_t kBatch = 64;
constexpr size_t kSegments = 10;

struct FloorRun {
  size_t packetBytes;
  size_t receivers;
  size_t packets;
  bool segment;
  int sendFd = -1;
  int receiveFd = -1;
  double sent = 0;
  double refused = 0;
  std::vector<EVP_CIPHER_CTX*> contexts = {};
  std::vector<uint8_t> payload = {};
  std::vector<uint8_t> out = {};
  sockaddr_in to = {};
};

double threadCpuUs() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

bool openSockets(FloorRun* run) {
  run->receiveFd = socket(AF_INET, SOCK_DGRAM, 0);
  run->sendFd = socket(AF_INET, SOCK_DGRAM, 0);
  run->to.sin_family = AF_INET;
  run->to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof run->to;
  return run->receiveFd >= 0 && run->sendFd >= 0 &&
         bind(run->receiveFd, reinterpret_cast<sockaddr*>(&run->to), bytes) == 0 &&
         getsockname(run->receiveFd, reinterpret_cast<sockaddr*>(&run->to), &bytes) == 0;
}

bool makeContexts(FloorRun* run) {
  for (size_t i = 0; i < run->receivers; ++i) {
    uint8_t key[16] = {static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
    EVP_CIPHER_CTX* ctx = EVP_CIPHER_CTX_new();
    run->contexts.push_back(ctx);
    if (ctx == nullptr || EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), nullptr, key, nullptr) != 1) return false;
  }
  return true;
}

void seal(FloorRun* run, EVP_CIPHER_CTX* ctx, uint32_t sequence, uint8_t* out) {
  uint8_t iv[12] = {};
  int written = 0;
  memcpy(iv + 8, &sequence, sizeof sequence);
  memset(out, 0x80, kHeaderBytes);
  const auto payloadBytes = static_cast<int>(run->payload.size());
  EVP_EncryptInit_ex(ctx, nullptr, nullptr, nullptr, iv);
  EVP_EncryptUpdate(ctx, nullptr, &written, out, kHeaderBytes);
  EVP_EncryptUpdate(ctx, out + kHeaderBytes, &written, run->payload.data(), payloadBytes);
  EVP_EncryptFinal_ex(ctx, out + kHeaderBytes + payloadBytes, &written);
  EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + kHeaderBytes + payloadBytes);
}

// Sends `count` packets that stand one after the other in run->out.
void send(FloorRun* run, size_t count) {
  struct alignas(cmsghdr) Control {
    uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
  };
  mmsghdr messages[kBatch];
  iovec vectors[kBatch];
  Control controls[kBatch];
  const size_t perMessage = run->segment ? kSegments : 1;
  size_t filled = 0;
  for (size_t at = 0; at < count; at += perMessage, ++filled) {
    const size_t packets = count - at < perMessage ? count - at : perMessage;
    vectors[filled] = {run->out.data() + at * run->packetBytes, packets * run->packetBytes};
    msghdr& header = messages[filled].msg_hdr;
    header = {};
    header.msg_name = &run->to;
    header.msg_namelen = sizeof run->to;
    header.msg_iov = &vectors[filled];
    header.msg_iovlen = 1;
    if (packets < 2) continue;
    header.msg_control = controls[filled].bytes;
    header.msg_controllen = sizeof controls[filled].bytes;
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const auto size = static_cast<uint16_t>(run->packetBytes);
    memcpy(CMSG_DATA(control), &size, sizeof size);
  }
  const int taken = sendmmsg(run->sendFd, messages, static_cast<unsigned>(filled), 0);
  const double packets = taken < 0 ? 0 : static_cast<double>(static_cast<size_t>(taken) == filled ? count : static_cast<size_t>(taken) * perMessage);
  run->sent += packets;
  run->refused += static_cast<double>(count) - packets;
}

void loop(FloorRun* run) {
  run->payload.assign(run->packetBytes - kHeaderBytes - kTagBytes, 0x5a);
  run->out.assign(kBatch * run->packetBytes, 0);
  size_t filled = 0;
  uint32_t sequence = 0;
  // Segmented: the packets of one receiver stand together, ten by ten. Otherwise each packet goes round the receivers.
  const size_t run10 = run->segment ? kSegments : 1;
  const size_t batch = run->segment ? kBatch / kSegments * kSegments : kBatch;
  for (size_t packet = 0; packet < run->packets; packet += run10) {
    for (EVP_CIPHER_CTX* ctx : run->contexts) {
      for (size_t i = 0; i < run10 && packet + i < run->packets; ++i) {
        seal(run, ctx, sequence++, run->out.data() + filled * run->packetBytes);
        if (++filled < batch) continue;
        send(run, filled);
        filled = 0;
      }
    }
  }
  if (filled != 0) send(run, filled);
}

double property(napi_env env, napi_value object, const char* name) {
  napi_value value = nullptr;
  double number = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_double(env, value, &number);
  return number;
}

}  // namespace

napi_value benchFloor(napi_env env, napi_callback_info info) {
  Arguments args(env, info);
  const napi_value options = args.value(0);
  napi_value segmentValue = nullptr;
  bool segment = false;
  if (napi_get_named_property(env, options, "segment", &segmentValue) == napi_ok) {
    napi_get_value_bool(env, segmentValue, &segment);
  }
  FloorRun run{static_cast<size_t>(property(env, options, "packetBytes")),
               static_cast<size_t>(property(env, options, "receivers")),
               static_cast<size_t>(property(env, options, "packets")), segment};
  const bool valid = run.packetBytes > kHeaderBytes + kTagBytes && run.packetBytes <= 1472 && run.receivers > 0 &&
                     run.receivers <= 100000 && run.packets > 0;
  if (!valid) return throwError(env, AddonError::badArgument);
  napi_value result = nullptr;
  if (openSockets(&run) && makeContexts(&run)) {
    const double cpu = threadCpuUs();
    const uint64_t wall = uv_hrtime();
    loop(&run);
    napi_create_object(env, &result);
    setNumber(env, result, "cpuUs", threadCpuUs() - cpu);
    setNumber(env, result, "wallUs", static_cast<double>(uv_hrtime() - wall) / 1000);
    setNumber(env, result, "sent", run.sent);
    setNumber(env, result, "refused", run.refused);
  } else {
    throwSystemError(env, errno, "floor", "127.0.0.1");
  }
  for (EVP_CIPHER_CTX* ctx : run.contexts) EVP_CIPHER_CTX_free(ctx);
  if (run.sendFd >= 0) close(run.sendFd);
  if (run.receiveFd >= 0) close(run.receiveFd);
  return result;
}

}  // namespace sangam

#else

namespace sangam {

napi_value benchFloor(napi_env env, napi_callback_info) {
  napi_throw_error(env, "ENOSYS", "the floor loop measures Linux system calls");
  return nullptr;
}

}  // namespace sangam

#endif
