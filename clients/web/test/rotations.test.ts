import { test } from "node:test";

import { blendRotations, rotmat, rotvec } from "../src/rotations.js";
import { near } from "./near.js";

const blended = (a: number[], b: number[], share: number): Float32Array => {
  const out = new Float32Array(a.length);
  blendRotations(Float32Array.from(a), Float32Array.from(b), share, out);
  return out;
};

test("rotation vectors survive their matrix", () => {
  const VECTORS: [number, number, number][] = [[0, 0, 0], [1e-9, 0, 0], [0.1, -0.2, 0.3], [3.1, 0.2, -0.1], [0, 0, Math.PI]];
  for (const vector of VECTORS) {
    near(rotvec(rotmat(...vector)), vector, 1e-7, "vector");
  }
});

test("a blend goes the shortest way, at an even pace, about one axis", () => {
  near(blended([0, 0, 0.5], [0, 0, 1.5], 0.25), [0, 0, 0.75], 1e-6, "about z");
  near(blended([0, 3, 0], [0, -3, 0], 0.5), [0, Math.PI, 0], 1e-5, "through pi");
  near(blended([0.3, 0, 0, 0, 0.2, 0], [0.3, 0, 0, 0, 0.4, 0], 0.5), [0.3, 0, 0, 0, 0.3, 0], 1e-6, "two joints");
});

test("its ends are the rotations themselves", () => {
  const [a, b] = [[0.4, -1, 2], [-1.2, 0.3, 0.6]] as const;
  near(blended([...a], [...b], 0), a, 1e-6, "begin");
  near(blended([...a], [...b], 1), b, 1e-6, "end");
});
