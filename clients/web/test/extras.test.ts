import assert from "node:assert/strict";
import { test } from "node:test";

import { type PreviewPacket, type StatsPacket, WireError, decode } from "../src/index.js";
import { packet } from "./golden.js";

/** A message of this kind with the common header of a golden packet. */
function message(word: string, kind: number, headerSize: number, body: Uint8Array, fields: (view: DataView) => void): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(headerSize + Math.ceil(body.length / 4) * 4);
  made.set(packet("params_opencv.bin").subarray(0, Math.min(headerSize, 208)));
  made.fill(0, 0, 40);
  made.set(new TextEncoder().encode(`${word}/cam0`));
  made.set(body, headerSize);
  const view = new DataView(made.buffer);
  view.setUint16(46, kind, true);
  view.setUint32(48, headerSize, true);
  view.setUint32(52, made.length, true);
  fields(view);
  return made;
}

const JPEG = Uint8Array.of(0xff, 0xd8, 1, 2, 3);

function preview(change: (view: DataView) => void = () => {}): Uint8Array<ArrayBuffer> {
  return message("preview", 7, 208, JPEG, (view) => {
    view.setUint32(192, 320, true);
    view.setUint32(196, 200, true);
    view.setUint8(200, 1);
    view.setUint8(201, 0);
    view.setUint32(204, JPEG.length, true);
    change(view);
  });
}

function stats(text: string, size = text.length): Uint8Array<ArrayBuffer> {
  return message("stats", 8, 124, new TextEncoder().encode(text), (view) => {
    view.setUint32(108, size, true);
    view.setBigInt64(112, 77n, true);
  });
}

test("a preview is decoded", () => {
  const found = decode(preview()) as PreviewPacket;
  assert.deepEqual([found.stream, found.previewWidth, found.previewHeight, found.lens], ["cam0", 320, 200, "fisheye"]);
  assert.deepEqual([...found.data], [...JPEG]);
});

test("stats are decoded", () => {
  const found = decode(stats('{"fps":25.5,"stages_ms":{"pose":3}}')) as StatsPacket;
  assert.deepEqual(found.values, { fps: 25.5, stages_ms: { pose: 3 } });
  assert.equal(found.tPublishMonotonicNs, 77n);
});

for (const [name, made] of [
  ["a preview without size", preview((view) => view.setUint32(192, 0, true))],
  ["a huge preview", preview((view) => view.setUint32(196, 9000, true))],
  ["a preview of an unknown lens", preview((view) => view.setUint8(200, 9))],
  ["a preview of an unknown encoding", preview((view) => view.setUint8(201, 1))],
  ["a preview that is cut", preview((view) => view.setUint32(204, 99, true))],
  ["stats that are no JSON", stats("{fps")],
  ["stats that are no object", stats("[1]")],
  ["stats that are cut", stats("{}", 80)],
  ["huge stats", stats("{}", 1 << 20)],
] as const) {
  test(`${name} is one clear error`, () => {
    assert.throws(() => decode(made), (error) => error instanceof WireError && !error.message.includes("\n"));
  });
}
