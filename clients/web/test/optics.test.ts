import assert from "node:assert/strict";
import { test } from "node:test";

import { type Optics, direction, distort, widest } from "../page/optics.js";
import type { Lens } from "../src/index.js";
import { near } from "./near.js";

function optics(lens: Lens, distortion: readonly [number, number, number, number, number]): Optics {
  const camera = { fx: 600, fy: 610, cx: 320, cy: 230, skew: 0.5, distortion };
  return { camera, lens, width: 640, height: 480 };
}

const LENSES: [string, Optics][] = [
  ["without distortion", optics("pinhole", [0, 0, 0, 0, 0])],
  ["a barrel", optics("pinhole", [-0.28, 0.08, 0.001, -0.002, 0])],
  ["a pincushion", optics("pinhole", [0.12, 0.02, 0, 0, 0.01])],
  ["a fisheye", optics("fisheye", [-0.02, 0.004, -0.001, 0, 0])],
];

for (const [name, lens] of LENSES) {
  test(`the direction of a pixel leads back to it: ${name}`, () => {
    for (const [x, y] of [[320, 230], [10, 5], [630, 470], [100, 400]] as const) {
      const [u, v] = distort(direction([x, y], lens), lens);
      near([lens.camera.fx * u + lens.camera.skew * v + 320, lens.camera.fy * v + 230], [x, y], 1e-3, name);
    }
  });
}

test("distortion is that of OpenCV", () => {
  // cv2.projectPoints and cv2.fisheye.projectPoints of (0.4, -0.3, 1), focal length 1.
  near(distort([0.4, -0.3], optics("pinhole", [-0.2, 0.03, 0.002, -0.001, 0.05])), [0.380012500, -0.284696875], 1e-6, "distorted");
  near(distort([0.4, -0.3], optics("fisheye", [-0.02, 0.004, -0.001, 0.0005, 0])), [0.369388643, -0.277041482], 1e-6, "distorted");
});

test("a lens that folds back ends where it does", () => {
  // 1 + 3 k1 r^2 = 0 at r = 1.29.
  const end = widest(optics("pinhole", [-0.2, 0, 0, 0, 0]));
  assert.ok(end > 1.2 && end < 1.292, `${end}`);
  assert.ok(widest(optics("pinhole", [0.1, 0, 0, 0, 0])) > 10);
});
