/** How long packets are on their way, without a common clock. */

/** How far two machines' clocks may drift apart, s a second. */
const DRIFT = 1e-4;
/** A packet this much later than the quickest has waited in a queue. */
export const STALE_S = 0.5;
/** Packets that are all late for so long: a clock has changed, nothing is queued. */
const RESET_S = 1.0;

/**
 * Compares a publisher's monotonic clock with this machine's.
 *
 * The quickest packet ever seen took no time, by definition; what others took longer is their delay. A backlog after a
 * stall is read within a moment, so packets that stay late for longer than RESET_S mean that one clock stood still.
 */
export class Delay {
  #session: number | undefined;
  #quickestS = 0;
  #seenS = 0;
  #lateSinceS: number | undefined;

  /** The delay in s of a packet, given both monotonic times; 0 for the first one of a session. */
  of(session: number, tPublishS: number, tReceiveS: number): number {
    const wayS = tReceiveS - tPublishS;
    if (session !== this.#session) {
      this.#session = session;
      this.#restart(wayS, tReceiveS);
    }
    this.#quickestS = Math.min(wayS, this.#quickestS + DRIFT * (tReceiveS - this.#seenS));
    this.#seenS = tReceiveS;
    if (wayS - this.#quickestS <= STALE_S) this.#lateSinceS = undefined;
    else if (this.#lateSinceS === undefined) this.#lateSinceS = tReceiveS;
    else if (tReceiveS - this.#lateSinceS > RESET_S) this.#restart(wayS, tReceiveS);
    return wayS - this.#quickestS;
  }

  #restart(wayS: number, tReceiveS: number): void {
    this.#quickestS = wayS;
    this.#seenS = tReceiveS;
    this.#lateSinceS = undefined;
  }
}
