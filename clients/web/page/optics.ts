/** A lens: from directions to positions in the picture and back, as calibration/lens.py has it. */

import type { Intrinsics, Lens } from "../src/index.js";

/** The camera of a picture. Positions are in px of the stream's images, whose first centre is (0, 0). */
export interface Optics {
  readonly camera: Intrinsics;
  readonly lens: Lens;
  readonly width: number;
  readonly height: number;
}

const WIDEST = Math.tan((85 * Math.PI) / 180);
const STEPS = 12;

/** A distorted position of (x/z, y/z). */
export function distort([u, v]: readonly [number, number], { camera, lens }: Optics): [number, number] {
  const [a, b, c, d, e] = camera.distortion;
  const r2 = u * u + v * v;
  if (lens === "fisheye") {
    const r = Math.sqrt(r2);
    if (r < 1e-9) return [u, v];
    const angle = Math.atan(r);
    const s = angle * angle;
    const scale = (angle * (1 + s * (a + s * (b + s * (c + s * d))))) / r;
    return [u * scale, v * scale];
  }
  const radial = 1 + r2 * (a + r2 * (b + r2 * e));
  return [
    u * radial + 2 * c * u * v + d * (r2 + 2 * u * u),
    v * radial + c * (r2 + 2 * v * v) + 2 * d * u * v,
  ];
}

/** The direction (x/z, y/z) of a pixel, by Newton's method on the distance from the axis. */
export function direction([x, y]: readonly [number, number], optics: Optics): [number, number] {
  const { fx, fy, cx, cy, skew } = optics.camera;
  const q = (y - cy) / fy;
  const p = (x - cx - skew * q) / fx;
  const limit = widest(optics);
  let [u, v] = [p, q];
  for (let step = 0; step < STEPS; step++) {
    const [du, dv] = distort([u, v], optics);
    u += p - du;
    v += q - dv;
    const r = Math.hypot(u, v);
    if (r > limit) [u, v] = [(u * limit) / r, (v * limit) / r];
  }
  return [u, v];
}

/** The distance from the axis, x/z, up to which the model of the lens rises: beyond, it folds back into the picture. */
export function widest({ camera, lens }: Optics): number {
  const [a, b, c, d, e] = camera.distortion;
  const fish = lens === "fisheye";
  const slope = (t: number): number => {
    const s = t * t;
    return fish ? 1 + s * (3 * a + s * (5 * b + s * (7 * c + s * 9 * d))) : 1 + s * (3 * a + s * (5 * b + s * 7 * e));
  };
  const end = fish ? Math.atan(WIDEST) : WIDEST;
  const steps = 400;
  for (let n = 1; n <= steps; n++) {
    // Finer where pictures are.
    const t = end * (n / steps) ** 2;
    if (slope(t) <= 0) return fish ? Math.tan(0.999 * end * ((n - 1) / steps) ** 2) : 0.999 * end * ((n - 1) / steps) ** 2;
  }
  return WIDEST;
}
