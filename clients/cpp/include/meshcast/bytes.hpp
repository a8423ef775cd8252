// Numbers in a message. They may start at any address, so that they are copied out, which compilers make one load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "Meshcast messages are little-endian, and this header copies their numbers as they are"
#endif

namespace meshcast {

/// The number of type T whose bytes start at `at`.
template <typename T>
T load(const std::uint8_t* at) noexcept {
  static_assert(std::is_arithmetic_v<T>);
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Numbers of type T that lie in a message, one after the other; valid as long as the message is.
template <typename T>
class Array {
 public:
  Array() noexcept = default;
  Array(const std::uint8_t* data, std::size_t size) noexcept : data_(data), size_(size) {}

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  T operator[](std::size_t i) const noexcept { return load<T>(data_ + i * sizeof(T)); }

  /// All numbers into `out`, which has room for size() of them.
  void copy_to(T* out) const noexcept {
    if (size_ > 0) std::memcpy(out, data_, size_ * sizeof(T));
  }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace meshcast
