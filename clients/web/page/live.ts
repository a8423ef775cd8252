/** A live publisher as a feed: its last minute can be looked at again. */

import {
  Client,
  type FramePacket,
  type Level,
  type ModelPacket,
  type Moment,
  Playout,
  type StatsPacket,
  type StreamState,
  type WireError,
} from "../src/index.js";
import type { Feed, KnownFloor, Pictured, Position } from "./feed.js";
import { History } from "./history.js";

/** Memory for the last minute of all streams together, and how many of them have some. */
const MEMORY_BYTES = 192 << 20;
const MAX_STREAMS = 8;
/** So near to the end, what is played is live again, s. */
const CAUGHT_UP_S = 0.02;

export interface LiveOptions {
  readonly level: Level;
  readonly token?: string;
  readonly onError: (error: WireError) => void;
  readonly onStats: (packet: StatsPacket) => void;
}

interface Stream {
  readonly history: History;
  readonly playout: Playout<undefined>;
  /** Where playing is, where that is not live. */
  behindS: number | undefined;
  playing: boolean;
  /** The stream has ended: its last frame stays. */
  ended: boolean;
  count: number;
}

export class LiveFeed implements Feed {
  readonly mode = "live";
  readonly level: Level;
  readonly #client: Client;
  readonly #streams = new Map<string, Stream>();
  readonly #floors = new Map<string, KnownFloor>();
  #nowS = performance.now() / 1000;
  speed = 1;

  constructor(url: string, { level, token, onError, onStats }: LiveOptions) {
    this.level = level;
    this.#client = new Client(url, {
      // Keypoints are in joints alone where the bodies are params.
      levels: [level, ...(level === "params" ? (["joints"] as const) : []), "preview", "stats"],
      axes: "gltf",
      onError,
      onStats,
      onMessage: (word, stream, message) => this.#push(word, stream, message),
      onPreview: (packet) => this.#of(packet.stream)?.history.pushPicture(packet),
      ...(token ? { token } : {}),
    });
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  get silent(): boolean {
    return this.#client.silent;
  }

  get streams(): string[] {
    return [...this.#client.streams.keys()];
  }

  state(stream: string): StreamState | undefined {
    return this.#client.streams.get(stream);
  }

  model(frame: FramePacket): ModelPacket | undefined {
    return this.#client.model(frame);
  }

  /** How much later than possible frames are shown, s. */
  lagS(stream: string): number {
    return this.#streams.get(stream)?.playout.lagS ?? 0;
  }

  /** Frames that have come so far. */
  count(stream: string): number {
    return this.#streams.get(stream)?.count ?? 0;
  }

  bytes(): number {
    return [...this.#streams.values()].reduce((sum, { history }) => sum + history.bytes, 0);
  }

  advance(stream: string, nowMs: number): void {
    const passedS = Math.min(0.5, nowMs / 1000 - this.#nowS);
    this.#nowS = nowMs / 1000;
    this.#client.take(); // the history has them
    const found = this.#streams.get(stream);
    if (found && !found.ended && this.state(stream)?.state === "ended") {
      found.ended = true;
      if (found.behindS === undefined) {
        this.pause(stream);
        this.seek(stream, Infinity);
      }
    }
    if (found?.behindS === undefined || !found.playing) return;
    found.behindS += passedS * this.speed;
    const liveS = found.ended ? Infinity : this.#liveS(found);
    if (found.ended && found.behindS >= (found.history.span?.[1] ?? 0)) this.pause(stream);
    if (liveS !== undefined && found.behindS >= liveS - CAUGHT_UP_S) this.restart(stream);
  }

  position(stream: string): Position | undefined {
    const found = this.#streams.get(stream);
    const span = found?.history.span;
    if (!found || !span) return undefined;
    const [beginS, endS] = span;
    const atS = Math.min(endS, Math.max(beginS, found.behindS ?? this.#liveS(found) ?? endS));
    return { beginS, endS, atS, live: found.behindS === undefined, playing: found.playing, loading: false };
  }

  at(stream: string, tS: number, level = this.level): Moment<FramePacket> | undefined {
    return this.#streams.get(stream)?.history.at(tS, level);
  }

  exactly(stream: string, frameIndex: bigint, tS: number, level = this.level): FramePacket | undefined {
    return this.#streams.get(stream)?.history.exactly(frameIndex, tS, level);
  }

  floor(stream: string): KnownFloor | undefined {
    return this.#floors.get(stream);
  }

  /** The publisher has said where the floor is. */
  setFloor(stream: string, floor: KnownFloor): void {
    if (this.#streams.has(stream)) this.#floors.set(stream, floor);
  }

  picture(stream: string, tS: number): Pictured | undefined {
    return this.#streams.get(stream)?.history.picture(tS);
  }

  play(stream: string): void {
    const found = this.#streams.get(stream);
    if (!found) return;
    found.playing = true;
    found.history.frozen = false;
  }

  pause(stream: string): void {
    const found = this.#streams.get(stream);
    if (!found) return;
    const atS = found.behindS ?? this.position(stream)?.atS;
    found.behindS = atS === undefined ? undefined : found.history.stepped(atS, 0); // on a frame
    found.playing = false;
    found.history.frozen = true;
  }

  seek(stream: string, tS: number): void {
    const found = this.#streams.get(stream);
    if (!found?.history.span) return;
    found.behindS = Math.min(found.history.span[1], Math.max(found.history.span[0], tS));
  }

  step(stream: string, frames: number): void {
    this.pause(stream);
    const position = this.position(stream);
    const to = position && this.#streams.get(stream)!.history.stepped(position.atS, frames);
    if (to !== undefined) this.seek(stream, to);
  }

  restart(stream: string): void {
    const found = this.#streams.get(stream);
    if (!found) return;
    found.behindS = undefined;
    found.playing = true;
    found.ended = false;
    found.history.frozen = false;
  }

  close(): void {
    this.#client.close();
  }

  #liveS(stream: Stream): number | undefined {
    return stream.playout.momentS(this.#nowS);
  }

  #push(level: Level, name: string, message: ArrayBuffer): void {
    const stream = this.#of(name);
    if (!stream) return;
    if (stream.history.push(level, message) || stream.ended) this.restart(name);
    if (level !== this.level) return;
    const view = new DataView(message);
    const captureS = Number(view.getBigInt64(128, true)) / 1e9;
    stream.playout.push(undefined, view.getUint32(72, true), captureS, performance.now() / 1000);
    stream.count++;
  }

  #of(name: string): Stream | undefined {
    let stream = this.#streams.get(name);
    if (!stream && this.#streams.size < MAX_STREAMS) {
      const history = new History(() => MEMORY_BYTES / Math.max(1, this.#streams.size));
      stream = { history, playout: new Playout(), behindS: undefined, playing: true, ended: false, count: 0 };
      this.#streams.set(name, stream);
    }
    return stream;
  }
}
