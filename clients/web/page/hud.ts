/** The numbers on the page. */

import type { Client, StreamState } from "../src/index.js";
import type { Numbers } from "./inspect.js";

const EVERY_MS = 500;
/** Numbers of the last seconds say how it is now. */
const SPAN = 7;

interface Sample {
  readonly ms: number;
  readonly received: number;
  readonly lost: number;
  readonly bytes: number;
}

export class Hud {
  readonly #samples: Sample[] = [];
  #stream = "";
  #nextMs = 0;

  /** Write down how the stream does, at most twice a second. lagS: how much later than possible it is shown. */
  show(client: Client, state: StreamState | undefined, numbers: Numbers, lagS: number, nowMs: number): void {
    numbers.state = wordOf(client, state);
    numbers.stream = state?.stream ?? "";
    numbers.received = state?.received ?? 0;
    numbers.lost = state?.lost ?? 0;
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    const shown = element("state");
    shown.dataset["state"] = numbers.state;
    write("state", sentence(numbers.state, state));
    write("people", `${numbers.people.length}`);
    if (state) this.#measure(state, numbers, lagS, nowMs);
  }

  /** Forget what was measured: another level has other numbers. */
  restart(): void {
    this.#samples.length = 0;
    this.#nextMs = 0;
  }

  #measure(state: StreamState, numbers: Numbers, lagS: number, nowMs: number): void {
    if (state.stream !== this.#stream) this.#samples.length = 0;
    this.#stream = state.stream;
    this.#samples.push({ ms: nowMs, received: state.received, lost: state.lost, bytes: state.bytes });
    if (this.#samples.length > SPAN) this.#samples.shift();
    const first = this.#samples[0]!;
    const seconds = (nowMs - first.ms) / 1000;
    const received = state.received - first.received;
    const lost = state.lost - first.lost;
    const moving = state.state === "live" && numbers.state === "live";
    numbers.latencyMs = state.ageMs + state.delayMs + 1000 * lagS;
    numbers.fps = seconds > 0 ? received / seconds : null;
    write("latency", moving ? `${numbers.latencyMs.toFixed(0)} ms` : "–");
    write("lost", received + lost ? `${((100 * lost) / (received + lost)).toFixed(1)} %` : "–");
    write("fps", numbers.fps === null ? "–" : numbers.fps.toFixed(1));
    write("rate", seconds > 0 ? rate((8 * (state.bytes - first.bytes)) / seconds) : "–");
  }
}

/** The element of this id. */
export function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** Say something above the controls, or nothing. */
export function say(text: string): void {
  const message = element("message");
  if (message.textContent === text) return;
  message.textContent = text;
  message.hidden = !text;
}

function wordOf(client: Client, state: StreamState | undefined): string {
  if (!client.connected) return "connecting";
  if (state?.state === "ended") return "ended";
  return client.silent || !state ? "waiting" : state.state;
}

function sentence(word: string, state: StreamState | undefined): string {
  if (word === "connecting") return "connecting to the bridge";
  if (word === "waiting") return "waiting for the publisher";
  if (word === "ended") return `ended: ${state?.reason || state?.stream}`;
  return `${word}: ${state?.stream}`;
}

function write(id: string, text: string): void {
  const found = element(id);
  if (found.textContent !== text) found.textContent = text;
}

function rate(bits: number): string {
  return bits < 999_500 ? `${(bits / 1e3).toFixed(0)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`;
}
