/** The golden packets and the numbers that they must decode to. */

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { decode } from "../src/index.js";
import type { AxesName, FramePacket, ModelPacket } from "../src/index.js";

/** npm runs scripts in the package's folder. */
const FOLDER = join(process.cwd(), "../../tests/data/wire");

type Nested = number | readonly Nested[];

export interface AxesNumbers {
  readonly unit: string;
  readonly model_id: number;
  readonly seq: number;
  readonly [array: string]: Nested | string;
}

export interface ModelNumbers {
  readonly seq: number;
  readonly model_id: number;
  readonly model_name: string;
  readonly axes: string;
  readonly unit: string;
  readonly joint_names: string[];
  readonly keypoint_names: string[];
  readonly rest_vertices: Nested;
  readonly faces: Nested;
  readonly parents: Nested;
  readonly rig?: Record<string, Nested>;
  readonly uv?: Record<string, Nested>;
  readonly lod?: Record<string, Nested>;
}

export interface Expected {
  readonly tolerance: number;
  readonly rotation_tolerance_rad: number;
  readonly header: Record<string, string | number | number[]>;
  readonly K: [[number, number, number], [number, number, number], [number, number, number]];
  readonly distortion: number[];
  readonly bare_model_id: number;
  readonly mesh: Record<string, { seq: number; camera: boolean; people: Record<string, Nested> }>;
  readonly observed: Record<string, { visibility: Nested | null; contacts: Nested | null }>;
  readonly models: Record<string, ModelNumbers>;
  readonly axes: Record<AxesName, AxesNumbers>;
  readonly status: Record<string, { state: string; reason: string }>;
  readonly status_header: Record<string, string | number>;
}

/** Integers too large for a number are kept as text: "1800000000123456789". */
const JSON_TEXT = readFileSync(join(FOLDER, "expected.json"), "utf8").replace(/(: |\[|, )(-?\d{16,})(?=[,\]}])/g, '$1"$2"');
export const EXPECTED = JSON.parse(JSON_TEXT) as Expected;

/** How much an array of lengths may be off in these axes, in their unit; the file says it in metres. */
export function tolerance(axes: AxesName): number {
  return EXPECTED.tolerance * (EXPECTED.axes[axes].unit === "cm" ? 100 : 1);
}

export const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith(".bin"));

export function packet(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(FOLDER, name)));
}

export function frame(name: string): FramePacket {
  const found = decode(packet(name));
  if (!("people" in found)) throw new Error(`${name} is no frame`);
  return found;
}

export function model(name: string): ModelPacket {
  const found = decode(packet(name));
  if (found.word !== "model") throw new Error(`${name} is no model`);
  return found;
}

export function flat(nested: Nested | string | undefined): number[] {
  if (typeof nested === "number") return [nested];
  if (typeof nested === "string" || nested === undefined) throw new Error(`not an array: ${nested}`);
  return nested.flatMap(flat);
}
