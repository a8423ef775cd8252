/** The numbers on the page: measured twice a second over the last seconds. */

import type { StreamState } from "../src/index.js";
import type { Charts } from "./charts.js";
import type { Numbers } from "./inspect.js";

const EVERY_MS = 500;
const SPAN = 7;

interface Counts {
  readonly ms: number;
  readonly count: number;
  readonly received: number;
  readonly lost: number;
  readonly bytes: number;
  readonly dropped: number;
  readonly drawn: number;
}

/** What a stats message says that the page shows. */
export interface PipelineStats {
  readonly stagesMs: Readonly<Record<string, number>>;
  readonly dropped: number;
}

export class Hud {
  readonly #charts: Charts;
  readonly #samples: Counts[] = [];
  #stream = "";
  #nextMs = 0;

  constructor(charts: Charts) {
    this.#charts = charts;
  }

  /**
   * Write down how the stream does, at most twice a second. count: frames that came. lagS: how much later than possible
   * it is shown. stats: of the publisher, where it sends them.
   */
  show(
    state: StreamState,
    numbers: Numbers,
    count: number,
    lagS: number,
    stats: PipelineStats | undefined,
    nowMs: number,
  ): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + EVERY_MS;
    if (state.stream !== this.#stream) this.restart();
    this.#stream = state.stream;
    const { received, lost, bytes } = state;
    const dropped = stats?.dropped ?? 0;
    this.#samples.push({ ms: nowMs, count, received, lost, bytes, dropped, drawn: numbers.drawn });
    if (this.#samples.length > SPAN) this.#samples.shift();
    const [first, last] = [this.#samples[0]!, this.#samples.at(-1)!];
    const before = this.#samples.at(-2);
    const seconds = (nowMs - first.ms) / 1000;
    const came = last.received - first.received;
    const gone = last.lost - first.lost;
    const moving = numbers.state === "live";
    numbers.latencyMs = state.ageMs + state.delayMs + 1000 * lagS;
    numbers.fps = seconds > 0 ? (last.count - first.count) / seconds : null;
    write("people", `${numbers.people.length}`);
    write("latency", moving ? `${numbers.latencyMs.toFixed(0)} ms` : "–");
    write("lost", came + gone ? `${((100 * gone) / (came + gone)).toFixed(1)} %` : "–");
    write("fps", numbers.fps === null ? "–" : numbers.fps.toFixed(1));
    write("rate", seconds > 0 ? rate((8 * (last.bytes - first.bytes)) / seconds) : "–");
    this.#charts.add(nowMs / 1000, {
      fps: numbers.fps,
      drawn: seconds > 0 ? (last.drawn - first.drawn) / seconds : null,
      latencyMs: moving ? numbers.latencyMs : null,
      ageMs: moving ? state.ageMs : null,
      lost: before ? last.lost - before.lost : null,
      dropped: before && stats ? Math.max(0, last.dropped - before.dropped) : null,
      stagesMs: stats?.stagesMs ?? null,
    });
  }

  /** Forget what was measured: another level or stream has other numbers. */
  restart(): void {
    this.#samples.length = 0;
    this.#nextMs = 0;
  }
}

/** The values of a stats message that the page understands. */
export function pipelineStats(values: Readonly<Record<string, unknown>>): PipelineStats {
  const numbers = (value: unknown): [string, number][] =>
    Object.entries(typeof value === "object" && value !== null ? value : {}).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number" && Number.isFinite(entry[1]),
    );
  return {
    stagesMs: Object.fromEntries(numbers(values["stages_ms"]).slice(0, 32)),
    dropped: numbers(values["dropped"]).reduce((sum, [, count]) => sum + count, 0),
  };
}

/** The element of this id. */
export function element(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** Say something above the timeline, or nothing. */
export function say(text: string): void {
  const message = element("message");
  if (message.textContent === text) return;
  message.textContent = text;
  message.hidden = !text;
}

function write(id: string, text: string): void {
  const found = element(id);
  if (found.textContent !== text) found.textContent = text;
}

function rate(bits: number): string {
  return bits < 999_500 ? `${(bits / 1e3).toFixed(0)} kb/s` : `${(bits / 1e6).toFixed(1)} Mb/s`;
}
