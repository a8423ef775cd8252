#include "skinning/skinning.hpp"

#include <algorithm>
#include <cstring>

#include "common/pool.hpp"

namespace meshcast {
namespace {

constexpr int kPass = 32;        // people whose blocks are posed together: their rest vertices stay in the first cache
constexpr int kTile = 6;         // people for whom the blend shapes are read once
constexpr int kBlocksATask = 4;  // for few people: a task takes some microseconds

// Work is counted in blend shapes of blocks; the skinning of a block costs as much as kOfSkinning of them. Below
// kSmall, some 60 microseconds, one thread is done before another one is awake.
constexpr std::int64_t kOfSkinning = 40;
constexpr std::int64_t kSmall = 32768;

// The longest piece of a row of `vectors` whose sums for `people` fit `registers`.
constexpr int pieces(int people, int vectors, int registers) {
  int best = 1;
  for (int width = 1; width <= vectors; ++width)
    if (vectors % width == 0 && people * width <= registers) best = width;
  return best;
}

// On the pool, or on this thread alone.
template <typename Body>
void run(bool alone, std::int64_t tasks, Body& body) {
  if (alone) {
    for (std::int64_t task = 0; task < tasks; ++task) body(task);
  } else {
    parallel_for(tasks, body);
  }
}

// Joints, transforms and pose feature of one person.
void pose_person(const Skinning& p, std::int64_t n) {
  const float* local = p.rotations + n * p.joint_count * 9;
  const float* shape = p.shape + n * p.shape_count;
  const float* translation = p.translation ? p.translation + n * 3 : nullptr;
  float* joints = p.joints + n * p.joint_count * 3;
  float* feature = p.feature(n);
  for (std::int64_t i = 0; i < p.pose_count; ++i) feature[i] = local[9 + i] - (i % 9 % 4 == 0 ? 1.0f : 0.0f);
  // First the rest joints, where the posed ones will stand; a posed one takes the place when no child needs the other.
  for (std::int64_t a = 0; a < 3 * p.joint_count; ++a)
    joints[a] = rest_joint(p.joint_template, p.joint_dirs, shape, p.shape_count, a);
  for (std::int64_t j = 0; j < p.joint_count; ++j) {
    float* world = p.transforms(n) + kTransform * j;
    const float *own = local + 9 * j, *rest = joints + 3 * j;
    if (j == 0) {
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) world[4 * b + a] = own[3 * a + b];
      for (int a = 0; a < 3; ++a) world[12 + a] = rest[a];
    } else {
      const float* parent = p.transforms(n) + kTransform * p.parents[j];
      const float* parent_rest = joints + 3 * p.parents[j];
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) world[4 * b + a] = world_rotation(parent, own, a, b);
      const float x = rest[0] - parent_rest[0], y = rest[1] - parent_rest[1], z = rest[2] - parent_rest[2];
      for (int a = 0; a < 3; ++a) world[12 + a] = parent[12 + a] + rotated(parent, x, y, z, a);
    }
    for (int b = 0; b < 4; ++b) world[4 * b + 3] = 0.0f;
  }
  for (std::int64_t j = 0; j < p.joint_count; ++j) {
    float *world = p.transforms(n) + kTransform * j, *joint = joints + 3 * j;
    const float x = joint[0], y = joint[1], z = joint[2];
    for (int a = 0; a < 3; ++a) {
      joint[a] = world[12 + a] + (translation ? translation[a] : 0.0f);
      world[12 + a] -= rotated(world, x, y, z, a);
    }
  }
}

// The unposed blocks, (3, kBlock) each, of `People` people from n on.
template <typename Simd, int People, typename Dir>
MESHCAST_INLINE void rest_of(const Skinning& p, const Dir* pose_dirs, std::int64_t block, std::int64_t n, float* rest) {
  using Number = typename Simd::Number;
  constexpr int kRegisters = Simd::kLanes == 16 ? 24 : 12;  // of 32 with AVX-512, else of 16, for the sums
  constexpr int kWidth = pieces(People, kRow / Simd::kLanes, kRegisters);
  for (int lane = 0; lane < kRow; lane += kWidth * Simd::kLanes) {
    Number sum[People][kWidth] = {};
    add_directions<Simd>(pose_dirs + block * p.pose_count * kRow + lane, kRow, Simd::kLanes, p.feature(n), 1,
                         p.workspace_stride, p.pose_count, sum);
    MESHCAST_UNROLL
    for (int i = 0; i < kWidth; ++i) {
      Number base, scale;
      Simd::load(p.v_template + block * kRow + lane + i * Simd::kLanes, base);
      Simd::load(p.pose_scale + block * kRow + lane + i * Simd::kLanes, scale);
      MESHCAST_UNROLL
      for (int person = 0; person < People; ++person) sum[person][i] = base + scale * sum[person][i];
    }
    add_directions<Simd>(p.shape_dirs + block * p.shape_count * kRow + lane, kRow, Simd::kLanes,
                         p.shape + n * p.shape_count, 1, p.shape_count, p.shape_count, sum);
    MESHCAST_UNROLL
    for (int person = 0; person < People; ++person)
      std::memcpy(rest + person * kRow + lane, sum[person], sizeof sum[0]);
  }
}

// The same for up to `People` people.
template <typename Simd, int People, typename Dir>
MESHCAST_INLINE void rest_of_last(const Skinning& p, const Dir* pose_dirs, std::int64_t block, std::int64_t n,
                                  int people, float* rest) {
  if (people == People) {
    rest_of<Simd, People>(p, pose_dirs, block, n, rest);
  } else if constexpr (People > 1) {
    rest_of_last<Simd, People - 1>(p, pose_dirs, block, n, people, rest);
  }
}

template <typename Simd, typename Dir>
MESHCAST_INLINE void rest_of_all(const Skinning& p, const Dir* pose_dirs, std::int64_t block, std::int64_t first,
                                 int people, float* rest) {
  int n = 0;
  for (; n + kTile <= people; n += kTile) rest_of<Simd, kTile>(p, pose_dirs, block, first + n, rest + n * kRow);
  rest_of_last<Simd, kTile - 1>(p, pose_dirs, block, first + n, people - n, rest + n * kRow);
}

// One person's block from the rest pose into its place, (3, kBlock).
template <typename Simd>
MESHCAST_INLINE void skin_block(const Skinning& p, std::int64_t block, std::int64_t n, const float* rest,
                                float* posed) {
  using Number = typename Simd::Number;
  constexpr int kWidth = Simd::kLanes == 16 ? 2 : 4;  // of three rows: a column's sums fit the registers
  const std::int32_t begin = p.starts[block];
  const int count = p.starts[block + 1] - begin;
  for (int lane = 0; lane < kBlock; lane += kWidth * Simd::kLanes) {
    Number out[3][kWidth], coordinate[1][kWidth];
    for (int a = 0; a < 3; ++a)
      for (int i = 0; i < kWidth; ++i) out[a][i] = Number{} + (p.translation ? p.translation[n * 3 + a] : 0.0f);
    for (int b = 0; b < 4; ++b) {
      for (int i = 0; i < kWidth; ++i) {
        if (b < 3) {
          Simd::load(rest + b * kBlock + lane + i * Simd::kLanes, coordinate[0][i]);
        } else {
          coordinate[0][i] = Number{} + 1.0f;
        }
      }
      add_columns<Simd>(p.transforms(n) + 4 * b, kTransform, 4, p.bones + begin,
                        p.weights + std::int64_t(begin) * kBlock + lane, count, coordinate, out);
    }
    for (int a = 0; a < 3; ++a) std::memcpy(posed + a * kBlock + lane, out[a], sizeof out[a]);
  }
}

// Coordinates of each vertex side by side, as whole vertices leave.
template <typename Number, typename Convert>
MESHCAST_INLINE void store(const float* posed, int count, Number* out, Convert convert) {
  Number row[kRow];
  for (int i = 0; i < kBlock; ++i)
    for (int a = 0; a < 3; ++a) row[3 * i + a] = convert(posed[a * kBlock + i]);
  if (count == kBlock) {
    std::memcpy(out, row, sizeof row);
  } else {
    std::memcpy(out, row, sizeof(Number) * 3 * count);
  }
}

// One block of vertices of all people.
template <typename Simd>
MESHCAST_INLINE void pose_block(const Skinning& p, std::int64_t block) {
  alignas(64) float rest[kPass * kRow];
  alignas(64) float posed[kRow];
  const int count = static_cast<int>(std::min<std::int64_t>(kBlock, p.vertex_count - block * kBlock));
  for (std::int64_t first = 0; first < p.people; first += kPass) {
    const int people = static_cast<int>(std::min<std::int64_t>(kPass, p.people - first));
    if (p.pose_dirs_16) {
      rest_of_all<Simd>(p, p.pose_dirs_16, block, first, people, rest);
    } else {
      rest_of_all<Simd>(p, p.pose_dirs, block, first, people, rest);
    }
    for (int i = 0; i < people; ++i) {
      const std::int64_t n = first + i, vertex = n * p.vertex_count + block * kBlock;
      skin_block<Simd>(p, block, n, rest + i * kRow, posed);
      if (p.type == VertexType::kFloat) {
        store(posed, count, static_cast<float*>(p.vertices) + vertex * 3, [](float value) { return value; });
      } else if (p.type == VertexType::kHalf) {
        store(posed, count, static_cast<Half*>(p.vertices) + vertex * 3, [](float value) { return to_half(value); });
      } else {
        store(posed, kBlock, p.staged(n) + block * kRow, [](float value) { return value; });
      }
    }
  }
}

MESHCAST_DISPATCH(pose_block_here, pose_block, (const Skinning& p, std::int64_t block), (p, block))

}  // namespace

void skinning_cpu(const Skinning& p) {
  if (p.people == 0) return;
  const bool alone = p.people * p.blocks() * (p.pose_count + p.shape_count + kOfSkinning) < kSmall;
  const auto person = [&p](std::int64_t n) { pose_person(p, n); };
  run(alone || p.people < kTile, p.people, person);
  const std::int64_t blocks = p.blocks(), size = p.people < kTile ? kBlocksATask : 1;
  const auto some_blocks = [&p, blocks, size](std::int64_t task) {
    for (std::int64_t c = task * size; c < std::min(blocks, (task + 1) * size); ++c) pose_block_here(p, c);
  };
  run(alone, (blocks + size - 1) / size, some_blocks);
  if (p.type == VertexType::kLevel) {
    const auto levels = [&p](std::int64_t n) { skinning_levels_cpu(p, n); };
    run(alone, p.people, levels);
  }
}

}  // namespace meshcast
