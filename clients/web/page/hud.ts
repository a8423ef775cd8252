/** The numbers on the page. */

import type { Client, StreamState } from "../src/index.js";

const EVERY_MS = 500;
/** Numbers of the last seconds say how it is now. */
const SPAN = 6;

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

  /** Write down how the stream does, at most twice a second. */
  show(client: Client, state: StreamState | undefined, people: number, nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    this.#showState(client, state);
    if (!state) return;
    if (state.stream !== this.#stream) this.restart();
    this.#stream = state.stream;
    this.#samples.push({ ms: nowMs, received: state.received, lost: state.lost, bytes: state.bytes });
    if (this.#samples.length > SPAN) this.#samples.shift();
    const first = this.#samples[0]!;
    const seconds = (nowMs - first.ms) / 1000;
    const received = state.received - first.received;
    const lost = state.lost - first.lost;
    write("people", `${people}`);
    write("latency", `${(state.ageMs + state.delayMs).toFixed(0)} ms`);
    write("lost", received + lost ? `${((100 * lost) / (received + lost)).toFixed(1)} %` : "–");
    if (seconds > 0) {
      write("fps", (received / seconds).toFixed(1));
      write("rate", rate((8 * (state.bytes - first.bytes)) / seconds));
    }
  }

  /** Forget what was measured: another level has other numbers. */
  restart(): void {
    this.#samples.length = 0;
    this.#nextMs = 0;
  }

  #showState(client: Client, state: StreamState | undefined): void {
    const found = element("state");
    const word = !client.connected ? "connecting" : client.silent || !state ? "waiting" : state.state;
    found.dataset["state"] = word;
    found.textContent = {
      connecting: "connecting to the bridge",
      waiting: "waiting for the publisher",
      live: `live: ${state?.stream}`,
      idle: `idle: ${state?.stream}`,
      ended: `ended: ${state?.reason || state?.stream}`,
    }[word];
  }
}

/** The element of this id. */
export function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** Say something above the controls, or nothing. */
export function say(text: string): void {
  const message = element("message");
  message.textContent = text;
  message.hidden = !text;
}

function write(id: string, text: string): void {
  const found = element(id);
  if (found.textContent !== text) found.textContent = text;
}

function rate(bits: number): string {
  return bits < 999_500 ? `${(bits / 1e3).toFixed(0)} kbit/s` : `${(bits / 1e6).toFixed(1)} Mbit/s`;
}
