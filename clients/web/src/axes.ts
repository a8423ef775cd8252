/**
 * The same body in another coordinate system.
 *
 * Two frames matter. The camera's: opencv (x right, y down, z forward), unity (x right, y up, z forward), unreal (x
 * forward, y right, z up, centimetres) and gltf (x right, y up, z backward). The body's own: gltf (x to its left, y up,
 * facing +z; opencv packets use this one too), unity (x to its right) and unreal (facing +x, y to its right, z up).
 * three.js draws in gltf axes.
 */

import { WireError } from "./errors.js";
import type { AxesName, Unit } from "./layout.js";
import type { FramePacket, ModelPacket, People, Rig } from "./packets.js";
import { type Matrix, product, rotmat, rotvec, transpose } from "./rotations.js";

interface System {
  /** From the camera's frame in opencv axes; a signed permutation. */
  readonly camera: Matrix;
  /** From the body's frame in gltf axes; a signed permutation. */
  readonly body: Matrix;
  readonly unit: Unit;
  readonly unitM: number;
}

const SAME: Matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const SYSTEMS: Record<AxesName, System> = {
  opencv: { camera: SAME, body: SAME, unit: "m", unitM: 1 },
  unity: { camera: [1, 0, 0, 0, -1, 0, 0, 0, 1], body: [-1, 0, 0, 0, 1, 0, 0, 0, 1], unit: "m", unitM: 1 },
  unreal: { camera: [0, 0, 1, 1, 0, 0, 0, -1, 0], body: [0, 0, 1, -1, 0, 0, 0, 1, 0], unit: "cm", unitM: 0.01 },
  gltf: { camera: [1, 0, 0, 0, -1, 0, 0, 0, -1], body: SAME, unit: "m", unitM: 1 },
};

/** Component `axis` of a converted point is sign[axis] * point[from[axis]]; quicker than a product, and exact. */
interface Permutation {
  readonly from: readonly number[];
  readonly sign: readonly number[];
}

interface Conversion {
  readonly camera: Matrix;
  readonly body: Matrix;
  readonly cameraPoints: Permutation;
  readonly bodyPoints: Permutation;
}

/** The packet in other axes and their unit. Throws WireError when its coordinates are not in the camera's frame. */
export function convertFrame(packet: FramePacket, axes: AxesName): FramePacket {
  if (packet.axes === axes) return packet;
  if (packet.space !== "camera") {
    throw new WireError(`coordinates in a ${packet.space} frame cannot be converted; only those in the camera's can`);
  }
  const conversion = between(packet.axes, axes);
  const { people } = packet;
  const converted: People = {
    ...people,
    translation: points(people.translation, conversion.cameraPoints),
    joints: points(people.joints, conversion.cameraPoints),
    low: points(people.low, conversion.cameraPoints),
    step: points(people.step, conversion.cameraPoints),
    levels: permuted(people.levels, conversion.cameraPoints.from),
    rotvecs: rotations(people, conversion),
  };
  return { ...packet, axes, unit: SYSTEMS[axes].unit, people: converted };
}

/** The model message that goes with frames in other axes; faces keep their order. */
export function convertModel(packet: ModelPacket, axes: AxesName): ModelPacket {
  const target = axes === "opencv" ? "gltf" : axes;
  if (packet.axes === target) return packet;
  const { bodyPoints } = between(packet.axes, target);
  const { rig } = packet;
  const converted: Rig | null = rig && {
    ...rig,
    restJoints: points(rig.restJoints, bodyPoints),
    shapeDirs: points(rig.shapeDirs, bodyPoints, rig.shapeCount),
    jointShapeDirs: points(rig.jointShapeDirs, bodyPoints, rig.shapeCount),
  };
  const restVertices = points(packet.restVertices, bodyPoints);
  return { ...packet, axes: target, unit: SYSTEMS[target].unit, restVertices, rig: converted };
}

function between(source: AxesName, target: AxesName): Conversion {
  const [a, b] = [SYSTEMS[source], SYSTEMS[target]];
  const camera = product(b.camera, transpose(a.camera));
  const body = product(b.body, transpose(a.body));
  const scale = Math.round((a.unitM / b.unitM) * 1e6) / 1e6; // exactly 100 or 0.01
  return { camera, body, cameraPoints: permutation(camera, scale), bodyPoints: permutation(body, scale) };
}

function permutation(matrix: Matrix, scale: number): Permutation {
  const rows = [0, 1, 2].map((row) => matrix.slice(3 * row, 3 * row + 3));
  const from = rows.map((row) => row.findIndex((value) => value !== 0));
  return { from, sign: rows.map((row, axis) => row[from[axis]!]! * scale) };
}

/** Points (..., 3, inner). */
function points(source: Float32Array, { from, sign }: Permutation, inner = 1): Float32Array {
  const out = new Float32Array(source.length);
  for (let start = 0; start < source.length; start += 3 * inner) {
    for (let axis = 0; axis < 3; axis++) {
      for (let at = 0; at < inner; at++) {
        out[start + axis * inner + at] = sign[axis]! * source[start + from[axis]! * inner + at]!;
      }
    }
  }
  return out;
}

/** Levels keep their sign: that of low and step is turned. */
function permuted(levels: Uint16Array, from: readonly number[]): Uint16Array {
  if (from.every((source, axis) => source === axis)) return levels;
  const out = new Uint16Array(levels.length);
  for (let start = 0; start < levels.length; start += 3) {
    for (let axis = 0; axis < 3; axis++) out[start + axis] = levels[start + from[axis]!]!;
  }
  return out;
}

/** The first rotation is from the body's frame to the camera's, the others are within the body's. */
function rotations(people: People, { camera, body }: Conversion): Float32Array {
  const { rotvecs, rotationCount: P } = people;
  const out = new Float32Array(rotvecs.length);
  const back = transpose(body);
  for (let joint = 0; joint < people.count * P; joint++) {
    const local = rotmat(rotvecs[3 * joint]!, rotvecs[3 * joint + 1]!, rotvecs[3 * joint + 2]!);
    const turned = product(joint % P === 0 ? camera : body, product(local, back));
    out.set(rotvec(turned), 3 * joint);
  }
  return out;
}
