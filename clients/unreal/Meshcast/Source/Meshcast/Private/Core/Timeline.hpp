// What to show at a moment: between the two frames around it, or a little beyond the newest.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace meshcast::unreal {

/// The last few samples of something that moves, by the time that they show, in seconds of this machine's clock.
template <typename T>
class Timeline {
 public:
  /// Two samples and where between them to be: 0 at `from`, 1 at `to`, above 1 beyond it.
  struct Blend {
    const T* from;
    const T* to;
    float t;
  };

  /// A sample; one that is not newer than the last starts anew, as after a restart of the publisher.
  void push(double time_s, T sample) {
    if (!samples_.empty() && time_s <= samples_.back().first) samples_.clear();
    samples_.emplace_back(time_s, std::move(sample));
    if (samples_.size() > kKept) samples_.pop_front();
  }

  void clear() { samples_.clear(); }
  bool empty() const { return samples_.empty(); }
  const T& newest() const { return samples_.back().second; }
  double newest_s() const { return samples_.back().first; }

  /// What to show at `time_s`; the newest motion goes on for at most `extrapolate_s`, then it stands still. Nothing
  /// when there are no samples.
  std::optional<Blend> at(double time_s, double extrapolate_s) const {
    if (samples_.empty()) return std::nullopt;
    std::size_t to = 0;
    while (to + 1 < samples_.size() && samples_[to].first < time_s) ++to;
    if (to == 0) return Blend{&samples_[0].second, &samples_[0].second, 1};
    const auto &older = samples_[to - 1], &newer = samples_[to];
    const double until_s = std::min(time_s, newer.first + std::max(0.0, extrapolate_s));
    const double t = (until_s - older.first) / (newer.first - older.first);
    return Blend{&older.second, &newer.second, static_cast<float>(std::clamp(t, 0.0, kFurthest))};
  }

 private:
  static constexpr std::size_t kKept = 4;
  static constexpr double kFurthest = 4;  // steps: two frames that came close together say little about what follows

  std::deque<std::pair<double, T>> samples_;
};

/// How much older than now the frames are that come: what is shown runs so far behind, evenly.
class Playout {
 public:
  /// The age of a frame that has just come, s: the first counts in full, each later one for a twentieth.
  void heard(double age_s) { age_s_ = started_ ? age_s_ + (age_s - age_s_) / 20 : age_s, started_ = true; }
  void restart() { started_ = false; }

  /// The time to show now. buffer_s: how much later frames may come without anything being extrapolated.
  double shown_s(double now_s, double buffer_s) const { return now_s - age_s_ - buffer_s; }

 private:
  bool started_ = false;
  double age_s_ = 0;
};

}  // namespace meshcast::unreal
