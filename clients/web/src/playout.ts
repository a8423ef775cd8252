/** Smooth motion from frames that come unevenly: shown a little later, and blended between two of them. */

/** How far two machines' clocks may drift apart, s a second. */
const DRIFT = 1e-4;
/** Nothing is shown later than this for smoothness, s: slower streams are blended over the last part of their way only. */
export const MAX_LAG_S = 0.15;
/** Of the way between two frames that is kept in hand, and how quickly what is known of it changes. */
const SPARE = 1.1;
const LEARN = 0.1;
/** Frames that are all this much later than the quickest, or earlier than the one before: a clock was set. */
const RESET_S = 1;
const KEPT = 8;

/** Two frames and how far the moment is from the first (0) to the second (1); the same one twice where there is one. */
export interface Moment<T> {
  readonly from: T;
  readonly to: T;
  readonly share: number;
}

interface Entry<T> {
  readonly captureS: number;
  readonly frame: T;
}

/** Says what to draw at a moment of one stream and level. Times are of two clocks whose difference is found out. */
export class Playout<T> {
  readonly #entries: Entry<T>[] = [];
  #session: number | undefined;
  #quickestS = 0;
  #seenS = 0;
  #intervalS = 0;
  #latenessS = 0;

  /** A frame of the publisher's `session` was captured at `captureS` on its clock and came at `nowS` on this one. */
  push(frame: T, session: number, captureS: number, nowS: number): void {
    const last = this.#entries.at(-1);
    const wayS = nowS - captureS;
    const late = wayS - this.#quickestS;
    if (!last || session !== this.#session || captureS <= last.captureS || late > RESET_S) {
      this.#entries.length = 0;
      this.#session = session;
      this.#quickestS = wayS;
      this.#intervalS = this.#latenessS = 0;
    } else {
      this.#quickestS = Math.min(wayS, this.#quickestS + DRIFT * (nowS - this.#seenS));
      const intervalS = Math.min(MAX_LAG_S, captureS - last.captureS);
      this.#intervalS += (this.#intervalS ? LEARN : 1) * (intervalS - this.#intervalS);
      const latenessS = wayS - this.#quickestS;
      this.#latenessS += (latenessS > this.#latenessS ? 3 * LEARN : LEARN / 3) * (latenessS - this.#latenessS);
    }
    this.#seenS = nowS;
    this.#entries.push({ captureS, frame });
    if (this.#entries.length > KEPT) this.#entries.shift();
  }

  /** How much later than the quickest frame things are shown, s; at most MAX_LAG_S. */
  get lagS(): number {
    return Math.min(MAX_LAG_S, SPARE * this.#intervalS + this.#latenessS);
  }

  /** Which moment of the publisher's clock to show at `nowS`; undefined before the first frame. */
  momentS(nowS: number): number | undefined {
    return this.#entries.length ? nowS - this.#quickestS - this.lagS : undefined;
  }

  /** What to draw at `nowS`; undefined before the first frame. */
  at(nowS: number): Moment<T> | undefined {
    const momentS = nowS - this.#quickestS - this.lagS;
    while (this.#entries.length > 1 && this.#entries[1]!.captureS <= momentS) this.#entries.shift();
    const [from, to] = this.#entries;
    if (!from) return undefined;
    if (!to) return { from: from.frame, to: from.frame, share: 1 };
    const beginS = Math.max(from.captureS, to.captureS - MAX_LAG_S);
    const share = Math.min(1, Math.max(0, (momentS - beginS) / (to.captureS - beginS)));
    return { from: from.frame, to: to.frame, share };
  }

  /** Forget all frames. */
  clear(): void {
    this.#entries.length = 0;
  }
}
