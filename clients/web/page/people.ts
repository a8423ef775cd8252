/** What is known of each person: height, speed, contacts of the feet, and how much of the body is seen. */

import type * as THREE from "three";

import { type FramePacket, type ModelPacket, visibilityOf } from "../src/index.js";
import { colorOf } from "./crowd.js";

/** Speeds are over this time, s. */
const SPEED_S = 0.5;
const DOWN = 0.5;
const EVERY_MS = 200;

interface Place {
  readonly tS: number;
  readonly x: number;
  readonly z: number;
}

interface Card {
  readonly root: HTMLElement;
  readonly height: HTMLElement;
  readonly speed: HTMLElement;
  readonly feet: readonly HTMLElement[];
  readonly seen: HTMLMeterElement;
}

export class PeoplePanel {
  readonly #parent: HTMLElement;
  readonly #cards = new Map<number, Card>();
  readonly #places = new Map<number, Place[]>();
  readonly #heights = new Map<number, { readonly shape: string; readonly height: number }>();
  #nextMs = 0;

  constructor(parent: HTMLElement) {
    this.#parent = parent;
  }

  /** Where people are, in the world of the stage; for speeds. */
  note(places: ReadonlyMap<number, THREE.Vector3>, tS: number): void {
    for (const [id, { x, z }] of places) {
      const known = this.#places.get(id) ?? [];
      if (known.length && tS < known.at(-1)!.tS) known.length = 0;
      if (!known.length || tS > known.at(-1)!.tS) known.push({ tS, x, z });
      while (known.length > 2 && tS - known[1]!.tS >= SPEED_S) known.shift();
      this.#places.set(id, known);
    }
    for (const id of this.#places.keys()) if (!places.has(id)) this.#places.delete(id);
  }

  show(frame: FramePacket | undefined, model: ModelPacket | undefined, nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    const ids = frame ? [...frame.people.ids] : [];
    for (const [id, { root }] of this.#cards) {
      if (ids.includes(id)) continue;
      root.remove();
      this.#cards.delete(id);
      this.#heights.delete(id);
    }
    ids.forEach((id, n) => this.#fill(id, n, frame!, model));
  }

  /** m/s; undefined until the person has been seen for a moment. */
  speed(id: number): number | undefined {
    const known = this.#places.get(id);
    const [first, last] = [known?.[0], known?.at(-1)];
    if (!first || !last || last.tS - first.tS < 0.6 * SPEED_S) return undefined;
    return Math.hypot(last.x - first.x, last.z - first.z) / (last.tS - first.tS);
  }

  #fill(id: number, n: number, frame: FramePacket, model: ModelPacket | undefined): void {
    const card = this.#card(id);
    const { people } = frame;
    const height = model && this.#height(id, n, frame, model);
    write(card.height, height === undefined ? "" : `${height.toFixed(2)} m`);
    const speed = this.speed(id);
    write(card.speed, speed === undefined ? "" : `${speed.toFixed(1)} m/s`);
    card.feet.forEach((foot, side) => {
      foot.hidden = !people.contactCount;
      foot.dataset["down"] = `${(people.contacts[n * people.contactCount + side] ?? 0) > DOWN}`;
    });
    const seen = visibilityOf(people, n);
    card.seen.hidden = !seen.length;
    const share = seen.length ? seen.reduce((sum, value) => sum + value, 0) / seen.length : 1;
    card.seen.value = share;
    card.seen.title = `${Math.round(100 * share)} % of the joints are seen`;
  }

  /** Of the body at rest with the person's shape, m. */
  #height(id: number, n: number, frame: FramePacket, model: ModelPacket): number | undefined {
    const { rig, restVertices } = model;
    const { people } = frame;
    if (!rig || !people.shapeCount || people.shapeCount !== rig.shapeCount) return undefined;
    const shape = people.shape.subarray(n * people.shapeCount, (n + 1) * people.shapeCount);
    const key = Array.from(shape, (value) => value.toFixed(2)).join();
    const known = this.#heights.get(id);
    if (known?.shape === key) return known.height;
    let [low, high] = [Infinity, -Infinity];
    for (let at = 1; at < restVertices.length; at += 3) {
      let y = restVertices[at]!;
      for (let b = 0; b < shape.length; b++) y += rig.shapeDirs[at * shape.length + b]! * shape[b]!;
      low = Math.min(low, y);
      high = Math.max(high, y);
    }
    this.#heights.set(id, { shape: key, height: high - low });
    return high - low;
  }

  #card(id: number): Card {
    const known = this.#cards.get(id);
    if (known) return known;
    const root = document.createElement("li");
    root.style.setProperty("--color", colorOf(id));
    const add = <K extends keyof HTMLElementTagNameMap>(tag: K, title: string): HTMLElementTagNameMap[K] => {
      const made = document.createElement(tag);
      made.title = title;
      root.append(made);
      return made;
    };
    add("b", "id").textContent = `${id}`;
    const height = add("span", "height of the body, standing");
    const speed = add("span", "speed over the floor");
    const soles = add("span", "left and right foot: filled where it stands still");
    soles.className = "feet";
    const feet = [0, 1].map(() => soles.appendChild(document.createElement("i")));
    const seen = add("meter", "");
    const card = { root, height, speed, feet, seen };
    this.#parent.append(root);
    this.#cards.set(id, card);
    return card;
  }
}

function write(to: HTMLElement, text: string): void {
  if (to.textContent !== text) to.textContent = text;
}
