/** A person's id above the head, as text of the page: sharp at every distance. */

import * as THREE from "three";

import { type Crowd, colorOf } from "./crowd.js";

/** From the joint of the head to where a label ends, m. */
const ABOVE_M = 0.3;

export class Labels {
  readonly #parent: HTMLElement;
  readonly #labels = new Map<number, HTMLElement>();

  constructor(parent: HTMLElement) {
    this.#parent = parent;
  }

  /** Put each id above one of the joints (J, 3) of its person, which are in the group's frame. */
  show(crowd: Crowd, head: number, eye: THREE.Camera, shown: boolean): void {
    const { clientWidth, clientHeight } = this.#parent;
    const gone = new Set(this.#labels.keys());
    for (const [id, { joints }] of crowd.figures) {
      gone.delete(id);
      const at = new THREE.Vector3().fromArray(joints, 3 * head).applyMatrix4(crowd.group.matrixWorld);
      at.y += ABOVE_M;
      at.project(eye);
      const label = this.#label(id);
      label.hidden = !shown || Math.abs(at.z) > 1;
      label.style.transform = `translate(${(0.5 + 0.5 * at.x) * clientWidth}px, ${(0.5 - 0.5 * at.y) * clientHeight}px) translate(-50%, -100%)`;
    }
    for (const id of gone) {
      this.#labels.get(id)!.remove();
      this.#labels.delete(id);
    }
  }

  #label(id: number): HTMLElement {
    let label = this.#labels.get(id);
    if (!label) {
      label = document.createElement("span");
      label.textContent = `${id}`;
      label.style.setProperty("--color", colorOf(id));
      this.#labels.set(id, label);
      this.#parent.append(label);
    }
    return label;
  }
}
