import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_LAG_S, Playout } from "../src/playout.js";

/** Frames named by their number, `rate` a second, each `way(n)` seconds on its way. */
function played(rate: number, frames: number, way: (n: number) => number = () => 5): { playout: Playout<number>; nowS: number } {
  const playout = new Playout<number>();
  let nowS = 0;
  for (let n = 0; n < frames; n++) playout.push(n, 1, n / rate, (nowS = n / rate + way(n)));
  return { playout, nowS };
}

test("nothing before the first frame, and then that one", () => {
  const playout = new Playout<string>();
  assert.equal(playout.at(1), undefined);
  playout.push("a", 1, 100, 1);
  assert.deepEqual(playout.at(1), { from: "a", to: "a", share: 1 });
});

test("motion is even between frames that come evenly", () => {
  const playout = new Playout<number>();
  const shown: number[] = [];
  for (let tick = 0; tick < 240; tick++) {
    const nowS = 7 + tick / 120;
    if (tick % 4 === 0) playout.push(tick / 4, 1, tick / 120, nowS);
    const { from, to, share } = playout.at(nowS)!;
    shown.push(from + (to - from) * share);
  }
  const settled = shown.slice(60);
  for (const [at, value] of settled.slice(1).entries()) {
    assert.ok(Math.abs(value - settled[at]! - 0.25) < 0.02, `a step of ${value - settled[at]!} instead of 0.25`);
  }
});

test("the last frame is reached and stays", () => {
  const { playout, nowS } = played(30, 20);
  assert.deepEqual(playout.at(nowS + 1), { from: 19, to: 19, share: 1 });
});

test("what is kept in hand follows the jitter but has a limit", () => {
  const even = played(30, 200).playout.lagS;
  const uneven = played(30, 200, (n) => 5 + (n % 3) * 0.02).playout.lagS;
  assert.ok(even > 1 / 30 && even < 0.05, `${even}`);
  assert.ok(uneven > even && uneven < MAX_LAG_S, `${uneven}`);
  assert.equal(played(2, 10).playout.lagS, MAX_LAG_S);
});

test("a slow stream moves in the last part of its way, after the frame has come", () => {
  const { playout, nowS } = played(1, 3);
  assert.deepEqual(playout.at(nowS), { from: 1, to: 2, share: 0 });
  assert.ok(Math.abs(playout.at(nowS + MAX_LAG_S / 2)!.share - 0.5) < 1e-6);
  assert.deepEqual(playout.at(nowS + MAX_LAG_S + 1e-6), { from: 2, to: 2, share: 1 });
});

test("another session and a clock that was set begin anew", () => {
  const { playout, nowS } = played(30, 20);
  playout.push(100, 2, 5000, nowS + 0.1);
  assert.deepEqual(playout.at(nowS + 0.1), { from: 100, to: 100, share: 1 });
  playout.push(101, 2, 4000, nowS + 0.2);
  assert.deepEqual(playout.at(nowS + 0.2), { from: 101, to: 101, share: 1 });
  playout.push(102, 2, 4000.1, nowS + 5);
  assert.deepEqual(playout.at(nowS + 5), { from: 102, to: 102, share: 1 });
});
