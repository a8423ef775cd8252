/** Where the page asks for the board. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ghost, mirrored, type Step } from "../page/board.js";

const BOARD = [7, 5] as const;

test("an outline is in its third of the image, and within the image", () => {
  for (const aspect of [16 / 9, 3 / 4]) {
    for (const column of [0, 1, 2]) {
      for (const row of [0, 1, 2]) {
        const points = ghost(["", [column, row], null, false], BOARD, aspect);
        for (const [x, y] of points) assert.ok(x > 0 && x < 1 && y > 0 && y < 1);
        const inside = (at: number, third: number) => Math.min(2, Math.floor(3 * at)) === third;
        assert.ok(points.some(([x]) => inside(x, column)) || column === 1);
        assert.ok(points.some(([, y]) => inside(y, row)) || row === 1);
      }
    }
  }
});

test("the far edge of a tilted board is the shorter one", () => {
  const step: Step = ["", null, "right", false];
  const [topLeft, topRight, bottomRight, bottomLeft] = ghost(step, BOARD, 1.5);
  assert.ok(bottomRight![1] - topRight![1] < bottomLeft![1] - topLeft![1]);
});

test("left and right are exchanged in a mirrored image", () => {
  assert.equal(mirrored("move the board to the top left of the image"), "move the board to the top right of the image");
  assert.equal(mirrored("its right edge away"), "its left edge away");
});
