/** What is drawn over the bodies: bones, keypoints, and where people have walked. */

import * as THREE from "three";
import { LineMaterial } from "three/addons/lines/LineMaterial.js";
import { LineSegments2 } from "three/addons/lines/LineSegments2.js";
import { LineSegmentsGeometry } from "three/addons/lines/LineSegmentsGeometry.js";

import type { People } from "../src/index.js";
import { colorOf } from "./crowd.js";
import { type Optics, direction } from "./optics.js";

const BONE_PX = 2.5;
const KEYPOINT_PX = 7;
const SMALL_PX = 4;
/** Keypoints lie on a plane so far in front of the camera, m: over the picture whichever way it is seen. */
const KEYPOINT_M = 0.9;
/** A keypoint with a lower score is not drawn. */
const SEEN = 0.2;

/** The bones of one person. */
class Bones {
  readonly object: LineSegments2;
  readonly #pairs: (readonly [number, number])[];
  readonly #positions: Float32Array;

  constructor(parents: Int32Array, material: LineMaterial) {
    this.#pairs = [...parents].flatMap((parent, joint) => (parent < 0 ? [] : [[parent, joint] as const]));
    this.#positions = new Float32Array(6 * this.#pairs.length);
    const geometry = new LineSegmentsGeometry();
    geometry.setPositions(this.#positions);
    this.object = new LineSegments2(geometry, material);
    this.object.frustumCulled = false;
    this.object.renderOrder = 5;
  }

  show(joints: Float32Array): void {
    this.#pairs.forEach(([from, to], at) => {
      for (let axis = 0; axis < 3; axis++) {
        this.#positions[6 * at + axis] = joints[3 * from + axis]!;
        this.#positions[6 * at + 3 + axis] = joints[3 * to + axis]!;
      }
    });
    const start = this.object.geometry.getAttribute("instanceStart") as THREE.InterleavedBufferAttribute;
    (start.data.array as Float32Array).set(this.#positions);
    start.data.needsUpdate = true;
  }

  dispose(): void {
    this.object.geometry.dispose();
  }
}

/** The skeletons of all people, in the camera's frame. */
export class Skeletons {
  readonly group = new THREE.Group();
  readonly #bones = new Map<number, Bones>();
  readonly #materials = new Map<string, LineMaterial>();

  /** joints: by id, (J, 3). */
  show(people: ReadonlyMap<number, { readonly joints: Float32Array }>, parents: Int32Array): void {
    for (const [id, { joints }] of people) {
      if (joints.length < 3 * parents.length) continue;
      let bones = this.#bones.get(id);
      if (!bones) {
        bones = new Bones(parents, this.#material(colorOf(id)));
        this.#bones.set(id, bones);
        this.group.add(bones.object);
      }
      bones.show(joints);
    }
    for (const id of this.#bones.keys()) if (!people.has(id)) this.#remove(id);
  }

  clear(): void {
    for (const id of this.#bones.keys()) this.#remove(id);
  }

  /** Size of the canvas, px: widths of lines are in px. */
  resize(width: number, height: number): void {
    for (const material of this.#materials.values()) material.resolution.set(width, height);
    this.#resolution.set(width, height);
  }

  readonly #resolution = new THREE.Vector2(1, 1);

  #material(color: string): LineMaterial {
    let material = this.#materials.get(color);
    if (!material) {
      const light = new THREE.Color(color).lerp(new THREE.Color("#ffffff"), 0.45);
      material = new LineMaterial({ color: light, linewidth: BONE_PX, depthTest: false, transparent: true });
      material.resolution.copy(this.#resolution);
      this.#materials.set(color, material);
    }
    return material;
  }

  #remove(id: number): void {
    const bones = this.#bones.get(id)!;
    this.group.remove(bones.object);
    bones.dispose();
    this.#bones.delete(id);
  }
}

/** The keypoints of all people on the picture, in the camera's frame. */
export class Keypoints {
  readonly object: THREE.Points;
  readonly #geometry = new THREE.BufferGeometry();
  #room = 0;

  constructor() {
    const material = new THREE.ShaderMaterial({
      transparent: true,
      depthTest: false,
      depthWrite: false,
      uniforms: { size: { value: KEYPOINT_PX } },
      vertexShader: `
        attribute vec4 tint;
        varying vec4 ink;
        uniform float size;
        void main() {
          ink = tint;
          gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
          gl_PointSize = size;
        }`,
      fragmentShader: `
        varying vec4 ink;
        void main() {
          float far = length(gl_PointCoord - 0.5) * 2.0;
          float disc = 1.0 - smoothstep(0.75, 1.0, far);
          vec3 color = mix(ink.rgb, vec3(0.06), smoothstep(0.45, 0.65, far));
          gl_FragColor = vec4(color, disc * ink.a);
        }`,
    });
    this.object = new THREE.Points(this.#geometry, material);
    this.object.frustumCulled = false;
    this.object.renderOrder = 6;
  }

  /** small: the picture is. */
  show(people: People | undefined, optics: Optics | undefined, small = false): void {
    const pixels = (small ? SMALL_PX : KEYPOINT_PX) * Math.min(devicePixelRatio, 2);
    (this.object.material as THREE.ShaderMaterial).uniforms["size"]!.value = pixels;
    const count = people && optics ? people.count * people.keypointCount : 0;
    if (count > this.#room) {
      this.#room = Math.ceil(1.5 * count);
      this.#geometry.setAttribute("position", dynamic(this.#room, 3));
      this.#geometry.setAttribute("tint", dynamic(this.#room, 4));
    }
    this.object.visible = count > 0;
    this.#geometry.setDrawRange(0, count);
    if (!people || !optics || !count) return;
    const positions = this.#geometry.getAttribute("position") as THREE.BufferAttribute;
    const tints = this.#geometry.getAttribute("tint") as THREE.BufferAttribute;
    const color = new THREE.Color();
    for (let n = 0; n < people.count; n++) {
      color.set(colorOf(people.ids[n]!)).lerp(new THREE.Color("#ffffff"), 0.35).convertLinearToSRGB();
      for (let k = 0; k < people.keypointCount; k++) {
        const at = n * people.keypointCount + k;
        const [x, y, score] = people.keypoints.subarray(3 * at, 3 * at + 3) as unknown as [number, number, number];
        const [u, v] = direction([x, y], optics);
        positions.setXYZ(at, u * KEYPOINT_M, -v * KEYPOINT_M, -KEYPOINT_M);
        tints.setXYZW(at, color.r, color.g, color.b, score < SEEN ? 0 : Math.min(1, 0.35 + score));
      }
    }
    positions.needsUpdate = tints.needsUpdate = true;
  }
}

/** For how long a way is shown, s, and how far its points are apart. */
const WAY_S = 5;
const WAY_STEP_M = 0.04;
const WAY_POINTS = 160;
const WAY_WIDTH_M = 0.035;
/** A larger distance between two frames is not a motion, m. */
const JUMP_M = 1;

interface Footstep {
  readonly x: number;
  readonly z: number;
  readonly tS: number;
}

/** Where a person has walked, as a ribbon on the floor that fades. */
class Way {
  readonly object: THREE.Mesh;
  readonly #geometry = new THREE.BufferGeometry();
  readonly #steps: Footstep[] = [];

  constructor(color: string) {
    this.#geometry.setAttribute("position", dynamic(2 * WAY_POINTS, 3));
    this.#geometry.setAttribute("color", dynamic(2 * WAY_POINTS, 4));
    const index: number[] = [];
    for (let n = 0; n + 1 < WAY_POINTS; n++) index.push(2 * n, 2 * n + 1, 2 * n + 2, 2 * n + 2, 2 * n + 1, 2 * n + 3);
    this.#geometry.setIndex(index);
    const material = new THREE.MeshBasicMaterial({
      color, vertexColors: true, transparent: true, depthWrite: false, side: THREE.DoubleSide,
    });
    this.object = new THREE.Mesh(this.#geometry, material);
    this.object.frustumCulled = false;
    this.object.renderOrder = 2;
  }

  step(x: number, z: number, tS: number): void {
    const last = this.#steps.at(-1);
    const far = last ? Math.hypot(x - last.x, z - last.z) : Infinity;
    if (last && (tS < last.tS || tS - last.tS > WAY_S || far > JUMP_M)) this.#steps.length = 0;
    if (far >= WAY_STEP_M || !this.#steps.length) this.#steps.push({ x, z, tS });
    while (this.#steps.length > WAY_POINTS - 1 || (this.#steps[0] && tS - this.#steps[0].tS > WAY_S)) this.#steps.shift();
    this.#draw({ x, z, tS });
  }

  #draw(now: Footstep): void {
    const steps = [...this.#steps, now];
    const positions = this.#geometry.getAttribute("position") as THREE.BufferAttribute;
    const colors = this.#geometry.getAttribute("color") as THREE.BufferAttribute;
    steps.forEach((step, n) => {
      const before = steps[Math.max(0, n - 1)]!;
      const after = steps[Math.min(steps.length - 1, n + 1)]!;
      const length = Math.hypot(after.x - before.x, after.z - before.z) || 1;
      const [sx, sz] = [(-(after.z - before.z) / length) * WAY_WIDTH_M, ((after.x - before.x) / length) * WAY_WIDTH_M];
      const opacity = 0.6 * Math.max(0, 1 - (now.tS - step.tS) / WAY_S);
      for (const [side, sign] of [[0, 1], [1, -1]] as const) {
        positions.setXYZ(2 * n + side, step.x + sign * sx, 0.006, step.z + sign * sz);
        colors.setXYZW(2 * n + side, 1, 1, 1, opacity);
      }
    });
    this.#geometry.setDrawRange(0, 6 * Math.max(0, steps.length - 1));
    positions.needsUpdate = colors.needsUpdate = true;
  }

  dispose(): void {
    this.#geometry.dispose();
    (this.object.material as THREE.Material).dispose();
  }
}

/** The ways of all people, in the world of the stage: y is up, the floor at 0. */
export class Trails {
  readonly group = new THREE.Group();
  readonly #ways = new Map<number, Way>();

  /** places: by id, of people in the world. */
  show(places: ReadonlyMap<number, THREE.Vector3>, tS: number): void {
    for (const [id, { x, z }] of places) {
      let way = this.#ways.get(id);
      if (!way) {
        way = new Way(colorOf(id));
        this.#ways.set(id, way);
        this.group.add(way.object);
      }
      way.step(x, z, tS);
    }
    for (const id of this.#ways.keys()) if (!places.has(id)) this.#remove(id);
  }

  clear(): void {
    for (const id of this.#ways.keys()) this.#remove(id);
  }

  #remove(id: number): void {
    const way = this.#ways.get(id)!;
    this.group.remove(way.object);
    way.dispose();
    this.#ways.delete(id);
  }
}

function dynamic(count: number, size: number): THREE.BufferAttribute {
  return new THREE.BufferAttribute(new Float32Array(count * size), size).setUsage(THREE.DynamicDrawUsage);
}
