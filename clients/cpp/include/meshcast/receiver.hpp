// A SUB socket of libzmq, set up so that nothing grows and a break heals.
#pragma once

#include <zmq.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meshcast/certificate.hpp"
#include "meshcast/error.hpp"
#include "meshcast/inbox.hpp"
#include "meshcast/layout.hpp"

namespace meshcast {

/// What to receive, and from where.
struct Options {
  std::string address;                   // tcp://HOST:PORT or ipc://PATH
  std::string stream;                    // only this one; all of the address when empty
  std::vector<Kind> levels{Kind::mesh};  // mesh, mesh_lod, joints or params
  Curve curve;
};

/// Why `address` cannot be connected to, if so.
inline std::optional<Error> address_error(const std::string& address) {
  const bool tcp = address.rfind("tcp://", 0) == 0, ipc = address.rfind("ipc://", 0) == 0;
  const auto colon = address.rfind(':');
  if ((!tcp && !ipc) || address.size() <= 6 || (tcp && colon <= 6))
    return Error::format("%s: not an address; use tcp://HOST:PORT or ipc://PATH", address.c_str());
  if (ipc) return std::nullopt;
  const std::string port = address.substr(colon + 1);
  const bool numbered = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string::npos;
  if (!numbered || std::stoi(port) < 1 || std::stoi(port) > 65535 || address.substr(6, colon - 6) == "*")
    return Error::format("%s: nothing can connect to this; name the publisher's host and a port from 1 to 65535",
                         address.c_str());
  return std::nullopt;
}

/// Receives for one thread, into an inbox. It connects, and connects again after a break, by itself.
class Receiver {
 public:
  Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver() { close(); }

  /// Connects, or says why that can never work. A publisher need not be there yet.
  std::optional<Error> open(const Options& options) {
    close();
    if (auto error = address_error(options.address)) return error;
    if (!options.stream.empty() && (options.stream.size() > kMaxStream || !is_name(options.stream)))
      return Error::format("stream name %s: use 1 to 30 letters, digits, '.', '_' and '-'", options.stream.c_str());
    if (!options.curve.server_public_key.empty() && zmq_has("curve") == 0)
      return Error::format("%s: this libzmq was built without CURVE; link with another", options.address.c_str());
    context_ = zmq_ctx_new();
    socket_ = context_ != nullptr ? zmq_socket(context_, ZMQ_SUB) : nullptr;
    if (socket_ == nullptr) return failed("no socket can be made", options.address);
    set(ZMQ_LINGER, 0);
    set(ZMQ_RCVHWM, kHighWaterMark);
    // TCP's own probes, in s, notice a publisher whose machine has gone. Not ZeroMQ's heartbeats: with these a reader
    // that stalls for some seconds makes libzmq abort the process ("Assertion failed: _input_stopped", to 4.3.5 at
    // least).
    set(ZMQ_TCP_KEEPALIVE, 1);
    set(ZMQ_TCP_KEEPALIVE_IDLE, 2);
    set(ZMQ_TCP_KEEPALIVE_INTVL, 1);
    set(ZMQ_TCP_KEEPALIVE_CNT, 3);
    set(ZMQ_RECONNECT_IVL, 100);
    set(ZMQ_RECONNECT_IVL_MAX, 2000);
    set(ZMQ_IPV6, options.address.find('[') != std::string::npos);
    const std::int64_t largest = kMaxMessage;
    zmq_setsockopt(socket_, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    const Curve& keys = options.curve;
    if (!keys.server_public_key.empty() &&
        !(set(ZMQ_CURVE_SERVERKEY, keys.server_public_key) && set(ZMQ_CURVE_PUBLICKEY, keys.public_key) &&
          set(ZMQ_CURVE_SECRETKEY, keys.secret_key)))
      return failed("the CURVE keys are not usable: three Z85 texts of 40 characters are needed", options.address);
    // The model first: a publisher that reads all requests at once answers it before its next frame.
    subscribe(Kind::model, options.stream);
    subscribe(Kind::status, options.stream);
    for (const Kind level : options.levels) subscribe(level, options.stream);
    if (zmq_connect(socket_, options.address.c_str()) != 0) return failed("cannot be connected to", options.address);
    return std::nullopt;
  }

  /// Waits for messages, at most `timeout_ms`, and puts those that are there into `inbox`.
  void receive(Inbox& inbox, long timeout_ms) {
    zmq_pollitem_t item{};
    item.socket = socket_;
    item.events = ZMQ_POLLIN;
    if (zmq_poll(&item, 1, timeout_ms) <= 0) return;
    // At most what can be queued: a publisher that sends faster than this reads must not hold it here.
    for (int i = 0; i < 2 * kHighWaterMark; ++i) {
      zmq_msg_t message;
      zmq_msg_init(&message);
      const bool came = zmq_msg_recv(&message, socket_, ZMQ_DONTWAIT) >= 0;
      if (came) inbox.put(static_cast<const std::uint8_t*>(zmq_msg_data(&message)), zmq_msg_size(&message), now_s());
      zmq_msg_close(&message);
      if (!came) return;
    }
  }

  void close() {
    if (socket_ != nullptr) zmq_close(socket_);
    if (context_ != nullptr)
      while (zmq_ctx_term(context_) != 0 && zmq_errno() == EINTR) {}
    socket_ = context_ = nullptr;
  }

 private:
  // Messages kept for a reader that does not keep up; the publisher drops later ones.
  static constexpr int kHighWaterMark = 8;

  void set(int option, int value) { zmq_setsockopt(socket_, option, &value, sizeof value); }
  bool set(int option, const std::string& key) {
    return key.size() == 40 && zmq_setsockopt(socket_, option, key.c_str(), key.size()) == 0;
  }

  void subscribe(Kind kind, const std::string& stream) {
    std::string topic(name(kind));
    topic += '/';
    // With the closing NUL, without which cam0 would bring cam01 too.
    if (!stream.empty()) topic.append(stream).push_back('\0');
    zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
  }

  Error failed(const char* why, const std::string& address) {
    const Error error = Error::format("%s: %s (%s)", address.c_str(), why, zmq_strerror(zmq_errno()));
    close();
    return error;
  }

  void* context_ = nullptr;
  void* socket_ = nullptr;
};

}  // namespace meshcast
