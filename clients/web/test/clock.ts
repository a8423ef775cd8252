/** Timers and the time that a test moves on by itself, the same with every version of Node. */

import type { TestContext } from "node:test";

interface Timer {
  atMs: number;
  readonly everyMs: number | undefined;
  readonly work: () => void;
}

export class Clock {
  #nowMs = 0;
  #next = 1;
  readonly #timers = new Map<number, Timer>();

  /** In the place of the real timers and performance.now until the test ends. */
  constructor(context: TestContext) {
    const start = (work: () => void, waitMs: number, everyMs?: number): number => {
      this.#timers.set(this.#next, { atMs: this.#nowMs + waitMs, everyMs, work });
      return this.#next++;
    };
    const stop = (timer: number): boolean => this.#timers.delete(timer);
    const { mock } = context;
    const wide = globalThis as unknown as Record<string, (...given: never[]) => unknown>;
    mock.method(wide, "setTimeout", (work: () => void, waitMs: number) => start(work, waitMs));
    mock.method(wide, "setInterval", (work: () => void, everyMs: number) => start(work, everyMs, everyMs));
    mock.method(wide, "clearTimeout", stop);
    mock.method(wide, "clearInterval", stop);
    mock.method(performance, "now", () => this.#nowMs);
  }

  /** Let time pass; what is due happens in its order. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { atMs }]) => atMs <= endMs);
      const [first] = due.sort(([, a], [, b]) => a.atMs - b.atMs);
      if (!first) break;
      const [name, timer] = first;
      this.#nowMs = timer.atMs;
      if (timer.everyMs === undefined) this.#timers.delete(name);
      else timer.atMs += timer.everyMs;
      timer.work();
    }
    this.#nowMs = endMs;
  }
}
