/** Normals of a smooth surface. */

/**
 * The unit normals (V, 3) of vertices (V, 3) and faces (F, 3) that are counter-clockwise seen from outside, in
 * `normals`: the sum of the faces' normals, each as long as its face is large.
 */
export function smoothNormals(vertices: Float32Array, faces: Int32Array | Uint32Array, normals: Float32Array): void {
  normals.fill(0);
  for (let face = 0; face < faces.length; face += 3) {
    const a = 3 * faces[face]!;
    const b = 3 * faces[face + 1]!;
    const c = 3 * faces[face + 2]!;
    const [ax, ay, az] = [vertices[a]!, vertices[a + 1]!, vertices[a + 2]!];
    const [ux, uy, uz] = [vertices[b]! - ax, vertices[b + 1]! - ay, vertices[b + 2]! - az];
    const [vx, vy, vz] = [vertices[c]! - ax, vertices[c + 1]! - ay, vertices[c + 2]! - az];
    const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    for (const corner of [a, b, c]) {
      normals[corner]! += x;
      normals[corner + 1]! += y;
      normals[corner + 2]! += z;
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const length = Math.hypot(normals[at]!, normals[at + 1]!, normals[at + 2]!) || 1;
    normals[at]! /= length;
    normals[at + 1]! /= length;
    normals[at + 2]! /= length;
  }
}
