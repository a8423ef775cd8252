/** The fixed part of every message, and a reader of arrays that trusts nothing. See docs/wire.md. */

import { WireError } from "./errors.js";

export const VERSION = 1;
export const TOPIC_SIZE = 40;
export const MAX_PEOPLE = 4096;
export const MAX_VERTICES = 1 << 20;
/** Joints that move a vertex. */
export const INFLUENCES = 4;
/** Radians a level of a rotation vector. */
export const ROTATION_STEP = Math.PI / 32767;
/** Standard deviations a level of shape. */
export const SHAPE_STEP = 1e-3;
/** Levels of visibilities and contacts from 0 to 1. */
export const OBSERVED_LEVELS = 255;
/** Contacts of a person: the left and the right foot. */
export const FEET = 2;
/** Bit of the flags of a frame: visibilities and contacts follow. */
const OBSERVED = 2;
export const OBSERVED_HEADER_SIZE = 212;
/** Levels of a vertex's share in a joint. */
export const WEIGHT_LEVELS = 65535;

/** The code on the wire is the index. */
export const AXES = ["opencv", "unity", "unreal", "gltf"] as const;
export const UNITS = ["m", "cm"] as const;
export const SPACES = ["camera", "world", "body"] as const;
export const STATES = ["live", "idle", "ended"] as const;
export const LEVELS = ["params", "joints", "mesh", "mesh-lod"] as const;
/** What can be asked for besides the bodies: the camera's picture, and how the pipeline performs. */
export const EXTRAS = ["preview", "stats"] as const;
export const LENSES = ["pinhole", "fisheye"] as const;
export const ENCODINGS = ["jpeg"] as const;
export const MAX_PREVIEW_PX = 8192;
export const MAX_STATS_BYTES = 1 << 16;

export type AxesName = (typeof AXES)[number];
export type Unit = (typeof UNITS)[number];
export type Space = (typeof SPACES)[number];
export type State = (typeof STATES)[number];
export type Level = (typeof LEVELS)[number];
export type Extra = (typeof EXTRAS)[number];
export type Lens = (typeof LENSES)[number];

/** The first word of the topic; its place is the kind on the wire. */
const WORDS = [undefined, "mesh", "model", "params", "joints", "mesh-lod", "status", "preview", "stats"] as const;
export type Word = NonNullable<(typeof WORDS)[number]>;

export const HEADER_SIZES: Record<Word, number> = {
  mesh: 208,
  params: 208,
  joints: 208,
  "mesh-lod": 208,
  model: 144,
  status: 136,
  preview: 208,
  stats: 124,
};

const COMMON_SIZE = 108;
const MAGIC = 0x5453434d; // "MCST"
const MAX_STREAM = 30;
const LIMIT = 1e30; // no float in an array is larger, so that low + step * level stays a number too
const ALIGN = 4;
const NAME = /^[A-Za-z0-9._-]+$/;

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new WireError("this machine is big-endian: arrays of the wire cannot be viewed in place");
}

/** The fields that every message has. */
export interface Header {
  readonly word: Word;
  readonly stream: string;
  /** Counts the messages; at all frame levels alike. */
  readonly seq: bigint;
  /** Drawn once per run of the publisher. */
  readonly session: number;
  readonly modelId: number;
  readonly modelName: string;
  readonly axes: AxesName;
  readonly unit: Unit;
  readonly space: Space;
  readonly tPublishUnixNs: bigint;
}

/** Which message it is; throws WireError when it is foreign, of another version, not whole or of an unknown kind. */
export function readWord(view: DataView): Word {
  const size = view.byteLength;
  if (size < COMMON_SIZE || view.getUint32(TOPIC_SIZE, true) !== MAGIC) {
    throw new WireError(`not a Meshcast message (${size} bytes): is something else publishing at this address?`);
  }
  const version = view.getUint16(44, true);
  if (version !== VERSION) {
    throw new WireError(`message of wire version ${version}, this side speaks ${VERSION}: update the older`);
  }
  const announced = view.getUint32(52, true);
  if (announced !== size) {
    throw new WireError(`damaged message: ${size} bytes arrived of ${announced}`);
  }
  const kind = view.getUint16(46, true);
  const word = WORDS[kind];
  if (word === undefined) {
    throw new WireError(`message of unknown kind ${kind}: subscribe to known topics only, or update`);
  }
  return word;
}

/** The common fields of a message that `readWord` accepted. Throws WireError. */
export function readHeader(view: DataView, word: Word): Header {
  const size = view.byteLength;
  const least = HEADER_SIZES[word];
  if (size < least) throw new WireError(`damaged message: ${size} bytes are too few for a ${word} header`);
  const start = headerSize(view);
  if (start < least || start > size || start % ALIGN !== 0) {
    throw new WireError(`damaged message: header size ${start} in a ${word} message`);
  }
  const topic = latin(view, 0, TOPIC_SIZE);
  const modelName = latin(view, 80, 24);
  const slash = topic.indexOf("/");
  const stream = topic.slice(slash + 1);
  if (topic.slice(0, slash) !== word || stream.length > MAX_STREAM || !NAME.test(stream) || !NAME.test(modelName)) {
    throw new WireError(`damaged message: topic ${JSON.stringify(topic)}, body model ${JSON.stringify(modelName)}`);
  }
  return {
    word,
    stream,
    modelName,
    seq: view.getBigUint64(56, true),
    tPublishUnixNs: view.getBigInt64(64, true),
    session: view.getUint32(72, true),
    modelId: view.getUint32(76, true),
    axes: coded("axes", AXES, view.getUint8(104)),
    unit: coded("unit", UNITS, view.getUint8(105)),
    space: coded("space", SPACES, view.getUint8(106)),
  };
}

/** Where the arrays start. */
export function headerSize(view: DataView): number {
  return view.getUint32(48, true);
}

/** How many visibilities and contacts a person of a frame has; undefined where the header does not say. Throws WireError. */
export function readObserved(view: DataView, joints: number): { visibilities: number; contacts: number } | undefined {
  if (!(view.getUint8(107) & OBSERVED)) return undefined;
  const start = headerSize(view);
  if (start < OBSERVED_HEADER_SIZE) {
    throw new WireError(`damaged message: header size ${start} has no room for visibilities`);
  }
  const visibilities = view.getUint16(208, true);
  const contacts = view.getUint16(210, true);
  if ((joints && visibilities && visibilities !== joints) || (contacts && contacts !== FEET)) {
    throw new WireError(
      `damaged message: ${visibilities} visibilities of ${joints} joints, ${contacts} contacts of ${FEET} feet`,
    );
  }
  return { visibilities, contacts };
}

/** The word that a code stands for. Throws WireError for a code of the future. */
export function coded<T>(name: string, table: readonly T[], code: number): T {
  const found = table[code];
  if (found === undefined) throw new WireError(`message with unknown ${name} code ${code}: update this side`);
  return found;
}

function latin(view: DataView, offset: number, size: number): string {
  let end = size;
  while (end > 0 && view.getUint8(offset + end - 1) === 0) end--;
  let text = "";
  for (let at = 0; at < end; at++) text += String.fromCharCode(view.getUint8(offset + at));
  return text;
}

type Typed = Uint8Array | Uint16Array | Int16Array | Int32Array | Float32Array;
type TypedClass<A extends Typed> = {
  readonly BYTES_PER_ELEMENT: number;
  readonly prototype: A;
  new (buffer: ArrayBuffer, offset: number, length: number): A;
};

/** Takes the arrays of one message in their order; each is a view of the message. */
export class ArrayReader {
  readonly #view: DataView<ArrayBuffer>;
  #offset: number;

  /** The view must start at a multiple of 4 bytes of its buffer. */
  constructor(view: DataView<ArrayBuffer>) {
    this.#view = view;
    this.#offset = headerSize(view);
  }

  /** The next `count` elements. Floats must be of a size below 1e30, and `good` must hold. Throws WireError. */
  take<A extends Typed>(name: string, kind: TypedClass<A>, count: number, good?: (array: A) => boolean): A {
    const size = count * kind.BYTES_PER_ELEMENT;
    const total = this.#view.byteLength;
    if (this.#offset + size > total) {
      throw new WireError(`damaged message: ${name} would end at byte ${this.#offset + size} of ${total}`);
    }
    const array = new kind(this.#view.buffer, this.#view.byteOffset + (count ? this.#offset : 0), count);
    this.#offset += Math.ceil(size / ALIGN) * ALIGN;
    if (array instanceof Float32Array && !array.every((value) => Math.abs(value) < LIMIT)) {
      throw new WireError(`damaged message: ${name} holds a value that is not a finite number`);
    }
    if (good && !good(array)) throw new WireError(`damaged message: ${name} out of range`);
    return array;
  }

  /** Throws WireError when bytes are left over, unless a longer header (than `known`) announced further arrays. */
  close(known: number): void {
    const total = this.#view.byteLength;
    const extended = headerSize(this.#view) > known;
    if (this.#offset > total || (this.#offset < total && !extended)) {
      throw new WireError(`damaged message: its arrays need ${this.#offset} bytes, ${total} arrived`);
    }
  }
}
