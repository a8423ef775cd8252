/** Where the page gets its frames from: a live publisher, or a recording. Times are of the stream's own clock, s. */

import type { FramePacket, Level, ModelPacket, Moment, PreviewPacket, StreamState } from "../src/index.js";

/** What there is of a stream, and where in it the page is. */
export interface Position {
  readonly beginS: number;
  readonly endS: number;
  readonly atS: number;
  /** Shown as it comes, as opposed to paused or behind. */
  readonly live: boolean;
  readonly playing: boolean;
  /** What is asked for has not come yet. */
  readonly loading: boolean;
}

/** A picture and when it was captured, on the feed's clock. */
export interface Pictured {
  readonly packet: PreviewPacket;
  readonly tS: number;
}

/** The floor in opencv axes of the camera's frame: `up` is a unit vector, the camera is so high above it, m. */
export interface KnownFloor {
  readonly up: readonly [number, number, number];
  readonly heightM: number;
}

export interface Feed {
  /** "recording" has an end; "live" goes on. */
  readonly mode: "live" | "recording";
  readonly level: Level;
  readonly connected: boolean;
  /** Whether nothing has come for some seconds. */
  readonly silent: boolean;
  /** Names of the streams. */
  readonly streams: readonly string[];
  /** How much slower or quicker than the original; 1 for what is live. */
  speed: number;

  state(stream: string): StreamState | undefined;
  model(frame: FramePacket): ModelPacket | undefined;
  /** Go on to now. */
  advance(stream: string, nowMs: number): void;
  position(stream: string): Position | undefined;
  /** The frames around a moment. */
  at(stream: string, tS: number, level?: Level): Moment<FramePacket> | undefined;
  exactly(stream: string, frameIndex: bigint, tS: number, level?: Level): FramePacket | undefined;
  picture(stream: string, tS: number): Pictured | undefined;
  /** The floor, where the publisher knows it. */
  floor(stream: string): KnownFloor | undefined;
  play(stream: string): void;
  pause(stream: string): void;
  seek(stream: string, tS: number): void;
  step(stream: string, frames: number): void;
  /** To what is live; to the begin of a recording. */
  restart(stream: string): void;
  close(): void;
}

/** The floor that a server says, checked; undefined where there is none. */
export function knownFloor(said: unknown): KnownFloor | undefined {
  const { up, height_m: heightM } = (said ?? {}) as { up?: unknown; height_m?: unknown };
  const good = Array.isArray(up) && up.length === 3 && up.every(Number.isFinite) && Number.isFinite(heightM);
  return good ? { up: up as [number, number, number], heightM: heightM as number } : undefined;
}

/** Before the server has said what there is. */
export class NoFeed implements Feed {
  readonly mode = "live";
  readonly connected = false;
  readonly silent = true;
  readonly streams = [];
  speed = 1;

  constructor(readonly level: Level) {}

  state(): undefined {}
  model(): undefined {}
  advance(): void {}
  position(): undefined {}
  at(): undefined {}
  exactly(): undefined {}
  picture(): undefined {}
  floor(): undefined {}
  play(): void {}
  pause(): void {}
  seek(): void {}
  step(): void {}
  restart(): void {}
  close(): void {}
}
