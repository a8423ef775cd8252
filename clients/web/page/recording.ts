/** A recording as a feed: its server gives any part of it. */

import {
  type FramePacket,
  type Level,
  type ModelPacket,
  type Moment,
  type PreviewPacket,
  type StreamState,
  WireError,
  convertFrame,
  convertModel,
  decode,
} from "../src/index.js";
import { LEVELS } from "./fallback.js";
import { type Feed, type KnownFloor, type Pictured, type Position, knownFloor } from "./feed.js";
import type { PageServer } from "./server.js";

/** Frames that are asked for at a time, and how many parts are kept. */
const PART = 64;
const MEMORY_BYTES = 128 << 20;
const BLEND_S = 0.15;
/** Parts ahead of the moment that are asked for. */
const AHEAD = 1;
const AT_A_TIME = 2;

interface StreamInfo {
  readonly name: string;
  readonly levels: readonly Level[];
  readonly previews: boolean;
  readonly timesS: Float64Array;
  readonly floor: KnownFloor | undefined;
}

/** What the server says of a stream. */
interface Said {
  readonly name: string;
  readonly levels: Level[];
  readonly previews: boolean;
  readonly floor: unknown;
}

/** Some frames in a row, by their index in the recording. */
interface Part {
  readonly frames: Map<number, Map<string, ArrayBuffer>>;
  readonly bytes: number;
}

export class RecordingFeed implements Feed {
  readonly mode = "recording";
  readonly connected = true;
  readonly silent = false;
  level: Level;
  speed = 1;
  readonly #server: PageServer;
  readonly #streams = new Map<string, StreamInfo>();
  readonly #models = new Map<string, ModelPacket>();
  readonly #parts = new Map<string, Part>();
  readonly #asked = new Set<string>();
  readonly #decoded = new Map<ArrayBuffer, FramePacket | PreviewPacket>();
  readonly #onError: (text: string) => void;
  #bytes = 0;
  #atS = 0;
  #nowS = performance.now() / 1000;
  #playing = true;
  #loading = false;

  static async open(server: PageServer, level: Level, onError: (text: string) => void): Promise<RecordingFeed> {
    const answer = await server.get("recording/index.json");
    if (!answer.ok) throw new Error(await answer.text());
    const feed = new RecordingFeed(server, level, onError);
    const { streams } = (await answer.json()) as { streams: Said[] };
    for (const { name, levels, previews, floor } of streams) {
      const query = `stream=${encodeURIComponent(name)}`;
      const [times, models] = await Promise.all(
        ["times", "models"].map(async (what) => (await server.get(`recording/${what}?${query}`)).arrayBuffer()),
      );
      feed.#streams.set(name, { name, levels, previews, timesS: new Float64Array(times!), floor: knownFloor(floor) });
      for (const { message } of messages(models!)) {
        const packet = decode(message);
        if (packet.word === "model") feed.#models.set(`${name} ${packet.modelId}`, convertModel(packet, "gltf"));
      }
    }
    feed.choose(level);
    return feed;
  }

  private constructor(server: PageServer, level: Level, onError: (text: string) => void) {
    this.#server = server;
    this.level = level;
    this.#onError = onError;
  }

  /** Show a level, or the best that the recording has instead. */
  choose(level: Level): void {
    const has = [...this.#streams.values()].flatMap(({ levels }) => levels);
    const found = [level, ...LEVELS].find((each) => has.includes(each)) ?? level;
    if (found !== level) this.#onError(`the recording has no ${level}: ${found} is shown`);
    if (found === this.level) return;
    this.level = found;
    this.#parts.clear();
    this.#asked.clear();
    this.#decoded.clear();
    this.#bytes = 0;
  }

  get streams(): string[] {
    return [...this.#streams.keys()];
  }

  state(_stream: string): StreamState | undefined {
    return undefined;
  }

  model(frame: FramePacket): ModelPacket | undefined {
    return this.#models.get(`${frame.stream} ${frame.modelId}`);
  }

  advance(stream: string, nowMs: number): void {
    const passedS = Math.min(0.5, nowMs / 1000 - this.#nowS);
    this.#nowS = nowMs / 1000;
    const info = this.#streams.get(stream);
    if (!info) return;
    const index = this.#index(info, this.#atS);
    const first = Math.floor(index / PART);
    const needed = Math.floor(Math.min(info.timesS.length - 1, index + 1) / PART);
    this.#loading = ![first, needed].every((part) => this.#parts.has(this.#key(stream, part)));
    for (let part = first; part <= needed + AHEAD; part++) void this.#load(info, part);
    if (!this.#playing || this.#loading) return;
    this.#atS += passedS * this.speed;
    const endS = info.timesS.at(-1) ?? 0;
    if (this.#atS >= endS) {
      this.#atS = endS;
      this.#playing = false;
    }
  }

  position(stream: string): Position | undefined {
    const info = this.#streams.get(stream);
    const [beginS, endS] = [info?.timesS[0], info?.timesS.at(-1)];
    if (beginS === undefined || endS === undefined) return undefined;
    const atS = Math.min(endS, Math.max(beginS, this.#atS));
    return { beginS, endS, atS, live: false, playing: this.#playing, loading: this.#loading };
  }

  at(stream: string, tS: number, level = this.level): Moment<FramePacket> | undefined {
    const info = this.#streams.get(stream);
    if (!info) return undefined;
    const index = this.#latest(info, this.#index(info, tS), level);
    const from = this.#frame(stream, index, level);
    if (!from) return undefined;
    const to = tS > info.timesS[index]! ? this.#frame(stream, index + 1, level) : undefined;
    if (!to) return { from, to: from, share: 1 };
    const [fromS, toS] = [info.timesS[index]!, info.timesS[index + 1]!];
    const beginS = Math.max(fromS, toS - BLEND_S);
    return { from, to, share: Math.min(1, Math.max(0, (tS - beginS) / (toS - beginS))) };
  }

  exactly(stream: string, frameIndex: bigint, tS: number, level = this.level): FramePacket | undefined {
    const info = this.#streams.get(stream);
    if (!info) return undefined;
    const near = this.#index(info, tS + 1e-6);
    for (const index of [near, near + 1, near - 1]) {
      const frame = this.#frame(stream, index, level);
      if (frame?.frameIndex === frameIndex) return frame;
    }
    return undefined;
  }

  floor(stream: string): KnownFloor | undefined {
    return this.#streams.get(stream)?.floor;
  }

  picture(stream: string, tS: number): Pictured | undefined {
    const info = this.#streams.get(stream);
    if (!info?.previews) return undefined;
    const near = this.#index(info, tS + 1e-6);
    for (let index = near; index >= 0 && index > near - PART; index--) {
      const message = this.#message(stream, index, "preview");
      const packet = message && this.#packet(message);
      if (packet?.word === "preview") return { packet, tS: info.timesS[index]! };
    }
    return undefined;
  }

  play(): void {
    this.#playing = true;
  }

  pause(stream: string): void {
    this.step(stream, 0);
  }

  seek(stream: string, tS: number): void {
    const info = this.#streams.get(stream);
    this.#atS = Math.min(info?.timesS.at(-1) ?? 0, Math.max(info?.timesS[0] ?? 0, tS));
  }

  step(stream: string, frames: number): void {
    this.#playing = false;
    const info = this.#streams.get(stream);
    if (!info) return;
    const index = Math.min(info.timesS.length - 1, Math.max(0, this.#index(info, this.#atS + 1e-6) + frames));
    this.#atS = info.timesS[index] ?? 0;
  }

  restart(stream: string): void {
    this.seek(stream, -Infinity);
    this.#playing = true;
  }

  close(): void {
    this.#parts.clear();
    this.#playing = false;
  }

  /** Of the last frame at or before a moment, 0 before all. */
  #index({ timesS }: StreamInfo, tS: number): number {
    let [low, high] = [0, timesS.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timesS[middle]! <= tS) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** The last frame up to an index that has the level: the last one of a recording may be incomplete. */
  #latest({ name }: StreamInfo, index: number, level: Level): number {
    if (!this.#parts.has(this.#key(name, Math.floor(index / PART)))) return index;
    for (let at = index; at >= 0 && at > index - PART; at--) {
      if (this.#message(name, at, level)) return at;
    }
    return index;
  }

  #key(stream: string, part: number): string {
    return `${stream} ${part}`;
  }

  #message(stream: string, index: number, word: string): ArrayBuffer | undefined {
    return this.#parts.get(this.#key(stream, Math.floor(index / PART)))?.frames.get(index)?.get(word);
  }

  #frame(stream: string, index: number, level: Level): FramePacket | undefined {
    const message = this.#message(stream, index, level);
    const packet = message && this.#packet(message);
    return packet && "people" in packet ? packet : undefined;
  }

  #packet(message: ArrayBuffer): FramePacket | PreviewPacket | undefined {
    let packet = this.#decoded.get(message);
    if (!packet) {
      const found = decode(message);
      if ("people" in found) packet = convertFrame(found, "gltf");
      else if (found.word === "preview") packet = found;
      else return undefined;
      if (this.#decoded.size >= 8) this.#decoded.delete(this.#decoded.keys().next().value!);
      this.#decoded.set(message, packet);
    }
    return packet;
  }

  async #load(info: StreamInfo, part: number): Promise<void> {
    const key = this.#key(info.name, part);
    const known = this.#parts.get(key);
    if (known) {
      // What was used last goes last.
      this.#parts.delete(key);
      this.#parts.set(key, known);
    }
    if (known || part * PART >= info.timesS.length || this.#asked.has(key) || this.#asked.size >= AT_A_TIME) return;
    this.#asked.add(key);
    const { level } = this;
    const words = [...new Set([level, "joints", "preview"])].filter(
      (word) => (word === "preview" ? info.previews : info.levels.includes(word as Level)),
    );
    try {
      const frames = new Map<number, Map<string, ArrayBuffer>>();
      let bytes = 0;
      let from = part * PART;
      const end = Math.min(info.timesS.length, from + PART);
      while (from < end) {
        const query = new URLSearchParams({
          stream: info.name, from: `${from}`, count: `${end - from}`, topics: words.join(","),
        });
        const answer = await this.#server.get(`recording/frames?${query}`);
        if (!answer.ok) throw new WireError((await answer.text()).trim());
        const body = await answer.arrayBuffer();
        bytes += body.byteLength;
        let last = from - 1;
        for (const { index, word, message } of messages(body)) {
          last = index;
          let frame = frames.get(index);
          if (!frame) frames.set(index, (frame = new Map()));
          frame.set(word, message);
        }
        // The server sends whole frames, as many as fit.
        from = Math.max(from, Number(answer.headers.get("X-Next") ?? last + 1)) || end;
      }
      if (this.level === level) this.#keep(key, { frames, bytes });
    } catch (error) {
      this.#onError(error instanceof Error ? error.message : `${error}`);
      await new Promise((done) => setTimeout(done, 2000));
    } finally {
      this.#asked.delete(key);
    }
  }

  #keep(key: string, part: Part): void {
    this.#parts.set(key, part);
    this.#bytes += part.bytes;
    for (const [oldest, { bytes }] of this.#parts) {
      if (this.#bytes <= MEMORY_BYTES || this.#parts.size <= 2 + AHEAD) break;
      this.#parts.delete(oldest);
      this.#bytes -= bytes;
    }
  }
}

/** The messages in an answer: each after its size and the index of its frame, both uint32. Throws WireError. */
function* messages(body: ArrayBuffer): Generator<{ index: number; word: string; message: ArrayBuffer }> {
  const view = new DataView(body);
  for (let at = 0; at < body.byteLength; ) {
    if (at + 8 > body.byteLength) throw new WireError("damaged answer of the server");
    const size = view.getUint32(at, true);
    const index = view.getUint32(at + 4, true);
    if (size < 40 || at + 8 + size > body.byteLength) throw new WireError("damaged answer of the server");
    const message = body.slice(at + 8, at + 8 + size);
    let word = "";
    for (const code of new Uint8Array(message, 0, 40)) {
      if (code === 47) break;
      word += String.fromCharCode(code);
    }
    yield { index, word, message };
    at += 8 + size;
  }
}
