/** Receives a publisher's messages from the WebSocket bridge; keeps only the newest, and connects again by itself. */

import { convertFrame, convertModel } from "./axes.js";
import { decode } from "./decode.js";
import { Delay, STALE_S } from "./delay.js";
import { WireError } from "./errors.js";
import { type AxesName, type Extra, type Level, type State, readHeader, readWord } from "./layout.js";
import type { FramePacket, ModelPacket, PreviewPacket, StatsPacket, StatusPacket } from "./packets.js";

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5000;
/** Without a message for so long a publisher, or the way to it, is gone; its status comes every second. */
const SILENT_MS = 3000;
/** A connection that is silent for so long may be dead without knowing: a new one costs little. */
const DEAD_MS = 10_000;
const WATCH_MS = 1000;

export interface ClientOptions {
  /** Which levels to receive, and "preview" and "stats". Frames are counted at the first one. */
  readonly levels: readonly (Level | Extra)[];
  /** The one stream to receive; all of them when left out. */
  readonly stream?: string;
  /** What a bridge with --token-file asks for. */
  readonly token?: string;
  /** Convert packets to these axes; "gltf" is what three.js and Babylon.js (right-handed) draw. Default: as they come. */
  readonly axes?: AxesName;
  /** Called for messages that are not Meshcast's; the stream goes on. */
  readonly onError?: (error: WireError) => void;
  /** Called when a frame has come, for pages that do not ask on every animation frame. */
  readonly onFrame?: () => void;
  /** Called for every frame message that is whole and not older than one before, before `take` decodes it. */
  readonly onMessage?: (level: Level, stream: string, message: ArrayBuffer) => void;
  /** Called for every picture. */
  readonly onPreview?: (packet: PreviewPacket) => void;
  /** Called for every stats message. */
  readonly onStats?: (packet: StatsPacket) => void;
  /** The WebSocket class, where the environment has none. */
  readonly webSocket?: typeof WebSocket;
}

/** How one stream is doing, for a display. */
export interface StreamState {
  readonly stream: string;
  /** "live", "idle" or "ended" as its last status said. */
  state: State;
  /** Why it ended. */
  reason: string;
  /** Frames that came, at the first level. */
  received: number;
  /** Of the messages that came. */
  bytes: number;
  /** Frames that were published but did not come, by their sequence numbers. */
  lost: number;
  /** Frames that came but were not handed out: newer ones came before they were asked for, or they came too late. */
  skipped: number;
  /** From capture to sending, of the last frame. */
  ageMs: number;
  /** How much longer than the quickest frame the last one was on its way. */
  delayMs: number;
}

interface Numbering {
  session: number;
  seq: bigint;
}

/** The newest frames of a publisher: ask `take()` for them whenever the screen is drawn. */
export class Client {
  /** What is known of each stream, by name. */
  readonly streams = new Map<string, StreamState>();

  readonly #options: ClientOptions;
  readonly #url: string;
  readonly #class: typeof WebSocket;
  readonly #waiting = new Map<string, ArrayBuffer>();
  readonly #models = new Map<string, ModelPacket>();
  readonly #numbers = new Map<string, Numbering>();
  readonly #delays = new Map<string, Delay>();
  readonly #watch: ReturnType<typeof setInterval>;
  #socket: WebSocket | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #heardMs = performance.now();
  #connectedMs = 0;
  #closed = false;

  /** Connects at once. url: of the bridge, for example "ws://127.0.0.1:8765". */
  constructor(url: string, options: ClientOptions) {
    const address = new URL("stream", url.endsWith("/") ? url : `${url}/`);
    address.searchParams.set("levels", options.levels.join(","));
    if (options.stream) address.searchParams.set("stream", options.stream);
    this.#url = address.href;
    this.#options = options;
    this.#class = options.webSocket ?? WebSocket;
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    this.#connect();
  }

  /** Whether the bridge is connected. */
  get connected(): boolean {
    return this.#socket?.readyState === 1;
  }

  /** Whether nothing has come for three seconds: the publisher, or the way to it, is gone. */
  get silent(): boolean {
    return performance.now() - this.#heardMs > SILENT_MS;
  }

  /** The newest frame of each stream and level that has come since the last call, decoded. */
  take(): FramePacket[] {
    const frames: FramePacket[] = [];
    for (const message of this.#waiting.values()) {
      try {
        const packet = decode(message);
        if (!("people" in packet)) continue;
        frames.push(this.#options.axes ? convertFrame(packet, this.#options.axes) : packet);
      } catch (error) {
        this.#report(error);
      }
    }
    this.#waiting.clear();
    return frames;
  }

  /** The model that a frame is to be drawn with; undefined until it has come. */
  model(frame: FramePacket): ModelPacket | undefined {
    const model = this.#models.get(frame.stream);
    return model?.modelId === frame.modelId ? model : undefined;
  }

  /** Disconnect for good. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#drop();
  }

  #connect(): void {
    this.#connectedMs = performance.now();
    const { token } = this.#options;
    // Not in the address, which logs keep; a browser lets a page say nothing else.
    const socket = new this.#class(this.#url, token ? ["meshcast", `meshcast.token.${token}`] : []);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data as ArrayBuffer);
    socket.onclose = () => this.#again();
    this.#socket = socket;
  }

  #again(): void {
    this.#drop();
    if (this.#closed) return;
    // Spread, so that the pages of a bridge that has restarted do not all come at once.
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs * (0.5 + Math.random() / 2));
    this.#retryMs = Math.min(LAST_RETRY_MS, 2 * this.#retryMs);
  }

  #drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
    this.#socket = undefined;
  }

  #look(): void {
    const since = performance.now() - Math.max(this.#heardMs, this.#connectedMs);
    if (this.#socket && since > DEAD_MS) this.#again();
  }

  #receive(message: ArrayBuffer): void {
    const nowMs = performance.now();
    try {
      const view = new DataView(message);
      const word = readWord(view);
      this.#heardMs = nowMs;
      this.#retryMs = FIRST_RETRY_MS;
      if (word === "model" || word === "status" || word === "preview" || word === "stats") this.#note(message);
      else this.#keep(message, view, word, nowMs / 1000);
    } catch (error) {
      this.#report(error);
    }
  }

  #note(message: ArrayBuffer): void {
    const packet = decode(message);
    if (packet.word === "model") {
      this.#models.set(packet.stream, this.#options.axes ? convertModel(packet, this.#options.axes) : packet);
    } else if (packet.word === "status") {
      this.#finish(packet);
    } else if (packet.word === "preview") {
      this.#state(packet.stream).bytes += message.byteLength;
      this.#options.onPreview?.(packet);
    } else if (packet.word === "stats") {
      this.#options.onStats?.(packet);
    }
  }

  /** A stream that stands still has sent all that there is. */
  #finish(status: StatusPacket): void {
    const state = this.#state(status.stream);
    state.state = status.state;
    state.reason = status.reason;
    if (status.state === "live") return;
    const seen = this.#numbers.get(`${this.#options.levels[0]}/${status.stream}`);
    if (seen?.session !== status.session || status.nextSeq <= seen.seq + 1n) return;
    state.lost += Number(status.nextSeq - seen.seq - 1n);
    seen.seq = status.nextSeq - 1n;
  }

  /** Only the header is looked at here: whoever asks for frames decodes those that are still the newest. */
  #keep(message: ArrayBuffer, view: DataView, word: Level, nowS: number): void {
    const { stream, seq, session } = readHeader(view, word);
    const topic = `${word}/${stream}`;
    const state = this.#state(stream);
    const seen = this.#numbers.get(topic);
    const overtaken = seen?.session === session && seq <= seen.seq;
    const counted = word === this.#options.levels[0];
    if (counted && seen?.session === session && !overtaken) state.lost += Number(seq - seen.seq - 1n);
    if (!overtaken) this.#numbers.set(topic, { session, seq });
    state.state = "live";
    if (counted) state.received++;
    state.bytes += view.byteLength;
    state.ageMs = view.getUint32(108, true) / 1000;
    let delay = this.#delays.get(stream);
    if (!delay) this.#delays.set(stream, (delay = new Delay()));
    const delayS = delay.of(session, Number(view.getBigInt64(128, true)) / 1e9 + state.ageMs / 1000, nowS);
    state.delayMs = delayS * 1000;
    const late = overtaken || delayS > STALE_S;
    if (counted && (late || this.#waiting.has(topic))) state.skipped++;
    if (!overtaken) this.#options.onMessage?.(word, stream, message);
    if (late) return;
    this.#waiting.set(topic, message);
    this.#options.onFrame?.();
  }

  #state(stream: string): StreamState {
    let state = this.streams.get(stream);
    if (!state) {
      state = { stream, state: "live", reason: "", received: 0, bytes: 0, lost: 0, skipped: 0, ageMs: 0, delayMs: 0 };
      this.streams.set(stream, state);
    }
    return state;
  }

  #report(error: unknown): void {
    if (!(error instanceof WireError)) throw error;
    this.#options.onError?.(error);
  }
}
