// replay TARGET FILE: runs a target on the inputs of a file, one a line in hexadecimal; lines with # are comments. Says
// each line's number before it runs it, so that a crash names its line.
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "targets.h"

namespace {

int valueOf(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool parseHex(const std::string& line, std::vector<uint8_t>* out) {
  if (line.size() % 2 != 0) return false;
  out->reserve(line.size() / 2 + 1);
  for (size_t i = 0; i < line.size(); i += 2) {
    const int high = valueOf(line[i]);
    const int low = valueOf(line[i + 1]);
    if (high < 0 || low < 0) return false;
    out->push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return true;
}

const sangam::fuzz::Target* find(const char* name) {
  for (const auto& target : sangam::fuzz::kTargets) {
    if (strcmp(name, target.name) == 0) return &target;
  }
  return nullptr;
}

}  // namespace

int main(int count, char** words) {
  const sangam::fuzz::Target* target = count == 3 ? find(words[1]) : nullptr;
  std::ifstream file(count == 3 ? words[2] : "");
  if (target == nullptr || !file) {
    fprintf(stderr, "usage: replay TARGET FILE\n");
    return 2;
  }
  std::string line;
  size_t inputs = 0;
  for (size_t number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line[0] == '#') continue;
    fprintf(stderr, "line %zu\n", number);
    std::vector<uint8_t> bytes;
    if (!parseHex(line, &bytes)) return 2;
    target->run(bytes.data(), bytes.size());
    ++inputs;
  }
  printf("%zu inputs of %s replayed\n", inputs, target->name);
  return 0;
}
