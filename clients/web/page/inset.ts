/** The camera's picture in a corner, with the keypoints. */

import type { People } from "../src/index.js";
import { colorOf } from "./crowd.js";
import type { Shot } from "./pictures.js";

const SEEN = 0.2;
/** Radius of a keypoint on the screen, px. */
const KEYPOINT_PX = 2;

export class Inset {
  readonly #frame: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #caption: HTMLElement;
  #shown: Shot | undefined;
  #people: People | undefined;

  constructor(frame: HTMLElement) {
    this.#frame = frame;
    this.#canvas = frame.querySelector("canvas")!;
    this.#caption = frame.querySelector("figcaption")!;
  }

  /** people: whose keypoints are drawn; undefined: none. */
  show(shot: Shot | undefined, people: People | undefined, caption: string): void {
    this.#frame.hidden = !shot;
    if (!shot || (shot === this.#shown && people === this.#people)) return;
    this.#shown = shot;
    this.#people = people;
    const { width, height } = shot.bitmap;
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      this.#canvas.width = width;
      this.#canvas.height = height;
      this.#frame.dataset["tall"] = `${height > width}`;
    }
    if (this.#caption.textContent !== caption) this.#caption.textContent = caption;
    const pen = this.#canvas.getContext("2d", { alpha: false })!;
    pen.drawImage(shot.bitmap, 0, 0);
    if (!people) return;
    const scale = width / shot.packet.width;
    const size = (KEYPOINT_PX * width) / Math.max(1, this.#canvas.clientWidth);
    for (let n = 0; n < people.count; n++) {
      pen.fillStyle = colorOf(people.ids[n]!);
      for (let k = 0; k < people.keypointCount; k++) {
        const at = 3 * (n * people.keypointCount + k);
        if (people.keypoints[at + 2]! < SEEN) continue;
        pen.beginPath();
        pen.arc((people.keypoints[at]! + 0.5) * scale, (people.keypoints[at + 1]! + 0.5) * scale, size, 0, 2 * Math.PI);
        pen.fill();
      }
    }
  }
}
