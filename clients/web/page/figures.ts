/** What one person looks like: a surface that comes with every frame, or a skin on bones that the GPU bends. */

import * as THREE from "three";

import {
  type ModelPacket,
  type People,
  blendRotations,
  dequantise,
  poseBones,
  rigFor,
  shaped,
  vertexVisibility,
  visibilityOf,
} from "../src/index.js";
import { smoothNormals } from "./normals.js";
import { type Materials, type Unseen, Veil } from "./unseen.js";

/** A shape that moves less than this (standard deviations) is not worth new resting vertices. */
const SHAPE_CHANGE = 0.02;

/** One person of one frame: row `n` of its people. */
export interface Row {
  readonly people: People;
  readonly n: number;
}

/** One person on the stage. Packets are in gltf axes: metres, y up. */
export interface Figure {
  readonly object: THREE.Mesh;
  /** Show the person on the way from one frame to the next, share 0 to 1. Throws WireError when the model does not fit. */
  show(from: Row, to: Row, share: number, unseen: Unseen): void;
  /** Where the joints are, (J, 3). */
  readonly joints: Float32Array;
  dispose(): void;
}

/** Vertices from the message, of the levels mesh and mesh-lod. */
export class Surface implements Figure {
  readonly object: THREE.Mesh;
  joints: Float32Array = new Float32Array(0);
  readonly #geometry = new THREE.BufferGeometry();
  readonly #faces: Int32Array;
  readonly #positions: THREE.BufferAttribute;
  readonly #normals: THREE.BufferAttribute;
  readonly #kept: { people?: People; readonly vertices: Float32Array }[];
  readonly #veil: Veil;

  /** coarse: the vertices are those of the model's coarser mesh. */
  constructor(model: ModelPacket, coarse: boolean, made: Materials) {
    const { faces } = coarse ? model.lod! : model;
    const vertexCount = coarse ? model.lod!.vertices.length : model.vertexCount;
    this.#faces = faces;
    this.#positions = moving(vertexCount);
    this.#normals = moving(vertexCount);
    this.#kept = [0, 1].map(() => ({ vertices: new Float32Array(3 * vertexCount) }));
    this.#geometry.setAttribute("position", this.#positions);
    this.#geometry.setAttribute("normal", this.#normals);
    this.#geometry.setIndex(indices(faces));
    this.object = drawn(new THREE.Mesh(this.#geometry, made.solid));
    this.#veil = new Veil(this.object, made, (visibility, out) => vertexVisibility(model, visibility, coarse, out));
  }

  show(from: Row, to: Row, share: number, unseen: Unseen): void {
    const positions = this.#positions.array as Float32Array;
    blend(this.#vertices(from, to), this.#vertices(to, from), share, positions);
    smoothNormals(positions, this.#faces, this.#normals.array as Float32Array);
    this.#positions.needsUpdate = this.#normals.needsUpdate = true;
    if (this.joints.length !== 3 * to.people.jointCount) this.joints = new Float32Array(3 * to.people.jointCount);
    blend(row(from, "joints", this.joints.length), row(to, "joints", this.joints.length), share, this.joints);
    this.#veil.apply(visibilityOf(to.people, to.n), unseen);
  }

  dispose(): void {
    this.#geometry.dispose();
  }

  /** A person's vertices: those of a frame are computed once, and kept while the frame is one of the two. */
  #vertices({ people, n }: Row, other: Row): Float32Array {
    let kept = this.#kept.find((entry) => entry.people === people);
    if (!kept) {
      kept = this.#kept.find((entry) => entry.people !== other.people)!;
      kept.people = people;
      dequantise(people, n, kept.vertices);
    }
    return kept.vertices;
  }
}

/** The resting body of the model message on bones, of the level params. */
export class Skinned implements Figure {
  readonly object: THREE.SkinnedMesh;
  readonly joints: Float32Array;
  readonly #model: ModelPacket;
  readonly #geometry = new THREE.BufferGeometry();
  readonly #positions: THREE.BufferAttribute;
  readonly #normals: THREE.BufferAttribute;
  readonly #skeleton: THREE.Skeleton;
  readonly #restJoints: Float32Array;
  readonly #bones: Float32Array;
  readonly #shape: Float32Array;
  readonly #rotvecs: Float32Array;
  readonly #translation = new Float32Array(3);
  readonly #veil: Veil;

  constructor(model: ModelPacket, people: People, made: Materials) {
    const rig = rigFor(model, people);
    const P = model.parents.length;
    this.#model = model;
    this.#positions = moving(model.vertexCount);
    this.#normals = moving(model.vertexCount);
    this.#geometry.setAttribute("position", this.#positions);
    this.#geometry.setAttribute("normal", this.#normals);
    this.#geometry.setAttribute("skinIndex", new THREE.BufferAttribute(rig.joints, 4));
    this.#geometry.setAttribute("skinWeight", new THREE.BufferAttribute(rig.weights, 4, true));
    this.#geometry.setIndex(indices(model.faces));
    // The bones' matrices come whole from the pose: no hierarchy, no inverses of a rest pose.
    const bones = Array.from({ length: P }, () => new THREE.Bone());
    this.#skeleton = new THREE.Skeleton(bones, bones.map(() => new THREE.Matrix4()));
    this.#restJoints = new Float32Array(3 * P);
    this.#bones = new Float32Array(16 * P);
    this.#rotvecs = new Float32Array(3 * P);
    this.joints = new Float32Array(3 * P);
    this.#shape = new Float32Array(rig.shapeCount).fill(Number.NaN);
    this.object = drawn(new THREE.SkinnedMesh(this.#geometry, made.solid));
    this.#veil = new Veil(this.object, made, (visibility, out) => vertexVisibility(model, visibility, false, out));
    this.object.bindMode = THREE.DetachedBindMode;
    this.object.bind(this.#skeleton, new THREE.Matrix4());
  }

  show(from: Row, to: Row, share: number, unseen: Unseen): void {
    this.#grow(row(to, "shape", this.#shape.length));
    const size = this.#rotvecs.length;
    if (share < 1) blendRotations(row(from, "rotvecs", size), row(to, "rotvecs", size), share, this.#rotvecs);
    else this.#rotvecs.set(row(to, "rotvecs", size));
    blend(row(from, "translation", 3), row(to, "translation", 3), share, this.#translation);
    const pose = { ...to.people, rotvecs: this.#rotvecs, translation: this.#translation };
    poseBones(this.#model.parents, this.#restJoints, pose, 0, this.#bones, this.joints);
    this.#skeleton.bones.forEach((bone, index) => bone.matrixWorld.fromArray(this.#bones, 16 * index));
    this.#veil.apply(visibilityOf(to.people, to.n), unseen);
  }

  dispose(): void {
    this.#geometry.dispose();
    this.#skeleton.dispose();
  }

  #grow(shape: Float32Array): void {
    if (shape.every((value, at) => Math.abs(value - this.#shape[at]!) < SHAPE_CHANGE)) return;
    this.#shape.set(shape);
    const { rig, restVertices, faces } = this.#model;
    const positions = this.#positions.array as Float32Array;
    shaped(restVertices, rig!.shapeDirs, shape, positions);
    shaped(rig!.restJoints, rig!.jointShapeDirs, shape, this.#restJoints);
    smoothNormals(positions, faces, this.#normals.array as Float32Array);
    this.#positions.needsUpdate = this.#normals.needsUpdate = true;
  }
}

/** Corners of a bone: its two ends, and four around it, a fifth of the way along. */
const BONE = 6;
const BONE_FACES = [0, 2, 3, 0, 3, 4, 0, 4, 5, 0, 5, 2, 1, 3, 2, 1, 4, 3, 1, 5, 4, 1, 2, 5];
const BONE_SHARE = 0.2;
/** A bone's half width, of its length. */
const BONE_WIDTH = 0.12;

/** Bones between the joints of the message, of the level joints. */
export class Sticks implements Figure {
  readonly object: THREE.Mesh;
  readonly joints: Float32Array;
  readonly #parents: Int32Array;
  readonly #faces: Int32Array;
  readonly #geometry = new THREE.BufferGeometry();
  readonly #positions: THREE.BufferAttribute;
  readonly #normals: THREE.BufferAttribute;
  readonly #veil: Veil;

  constructor(parents: Int32Array, jointCount: number, made: Materials) {
    this.#parents = parents;
    this.joints = new Float32Array(3 * jointCount);
    const bones = parents.length;
    this.#positions = moving(BONE * bones);
    this.#normals = moving(BONE * bones);
    this.#faces = Int32Array.from({ length: bones * BONE_FACES.length }, (_, at) => {
      return BONE * Math.floor(at / BONE_FACES.length) + BONE_FACES[at % BONE_FACES.length]!;
    });
    this.#geometry.setAttribute("position", this.#positions);
    this.#geometry.setAttribute("normal", this.#normals);
    this.#geometry.setIndex(indices(this.#faces));
    this.object = drawn(new THREE.Mesh(this.#geometry, made.solid));
    this.#veil = new Veil(this.object, made, (visibility, out) => {
      // A bone is seen where both of its ends are.
      out.forEach((_, at) => {
        const joint = Math.floor(at / BONE);
        out[at] = Math.min(visibility[joint]!, visibility[Math.max(0, parents[joint]!)]!);
      });
    });
  }

  show(from: Row, to: Row, share: number, unseen: Unseen): void {
    blend(row(from, "joints", this.joints.length), row(to, "joints", this.joints.length), share, this.joints);
    const begin = new THREE.Vector3();
    const along = new THREE.Vector3();
    const side = new THREE.Vector3();
    const corner = new THREE.Vector3();
    this.#parents.forEach((parent, joint) => {
      begin.fromArray(this.joints, 3 * Math.max(0, parent));
      along.fromArray(this.joints, 3 * joint).sub(begin);
      // Any direction across the bone.
      side.set(1, 0, 0);
      if (Math.abs(along.x) > 0.8 * along.length()) side.set(0, 1, 0);
      side.cross(along).setLength(BONE_WIDTH * along.length());
      const put = (index: number) => corner.toArray(this.#positions.array, 3 * (BONE * joint + index));
      corner.copy(begin);
      put(0);
      corner.copy(begin).add(along);
      put(1);
      for (let turn = 0; turn < 4; turn++) {
        corner.copy(begin).addScaledVector(along, BONE_SHARE).add(side);
        put(2 + turn);
        side.applyAxisAngle(along.clone().normalize(), Math.PI / 2);
      }
    });
    smoothNormals(this.#positions.array as Float32Array, this.#faces, this.#normals.array as Float32Array);
    this.#positions.needsUpdate = this.#normals.needsUpdate = true;
    this.#veil.apply(visibilityOf(to.people, to.n), unseen);
  }

  dispose(): void {
    this.#geometry.dispose();
  }
}

/** A person's part of an array with `size` numbers for each. */
function row({ people, n }: Row, name: "joints" | "rotvecs" | "shape" | "translation", size: number): Float32Array {
  return people[name].subarray(n * size, (n + 1) * size);
}

function blend(from: Float32Array, to: Float32Array, share: number, out: Float32Array): void {
  if (share >= 1 || from.length !== to.length) out.set(to);
  else for (let at = 0; at < out.length; at++) out[at] = from[at]! + share * (to[at]! - from[at]!);
}

function moving(vertexCount: number): THREE.BufferAttribute {
  return new THREE.BufferAttribute(new Float32Array(3 * vertexCount), 3).setUsage(THREE.DynamicDrawUsage);
}

function indices(faces: Int32Array): THREE.BufferAttribute {
  return new THREE.BufferAttribute(new Uint32Array(faces.buffer, faces.byteOffset, faces.length), 1);
}

function drawn<M extends THREE.Mesh>(mesh: M): M {
  mesh.castShadow = mesh.receiveShadow = true;
  mesh.frustumCulled = false; // bounds would have to be found anew for every frame
  return mesh;
}
