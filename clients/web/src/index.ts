/** Reads what a Meshcast publisher sends; in a browser through `meshcast bridge websocket`. See docs/wire.md. */

export { convertFrame, convertModel } from "./axes.js";
export { Client, type ClientOptions, type StreamState } from "./client.js";
export { decode, dequantise } from "./decode.js";
export { Delay } from "./delay.js";
export { WireError } from "./errors.js";
export type { AxesName, Extra, Header, Lens, Level, Space, State, Unit } from "./layout.js";
export type {
  FramePacket,
  Intrinsics,
  Lod,
  ModelPacket,
  Packet,
  People,
  PreviewPacket,
  Rig,
  StatsPacket,
  StatusPacket,
  UvMap,
} from "./packets.js";
export { type Moment, Playout } from "./playout.js";
export { blendRotations } from "./rotations.js";
export { poseBones, rigFor, shaped, skin } from "./skinning.js";
export { vertexVisibility, visibilityOf } from "./visibility.js";
