/** From bytes to packets; every number is checked before it is believed. */

import { WireError } from "./errors.js";
import { decodePreview, decodeStats } from "./extras.js";
import { intrinsics, text } from "./fields.js";
import {
  ArrayReader,
  HEADER_SIZES,
  type Header,
  INFLUENCES,
  type Level,
  MAX_PEOPLE,
  MAX_VERTICES,
  OBSERVED_HEADER_SIZE,
  OBSERVED_LEVELS,
  ROTATION_STEP,
  SHAPE_STEP,
  STATES,
  coded,
  readHeader,
  readObserved,
  readWord,
} from "./layout.js";
import type { FramePacket, Lod, ModelPacket, Packet, People, Rig, StatusPacket, UvMap } from "./packets.js";

/**
 * The packet in one message. Arrays are views of it where its bytes are aligned for them, and of one copy otherwise.
 * Throws WireError for anything that is not whole, ours and of this version.
 */
export function decode(message: ArrayBuffer | Uint8Array<ArrayBuffer>): Packet {
  const view = aligned(message);
  const word = readWord(view);
  const header = readHeader(view, word);
  if (word === "model") return decodeModel(view, { ...header, word });
  if (word === "status") return decodeStatus(view, { ...header, word });
  if (word === "preview") return decodePreview(view, { ...header, word });
  if (word === "stats") return decodeStats(view, { ...header, word });
  return decodeFrame(view, header, word);
}

/** The vertices (V, 3) of person `n`, in `out` where it is given (at least 3 V long): low + step * level. */
export function dequantise(
  people: People,
  n: number,
  out: Float32Array = new Float32Array(3 * people.vertexCount),
): Float32Array {
  const { low, step, levels, vertexCount } = people;
  for (let axis = 0; axis < 3; axis++) {
    const bound = low[3 * n + axis] ?? 0;
    const unit = step[3 * n + axis] ?? 0;
    const start = 3 * vertexCount * n;
    for (let at = axis; at < 3 * vertexCount; at += 3) out[at] = bound + unit * levels[start + at]!;
  }
  return out;
}

function aligned(message: ArrayBuffer | Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  if (message instanceof ArrayBuffer) return new DataView(message);
  const whole = message.byteOffset % 4 === 0 ? message : message.slice();
  return new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
}

function decodeFrame(view: DataView<ArrayBuffer>, header: Header, word: Level): FramePacket {
  const N = view.getUint32(192, true);
  const V = view.getUint32(196, true);
  const [J, K, P, B] = [200, 202, 204, 206].map((at) => view.getUint16(at, true)) as [number, number, number, number];
  if (N > MAX_PEOPLE || V > MAX_VERTICES) {
    throw new WireError(`message of ${N} people of ${V} vertices: at most ${MAX_PEOPLE} of ${MAX_VERTICES}`);
  }
  const tStreamS = view.getFloat64(136, true);
  if (!Number.isFinite(tStreamS)) throw new WireError("damaged message: the stream time is not a finite number");
  const observed = readObserved(view, J);
  const visibilityCount = observed?.visibilities ?? 0;
  const contactCount = observed?.contacts ?? 0;
  const arrays = new ArrayReader(view);
  const ids = arrays.take("ids", Int32Array, N);
  const scores = arrays.take("scores", Float32Array, N);
  const translation = arrays.take("translation", Float32Array, N * 3);
  const joints = arrays.take("joints", Float32Array, N * J * 3);
  const keypoints = arrays.take("keypoints", Float32Array, N * K * 3);
  const bounds = V ? N * 3 : 0;
  const low = arrays.take("low", Float32Array, bounds);
  const step = arrays.take("step", Float32Array, bounds, notNegative);
  const levels = arrays.take("vertices", Uint16Array, N * V * 3);
  const rotations = arrays.take("rotations", Int16Array, N * P * 3);
  const shape = arrays.take("shape", Int16Array, N * B);
  const errorMm = arrays.take("error_mm", Float32Array, P ? N : 0, notNegative);
  const visibility = arrays.take("visibility", Uint8Array, N * visibilityCount);
  const contacts = arrays.take("contacts", Uint8Array, N * contactCount);
  arrays.close(observed ? OBSERVED_HEADER_SIZE : HEADER_SIZES[word]);
  return {
    ...header,
    word,
    frameIndex: view.getBigUint64(112, true),
    tStreamS,
    tCaptureUnixNs: view.getBigInt64(120, true),
    tCaptureMonotonicNs: view.getBigInt64(128, true),
    ageMs: view.getUint32(108, true) / 1000,
    width: view.getUint32(144, true),
    height: view.getUint32(148, true),
    camera: intrinsics(view),
    people: {
      count: N,
      vertexCount: V,
      jointCount: J,
      keypointCount: K,
      rotationCount: P,
      shapeCount: B,
      visibilityCount,
      contactCount,
      ids,
      scores,
      translation,
      joints,
      keypoints,
      low,
      step,
      levels,
      rotvecs: Float32Array.from(rotations, (level) => level * ROTATION_STEP),
      shape: Float32Array.from(shape, (level) => level * SHAPE_STEP),
      errorMm,
      visibility: Float32Array.from(visibility, (level) => level / OBSERVED_LEVELS),
      contacts: Float32Array.from(contacts, (level) => level / OBSERVED_LEVELS),
    },
  };
}

function decodeModel(view: DataView<ArrayBuffer>, header: Header & { word: "model" }): ModelPacket {
  const V = view.getUint32(108, true);
  const F = view.getUint32(112, true);
  const P = view.getUint16(120, true);
  const influences = view.getUint16(128, true);
  const B = view.getUint16(130, true);
  const T = view.getUint32(132, true);
  const L = view.getUint32(136, true);
  const G = view.getUint32(140, true);
  if (V > MAX_VERTICES) {
    throw new WireError(`model message with ${V} vertices, more than the ${MAX_VERTICES} of the protocol`);
  }
  if (influences !== 0 && influences !== INFLUENCES) {
    throw new WireError(
      `model message with ${influences} joints a vertex: only ${INFLUENCES} are known, update this side`,
    );
  }
  const arrays = new ArrayReader(view);
  const restVertices = arrays.take("rest_vertices", Float32Array, V * 3);
  const faces = arrays.take("faces", Int32Array, F * 3, below(V));
  // A parent comes before its children, so that the skeleton can be walked in one pass.
  const parents = arrays.take("parents", Int32Array, P, (all) => all.every((p, child) => p >= -1 && p < child));
  const blob = arrays.take("names", Uint8Array, view.getUint32(124, true));
  const [jointNames, keypointNames] = names(blob, view.getUint16(116, true), view.getUint16(118, true), P);
  const rig = influences ? takeRig(arrays, V, P, B) : null;
  let uv: UvMap | null = null;
  if (T) {
    const coordinates = arrays.take("uvs", Float32Array, T * 2);
    uv = { coordinates, faces: arrays.take("uv_faces", Int32Array, F * 3, below(T)) };
  }
  let lod: Lod | null = null;
  if (L) {
    const vertices = arrays.take("lod_vertices", Int32Array, L, (all) => below(V)(all) && rising(all));
    lod = { vertices, faces: arrays.take("lod_faces", Int32Array, G * 3, below(L)) };
  }
  arrays.close(HEADER_SIZES.model);
  return { ...header, vertexCount: V, restVertices, faces, parents, jointNames, keypointNames, rig, uv, lod };
}

function takeRig(arrays: ArrayReader, V: number, P: number, B: number): Rig {
  const restJoints = arrays.take("rest_joints", Float32Array, P * 3);
  const joints = arrays.take("skin_joints", Uint8Array, V * INFLUENCES, below(P));
  const weights = arrays.take("skin_weights", Uint16Array, V * INFLUENCES);
  const dirs = arrays.take("shape_dirs", Int16Array, V * 3 * B);
  const steps = arrays.take("shape_steps", Float32Array, B, notNegative);
  const jointShapeDirs = arrays.take("joint_shape_dirs", Float32Array, P * 3 * B);
  const shapeDirs = Float32Array.from(dirs, (level, at) => level * steps[at % B]!);
  return { restJoints, joints, weights, shapeCount: B, shapeDirs, jointShapeDirs };
}

function names(blob: Uint8Array, J: number, K: number, P: number): [string[], string[]] {
  const found = text(blob, "names are").split("\0");
  if (found.length !== J + K + 1 || found[J + K] !== "" || P > J) {
    throw new WireError(
      `damaged message: ${found.length - 1} names and ${P} parents for ${J} joints and ${K} keypoints`,
    );
  }
  return [found.slice(0, J), found.slice(J, J + K)];
}

function decodeStatus(view: DataView<ArrayBuffer>, header: Header & { word: "status" }): StatusPacket {
  const state = coded("state", STATES, view.getUint8(108));
  const arrays = new ArrayReader(view);
  const reason = arrays.take("reason", Uint8Array, view.getUint32(128, true));
  arrays.close(HEADER_SIZES.status);
  return {
    ...header,
    state,
    nextSeq: view.getBigUint64(112, true),
    tPublishMonotonicNs: view.getBigInt64(120, true),
    reason: text(reason, "reason is"),
  };
}

function notNegative(array: Float32Array): boolean {
  return array.every((value) => value >= 0);
}

function rising(array: Int32Array): boolean {
  return array.every((value, at) => at === 0 || value > array[at - 1]!);
}

function below(count: number): (array: Int32Array | Uint8Array) => boolean {
  return (array) => array.every((value: number) => value >= 0 && value < count);
}
