// What was sent and did not come.
#pragma once

#include <cstdint>

namespace meshcast {

/// Follows the numbers of one stream's frames at one level as they arrive.
class Order {
 public:
  /// Whether a newer frame, or this one, has come before.
  bool overtaken(std::uint32_t session, std::uint64_t seq) noexcept {
    if (started_ && session == session_ && seq <= newest_) return true;
    started_ = true;
    session_ = session;
    newest_ = seq;
    return false;
  }

 private:
  bool started_ = false;
  std::uint32_t session_ = 0;
  std::uint64_t newest_ = 0;
};

/// Follows the numbers of those frames that are handed out, which rise.
class Loss {
 public:
  struct Step {
    std::uint64_t lost = 0;  // frames between the last one and this
    bool restarted = false;  // the publisher has started again since the last
  };

  /// What lies between the last frame and this one.
  Step step(std::uint32_t session, std::uint64_t seq) noexcept {
    Step found;
    if (started_ && session != session_)
      found.restarted = true;
    else if (started_ && seq >= next_)
      found.lost = seq - next_;
    started_ = true;
    session_ = session;
    next_ = seq + 1;
    return found;
  }

  /// Frames that were sent after the last one that came, given a status' `next_seq`.
  std::uint64_t missing(std::uint32_t session, std::uint64_t next_seq) const noexcept {
    return started_ && session == session_ && next_seq > next_ ? next_seq - next_ : 0;
  }

 private:
  bool started_ = false;
  std::uint32_t session_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace meshcast
