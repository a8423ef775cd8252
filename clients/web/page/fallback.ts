/** Which level to show when the wanted one does not come: a recording holds only some. */

import type { Level, StreamState } from "../src/index.js";

/** From the most to the least that can be seen. */
export const LEVELS: readonly Level[] = ["mesh-lod", "mesh", "params", "joints"];
/** A live stream without a frame of the level for so long does not have it. */
const PATIENCE_MS = 2500;

export class Fallback {
  #sinceMs: number | undefined;

  /** The level to ask for instead of `level`, or undefined; a stream that stands still is waited for. */
  next(level: Level, state: StreamState | undefined, nowMs: number): Level | undefined {
    if (!state || state.state !== "live" || state.received > 0) {
      this.#sinceMs = undefined;
      return undefined;
    }
    this.#sinceMs ??= nowMs;
    if (nowMs - this.#sinceMs < PATIENCE_MS) return undefined;
    this.#sinceMs = undefined;
    return LEVELS[(LEVELS.indexOf(level) + 1) % LEVELS.length];
  }
}
