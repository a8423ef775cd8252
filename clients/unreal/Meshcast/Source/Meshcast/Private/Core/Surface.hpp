// The surface of one person, in Unreal's axes and centimetres, whatever the publisher sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "Slots.hpp"
#include "Timeline.hpp"
#include "Topology.hpp"
#include "meshcast/inbox.hpp"
#include "meshcast/skinning.hpp"

namespace meshcast::unreal {

/// Follows one person through the frames of a stream and says where their vertices are at a moment.
class Surface {
 public:
  /// person: their number among those in view, counted from 0. track_id: follow this one instead; negative for none.
  explicit Surface(std::size_t person = 0, std::int32_t track_id = -1) : person_(person), track_id_(track_id) {}

  /// What came from an inbox; `now_s` on its clock. Returns why a frame could not be used.
  std::optional<Error> hear(const Delivery& delivery, double now_s) {
    const Frame* frame = delivery.packet->frame();
    if (frame == nullptr || delivery.model == nullptr || frame->kind == Kind::joints) return std::nullopt;
    if (delivery.since.restarted) restart();
    const Model& model = *delivery.model->model();
    const bool lod = frame->kind == Kind::mesh_lod;
    if (!topology_ || topology_->model_id != model.model_id || topology_->lod != lod) {
      timeline_.clear();
      skinner_.reset();
      topology_ = Topology::of(model, lod);
    }
    playout_.heard(now_s - delivery.t_capture_s);
    const std::optional<std::size_t> index = choose(*frame, now_s);
    if (!index) return std::nullopt;
    if (frame->ids[*index] != shown_id_) timeline_.clear();  // nobody turns into somebody else
    shown_id_ = frame->ids[*index];
    std::vector<Vec3> vertices(topology_->vertices);
    if (auto error = fill(*frame, *index, model, vertices)) return error;
    timeline_.push(delivery.t_capture_s, std::move(vertices));
    seen_s_ = now_s;
    return std::nullopt;
  }

  /// Where the vertices are now; false when nobody is there. buffer_s: see Playout. extrapolate_s: see Timeline.
  bool sample(double now_s, double buffer_s, double extrapolate_s, std::vector<Vec3>& vertices) const {
    if (now_s - seen_s_ > kGoneSeconds) return false;
    const auto blend = timeline_.at(playout_.shown_s(now_s, buffer_s), extrapolate_s);
    if (!blend) return false;
    vertices.resize(blend->to->size());
    for (std::size_t v = 0; v < vertices.size(); ++v) vertices[v] = lerp((*blend->from)[v], (*blend->to)[v], blend->t);
    return true;
  }

  /// Null until a frame has come with its model.
  const Topology* topology() const { return topology_ ? &*topology_ : nullptr; }

 private:
  static constexpr double kGoneSeconds = 0.5;  // who has not been seen for so long is not drawn

  void restart() {
    timeline_.clear();
    playout_.restart();
    slots_.clear();
  }

  std::optional<std::size_t> choose(const Frame& frame, double now_s) {
    const auto& numbers = slots_.update(frame.ids, now_s);
    for (std::size_t i = 0; i < frame.people; ++i)
      if (track_id_ >= 0 ? frame.ids[i] == track_id_ : numbers[i] == person_) return i;
    return std::nullopt;
  }

  std::optional<Error> fill(const Frame& frame, std::size_t index, const Model& model, std::vector<Vec3>& vertices) {
    if (frame.kind == Kind::params) {
      if (!skinner_) {
        skinner_.emplace();
        if (auto error = skinner_->load(model, Axes::unreal)) return skinner_.reset(), error;
      }
      // A model may have come since whose number is the same and whose body is not.
      if (skinner_->vertices() != vertices.size()) {
        const std::size_t count = skinner_->vertices();
        skinner_.reset();
        return Error::format("a model of %zu vertices has the number of one of %zu", count, vertices.size());
      }
      return skinner_->skin(frame, index, vertices.data(), nullptr);
    }
    const auto to = conversion(frame, Axes::unreal);
    if (!to) return Error::format("coordinates that are not in the camera's frame cannot be converted");
    if (frame.vertices != vertices.size())
      return Error::format("the frame's %zu vertices are not the %zu of its model", frame.vertices, vertices.size());
    frame.copy_vertices(index, vertices.data());
    for (Vec3& vertex : vertices) vertex = to->point(vertex);
    return std::nullopt;
  }

  std::size_t person_;
  std::int32_t track_id_;
  std::int32_t shown_id_ = -1;
  double seen_s_ = -1e9;
  Slots slots_;
  Playout playout_;
  Timeline<std::vector<Vec3>> timeline_;
  std::optional<Topology> topology_;
  std::optional<Skinner> skinner_;
};

}  // namespace meshcast::unreal
