/** Rotation vectors and row-major 3 x 3 matrices, in float64. */

export type Matrix = readonly [number, number, number, number, number, number, number, number, number];

/** The matrix of a rotation vector in radians (Rodrigues' formula). */
export function rotmat(x: number, y: number, z: number): Matrix {
  const angle = Math.hypot(x, y, z);
  const a = angle < 1e-8 ? 1 : Math.sin(angle) / angle;
  const b = angle < 1e-8 ? 0.5 : (1 - Math.cos(angle)) / (angle * angle);
  return [
    1 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y,
    b * x * y + a * z, 1 - b * (x * x + z * z), b * y * z - a * x,
    b * x * z - a * y, b * y * z + a * x, 1 - b * (x * x + y * y),
  ];
}

/**
 * The rotation vector in radians, at most pi long, of a rotation matrix: by way of the quaternion with the largest
 * component first, which is exact near every angle (Shepperd, 1978).
 */
export function rotvec(m: Matrix): [number, number, number] {
  const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = m;
  const rows = [
    [1 + xx - yy - zz, yx + xy, zx + xz, zy - yz],
    [yx + xy, 1 - xx + yy - zz, zy + yz, xz - zx],
    [zx + xz, zy + yz, 1 - xx - yy + zz, yx - xy],
    [zy - yz, xz - zx, yx - xy, 1 + xx + yy + zz],
  ] as const;
  let best = 0;
  for (let row = 1; row < 4; row++) if (rows[row]![row]! > rows[best]![best]!) best = row;
  const [x, y, z, w] = rows[best]! as readonly [number, number, number, number];
  const sine = Math.hypot(x, y, z);
  const factor = sine === 0 ? 0 : (2 * Math.atan2(sine, Math.abs(w)) * (w < 0 ? -1 : 1)) / sine;
  return [x * factor, y * factor, z * factor];
}

/** a b. */
export function product(a: Matrix, b: Matrix): Matrix {
  const cell = (row: number, column: number): number =>
    a[row * 3]! * b[column]! + a[row * 3 + 1]! * b[3 + column]! + a[row * 3 + 2]! * b[6 + column]!;
  return [cell(0, 0), cell(0, 1), cell(0, 2), cell(1, 0), cell(1, 1), cell(1, 2), cell(2, 0), cell(2, 1), cell(2, 2)];
}

/** The transpose, which is the inverse of a rotation or reflection. */
export function transpose(m: Matrix): Matrix {
  return [m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]];
}

/** Rotation vectors (M, 3) the share of the shortest way from `a` to `b`, in `out`. */
export function blendRotations(a: Float32Array, b: Float32Array, share: number, out: Float32Array): void {
  for (let at = 0; at < out.length; at += 3) {
    const start = rotmat(a[at]!, a[at + 1]!, a[at + 2]!);
    const way = rotvec(product(transpose(start), rotmat(b[at]!, b[at + 1]!, b[at + 2]!)));
    out.set(rotvec(product(start, rotmat(share * way[0], share * way[1], share * way[2]))), at);
  }
}
