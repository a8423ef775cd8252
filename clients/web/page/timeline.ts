/** The bar below the scene: pause, step, search, and back to what is live. */

import type { Feed, Position } from "./feed.js";
import { element } from "./hud.js";

export class Timeline {
  readonly #feed: () => Feed;
  readonly #stream: () => string;
  readonly #scrub = element("scrub") as HTMLInputElement;
  readonly #play = element("play");
  readonly #live = element("live");
  readonly #speed = element("speed") as HTMLSelectElement;
  readonly #controls = ["back", "play", "forward", "scrub", "live"].map(
    (id) => element(id) as HTMLButtonElement | HTMLInputElement,
  );
  #held = false;

  constructor(feed: () => Feed, stream: () => string) {
    this.#feed = feed;
    this.#stream = stream;
    this.#play.addEventListener("click", () => this.toggle());
    element("back").addEventListener("click", () => this.step(-1));
    element("forward").addEventListener("click", () => this.step(1));
    this.#live.addEventListener("click", () => this.restart());
    this.#scrub.addEventListener("input", () => this.#seekShare());
    this.#scrub.addEventListener("pointerdown", () => (this.#held = true));
    for (const end of ["pointerup", "pointercancel", "blur"]) {
      this.#scrub.addEventListener(end, () => (this.#held = false));
    }
    this.#speed.addEventListener("change", () => (feed().speed = Number(this.#speed.value)));
  }

  toggle(): void {
    const position = this.#position();
    if (!position) return;
    if (position.playing) this.#feed().pause(this.#stream());
    else if (this.#feed().mode === "recording" && position.atS >= position.endS) this.restart();
    else this.#feed().play(this.#stream());
  }

  step(frames: number): void {
    this.#feed().step(this.#stream(), frames);
  }

  /** Jump by some seconds. */
  jump(seconds: number): void {
    const position = this.#position();
    if (position) this.#feed().seek(this.#stream(), position.atS + seconds);
  }

  restart(): void {
    this.#feed().restart(this.#stream());
  }

  show(): void {
    const feed = this.#feed();
    const position = this.#position();
    const recording = feed.mode === "recording";
    for (const control of this.#controls) control.disabled = !position;
    this.#live.hidden = recording;
    this.#speed.hidden = !recording && (position?.live ?? true);
    if (!position) {
      write(element("time"), "–");
      return;
    }
    const { beginS, endS, atS, playing, live } = position;
    const share = endS > beginS ? (atS - beginS) / (endS - beginS) : 1;
    if (!this.#held) this.#scrub.value = `${1000 * share}`;
    this.#scrub.style.setProperty("--part", `${(100 * share).toFixed(2)}%`);
    const name = playing ? "pause (space)" : "play (space)";
    if (this.#play.title !== name) {
      this.#play.title = this.#play.ariaLabel = name;
      this.#play.dataset["playing"] = `${playing}`;
    }
    this.#live.dataset["live"] = `${live}`;
    write(element("time"), recording ? clock(atS - beginS) : live ? "live" : `−${(endS - atS).toFixed(1)} s`);
    write(element("total"), recording ? clock(endS - beginS) : "");
  }

  #position(): Position | undefined {
    return this.#feed().position(this.#stream());
  }

  #seekShare(): void {
    const position = this.#position();
    if (!position) return;
    const share = Number(this.#scrub.value) / 1000;
    if (this.#feed().mode === "live" && share >= 0.999) this.restart();
    else {
      if (position.live) this.#feed().pause(this.#stream());
      this.#feed().seek(this.#stream(), position.beginS + share * (position.endS - position.beginS));
    }
  }
}

function write(to: HTMLElement, text: string): void {
  if (to.textContent !== text) to.textContent = text;
}

/** Minutes and seconds. */
function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - 60 * minutes).toFixed(1).padStart(4, "0");
  return `${minutes}:${rest}`;
}
