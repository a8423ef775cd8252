// Whether bytes are text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace meshcast {

/// Whether `text` is UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) noexcept {
  const std::size_t size = text.size();
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < size;) {
    const std::uint8_t lead = byte(i++);
    if (lead < 0x80) continue;
    const std::size_t more = lead >= 0xC2 && lead < 0xE0 ? 1 : lead >= 0xE0 && lead < 0xF0 ? 2 : lead >= 0xF0 ? 3 : 0;
    if (more == 0 || lead > 0xF4 || size - i < more) return false;
    std::uint8_t low = 0x80, high = 0xBF;  // bounds of the first byte that follows
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    for (std::size_t k = 0; k < more; ++k, ++i) {
      if (byte(i) < low || byte(i) > high) return false;
      low = 0x80, high = 0xBF;
    }
  }
  return true;
}

}  // namespace meshcast
