// What a publisher sends, received on a thread of its own: for programs that draw.
#pragma once

#include <atomic>
#include <optional>
#include <thread>

#include "meshcast/receiver.hpp"

namespace meshcast {

/// Receives from one address. Connects by itself, also after a break, and keeps the newest message of each topic.
///
///     meshcast::Subscriber subscriber;
///     if (auto error = subscriber.start({"tcp://127.0.0.1:5556"})) ...
///     while (auto delivery = subscriber.take(1.0))
///       if (const meshcast::Frame* frame = delivery->packet->frame()) ...
class Subscriber {
 public:
  Subscriber() = default;
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;
  ~Subscriber() { stop(); }

  /// Starts to receive, once. Returns why it cannot.
  std::optional<Error> start(const Options& options) {
    if (auto error = receiver_.open(options)) return error;
    thread_ = std::thread([this] {
      while (!stopping_) receiver_.receive(inbox_, kWakeMs);
    });
    return std::nullopt;
  }

  /// The next packet of those that wait, nothing when none comes within `timeout_s`; 0 does not wait. For any thread.
  std::optional<Delivery> take(double timeout_s = 0) { return inbox_.take(timeout_s); }

  /// When the last message came: see Inbox::heard_s.
  std::optional<double> heard_s() const { return inbox_.heard_s(); }

  /// Disconnects; whoever waits in take() gets nothing. May be called twice.
  void stop() {
    stopping_ = true;
    inbox_.close();
    if (thread_.joinable()) thread_.join();
    receiver_.close();
  }

 private:
  static constexpr long kWakeMs = 50;  // how long stop() may have to wait

  Receiver receiver_;
  Inbox inbox_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace meshcast
