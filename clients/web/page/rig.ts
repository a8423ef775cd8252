/** The cameras of a room: frusta with names and states, where a stats message says where they are. */

import * as THREE from "three";

/** A camera as the stats message of a room's stream describes it. */
export interface RoomCamera {
  readonly name: string;
  readonly size: readonly [number, number];
  readonly K: readonly (readonly number[])[];
  readonly rotation: readonly (readonly number[])[];
  readonly translation: readonly number[];
  readonly matched: number;
  readonly moved: boolean;
  readonly silent: boolean;
  readonly latencyMs: number | null;
}

const MOST = 64;
const LENGTH_M = 0.45;
const INK = { good: "#8fa3b5", moved: "#e5a13a", silent: "#d9534f" } as const;

/** The cameras that a stats message names; those that are not whole are left out. */
export function roomCameras(said: unknown): RoomCamera[] {
  if (!Array.isArray(said)) return [];
  return said.slice(0, MOST).flatMap((entry: unknown) => {
    const { name, size, K, rotation, translation, matched, moved, silent, latency_ms: latency } = (entry ?? {}) as Record<
      string,
      unknown
    >;
    if (typeof name !== "string" || !numbers(size, 2) || !numbers(translation, 3)) return [];
    if (!matrix(K) || !matrix(rotation)) return [];
    if (!(size[0]! > 0) || !(size[1]! > 0) || !(K[0]![0]! > 0) || !(K[1]![1]! > 0)) return [];
    return [{
      name: name.slice(0, 64), size: [size[0]!, size[1]!] as const, K, rotation, translation, moved: moved === true,
      matched: typeof matched === "number" ? matched : 0, silent: silent === true,
      latencyMs: typeof latency === "number" && Number.isFinite(latency) ? latency : null,
    }];
  });
}

/** The edges of a camera's view up to LENGTH_M, pairs of points in y-up axes of the room's frame: (x, y, z) is (x, z, -y). */
export function frustum({ size, K, rotation, translation }: RoomCamera): THREE.Vector3[] {
  const [width, height] = size;
  const world = (x: number, y: number, z: number): THREE.Vector3 => {
    const at = [x, y, z].map((value, axis) => value - translation[axis]!);
    const [east, north, up] = [0, 1, 2].map((axis) => at.reduce((sum, value, row) => sum + rotation[row]![axis]! * value, 0)) as [
      number, number, number,
    ];
    return new THREE.Vector3(east, up, -north);
  };
  const corner = (u: number, v: number): THREE.Vector3 =>
    world(((u - K[0]![2]!) / K[0]![0]!) * LENGTH_M, ((v - K[1]![2]!) / K[1]![1]!) * LENGTH_M, LENGTH_M);
  const eye = world(0, 0, 0);
  const [a, b, c, d] = [corner(0, 0), corner(width, 0), corner(0, height), corner(width, height)];
  return [eye, a, eye, b, eye, c, eye, d, a, b, b, d, d, c, c, a];
}

/** What a camera's label says. */
export function caption({ name, moved, silent, latencyMs }: RoomCamera): string {
  const state = silent ? "no frames" : moved ? "moved" : "";
  const latency = latencyMs === null || silent ? "" : `${latencyMs.toFixed(0)} ms`;
  return [name, latency, state].filter(Boolean).join(" · ");
}

/** Draws the cameras of a room in the world of the page. */
export class RoomRig {
  readonly group = new THREE.Group();
  readonly #labels: HTMLElement;
  #drawn = "";
  #cameras: readonly RoomCamera[] = [];

  constructor(labels: HTMLElement) {
    this.#labels = labels;
  }

  /** The cameras from now on; whether anything has changed. */
  show(cameras: readonly RoomCamera[], on: boolean): boolean {
    const key = on ? JSON.stringify(cameras) : "";
    if (key === this.#drawn) return false;
    this.#drawn = key;
    this.#cameras = on ? cameras : [];
    for (const child of this.group.children) {
      const lines = child as THREE.LineSegments;
      lines.geometry.dispose();
      (lines.material as THREE.Material).dispose();
    }
    this.group.clear();
    this.#labels.replaceChildren();
    for (const camera of this.#cameras) {
      const ink = camera.silent ? INK.silent : camera.moved ? INK.moved : INK.good;
      const geometry = new THREE.BufferGeometry().setFromPoints(frustum(camera));
      this.group.add(new THREE.LineSegments(geometry, new THREE.LineBasicMaterial({ color: ink })));
      const label = document.createElement("span");
      label.className = "camera";
      label.textContent = caption(camera);
      label.style.setProperty("--color", ink);
      this.#labels.append(label);
    }
    return true;
  }

  /** Put the labels where the cameras are. */
  label(eye: THREE.Camera): void {
    const { clientWidth, clientHeight } = this.#labels;
    this.#cameras.forEach((camera, index) => {
      const at = frustum(camera)[0]!.project(eye);
      const label = this.#labels.children[index] as HTMLElement;
      label.hidden = Math.abs(at.z) > 1;
      label.style.transform = `translate(${(0.5 + 0.5 * at.x) * clientWidth}px, ${(0.5 - 0.5 * at.y) * clientHeight}px) translate(-50%, -130%)`;
    });
  }
}

function numbers(value: unknown, count: number): value is number[] {
  return Array.isArray(value) && value.length === count && value.every((one) => Number.isFinite(one));
}

function matrix(value: unknown): value is number[][] {
  return Array.isArray(value) && value.length === 3 && value.every((row) => numbers(row, 3));
}
