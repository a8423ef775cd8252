// What does not move of a surface: triangles, texture coordinates, and the normals that follow from the rest.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "meshcast/math.hpp"
#include "meshcast/messages.hpp"

namespace meshcast::unreal {

/// A body's surface as the engine wants it. Where a texture has a seam, one vertex of the body becomes several points.
struct Topology {
  std::uint32_t model_id = 0;
  bool lod = false;
  std::size_t vertices = 0;              // of the body
  std::vector<std::uint32_t> sources;    // points: which vertex each is
  std::vector<std::uint32_t> triangles;  // three points each, counter-clockwise seen from outside
  std::vector<float> uvs;                // points, 2: v down, as the engine has it; empty without a texture

  /// lod: of the coarser mesh of mesh-lod/, which has no texture.
  static Topology of(const Model& model, bool lod) {
    Topology made;
    made.model_id = model.model_id;
    made.lod = lod;
    made.vertices = lod ? model.lod_vertices_count : model.vertices;
    const auto& faces = lod ? model.lod_face_indices : model.face_indices;
    if (!lod && model.uvs > 0) {
      made.split(model);
    } else {
      for (std::size_t i = 0; i < faces.size(); ++i) made.triangles.push_back(static_cast<std::uint32_t>(faces[i]));
      for (std::size_t v = 0; v < made.vertices; ++v) made.sources.push_back(static_cast<std::uint32_t>(v));
    }
    made.drop_lines();
    return made;
  }

  /// Unit normals of the body's vertices, outwards, weighted by the triangles' areas. `positions` are in left-handed
  /// axes, where the cross product of a counter-clockwise triangle points inwards.
  void normals(const std::vector<Vec3>& positions, std::vector<Vec3>& out) const {
    out.assign(positions.size(), Vec3{});
    for (std::size_t i = 0; i + 2 < triangles.size(); i += 3) {
      const std::uint32_t a = sources[triangles[i]], b = sources[triangles[i + 1]], c = sources[triangles[i + 2]];
      const Vec3 outwards = cross(positions[c] - positions[a], positions[b] - positions[a]);
      for (const std::uint32_t v : {a, b, c}) out[v] = out[v] + outwards;
    }
    for (Vec3& normal : out) {
      const float length = std::sqrt(dot(normal, normal));
      normal = length > 1e-20f ? (1 / length) * normal : Vec3{0, 0, 1};
    }
  }

 private:
  /// Triangles that have a vertex twice: the engine stops at them.
  void drop_lines() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i + 2 < triangles.size(); i += 3) {
      const std::uint32_t a = sources[triangles[i]], b = sources[triangles[i + 1]], c = sources[triangles[i + 2]];
      if (a == b || b == c || c == a) continue;
      for (std::size_t k = 0; k < 3; ++k) triangles[kept++] = triangles[i + k];
    }
    triangles.resize(kept);
  }

  void split(const Model& model) {
    std::map<std::pair<std::int32_t, std::int32_t>, std::uint32_t> points;
    for (std::size_t i = 0; i < model.face_indices.size(); ++i) {
      const std::int32_t vertex = model.face_indices[i], uv = model.uv_faces[i];
      const auto [at, added] = points.try_emplace({vertex, uv}, static_cast<std::uint32_t>(sources.size()));
      if (added) {
        sources.push_back(static_cast<std::uint32_t>(vertex));
        const auto u = static_cast<std::size_t>(uv) * 2;
        uvs.push_back(model.uv_values[u]);
        uvs.push_back(1 - model.uv_values[u + 1]);
      }
      triangles.push_back(at->second);
    }
  }
};

}  // namespace meshcast::unreal
