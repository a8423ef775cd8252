// Between the thread that receives and the one that draws: the newest message of each topic, and nothing else.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "meshcast/decode.hpp"
#include "meshcast/delay.hpp"
#include "meshcast/loss.hpp"

namespace meshcast {

/// Now, on this machine's monotonic clock, s.
inline double now_s() noexcept {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A message with the bytes that its views lie in.
class Packet {
 public:
  Packet(const std::uint8_t* data, std::size_t size)
      : bytes_(data, data + size), message_(decode(bytes_.data(), size)) {}
  Packet(const Packet&) = delete;
  Packet& operator=(const Packet&) = delete;

  const Error* error() const noexcept { return std::get_if<Error>(&message_); }
  const Frame* frame() const noexcept { return std::get_if<Frame>(&message_); }
  const Model* model() const noexcept { return std::get_if<Model>(&message_); }
  const Status* status() const noexcept { return std::get_if<Status>(&message_); }

  const Header* header() const noexcept {
    if (frame() != nullptr) return frame();
    if (model() != nullptr) return model();
    return status();
  }

 private:
  std::vector<std::uint8_t> bytes_;
  Message message_;
};

using PacketPtr = std::shared_ptr<const Packet>;

/// A packet as it is handed out.
struct Delivery {
  PacketPtr packet;           // a frame, a model, a status, or why a message was refused
  PacketPtr model;            // of a frame: the model message to draw it with, null until it has come
  Loss::Step since;           // of a frame: what happened since the last one of its stream and level
  std::uint64_t missing = 0;  // of a status: frames sent after the last one that came
  double late_s = 0;          // of a frame: how much longer than the quickest it was on its way
  double t_capture_s = 0;  // of a frame: when its picture was taken, on now_s()'s clock, if the quickest took no time
};

/// Keeps the newest message of each topic until it is taken; leaves out frames that have waited in a queue or were
/// overtaken.
class Inbox {
 public:
  static constexpr std::size_t kMaxStreams = 64;  // a publisher that names more is refused: nothing here may grow

  /// A message that came at `t_receive_s`.
  void put(const std::uint8_t* data, std::size_t size, double t_receive_s) {
    auto packet = std::make_shared<const Packet>(data, size);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      heard_s_ = t_receive_s;
      store(std::move(packet), t_receive_s);
    }
    arrived_.notify_one();
  }

  /// The one that came first of those that wait; nothing when none comes within `timeout_s`, or after close().
  std::optional<Delivery> take(double timeout_s = 0) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (timeout_s > 0 && waiting_.empty())
      arrived_.wait_for(lock, std::chrono::duration<double>(timeout_s),
                        [this] { return !waiting_.empty() || closed_; });
    if (waiting_.empty()) return std::nullopt;
    Delivery delivery = std::move(waiting_.front().delivery);
    waiting_.erase(waiting_.begin());
    finish(delivery);
    return delivery;
  }

  /// Wakes whoever waits in take().
  void close() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      closed_ = true;
    }
    arrived_.notify_all();
  }

  /// When the last message came, on now_s()'s clock; nothing before the first. Three seconds without one: the
  /// publisher, or the way to it, is gone.
  std::optional<double> heard_s() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return heard_s_;
  }

 private:
  struct Waiting {
    std::string topic;
    Delivery delivery;
  };
  struct Stream {
    Delay delay;
    PacketPtr model;
    std::map<Kind, Order> orders;
    std::map<Kind, Loss> losses;
  };

  void store(PacketPtr packet, double t_receive_s) {
    const Header* header = packet->header();
    Delivery delivery;
    std::string topic;  // refusals have none: the newest is enough
    if (header != nullptr) {
      const std::string name(header->stream);
      if (streams_.count(name) == 0 && streams_.size() >= kMaxStreams) return;
      Stream& stream = streams_[name];
      topic = std::string(meshcast::name(header->kind)) + "/" + name;
      if (packet->model() != nullptr) stream.model = packet;
      if (const Frame* frame = packet->frame()) {
        delivery.late_s = stream.delay.of(frame->session, frame->t_publish_s(), t_receive_s);
        delivery.t_capture_s = stream.delay.local_s(double(frame->t_capture_monotonic_ns) / 1e9);
        if (delivery.late_s > kStaleSeconds || stream.orders[frame->kind].overtaken(frame->session, frame->seq)) return;
      }
    }
    delivery.packet = std::move(packet);
    waiting_.erase(
        std::remove_if(waiting_.begin(), waiting_.end(), [&topic](const Waiting& w) { return w.topic == topic; }),
        waiting_.end());
    waiting_.push_back({std::move(topic), std::move(delivery)});
  }

  void finish(Delivery& delivery) {
    const Header* header = delivery.packet->header();
    if (header == nullptr) return;
    Stream& stream = streams_[std::string(header->stream)];
    if (delivery.packet->frame() != nullptr) {
      delivery.since = stream.losses[header->kind].step(header->session, header->seq);
      if (stream.model != nullptr && stream.model->model()->model_id == header->model_id) delivery.model = stream.model;
    }
    if (const Status* status = delivery.packet->status())
      for (const auto& level : stream.losses)
        delivery.missing = std::max(delivery.missing, level.second.missing(status->session, status->next_seq));
  }

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Waiting> waiting_;
  std::map<std::string, Stream> streams_;
  std::optional<double> heard_s_;
  bool closed_ = false;
};

}  // namespace meshcast
