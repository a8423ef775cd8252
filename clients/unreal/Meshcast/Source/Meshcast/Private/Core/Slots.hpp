// Who is who: track ids grow for ever, what a level designer names does not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace meshcast::unreal {

/// Gives every person the lowest free number, and keeps it for them while they are seen.
class Slots {
 public:
  static constexpr double kForgetSeconds = 1;  // for so long nobody else gets the number of someone who is gone

  /// The number of each id, in their order.
  template <typename Ids>
  const std::vector<std::size_t>& update(const Ids& ids, double now_s) {
    for (auto& slot : slots_)
      if (slot && now_s - slot->seen_s > kForgetSeconds) slot.reset();
    numbers_.assign(ids.size(), 0);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::size_t number = find([&](const auto& slot) { return slot && slot->id == ids[i]; });
      if (number == slots_.size()) number = find([](const auto& slot) { return !slot; });
      if (number == slots_.size()) slots_.emplace_back();
      slots_[number] = Seen{ids[i], now_s};
      numbers_[i] = number;
    }
    return numbers_;
  }

  /// How many numbers have been given at most so far.
  std::size_t size() const { return slots_.size(); }
  /// Whether a number is somebody's.
  bool taken(std::size_t number) const { return number < slots_.size() && slots_[number].has_value(); }
  void clear() { slots_.clear(); }

 private:
  struct Seen {
    std::int32_t id;
    double seen_s;
  };

  template <typename Good>
  std::size_t find(Good good) const {
    return static_cast<std::size_t>(std::find_if(slots_.begin(), slots_.end(), good) - slots_.begin());
  }

  std::vector<std::optional<Seen>> slots_;
  std::vector<std::size_t> numbers_;
};

}  // namespace meshcast::unreal
