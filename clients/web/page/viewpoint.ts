/** Where a free view stands: it follows the people, calmly, until somebody takes hold of it. */

import * as THREE from "three";

/** From where people are looked at: a little from above and from the side. */
const ASIDE = new THREE.Vector3(0.42, 0.17, 1).normalize();
const SIDEWAYS = new THREE.Vector3(0, 1, 0).cross(ASIDE).normalize();
const UPWARDS = ASIDE.clone().cross(SIDEWAYS);
/** Room around the people, for hands, labels and numbers. */
const MARGIN = 1.3;
/** The view stays until the people's middle is this far from its own, m, or they need this much more or less room. */
const STRAY_M = 0.35;
const [MORE, LESS] = [1.06, 0.7];
const EASE_MS = 500;
const ARRIVED_M = 0.002;

export class Viewpoint {
  readonly #camera: THREE.PerspectiveCamera;
  readonly #target: THREE.Vector3;
  readonly #goal = { position: new THREE.Vector3(), target: new THREE.Vector3() };
  #far = 0;
  #moving = false;
  #held = false;
  #atMs = 0;

  /** camera looks at target; both are moved. */
  constructor(camera: THREE.PerspectiveCamera, target: THREE.Vector3) {
    this.#camera = camera;
    this.#target = target;
  }

  /** Somebody moves the view by hand: leave it where it is. */
  hold(): void {
    this.#held = true;
    this.#moving = false;
  }

  /** Follow again, and begin at once with the next box. */
  release(): void {
    this.#held = false;
    this.#far = 0;
  }

  /** Have these people in view. */
  see(box: THREE.Box3): void {
    if (this.#held) return;
    const centre = box.getCenter(new THREE.Vector3());
    const distance = this.#distance(box, centre);
    const room = distance / this.#far; // infinite the first time
    if (room < MORE && room > LESS && centre.distanceTo(this.#goal.target) < STRAY_M) return;
    this.#goal.target.copy(centre);
    this.#goal.position.copy(ASIDE).multiplyScalar(distance).add(centre);
    this.#moving = true;
    if (!this.#far) this.#go(1);
    this.#far = distance;
  }

  /** Go on; whether the view has moved. */
  step(nowMs: number): boolean {
    const passedMs = Math.min(100, nowMs - this.#atMs);
    this.#atMs = nowMs;
    if (!this.#moving) return false;
    this.#go(1 - Math.exp(-passedMs / EASE_MS));
    return true;
  }

  /** How far from its middle a box is seen whole, with some room. */
  #distance(box: THREE.Box3, centre: THREE.Vector3): number {
    const upright = Math.tan(THREE.MathUtils.degToRad(this.#camera.fov / 2)) / MARGIN;
    const across = upright * this.#camera.aspect;
    let distance = 0;
    for (let corner = 0; corner < 8; corner++) {
      const [x, y, z] = [1, 2, 4].map((bit) => (corner & bit ? box.max : box.min)) as [THREE.Vector3, THREE.Vector3, THREE.Vector3];
      const at = new THREE.Vector3(x.x, y.y, z.z).sub(centre);
      const needed = Math.max(Math.abs(at.dot(SIDEWAYS)) / across, Math.abs(at.dot(UPWARDS)) / upright);
      distance = Math.max(distance, at.dot(ASIDE) + needed);
    }
    return distance;
  }

  #go(share: number): void {
    this.#camera.position.lerp(this.#goal.position, share);
    this.#target.lerp(this.#goal.target, share);
    this.#moving = this.#camera.position.distanceTo(this.#goal.position) > ARRIVED_M;
  }
}
