/** From the visibility of joints to that of the surface: a vertex is seen as much as the joints that move it. */

import { INFLUENCES, WEIGHT_LEVELS } from "./layout.js";
import type { ModelPacket, People } from "./packets.js";

/** The visibilities (J) of person `n`, 0 to 1, by the model's joint names; empty where the publisher does not know. */
export function visibilityOf({ visibility, visibilityCount }: People, n: number): Float32Array {
  return visibility.subarray(n * visibilityCount, (n + 1) * visibilityCount);
}

/**
 * The visibility, 0 to 1, of each vertex of the model, or of its coarser mesh, in `out`. Everything is seen where the
 * body has no rig or nothing is known of its joints.
 */
export function vertexVisibility(
  model: ModelPacket,
  visibility: Float32Array,
  coarse = false,
  out: Float32Array = new Float32Array(coarse ? (model.lod?.vertices.length ?? 0) : model.vertexCount),
): Float32Array {
  const { rig } = model;
  if (!rig || visibility.length < model.parents.length) return out.fill(1);
  const chosen = coarse ? model.lod?.vertices : undefined;
  for (let at = 0; at < out.length; at++) {
    const start = INFLUENCES * (chosen ? chosen[at]! : at);
    let seen = 0;
    for (let i = start; i < start + INFLUENCES; i++) seen += rig.weights[i]! * visibility[rig.joints[i]!]!;
    out[at] = seen / WEIGHT_LEVELS;
  }
  return out;
}
