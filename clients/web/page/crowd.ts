/** The people of a stream as figures: made when somebody comes, gone with the frame that does not have them. */

import * as THREE from "three";

import type { FramePacket, ModelPacket } from "../src/index.js";
import { type Figure, Skinned, Surface } from "./figures.js";

const COLOURS = ["#f0b48a", "#7fb8f5", "#a8d98a", "#d9a4ee", "#f2d16b", "#84dccf", "#f39aa5", "#b7c0d8"];

export class Crowd {
  /** Holds the figures, in the camera's frame and gltf axes. */
  readonly group = new THREE.Group();
  readonly #figures = new Map<number, Figure>();
  readonly #materials = COLOURS.map(
    (color) => new THREE.MeshStandardMaterial({ color, roughness: 0.58, metalness: 0.04 }),
  );
  #kind = "";

  /** Show the people of a frame. Throws WireError when the model does not fit. */
  show(frame: FramePacket, model: ModelPacket): void {
    const { people } = frame;
    const kind = `${frame.word} ${model.modelId} ${people.vertexCount}`;
    if (kind !== this.#kind) this.clear();
    this.#kind = kind;
    const here = new Set<number>();
    for (let n = 0; n < people.count; n++) {
      const id = people.ids[n]!;
      here.add(id);
      let figure = this.#figures.get(id);
      if (!figure) {
        figure = this.#make(frame, model, this.#materials[Math.abs(id) % COLOURS.length]!);
        this.#figures.set(id, figure);
        this.group.add(figure.object);
      }
      figure.show(people, n);
    }
    for (const id of this.#figures.keys()) if (!here.has(id)) this.#remove(id);
  }

  /** Nobody is there any more. */
  clear(): void {
    for (const id of this.#figures.keys()) this.#remove(id);
  }

  /** Who is there. */
  get figures(): Iterable<Figure> {
    return this.#figures.values();
  }

  #make(frame: FramePacket, model: ModelPacket, material: THREE.Material): Figure {
    if (frame.word === "params") return new Skinned(model, frame.people, material);
    const faces = frame.word === "mesh-lod" ? model.lod?.faces : model.faces;
    return new Surface(frame.people.vertexCount, faces ?? new Int32Array(0), material);
  }

  #remove(id: number): void {
    const figure = this.#figures.get(id)!;
    this.group.remove(figure.object);
    figure.dispose();
    this.#figures.delete(id);
  }
}
