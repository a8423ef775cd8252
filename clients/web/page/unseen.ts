/** Parts of a figure that the camera did not see: drawn like the others, faint, or not at all. */

import * as THREE from "three";

export const UNSEEN = ["show", "fade", "hide"] as const;
export type Unseen = (typeof UNSEEN)[number];

/** How opaque something unseen is. */
const FAINT = 0.2;
/** A vertex that is less visible than this is unseen. */
const SEEN = 0.5;
/** A joint whose visibility changes by less is not worth new colors. */
const CHANGE = 0.02;

/** The materials of one person. */
export interface Materials {
  readonly solid: THREE.Material;
  /** With the opacity of each vertex. */
  readonly faint: THREE.Material;
}

/** Materials of a color. */
export function materials(color: string): Materials {
  const options = { color, roughness: 0.68, metalness: 0 };
  return {
    solid: new THREE.MeshStandardMaterial(options),
    faint: new THREE.MeshStandardMaterial({ ...options, vertexColors: true, transparent: true }),
  };
}

/** Applies the visibility of joints to a mesh whose vertices follow them. */
export class Veil {
  readonly #mesh: THREE.Mesh;
  readonly #materials: Materials;
  readonly #spread: (visibility: Float32Array, out: Float32Array) => void;
  readonly #all: THREE.BufferAttribute;
  readonly #rest: THREE.BufferAttribute;
  readonly #colors: THREE.BufferAttribute;
  readonly #seen: Float32Array;
  #visibility: Float32Array = new Float32Array(0);
  #mode: Unseen = "show";

  /** spread: writes the visibility of each vertex, given that of the joints (J). */
  constructor(mesh: THREE.Mesh, made: Materials, spread: (visibility: Float32Array, out: Float32Array) => void) {
    this.#mesh = mesh;
    this.#materials = made;
    this.#spread = spread;
    this.#all = mesh.geometry.getIndex()!;
    this.#rest = new THREE.BufferAttribute(this.#all.array.slice(), 1).setUsage(THREE.DynamicDrawUsage);
    this.#seen = new Float32Array(mesh.geometry.getAttribute("position").count);
    this.#colors = new THREE.BufferAttribute(new Float32Array(4 * this.#seen.length).fill(1), 4);
    mesh.geometry.setAttribute("color", this.#colors);
  }

  /** Draw joints of this visibility (J) that way; nothing is known of them where it is empty. */
  apply(visibility: Float32Array, mode: Unseen): void {
    const same = visibility.length === this.#visibility.length && mode === this.#mode;
    if (same && visibility.every((value, at) => Math.abs(value - this.#visibility[at]!) < CHANGE)) return;
    this.#visibility = visibility.slice();
    this.#mode = mode;
    const partly = mode !== "show" && visibility.some((value) => value < 1 - CHANGE);
    if (partly) this.#spread(visibility, this.#seen);
    this.#mesh.material = partly && mode === "fade" ? this.#materials.faint : this.#materials.solid;
    if (partly && mode === "fade") this.#fade();
    if (partly && mode === "hide") this.#hide();
    else this.#mesh.geometry.setIndex(this.#all).setDrawRange(0, Infinity);
  }

  #fade(): void {
    const colors = this.#colors.array as Float32Array;
    this.#seen.forEach((seen, at) => (colors[4 * at + 3] = FAINT + (1 - FAINT) * seen));
    this.#colors.needsUpdate = true;
  }

  /** Draw the faces whose corners are all seen. */
  #hide(): void {
    const all = this.#all.array;
    const rest = this.#rest.array as Uint32Array;
    let count = 0;
    for (let at = 0; at < all.length; at += 3) {
      const [a, b, c] = [all[at]!, all[at + 1]!, all[at + 2]!];
      if (Math.min(this.#seen[a]!, this.#seen[b]!, this.#seen[c]!) < SEEN) continue;
      rest.set([a, b, c], count);
      count += 3;
    }
    this.#rest.needsUpdate = true;
    this.#mesh.geometry.setIndex(this.#rest).setDrawRange(0, count);
  }
}
