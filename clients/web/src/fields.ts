/** Parts of messages that several kinds have. */

import { WireError } from "./errors.js";
import type { Intrinsics } from "./packets.js";

/** The camera in the header of a frame or picture message. Throws WireError. */
export function intrinsics(view: DataView): Intrinsics | null {
  const found = Array.from({ length: 10 }, (_, index) => view.getFloat32(152 + 4 * index, true));
  const [fx, fy, cx, cy, skew, k1, k2, p1, p2, k3] = found as [
    number, number, number, number, number, number, number, number, number, number,
  ];
  if (!found.every(Number.isFinite) || fx < 0 || fy < 0) {
    throw new WireError("damaged message: its camera is not one");
  }
  if (fx === 0 || fy === 0) return null;
  return { fx, fy, cx, cy, skew, distortion: [k1, k2, p1, p2, k3] };
}

/** UTF-8 bytes as text. Throws WireError. */
export function text(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new WireError(`damaged message: the ${what} not UTF-8`);
  }
}
