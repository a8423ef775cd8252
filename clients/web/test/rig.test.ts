import assert from "node:assert/strict";
import { test } from "node:test";

import { caption, frustum, roomCameras } from "../page/rig.js";

const WHOLE = {
  name: "left", size: [1280, 720], K: [[900, 0, 640], [0, 900, 360], [0, 0, 1]],
  // Looks along the world's y axis from 2 m above (1, 3).
  rotation: [[1, 0, 0], [0, 0, -1], [0, 1, 0]], translation: [-1, 2, -3],
  matched: 2, moved: false, silent: false, latency_ms: 84.4,
};

test("a camera of a room is where the stats message says, y up", () => {
  const [camera] = roomCameras([WHOLE]);
  const [eye, corner] = frustum(camera!);
  assert.deepEqual(eye!.toArray().map((value) => Math.round(1e6 * value) / 1e6), [1, 2, -3]);
  assert.ok(corner!.z < eye!.z && corner!.y > eye!.y && corner!.x < eye!.x); // top left, ahead
});

test("a camera's label has its latency and what is wrong", () => {
  const [camera] = roomCameras([WHOLE]);
  assert.equal(caption(camera!), "left · 84 ms");
  assert.equal(caption({ ...camera!, moved: true }), "left · 84 ms · moved");
  assert.equal(caption({ ...camera!, silent: true }), "left · no frames");
});

test("cameras that are not whole are left out", () => {
  const wrong: unknown[] = [
    null, 3, "left", {}, { ...WHOLE, name: 3 }, { ...WHOLE, size: [0, 0] }, { ...WHOLE, K: [[1, 2], [3, 4]] },
    { ...WHOLE, rotation: "x" }, { ...WHOLE, translation: [1, 2, NaN] },
  ];
  assert.deepEqual(roomCameras(wrong), []);
  assert.deepEqual(roomCameras({}), []);
  assert.equal(roomCameras(new Array(100).fill(WHOLE)).length, 64);
});
