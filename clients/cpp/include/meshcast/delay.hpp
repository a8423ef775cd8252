// How long messages are on their way, without a common clock. docs/wire.md, "Latency and loss".
#pragma once

#include <algorithm>
#include <cstdint>

namespace meshcast {

constexpr double kDrift = 1e-4;        // how far two machines' clocks may drift apart, s a second
constexpr double kStaleSeconds = 0.5;  // a message this much later than the quickest has waited in a queue
constexpr double kResetSeconds = 1;    // messages that are all late for so long: a clock has changed, nothing is queued

/// Compares a publisher's monotonic clock with this machine's.
///
/// The quickest message ever seen took no time, by definition; what others took longer is their delay. A backlog after
/// a stall is read within a moment, so messages that stay late for longer than kResetSeconds mean that a clock stood
/// still.
class Delay {
 public:
  /// The delay in s of a message, given both monotonic times in s; 0 for the first one of a session.
  double of(std::uint32_t session, double t_publish_s, double t_receive_s) noexcept {
    const double way_s = t_receive_s - t_publish_s;
    if (!started_ || session != session_) {
      started_ = true;
      session_ = session;
      restart(way_s, t_receive_s);
    }
    quickest_s_ = std::min(way_s, quickest_s_ + kDrift * (t_receive_s - seen_s_));
    seen_s_ = t_receive_s;
    if (way_s - quickest_s_ <= kStaleSeconds) {
      late_ = false;
    } else if (!late_) {
      late_ = true;
      late_since_s_ = t_receive_s;
    } else if (t_receive_s - late_since_s_ > kResetSeconds) {
      restart(way_s, t_receive_s);
    }
    return way_s - quickest_s_;
  }

  /// What the publisher's monotonic clock says here, in s of this machine's, as far as the quickest message tells.
  double local_s(double t_publisher_s) const noexcept { return t_publisher_s + quickest_s_; }

 private:
  void restart(double way_s, double t_receive_s) noexcept {
    quickest_s_ = way_s;
    seen_s_ = t_receive_s;
    late_ = false;
  }

  bool started_ = false, late_ = false;
  std::uint32_t session_ = 0;
  double quickest_s_ = 0, seen_s_ = 0, late_since_s_ = 0;
};

}  // namespace meshcast
