// Why something was refused: one line for people, made without allocating.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace meshcast {

/// One line that says what is wrong and what to do. Longer lines are cut.
class Error {
 public:
  Error() noexcept { text_[0] = '\0'; }

#if defined(__GNUC__)
  __attribute__((format(printf, 1, 2)))
#endif
  static Error format(const char* words, ...) noexcept {
    Error error;
    va_list values;
    va_start(values, words);
    std::vsnprintf(error.text_, sizeof error.text_, words, values);
    va_end(values);
    return error;
  }

  const char* text() const noexcept { return text_; }

 private:
  char text_[240];
};

}  // namespace meshcast
