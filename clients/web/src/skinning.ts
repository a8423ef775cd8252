/** From params to a surface: linear blend skinning of the model message's body (Loper et al., SMPL, 2015, eq. 2 to 6). */

import { WireError } from "./errors.js";
import { INFLUENCES, WEIGHT_LEVELS } from "./layout.js";
import type { ModelPacket, People, Rig } from "./packets.js";
import { type Matrix, product, rotmat } from "./rotations.js";

/** The rig of a model that fits these people. Throws WireError when there is none or its counts differ. */
export function rigFor(model: ModelPacket, people: People): Rig {
  const { rig, parents, modelName } = model;
  if (!rig) throw new WireError(`body model ${modelName} has no rig: subscribe to mesh for its vertices`);
  if (parents.length !== people.rotationCount || rig.shapeCount !== people.shapeCount) {
    throw new WireError(
      `body model ${modelName} does not fit: ${parents.length} joints, ${people.rotationCount} rotations`,
    );
  }
  return rig;
}

/** Resting points (..., 3) moved by a shape: rest + dirs (..., 3, B) · shape (B), in `out`. */
export function shaped(rest: Float32Array, dirs: Float32Array, shape: Float32Array, out: Float32Array): Float32Array {
  const B = shape.length;
  for (let at = 0; at < rest.length; at++) {
    let value = rest[at]!;
    for (let b = 0; b < B; b++) value += dirs[at * B + b]! * shape[b]!;
    out[at] = value;
  }
  return out;
}

/**
 * What moves the resting vertices of person `n`: affine matrices, 16 floats a joint, column-major as a GPU takes them,
 * in `bones` (16 P), and where the joints come to lie in `positions` (P, 3).
 *
 * joints (P, 3): the resting ones with the person's shape.
 */
export function poseBones(
  parents: Int32Array,
  joints: Float32Array,
  people: People,
  n: number,
  bones: Float32Array,
  positions: Float32Array,
): void {
  const P = parents.length;
  const { rotvecs, translation } = people;
  const world: Matrix[] = [];
  for (let child = 0; child < P; child++) {
    const at = 3 * (n * P + child);
    const local = rotmat(rotvecs[at]!, rotvecs[at + 1]!, rotvecs[at + 2]!);
    const parent = parents[child]!;
    const G = parent < 0 ? local : product(world[parent]!, local);
    world.push(G);
    const [x, y, z] = [joints[3 * child]!, joints[3 * child + 1]!, joints[3 * child + 2]!];
    for (let row = 0; row < 3; row++) {
      let position: number;
      if (parent < 0) {
        position = translation[3 * n + row]!;
      } else {
        const H = world[parent]!;
        position = positions[3 * parent + row]!;
        for (let axis = 0; axis < 3; axis++) {
          position += H[3 * row + axis]! * (joints[3 * child + axis]! - joints[3 * parent + axis]!);
        }
      }
      positions[3 * child + row] = position;
      const [a, b, c] = [G[3 * row]!, G[3 * row + 1]!, G[3 * row + 2]!];
      bones[16 * child + row] = a;
      bones[16 * child + 4 + row] = b;
      bones[16 * child + 8 + row] = c;
      bones[16 * child + 12 + row] = position - a * x - b * y - c * z;
      bones[16 * child + 4 * row + 3] = 0;
    }
    bones[16 * child + 15] = 1;
  }
}

/** Vertices (V, 3) and skeleton joints (P, 3) of person `n`, on the CPU. Throws WireError when the model does not fit. */
export function skin(model: ModelPacket, people: People, n: number): { vertices: Float32Array; joints: Float32Array } {
  const rig = rigFor(model, people);
  const P = model.parents.length;
  const shape = people.shape.subarray(n * rig.shapeCount, (n + 1) * rig.shapeCount);
  const rest = shaped(model.restVertices, rig.shapeDirs, shape, new Float32Array(model.restVertices.length));
  const restJoints = shaped(rig.restJoints, rig.jointShapeDirs, shape, new Float32Array(3 * P));
  const bones = new Float32Array(16 * P);
  const joints = new Float32Array(3 * P);
  poseBones(model.parents, restJoints, people, n, bones, joints);
  const vertices = new Float32Array(rest.length);
  for (let vertex = 0; vertex < model.vertexCount; vertex++) {
    const [x, y, z] = [rest[3 * vertex]!, rest[3 * vertex + 1]!, rest[3 * vertex + 2]!];
    for (let influence = 0; influence < INFLUENCES; influence++) {
      const weight = rig.weights[INFLUENCES * vertex + influence]! / WEIGHT_LEVELS;
      const bone = 16 * rig.joints[INFLUENCES * vertex + influence]!;
      for (let row = 0; row < 3; row++) {
        vertices[3 * vertex + row]! +=
          weight * (bones[bone + row]! * x + bones[bone + 4 + row]! * y + bones[bone + 8 + row]! * z + bones[bone + 12 + row]!);
      }
    }
  }
  return { vertices, joints };
}
