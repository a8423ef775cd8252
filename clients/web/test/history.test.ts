import assert from "node:assert/strict";
import { test } from "node:test";

import { History, KEPT_S } from "../page/history.js";
import { packet } from "./golden.js";

/** A params message of a frame captured at `tS`. */
function message(index: number, tS: number, session = 1, bytes = 0): ArrayBuffer {
  const golden = packet("params_opencv.bin");
  const made = new Uint8Array(golden.byteLength + bytes);
  made.set(golden);
  const view = new DataView(made.buffer);
  view.setUint32(72, session, true);
  view.setBigUint64(112, BigInt(index), true);
  view.setBigInt64(128, BigInt(Math.round(tS * 1e9)), true);
  return made.buffer;
}

function filled(frames: number, maxBytes = 1e9, stepS = 0.1): History {
  const history = new History(() => maxBytes);
  for (let index = 0; index < frames; index++) history.push("params", message(index, 100 + stepS * index));
  return history;
}

test("a moment lies between the frames around it, and on a frame it is that frame", () => {
  const history = filled(10);
  const between = history.at(100.25, "params")!;
  assert.deepEqual([between.from.frameIndex, between.to.frameIndex], [2n, 3n]);
  assert.ok(Math.abs(between.share - 0.5) < 1e-6);
  const on = history.at(history.stepped(100.3, 0)!, "params")!;
  assert.deepEqual([on.from.frameIndex, on.to.frameIndex, on.share], [3n, 3n, 1]);
  assert.equal(history.at(50, "params")!.to.frameIndex, 0n);
  assert.equal(history.at(500, "params")!.to.frameIndex, 9n);
  assert.equal(history.at(100.25, "mesh"), undefined);
});

test("steps stay within what there is", () => {
  const history = filled(5);
  assert.ok(Math.abs(history.stepped(100.2, -1)! - 100.1) < 1e-6);
  assert.equal(history.stepped(100.2, -99), history.span![0]);
  assert.equal(history.stepped(100.2, 99), history.span![1]);
});

test("a frame is found by its index near a moment", () => {
  const history = filled(5);
  assert.equal(history.exactly(3n, 100.3, "params")!.frameIndex, 3n);
  assert.equal(history.exactly(1n, 100.3, "params"), undefined);
});

test("only the last minute is kept, and at most the given number of bytes", () => {
  const long = filled(2 * KEPT_S * 10);
  assert.ok(long.span![1] - long.span![0] <= KEPT_S + 1e-6);
  assert.ok(long.span![1] - long.span![0] > KEPT_S - 1);
  const size = packet("params_opencv.bin").byteLength;
  const small = filled(100, 10 * size);
  assert.ok(small.bytes <= 10 * size);
  assert.ok(Math.abs(small.span![1] - 109.9) < 1e-6);
});

test("a frozen history stays as it is, until the publisher starts again", () => {
  const history = filled(5);
  history.frozen = true;
  assert.equal(history.push("params", message(5, 100.5)), false);
  assert.ok(Math.abs(history.span![1] - 100.4) < 1e-6);
  assert.equal(history.push("params", message(0, 3, 2)), true);
  assert.equal(history.frozen, false);
  assert.deepEqual(history.span, [3, 3]);
});

test("messages that come too late are left out, and levels of one frame belong together", () => {
  const history = filled(3);
  history.push("params", message(7, 100.05));
  assert.equal(history.at(100.05, "params")!.from.frameIndex, 0n);
  const before = history.bytes;
  history.push("joints", message(2, 100.2));
  assert.ok(history.bytes > before);
  assert.ok(history.at(100.2, "joints"));
});
