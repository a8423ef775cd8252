/** What one person looks like: a surface that comes with every frame, or a skin on bones that the GPU bends. */

import * as THREE from "three";

import { type ModelPacket, type People, dequantise, poseBones, rigFor, shaped } from "../src/index.js";
import { smoothNormals } from "./normals.js";

/** A shape that moves less than this (standard deviations) is not worth new resting vertices. */
const SHAPE_CHANGE = 0.02;

/** One person on the stage. Packets are in gltf axes: metres, y up. */
export interface Figure {
  readonly object: THREE.Mesh;
  /** Show person `n`. Throws WireError when the model does not fit. */
  show(people: People, n: number): void;
  /** Where the skeleton's joints are, (P, 3) or longer. */
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

  constructor(vertexCount: number, faces: Int32Array, material: THREE.Material) {
    this.#faces = faces;
    this.#positions = moving(vertexCount);
    this.#normals = moving(vertexCount);
    this.#geometry.setAttribute("position", this.#positions);
    this.#geometry.setAttribute("normal", this.#normals);
    this.#geometry.setIndex(indices(faces));
    this.object = drawn(new THREE.Mesh(this.#geometry, material));
  }

  show(people: People, n: number): void {
    dequantise(people, n, this.#positions.array as Float32Array);
    smoothNormals(this.#positions.array as Float32Array, this.#faces, this.#normals.array as Float32Array);
    this.#positions.needsUpdate = this.#normals.needsUpdate = true;
    this.joints = people.joints.subarray(3 * n * people.jointCount, 3 * (n + 1) * people.jointCount);
  }

  dispose(): void {
    this.#geometry.dispose();
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

  constructor(model: ModelPacket, people: People, material: THREE.Material) {
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
    this.joints = new Float32Array(3 * P);
    this.#shape = new Float32Array(rig.shapeCount).fill(Number.NaN);
    this.object = drawn(new THREE.SkinnedMesh(this.#geometry, material));
    this.object.bindMode = THREE.DetachedBindMode;
    this.object.bind(this.#skeleton, new THREE.Matrix4());
  }

  show(people: People, n: number): void {
    this.#grow(people.shape.subarray(n * people.shapeCount, (n + 1) * people.shapeCount));
    poseBones(this.#model.parents, this.#restJoints, people, n, this.#bones, this.joints);
    this.#skeleton.bones.forEach((bone, index) => bone.matrixWorld.fromArray(this.#bones, 16 * index));
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
