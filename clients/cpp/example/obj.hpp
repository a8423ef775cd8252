// The people of one frame as a Wavefront .obj file: metres, y up.
#pragma once

#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "meshcast/axes.hpp"
#include "meshcast/error.hpp"
#include "meshcast/messages.hpp"
#include "meshcast/skinning.hpp"

namespace example {

/// The surface of each person, in gltf axes, from any level that has one. Returns why there is none.
inline std::optional<meshcast::Error> surfaces(const meshcast::Frame& frame, const meshcast::Model& model,
                                               std::vector<std::vector<meshcast::Vec3>>& people) {
  people.assign(frame.people, {});
  if (frame.kind == meshcast::Kind::joints)
    return meshcast::Error::format("joints/ messages have no surface: ask for --level mesh, mesh-lod or params");
  meshcast::Skinner skinner;
  const bool skinned = frame.kind == meshcast::Kind::params;
  if (skinned)
    if (auto error = skinner.load(model, meshcast::Axes::gltf)) return error;
  const auto to = meshcast::conversion(frame, meshcast::Axes::gltf);
  if (!to) return meshcast::Error::format("coordinates that are not in the camera's frame cannot be converted");
  for (std::size_t person = 0; person < frame.people; ++person) {
    auto& vertices = people[person];
    vertices.resize(skinned ? skinner.vertices() : frame.vertices);
    if (skinned) {
      if (auto error = skinner.skin(frame, person, vertices.data(), nullptr)) return error;
    } else {
      frame.copy_vertices(person, vertices.data());
      for (auto& vertex : vertices) vertex = to->point(vertex);
    }
  }
  return std::nullopt;
}

/// Writes `path`, whole or not at all. Returns why it could not.
inline std::optional<meshcast::Error> write_obj(const std::string& path, const meshcast::Frame& frame,
                                                const meshcast::Model& model) {
  std::vector<std::vector<meshcast::Vec3>> people;
  if (auto error = surfaces(frame, model, people)) return error;
  const bool lod = frame.kind == meshcast::Kind::mesh_lod;
  const auto& faces = lod ? model.lod_face_indices : model.face_indices;
  const std::size_t vertices = lod ? model.lod_vertices_count : model.vertices;
  if (!people.empty() && people[0].size() != vertices)
    return meshcast::Error::format("the frame's %zu vertices are not the %zu of its model", people[0].size(), vertices);
  const std::string part = path + ".part";
  std::FILE* file = std::fopen(part.c_str(), "w");
  if (file == nullptr) return meshcast::Error::format("%s: cannot be written; choose another path", path.c_str());
  std::fprintf(file, "# %.*s #%llu: metres, y up\n", static_cast<int>(frame.stream.size()), frame.stream.data(),
               static_cast<unsigned long long>(frame.seq));
  for (std::size_t person = 0; person < frame.people; ++person) {
    std::fprintf(file, "o person_%d\n", frame.ids[person]);
    for (const auto& v : people[person]) std::fprintf(file, "v %.6f %.6f %.6f\n", v.x, v.y, v.z);
    const std::size_t first = person * vertices + 1;  // .obj counts from 1 through the whole file
    for (std::size_t i = 0; i + 2 < faces.size(); i += 3)
      std::fprintf(file, "f %zu %zu %zu\n", first + faces[i], first + faces[i + 1], first + faces[i + 2]);
  }
  const bool failed = std::ferror(file) != 0;
  if (std::fclose(file) != 0 || failed || std::rename(part.c_str(), path.c_str()) != 0) {
    std::remove(part.c_str());
    return meshcast::Error::format("%s: cannot be written; is the disk full?", path.c_str());
  }
  return std::nullopt;
}

}  // namespace example
