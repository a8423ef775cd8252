/** The last minute of a stream in memory: messages as they came, decoded when they are shown. */

import { type FramePacket, type Level, type Moment, type PreviewPacket, convertFrame, decode } from "../src/index.js";

/** Nothing older than this is kept. */
export const KEPT_S = 60;
/** A blend lasts at most this long: what moves after a gap does not crawl through it. */
const BLEND_S = 0.15;
const DECODED = 6;

/** One frame at some levels. */
export interface Entry {
  /** When it was captured, on the publisher's monotonic clock. */
  readonly tS: number;
  readonly frameIndex: bigint;
  readonly messages: Map<Level, ArrayBuffer>;
}

/** Part of a frame message's header that says where it belongs. */
function placed(message: ArrayBuffer): { session: number; frameIndex: bigint; tS: number } {
  const view = new DataView(message);
  return {
    session: view.getUint32(72, true),
    frameIndex: view.getBigUint64(112, true),
    tS: Number(view.getBigInt64(128, true)) / 1e9,
  };
}

/** Frames and pictures in the order of their capture; the oldest go when there is no room. */
export class History {
  readonly #maxBytes: () => number;
  readonly #entries: Entry[] = [];
  readonly #pictures: { tS: number; packet: PreviewPacket }[] = [];
  readonly #decoded = new Map<ArrayBuffer, FramePacket>();
  #session: number | undefined;
  #bytes = 0;
  /** Nothing is added: what is there is looked at. */
  frozen = false;

  /** maxBytes: what there is room for; it may change. */
  constructor(maxBytes: () => number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Begin and end, s; undefined where there is nothing. */
  get span(): readonly [number, number] | undefined {
    const [first, last] = [this.#entries[0], this.#entries.at(-1)];
    return first && last ? [first.tS, last.tS] : undefined;
  }

  /** Whether there is a picture. */
  get pictured(): boolean {
    return this.#pictures.length > 0;
  }

  /** Add a message; whether it is the first of another run of the publisher, whose frames alone are kept. */
  push(level: Level, message: ArrayBuffer): boolean {
    const { session, frameIndex, tS } = placed(message);
    const other = session !== this.#session;
    if (other) this.clear();
    this.#session = session;
    if (!this.frozen) this.#add(level, message, frameIndex, tS);
    return other;
  }

  #add(level: Level, message: ArrayBuffer, frameIndex: bigint, tS: number): void {
    const last = this.#entries.at(-1);
    // The levels of a frame come one after the other.
    const entry = last?.frameIndex === frameIndex ? last : undefined;
    if (entry) {
      this.#bytes += message.byteLength - (entry.messages.get(level)?.byteLength ?? 0);
      entry.messages.set(level, message);
    } else {
      if (last && tS <= last.tS) return;
      this.#entries.push({ tS, frameIndex, messages: new Map([[level, message]]) });
      this.#bytes += message.byteLength;
    }
    this.#forget(tS);
  }

  pushPicture(packet: PreviewPacket): void {
    if (this.frozen || packet.session !== this.#session) return;
    const tS = Number(packet.tCaptureMonotonicNs) / 1e9;
    if (tS <= (this.#pictures.at(-1)?.tS ?? -Infinity)) return;
    this.#pictures.push({ tS, packet });
    this.#bytes += packet.data.byteLength;
    this.#forget(tS);
  }

  clear(): void {
    this.#entries.length = this.#pictures.length = this.#bytes = 0;
    this.#decoded.clear();
    this.frozen = false;
  }

  /** The frames around a moment at a level; undefined where there is none. */
  at(tS: number, level: Level): Moment<FramePacket> | undefined {
    const index = lastBefore(this.#entries, tS);
    const from = this.#entries[Math.max(0, index)];
    const to = this.#entries[index + 1];
    const first = from && this.#frame(from, level);
    if (!first) return undefined;
    const second = index >= 0 && to && tS > from.tS ? this.#frame(to, level) : undefined;
    if (!second) return { from: first, to: first, share: 1 };
    const beginS = Math.max(from.tS, to!.tS - BLEND_S);
    return { from: first, to: second, share: Math.min(1, Math.max(0, (tS - beginS) / (to!.tS - beginS))) };
  }

  /** One frame by its index, near a moment. */
  exactly(frameIndex: bigint, tS: number, level: Level): FramePacket | undefined {
    const near = lastBefore(this.#entries, tS + 1e-6);
    for (const at of [near, near + 1, near - 1]) {
      const entry = this.#entries[at];
      if (entry?.frameIndex === frameIndex) return this.#frame(entry, level);
    }
    return undefined;
  }

  /** The picture shown at a moment. */
  picture(tS: number): { tS: number; packet: PreviewPacket } | undefined {
    return this.#pictures[lastBefore(this.#pictures, tS + 1e-6)];
  }

  /** When the frame was captured that is `count` frames after the one of a moment, s. */
  stepped(tS: number, count: number): number | undefined {
    const at = lastBefore(this.#entries, tS + 1e-6) + count;
    return this.#entries[Math.min(this.#entries.length - 1, Math.max(0, at))]?.tS;
  }

  #frame(entry: Entry, level: Level): FramePacket | undefined {
    const message = entry.messages.get(level);
    if (!message) return undefined;
    let frame = this.#decoded.get(message);
    if (!frame) {
      const packet = decode(message);
      if (!("people" in packet)) return undefined;
      frame = convertFrame(packet, "gltf");
      if (this.#decoded.size >= DECODED) this.#decoded.delete(this.#decoded.keys().next().value!);
      this.#decoded.set(message, frame);
    }
    return frame;
  }

  #forget(nowS: number): void {
    while (this.#entries.length > 2) {
      const oldest = this.#entries[0]!;
      if (nowS - oldest.tS <= KEPT_S && this.#bytes <= this.#maxBytes()) break;
      this.#entries.shift();
      for (const message of oldest.messages.values()) this.#bytes -= message.byteLength;
      while (this.#pictures.length > 1 && this.#pictures[1]!.tS <= this.#entries[0]!.tS) {
        this.#bytes -= this.#pictures.shift()!.packet.data.byteLength;
      }
    }
  }
}

/** Index of the last one at or before a moment, -1 before all. */
export function lastBefore(entries: readonly { readonly tS: number }[], tS: number): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.tS <= tS) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
