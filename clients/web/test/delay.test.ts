import assert from "node:assert/strict";
import { test } from "node:test";

import { Delay } from "../src/index.js";

const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-3, `${actual}`);

test("the quickest packet took no time, others took longer", () => {
  const delay = new Delay();
  assert.equal(delay.of(1, 100, 7), 0);
  near(delay.of(1, 101, 8.02), 0.02);
  near(delay.of(1, 102, 8.99), 0);
  near(delay.of(1, 103, 10), 0.01);
});

test("a new session measures anew", () => {
  const delay = new Delay();
  delay.of(1, 100, 7);
  assert.equal(delay.of(2, 5, 50), 0);
});

test("a backlog is late, a clock that stood still is not for long", () => {
  const delay = new Delay();
  delay.of(1, 0, 0);
  near(delay.of(1, 1, 11), 9.9989);
  near(delay.of(1, 2, 11.5), 9.49885);
  assert.equal(delay.of(1, 3, 12.6), 0);
});
