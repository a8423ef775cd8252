import assert from "node:assert/strict";
import { test } from "node:test";

import { vertexVisibility, visibilityOf } from "../src/index.js";
import { frame, model } from "./golden.js";
import { near } from "./near.js";

/** The share of joint 1 in each vertex of the golden body; joint 0 has the rest. */
const SHARES = [65535, 52428, 39321, 0, 26214, 65534, 65535].map((level) => level / 65535);

test("a vertex is seen as much as the joints that move it", () => {
  const body = model("model_opencv.bin");
  const visibility = visibilityOf(frame("params_visibility.bin").people, 1);
  near([...visibility], [0.4, 1, 0.6], 1e-6, "visibility");
  const expected = SHARES.map((share) => 0.4 + 0.6 * share);
  near([...vertexVisibility(body, visibility)], expected, 1e-6, "vertices");
  const coarse = [0, 2, 4, 6].map((vertex) => expected[vertex]!);
  near([...vertexVisibility(body, visibility, true)], coarse, 1e-6, "vertices of the coarser mesh");
});

test("all is seen where nothing is known of the joints or the body has no rig", () => {
  const unknown = visibilityOf(frame("mesh_2_people.bin").people, 1);
  assert.equal(unknown.length, 0);
  assert.deepEqual([...vertexVisibility(model("model_opencv.bin"), unknown)], Array(7).fill(1));
  assert.deepEqual([...vertexVisibility(model("model_bare.bin"), new Float32Array(3))], Array(7).fill(1));
});
