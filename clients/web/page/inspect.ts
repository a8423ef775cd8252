/** What scripts may read of the page, as `window.meshcast`: its numbers, and where the vertices are that it draws. */

import * as THREE from "three";

import type { Crowd } from "./crowd.js";

export interface Numbers {
  stream: string;
  level: string;
  /** "connecting", "waiting", "live", "idle" or "ended". */
  state: string;
  /** Track ids of those who are shown. */
  people: number[];
  /** Frames of the stream: those that came, and those that were published but did not come. */
  received: number;
  lost: number;
  /** Frames a second that came; null until two have. */
  fps: number | null;
  /** From capture to the screen, less what the quickest frame took on its way. */
  latencyMs: number;
  /** The seq of the frame that is shown whole, or on the way to which the motion is; -1 before. */
  seq: number;
  /** Frame index of the picture that is drawn; -1 without. */
  picture: number;
  /** How often the page was drawn. */
  drawn: number;
}

export interface Inspection {
  readonly numbers: Numbers;
  /** The vertices (V, 3) of a person as they are drawn, in the camera's frame and gltf axes, metres; empty for nobody. */
  vertices(id: number): number[];
  /** Save a screenshot; its size in bytes. */
  screenshot(): Promise<number>;
}

declare global {
  interface Window {
    meshcast?: Inspection;
  }
}

export function expose(crowd: Crowd, screenshot: () => Promise<number>): Numbers {
  const numbers: Numbers = {
    stream: "", level: "", state: "connecting", people: [], received: 0, lost: 0, fps: null, latencyMs: 0, seq: -1, picture: -1, drawn: 0,
  };
  window.meshcast = { numbers, vertices: (id) => vertices(crowd, id), screenshot };
  return numbers;
}

function vertices(crowd: Crowd, id: number): number[] {
  const mesh = crowd.figures.get(id)?.object;
  if (!mesh) return [];
  const at = new THREE.Vector3();
  const { count } = mesh.geometry.getAttribute("position");
  return Array.from({ length: count }, (_, vertex) => mesh.getVertexPosition(vertex, at).toArray()).flat();
}
