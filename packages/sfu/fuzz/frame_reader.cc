#include "../native/frame_reader.h"

#include "fuzz_input.h"
#include "targets.h"

namespace sangam::fuzz {

namespace {

struct Stream {
  std::vector<std::vector<uint8_t>> frames;
  size_t oversized = 0;

  bool operator==(const Stream& other) const { return frames == other.frames && oversized == other.oversized; }
};

// The same in ten lines, with all bytes at hand.
Stream parsed(const std::vector<uint8_t>& bytes) {
  Stream out;
  size_t at = 0;
  while (at + FrameReader::kHeaderBytes <= bytes.size()) {
    const size_t frame = readU16(bytes.data() + at);
    if (frame > kSlotBytes) {
      ++out.oversized;
    } else if (at + FrameReader::kHeaderBytes + frame > bytes.size()) {
      break;
    } else if (frame != 0) {
      const uint8_t* from = bytes.data() + at + FrameReader::kHeaderBytes;
      out.frames.emplace_back(from, from + frame);
    }
    at += FrameReader::kHeaderBytes + frame;
  }
  return out;
}

}  // namespace

void frameReader(const uint8_t* data, size_t bytes) {
  Input in(data, bytes);
  FrameReader reader;
  Stream read;
  std::vector<uint8_t> all;
  while (!in.empty()) {
    const std::vector<uint8_t> piece = in.chunk(4096);
    all.insert(all.end(), piece.begin(), piece.end());
    reader.feed(piece.data(), piece.size());
    FrameReader::Frame frame;
    while (reader.next(&frame)) read.frames.emplace_back(frame.data, frame.data + frame.bytes);
    read.oversized += reader.takeOversized();
  }
  require(read == parsed(all), "frames do not depend on how the stream was cut");
}

}  // namespace sangam::fuzz
