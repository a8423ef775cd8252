/** Damaged packets end in one WireError, quickly and without a large allocation. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { WireError, decode, skin } from "../src/index.js";
import { NAMES, model, packet } from "./golden.js";

/** A small generator with a seed (Marsaglia, xorshift32). */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Decodes, or refuses with one line. */
function survives(bytes: Uint8Array<ArrayBuffer>): boolean {
  try {
    const found = decode(bytes);
    if (found.word === "params" && found.people.count) {
      const body = model("model_gltf.bin");
      if (body.parents.length === found.people.rotationCount && body.rig!.shapeCount === found.people.shapeCount) {
        skin(body, found.people, 0);
      }
    }
    return true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    assert.ok(error.message.length < 300 && !error.message.includes("\n"), error.message);
    return false;
  }
}

function patched(name: string, offset: number, bytes: number[]): Uint8Array<ArrayBuffer> {
  const message = packet(name);
  message.set(bytes, offset);
  return message;
}

const U32_MAX = [255, 255, 255, 255];

test("messages cut short or too long are refused", () => {
  for (const name of NAMES) {
    const whole = packet(name);
    for (let size = 0; size < whole.length; size++) assert.ok(!survives(whole.slice(0, size)), `${name} of ${size}`);
    const longer = new Uint8Array(whole.length + 4);
    longer.set(whole);
    assert.throws(() => decode(longer), /bytes arrived of/);
    new DataView(longer.buffer).setUint32(52, longer.length, true);
    if (!name.includes("future")) assert.throws(() => decode(longer), /its arrays need/, name);
  }
});

for (const [what, bytes, message] of [
  ["foreign", patched("mesh_opencv.bin", 40, [88]), /^not a Meshcast message/],
  ["another version", patched("mesh_opencv.bin", 44, [2]), /wire version 2, this side speaks 1/],
  ["an unknown kind", patched("mesh_opencv.bin", 46, [99]), /unknown kind 99/],
  ["a header size in the header", patched("mesh_opencv.bin", 48, [204, 0]), /header size 204/],
  ["an odd header size", patched("mesh_opencv.bin", 48, [209, 0]), /header size 209/],
  ["a huge header size", patched("mesh_opencv.bin", 48, U32_MAX), /header size 4294967295/],
  ["a wrong message size", patched("mesh_opencv.bin", 52, U32_MAX), /500 bytes arrived of 4294967295/],
  ["the topic of another kind", patched("mesh_opencv.bin", 0, [77]), /topic "Mesh\//],
  ["another model's name", patched("mesh_opencv.bin", 80, [32]), /body model " olden_body"/],
  ["unknown axes", patched("mesh_opencv.bin", 104, [4]), /unknown axes code 4/],
  ["an unknown unit", patched("mesh_opencv.bin", 105, [2]), /unknown unit code 2/],
  ["an unknown space", patched("mesh_opencv.bin", 106, [3]), /unknown space code 3/],
  ["an endless crowd", patched("mesh_opencv.bin", 192, U32_MAX), /4294967295 people/],
  ["endless vertices", patched("mesh_opencv.bin", 196, U32_MAX), /at most 4096 of 1048576/],
  ["the largest counts", patched("mesh_opencv.bin", 192, [0, 16, 0, 0, 0, 0, 16, 0]), /would end at byte/],
  ["endless joints", patched("mesh_opencv.bin", 200, [255, 255]), /joints would end at byte/],
  ["a joint that is no number", patched("mesh_opencv.bin", 250, [192, 127]), /is not a finite number/],
  ["a time that is no number", patched("mesh_opencv.bin", 136, [0, 0, 0, 0, 0, 0, 240, 127]), /stream time/],
  ["a camera of negative length", patched("mesh_opencv.bin", 155, [192]), /its camera is not one/],
  ["an endless model", patched("model_opencv.bin", 108, U32_MAX), /4294967295 vertices, more than/],
  ["endless faces", patched("model_opencv.bin", 112, U32_MAX), /faces would end at byte/],
  ["too many parents", patched("model_opencv.bin", 120, [255, 255]), /parents would end at byte/],
  ["endless names", patched("model_opencv.bin", 124, U32_MAX), /names would end at byte/],
  ["five joints a vertex", patched("model_opencv.bin", 128, [5]), /5 joints a vertex: only 4/],
  ["endless texture", patched("model_opencv.bin", 132, U32_MAX), /uvs would end at byte/],
  ["an endless coarser mesh", patched("model_opencv.bin", 136, U32_MAX), /lod_vertices would end at byte/],
  ["a face outside the body", patched("model_opencv.bin", 144 + 7 * 12, [7]), /faces out of range/],
  ["a face before the body", patched("model_opencv.bin", 144 + 7 * 12, U32_MAX), /faces out of range/],
  ["a joint that is its own parent", patched("model_opencv.bin", 144 + 7 * 12 + 4 * 12 + 4, [1]), /parents out of range/],
  ["names that are not UTF-8", patched("model_opencv.bin", 144 + 7 * 12 + 4 * 12 + 8, [255]), /names are not UTF-8/],
  ["a name less", patched("model_opencv.bin", 116, [4]), /5 names and 2 parents for 4 joints/],
  ["no room for visibilities", patched("mesh_2_people.bin", 107, [2]), /header size 208 has no room/],
  ["a visibility less", patched("mesh_visibility.bin", 208, [2]), /2 visibilities of 3 joints/],
  ["three feet", patched("mesh_visibility.bin", 210, [3]), /3 contacts of 2 feet/],
  ["endless visibilities", patched("params_visibility.bin", 208, [255, 255]), /visibility would end at byte/],
  ["a state of the future", patched("status_live.bin", 108, [3]), /unknown state code 3/],
  ["an endless reason", patched("status_ended.bin", 128, U32_MAX), /reason would end at byte/],
  ["a reason that is not UTF-8", patched("status_ended.bin", 136, [255]), /reason is not UTF-8/],
] as const) {
  test(`${what} is one clear error`, () => {
    assert.throws(() => decode(bytes), (error) => error instanceof WireError && message.test(error.message));
  });
}

test("mutated packets are decoded or refused", () => {
  const below = random(20_261_121);
  let refused = 0;
  for (let round = 0; round < 30_000; round++) {
    const bytes = packet(NAMES[round % NAMES.length]!);
    for (let change = below(4); change >= 0; change--) {
      // Headers are where it matters: half of the changes are there.
      const at = below(2) ? below(Math.min(208, bytes.length)) : below(bytes.length);
      bytes[at] = [0, 1, 127, 128, 255, below(256)][below(6)]!;
    }
    refused += Number(!survives(bytes));
  }
  assert.ok(refused > 10_000 && refused < 30_000, `${refused} refused`);
});
