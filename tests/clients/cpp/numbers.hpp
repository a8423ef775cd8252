// Prints what a test compares: a line for each name, with all its numbers.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "meshcast/decode.hpp"

namespace numbers {

inline std::vector<std::uint8_t> read_file(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(2);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The same bytes at an odd address, with nothing behind them: the sanitizers see every wrong load and every byte too
/// far.
class Unaligned {
 public:
  explicit Unaligned(const std::vector<std::uint8_t>& bytes) : room_(new std::uint8_t[bytes.size() + 1]) {
    if (!bytes.empty()) std::memcpy(room_.get() + 1, bytes.data(), bytes.size());
  }
  const std::uint8_t* data() const { return room_.get() + 1; }

 private:
  std::unique_ptr<std::uint8_t[]> room_;
};

inline void start(const std::string& name) {
  std::printf("%s", name.c_str());
}
inline void end() {
  std::printf("\n");
}
inline void put(double value) {
  std::printf(" %.17g", value);
}
inline void put(meshcast::Vec3 v) {
  put(v.x), put(v.y), put(v.z);
}
struct Vec3d {
  double x, y, z;
};
inline void put(Vec3d v) {
  put(v.x), put(v.y), put(v.z);
}
inline void put(const meshcast::Mat3& r) {
  for (const auto& row : r.m)
    for (const float value : row) put(value);
}

inline void integer(const std::string& name, long long value) {
  std::printf("%s %lld\n", name.c_str(), value);
}
inline void text(const std::string& name, std::string_view value) {
  std::printf("%s %.*s\n", name.c_str(), static_cast<int>(value.size()), value.data());
}

template <typename T>
void array(const std::string& name, const meshcast::Array<T>& values) {
  start(name);
  for (std::size_t i = 0; i < values.size(); ++i) put(double(values[i]));
  end();
}

template <typename Get>
void table(const std::string& name, std::size_t rows, std::size_t columns, Get get) {
  start(name);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) put(get(i, j));
  end();
}

}  // namespace numbers
