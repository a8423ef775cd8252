/** The people of a stream as figures: made when somebody comes, gone when they have been missing for a while. */

import * as THREE from "three";

import { type FramePacket, type ModelPacket, type Moment, WireError } from "../src/index.js";
import { type Figure, Skinned, Sticks, Surface } from "./figures.js";
import { type Materials, type Unseen, materials } from "./unseen.js";

/** Clay and pigments: told apart at a glance, none louder than the others. */
const COLORS = ["#c4aa98", "#8aa3bf", "#99ae8f", "#ae98b8", "#c3b183", "#83adab", "#bf918d", "#989eac"];

/** Whoever passes before somebody, or a blurred picture, takes people away for a frame or two. */
const HOLD_MS = 500;

export class Crowd {
  /** Holds the figures, in the camera's frame and gltf axes. */
  readonly group = new THREE.Group();
  /** Who is there, by track id. */
  readonly figures: ReadonlyMap<number, Figure>;
  readonly #figures = new Map<number, Figure>();
  readonly #seenMs = new Map<number, number>();
  readonly #materials = COLORS.map(materials);
  #kind = "";
  /** Whether the surfaces are drawn. */
  surfaces = true;
  /** How parts that were not seen are drawn, from the next `show` on. */
  unseen: Unseen = "fade";

  constructor() {
    this.figures = this.#figures;
  }

  /** Show the people between two frames. Throws WireError when the model does not fit. */
  show({ from, to, share }: Moment<FramePacket>, model: ModelPacket): void {
    const { people } = to;
    const kind = kindOf(to);
    if (kind !== this.#kind) this.clear();
    this.#kind = kind;
    const before = kindOf(from) === kind ? from.people : people;
    const nowMs = performance.now();
    for (let n = 0; n < people.count; n++) {
      const id = people.ids[n]!;
      const was = before.ids.indexOf(id);
      const row = { people, n };
      this.#seenMs.set(id, nowMs);
      this.#figure(id, to, model).show(was < 0 ? row : { people: before, n: was }, row, share, this.unseen);
    }
    for (const { object } of this.#figures.values()) object.visible = this.surfaces;
    for (const [id, seenMs] of this.#seenMs) if (nowMs - seenMs > HOLD_MS) this.#remove(id);
  }

  /** Nobody is there any more. */
  clear(): void {
    for (const id of this.#seenMs.keys()) this.#remove(id);
  }

  #figure(id: number, frame: FramePacket, model: ModelPacket): Figure {
    let figure = this.#figures.get(id);
    if (!figure) {
      figure = make(frame, model, this.#materials[Math.abs(id) % COLORS.length]!);
      this.#figures.set(id, figure);
      this.group.add(figure.object);
    }
    return figure;
  }

  #remove(id: number): void {
    const figure = this.#figures.get(id);
    this.#seenMs.delete(id);
    this.#figures.delete(id);
    if (!figure) return; // its model did not fit
    this.group.remove(figure.object);
    figure.dispose();
  }
}

/** The color of a person, as CSS has it. */
export function colorOf(id: number): string {
  return COLORS[Math.abs(id) % COLORS.length]!;
}

function make(frame: FramePacket, model: ModelPacket, made: Materials): Figure {
  if (frame.word === "params") return new Skinned(model, frame.people, made);
  const { vertexCount, jointCount } = frame.people;
  if (frame.word === "joints") {
    if (jointCount < model.parents.length) {
      throw new WireError(`body model ${model.modelName} does not fit: ${jointCount} joints came`);
    }
    return new Sticks(model.parents, jointCount, made);
  }
  const coarse = frame.word === "mesh-lod" ? model.lod : undefined;
  if (coarse === null) throw new WireError(`body model ${model.modelName} has no coarser mesh: choose mesh`);
  const expected = coarse ? coarse.vertices.length : model.vertexCount;
  if (vertexCount !== expected) {
    throw new WireError(`body model ${model.modelName} does not fit: ${expected} vertices, ${vertexCount} came`);
  }
  return new Surface(model, Boolean(coarse), made);
}

/** Figures of one kind fit each other. */
function kindOf({ word, modelId, people }: FramePacket): string {
  return `${word} ${modelId} ${people.vertexCount} ${people.jointCount}`;
}
