// Points, rotations and what is done with them. The formulas are the same in left-handed axes.
#pragma once

#include <cmath>

namespace meshcast {

struct Vec3 {
  float x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) noexcept {
  return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline Vec3 operator-(Vec3 a, Vec3 b) noexcept {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline Vec3 operator*(float s, Vec3 a) noexcept {
  return {s * a.x, s * a.y, s * a.z};
}
inline float dot(Vec3 a, Vec3 b) noexcept {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
inline Vec3 cross(Vec3 a, Vec3 b) noexcept {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/// A rotation matrix, applied to columns: m[row][column].
struct Mat3 {
  float m[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
};

inline Vec3 operator*(const Mat3& a, Vec3 v) noexcept {
  return {a.m[0][0] * v.x + a.m[0][1] * v.y + a.m[0][2] * v.z, a.m[1][0] * v.x + a.m[1][1] * v.y + a.m[1][2] * v.z,
          a.m[2][0] * v.x + a.m[2][1] * v.y + a.m[2][2] * v.z};
}

inline Mat3 operator*(const Mat3& a, const Mat3& b) noexcept {
  Mat3 product;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) product.m[i][j] = a.m[i][0] * b.m[0][j] + a.m[i][1] * b.m[1][j] + a.m[i][2] * b.m[2][j];
  return product;
}

inline Mat3 transposed(const Mat3& a) noexcept {
  Mat3 result;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) result.m[i][j] = a.m[j][i];
  return result;
}

/// The matrix of a rotation vector in radians (Rodrigues' formula).
inline Mat3 rotation_matrix(Vec3 rotvec) noexcept {
  const double x = rotvec.x, y = rotvec.y, z = rotvec.z;
  const double angle = std::sqrt(x * x + y * y + z * z);
  if (angle < 1e-8) return {};
  const double a = std::sin(angle) / angle, b = (1 - std::cos(angle)) / (angle * angle), c = std::cos(angle);
  Mat3 r;
  r.m[0][0] = static_cast<float>(c + b * x * x);
  r.m[0][1] = static_cast<float>(b * x * y - a * z);
  r.m[0][2] = static_cast<float>(b * x * z + a * y);
  r.m[1][0] = static_cast<float>(b * x * y + a * z);
  r.m[1][1] = static_cast<float>(c + b * y * y);
  r.m[1][2] = static_cast<float>(b * y * z - a * x);
  r.m[2][0] = static_cast<float>(b * x * z - a * y);
  r.m[2][1] = static_cast<float>(b * y * z + a * x);
  r.m[2][2] = static_cast<float>(c + b * z * z);
  return r;
}

/// A rotation as a unit quaternion.
struct Quat {
  float x = 0, y = 0, z = 0, w = 1;
};

inline Quat conjugate(Quat q) noexcept {
  return {-q.x, -q.y, -q.z, q.w};
}
inline float dot(Quat a, Quat b) noexcept {
  return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
}

/// First b, then a.
inline Quat operator*(Quat a, Quat b) noexcept {
  return {a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y, a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
          a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w, a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z};
}

inline Vec3 rotate(Quat q, Vec3 v) noexcept {
  const Vec3 axis{q.x, q.y, q.z};
  const Vec3 twice = 2 * cross(axis, v);
  return v + q.w * twice + cross(axis, twice);
}

/// q with length 1; no rotation where q has none.
inline Quat normalized(Quat q) noexcept {
  const float length = std::sqrt(dot(q, q));
  if (!(length > 1e-12f)) return {};
  return {q.x / length, q.y / length, q.z / length, q.w / length};
}

/// The quaternion with w >= 0 of a rotation matrix, by way of its largest component, which is exact near every angle
/// (Shepperd, 1978).
inline Quat quaternion(const Mat3& r) noexcept {
  const auto& m = r.m;
  const float square[4] = {1 + m[0][0] - m[1][1] - m[2][2], 1 - m[0][0] + m[1][1] - m[2][2],
                           1 - m[0][0] - m[1][1] + m[2][2], 1 + m[0][0] + m[1][1] + m[2][2]};
  int largest = 0;
  for (int i = 1; i < 4; ++i)
    if (square[i] > square[largest]) largest = i;
  Quat q;
  switch (largest) {
    case 0:
      q = {square[0], m[1][0] + m[0][1], m[2][0] + m[0][2], m[2][1] - m[1][2]};
      break;
    case 1:
      q = {m[1][0] + m[0][1], square[1], m[2][1] + m[1][2], m[0][2] - m[2][0]};
      break;
    case 2:
      q = {m[2][0] + m[0][2], m[2][1] + m[1][2], square[2], m[1][0] - m[0][1]};
      break;
    default:
      q = {m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1], square[3]};
  }
  q = normalized(q);
  return q.w < 0 ? Quat{-q.x, -q.y, -q.z, -q.w} : q;
}

/// The rotation vector of a quaternion: radians, at most pi long.
inline Vec3 rotation_vector(Quat q) noexcept {
  if (q.w < 0) q = {-q.x, -q.y, -q.z, -q.w};
  const double sine = std::sqrt(double(q.x) * q.x + double(q.y) * q.y + double(q.z) * q.z);
  const double factor = sine < 1e-12 ? 2.0 : 2 * std::atan2(sine, double(q.w)) / sine;
  return static_cast<float>(factor) * Vec3{q.x, q.y, q.z};
}

/// From a at t = 0 to b at t = 1 at constant speed, the shorter way round; t outside continues the turn.
inline Quat slerp(Quat a, Quat b, float t) noexcept {
  float cosine = dot(a, b);
  if (cosine < 0) {
    b = {-b.x, -b.y, -b.z, -b.w};
    cosine = -cosine;
  }
  float share_a = 1 - t, share_b = t;
  if (cosine < 0.9995f) {  // nearer, a straight line is as good and does not divide by nearly 0
    const float angle = std::acos(cosine), sine = std::sin(angle);
    share_a = std::sin((1 - t) * angle) / sine;
    share_b = std::sin(t * angle) / sine;
  }
  return normalized({share_a * a.x + share_b * b.x, share_a * a.y + share_b * b.y, share_a * a.z + share_b * b.z,
                     share_a * a.w + share_b * b.w});
}

/// From a at t = 0 to b at t = 1 in a straight line; t outside continues it.
inline Vec3 lerp(Vec3 a, Vec3 b, float t) noexcept {
  return a + t * (b - a);
}

}  // namespace meshcast
