/** What a subscriber receives, decoded: bodies of a frame, constants of a stream, and how the stream is doing. */

import type { Header, Lens, Level, State } from "./layout.js";

/** A pinhole camera in pixels; the centre of the top left pixel is (0, 0). */
export interface Intrinsics {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
  readonly skew: number;
  /** Brown-Conrady distortion in OpenCV's order k1 k2 p1 p2 k3. */
  readonly distortion: readonly [number, number, number, number, number];
}

/**
 * `count` people, arrays row-major, lengths in the packet's unit and axes. What the packet's level leaves out has a
 * count of zero. Arrays of what comes straight from the message are views of it.
 */
export interface People {
  readonly count: number;
  readonly vertexCount: number;
  readonly jointCount: number;
  readonly keypointCount: number;
  readonly rotationCount: number;
  readonly shapeCount: number;
  /** Joints of the model whose visibility is known: all or none. */
  readonly visibilityCount: number;
  /** Feet whose contact is known: 2 or 0. */
  readonly contactCount: number;
  /** (N): track ids, never used again for someone else. */
  readonly ids: Int32Array;
  /** (N), 0 to 1. */
  readonly scores: Float32Array;
  /** (N, 3): the root joint. */
  readonly translation: Float32Array;
  /** (N, J, 3): positions, translation included. */
  readonly joints: Float32Array;
  /** (N, K, 3): in the picture, x px, y px, score. */
  readonly keypoints: Float32Array;
  /** (N, 3): vertex = low + step * level, translation included; see `dequantise`. Steps of converted packets can be negative. */
  readonly low: Float32Array;
  readonly step: Float32Array;
  /** (N, V, 3). */
  readonly levels: Uint16Array;
  /** (N, P, 3) rad: rotation vectors of the skeleton's joints, local to the parent. */
  readonly rotvecs: Float32Array;
  /** (N, B): standard deviations. */
  readonly shape: Float32Array;
  /** (N): how far the vertices that these rotations and shape give are from the mesh head's own, root mean square. */
  readonly errorMm: Float32Array;
  /** (N, visibilityCount), 0 to 1: 1 where a joint of the model was observed, 0 where its position is assumed. */
  readonly visibility: Float32Array;
  /** (N, contactCount), 0 to 1: whether the left and the right foot stand still on something. */
  readonly contacts: Float32Array;
}

/** The bodies of one frame at one level. */
export interface FramePacket extends Header {
  readonly word: Level;
  /** Of the stream's frame; frames that were skipped on a live stream leave gaps. */
  readonly frameIndex: bigint;
  /** The stream's own time in seconds from its first frame. */
  readonly tStreamS: number;
  readonly tCaptureUnixNs: bigint;
  /** On the publisher's monotonic clock. */
  readonly tCaptureMonotonicNs: bigint;
  /** From capture to sending. */
  readonly ageMs: number;
  /** Of the picture, px. */
  readonly width: number;
  readonly height: number;
  /** null where the publisher knows no camera. */
  readonly camera: Intrinsics | null;
  readonly people: People;
}

/** What linear blend skinning needs, with P joints and B shape directions. */
export interface Rig {
  /** (P, 3). */
  readonly restJoints: Float32Array;
  /** (V, 4): the joints that move a vertex. */
  readonly joints: Uint8Array;
  /** (V, 4): their shares, level / 65535: normalised 16-bit integers, as a GPU takes them. */
  readonly weights: Uint16Array;
  /** B. */
  readonly shapeCount: number;
  /** (V, 3, B): how a unit of shape moves the resting vertices. */
  readonly shapeDirs: Float32Array;
  /** (P, 3, B): how a unit of shape moves the resting joints. */
  readonly jointShapeDirs: Float32Array;
}

/** A surface on some of the body's own vertices. */
export interface Lod {
  /** (L): their indices, rising. */
  readonly vertices: Int32Array;
  /** (G, 3): faces between positions in that list. */
  readonly faces: Int32Array;
}

/** Texture coordinates. */
export interface UvMap {
  /** (T, 2) in 0..1, v up. */
  readonly coordinates: Float32Array;
  /** (F, 3): the faces once more, between texture coordinates. */
  readonly faces: Int32Array;
}

/** The constants of a stream's bodies, in the body's own frame. */
export interface ModelPacket extends Header {
  readonly word: "model";
  /** V. */
  readonly vertexCount: number;
  /** (V, 3): the body at rest. */
  readonly restVertices: Float32Array;
  /** (F, 3): counter-clockwise seen from outside. */
  readonly faces: Int32Array;
  /** (P): index of each joint's parent, which comes before it; -1 at the root. */
  readonly parents: Int32Array;
  readonly jointNames: readonly string[];
  readonly keypointNames: readonly string[];
  readonly rig: Rig | null;
  readonly uv: UvMap | null;
  readonly lod: Lod | null;
}

/** How a stream is doing, once a second and at its end. */
export interface StatusPacket extends Header {
  readonly word: "status";
  /** "idle": no frame since the last status. */
  readonly state: State;
  /** What the stream's next frame will be numbered: whoever has seen less has lost the rest. */
  readonly nextSeq: bigint;
  readonly tPublishMonotonicNs: bigint;
  /** Why it ended, for people. */
  readonly reason: string;
}

/** The camera's picture of one frame, compressed. */
export interface PreviewPacket extends Header {
  readonly word: "preview";
  /** Of the stream's frame; frame messages of the same frame have the same number. */
  readonly frameIndex: bigint;
  /** The stream's own time in seconds from its first frame. */
  readonly tStreamS: number;
  /** On the publisher's monotonic clock. */
  readonly tCaptureMonotonicNs: bigint;
  /** From capture to sending. */
  readonly ageMs: number;
  /** Of the stream's images, px: the camera and the keypoints of frames refer to them. */
  readonly width: number;
  readonly height: number;
  readonly camera: Intrinsics | null;
  /** What the camera's distortion means: Brown-Conrady k1 k2 p1 p2 k3, or fisheye k1 k2 k3 k4 0. */
  readonly lens: Lens;
  /** Of the picture, px. */
  readonly previewWidth: number;
  readonly previewHeight: number;
  /** A JPEG file; a view of the message. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** How the publisher's pipeline performs, once a second. */
export interface StatsPacket extends Header {
  readonly word: "stats";
  readonly tPublishMonotonicNs: bigint;
  /** Named values, see docs/wire.md; unknown ones are to be ignored. */
  readonly values: Readonly<Record<string, unknown>>;
}

export type Packet = FramePacket | ModelPacket | StatusPacket | PreviewPacket | StatsPacket;
