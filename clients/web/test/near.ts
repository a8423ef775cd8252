import assert from "node:assert/strict";

/** Every number within `tolerance`. */
export function near(actual: Iterable<number>, expected: readonly number[], tolerance: number, what: string): void {
  const found = [...actual];
  assert.equal(found.length, expected.length, `${what}: length`);
  found.forEach((value, at) => {
    assert.ok(Math.abs(value - expected[at]!) <= tolerance, `${what}[${at}]: ${value} instead of ${expected[at]}`);
  });
}
