// Encrypts each of `packets` payloads once per receiver (AES-128-GCM, a context per receiver, only the IV set anew) and
// sends them to the receivers' ports on 127.0.0.1 with sendmmsg of 64, or each receiver's burst with UDP_SEGMENT. Raw
// system calls and raw EVP on purpose: it shares no code with the packet port, so that it can't inherit its costs.
//
// The packets come as the forwarder's do: `burst` of them at a time, `intervalUs` apart, with sleep between. A server that
// sleeps between packets pays for cold caches and for waking the receivers; a loop that never sleeps does not, and would
// be a floor that no server stands on. Sending over loopback runs the receiving half of the kernel's network stack in the
// sender's time; the figure includes it. Call it in a process of its own, so that the receivers run beside it.
#include "bench_floor.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "napi_support.h"

#ifdef __linux__

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
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
constexpr size_t kMaxBurst = 1000;
constexpr size_t kMaxSegmentedBytes = 65000;

struct FloorRun {
  size_t packetBytes;
  size_t packets;
  size_t burst;
  double intervalUs;
  bool segment;
  int sendFd = -1;
  double sent = 0;
  double refused = 0;
  std::vector<EVP_CIPHER_CTX*> contexts = {};
  std::vector<uint8_t> payload = {};
  std::vector<uint8_t> out = {};
  std::vector<sockaddr_in> to = {};
};

double threadCpuUs() {
  rusage usage = {};
  getrusage(RUSAGE_THREAD, &usage);
  const auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

bool openSocket(FloorRun* run) {
  run->sendFd = socket(AF_INET, SOCK_DGRAM, 0);
  const int bytes = 4 << 20;
  return run->sendFd >= 0 && setsockopt(run->sendFd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) == 0;
}

bool makeContexts(FloorRun* run) {
  for (size_t i = 0; i < run->to.size(); ++i) {
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

struct Message {
  size_t receiver;
  size_t packets;
};

// Sends the messages whose packets stand one after the other in run->out.
void send(FloorRun* run, const Message* queued, size_t count) {
  struct alignas(cmsghdr) Control {
    uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
  };
  mmsghdr messages[kBatch];
  iovec vectors[kBatch];
  Control controls[kBatch];
  uint8_t* at = run->out.data();
  for (size_t i = 0; i < count; ++i) {
    vectors[i] = {at, queued[i].packets * run->packetBytes};
    at += vectors[i].iov_len;
    msghdr& header = messages[i].msg_hdr;
    header = {};
    header.msg_name = &run->to[queued[i].receiver];
    header.msg_namelen = sizeof run->to[0];
    header.msg_iov = &vectors[i];
    header.msg_iovlen = 1;
    if (queued[i].packets < 2) continue;
    header.msg_control = controls[i].bytes;
    header.msg_controllen = sizeof controls[i].bytes;
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
    const auto size = static_cast<uint16_t>(run->packetBytes);
    memcpy(CMSG_DATA(control), &size, sizeof size);
  }
  const int taken = sendmmsg(run->sendFd, messages, static_cast<unsigned>(count), 0);
  for (size_t i = 0; i < count; ++i) {
    (static_cast<int>(i) < taken ? run->sent : run->refused) += static_cast<double>(queued[i].packets);
  }
}

// One burst to everybody. Segmented: a receiver's packets stand together. Otherwise each packet goes round the receivers.
void sendBurst(FloorRun* run, size_t burst, uint32_t* sequence) {
  Message queued[kBatch];
  size_t messages = 0;
  size_t packets = 0;
  const size_t perMessage = run->segment ? std::min({burst, kBatch, kMaxSegmentedBytes / run->packetBytes}) : 1;
  for (size_t round = 0; round < burst; round += perMessage) {
    const size_t now = std::min(perMessage, burst - round);
    for (size_t receiver = 0; receiver < run->to.size(); ++receiver) {
      for (size_t i = 0; i < now; ++i) {
        seal(run, run->contexts[receiver], (*sequence)++, run->out.data() + packets++ * run->packetBytes);
      }
      queued[messages++] = {receiver, now};
      if (packets + perMessage <= kBatch) continue;
      send(run, queued, messages);
      messages = packets = 0;
    }
  }
  if (messages != 0) send(run, queued, messages);
}

void loop(FloorRun* run) {
  run->payload.assign(run->packetBytes - kHeaderBytes - kTagBytes, 0x5a);
  run->out.assign(kBatch * run->packetBytes, 0);
  uint32_t sequence = 0;
  timespec due = {};
  clock_gettime(CLOCK_MONOTONIC, &due);
  for (size_t packet = 0; packet < run->packets; packet += run->burst) {
    sendBurst(run, run->packets - packet < run->burst ? run->packets - packet : run->burst, &sequence);
    if (run->intervalUs <= 0) continue;
    due.tv_nsec += static_cast<long>(run->intervalUs * 1000);
    due.tv_sec += due.tv_nsec / 1000000000;
    due.tv_nsec %= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, nullptr);
  }
}

bool readPorts(napi_env env, napi_value options, std::vector<sockaddr_in>* to) {
  napi_value ports = nullptr;
  uint32_t count = 0;
  if (napi_get_named_property(env, options, "ports", &ports) != napi_ok) return false;
  if (napi_get_array_length(env, ports, &count) != napi_ok || count == 0 || count > 100000) return false;
  for (uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    uint32_t port = 0;
    if (napi_get_element(env, ports, i, &element) != napi_ok) return false;
    if (napi_get_value_uint32(env, element, &port) != napi_ok || port == 0 || port > 65535) return false;
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    to->push_back(address);
  }
  return true;
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
               static_cast<size_t>(property(env, options, "packets")),
               static_cast<size_t>(property(env, options, "burst")), property(env, options, "intervalUs"), segment};
  const bool valid = run.packetBytes > kHeaderBytes + kTagBytes && run.packetBytes <= 1472 && run.packets > 0 &&
                     run.burst > 0 && run.burst <= kMaxBurst && readPorts(env, options, &run.to);
  if (!valid) return throwError(env, AddonError::badArgument);
  napi_value result = nullptr;
  if (openSocket(&run) && makeContexts(&run)) {
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
