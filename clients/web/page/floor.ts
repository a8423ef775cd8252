/**
 * Where up is and how high the floor, in the camera's frame: nobody tells, but people stand on their feet. The mean
 * direction of those whose feet are together is up; the lowest joints are just above the floor.
 */

import * as THREE from "three";

const UPRIGHT = ["neck", "left_ankle", "right_ankle"];
/** Frames after which what is known counts as much as the assumption of a level camera does in the beginning. */
const PRIOR = 5;
/** About so many people-frames are averaged over. */
const MEMORY = 600;
/** People count half when their ankles are so far apart, m: whoever strides or balances leans. */
const STRIDE_M = 0.25;
/** The joints at the balls of the feet are so far above the soles, m. */
const SOLE_M = 0.03;
/** How much of a difference is taken on with each frame: downwards, as a foot is never below the floor, and upwards. */
const DOWN = 0.3;
const UP = 0.004;

export class Floor {
  /** Unit vector, in gltf axes of the camera's frame. */
  readonly up = new THREE.Vector3(0, 1, 0);
  /** Of the floor, along `up` from the camera, m; undefined until somebody has been seen. */
  height: number | undefined;
  #known = false;
  readonly #sum = new THREE.Vector3(0, PRIOR, 0);

  /** The publisher knows: `up` in gltf axes of the camera's frame, and the camera's height above the floor, m. */
  fix(up: THREE.Vector3, cameraHeightM: number): void {
    this.#known = true;
    this.up.copy(up).normalize();
    this.height = -cameraHeightM;
  }

  /**
   * Learn from where the joints (P, 3) of some people are. names: of the joints. The nearest one says how high the floor
   * is: how far away people are is known the less the farther they are.
   */
  see(names: readonly string[], people: readonly Float32Array[]): void {
    if (this.#known) return;
    for (const joints of people) this.#lean(names, joints);
    const depth = (joints: Float32Array): number => -joints[2]!;
    const nearest = people.reduce<Float32Array | undefined>(
      (best, joints) => (best && depth(best) <= depth(joints) ? best : joints),
      undefined,
    );
    if (nearest?.length) this.#stand(nearest);
  }

  /** Turn and lift what is in the camera's frame so that up is y and the floor is at 0. */
  level(group: THREE.Object3D): void {
    group.quaternion.setFromUnitVectors(this.up, new THREE.Vector3(0, 1, 0));
    group.position.set(0, -(this.height ?? -1), 0);
  }

  #lean(names: readonly string[], joints: Float32Array): void {
    const [neck, left, right] = UPRIGHT.map((name) => names.indexOf(name)) as [number, number, number];
    if (Math.min(neck, left, right) < 0 || 3 * Math.max(neck, left, right) + 2 >= joints.length) return;
    const stride = point(joints, left).distanceTo(point(joints, right)) / STRIDE_M;
    const feet = point(joints, left).add(point(joints, right)).divideScalar(2);
    const upright = point(joints, neck).sub(feet).normalize();
    if (upright.y > 0.5) this.#sum.addScaledVector(upright, 1 / (1 + stride ** 4));
    if (this.#sum.length() > MEMORY) this.#sum.setLength(MEMORY);
    this.up.copy(this.#sum).normalize();
  }

  #stand(joints: Float32Array): void {
    let lowest = Number.POSITIVE_INFINITY;
    for (let joint = 0; joint < joints.length / 3; joint++) {
      lowest = Math.min(lowest, this.up.dot(point(joints, joint)));
    }
    const height = lowest - SOLE_M;
    const before = this.height ?? height;
    this.height = before + (height - before) * (height < before ? DOWN : UP);
  }
}

function point(joints: Float32Array, joint: number): THREE.Vector3 {
  return new THREE.Vector3().fromArray(joints, 3 * joint);
}
