/** Messages besides the bodies: the camera's picture, and how the pipeline performs. */

import { WireError } from "./errors.js";
import { intrinsics, text } from "./fields.js";
import { ArrayReader, ENCODINGS, HEADER_SIZES, type Header, LENSES, MAX_PREVIEW_PX, MAX_STATS_BYTES, coded } from "./layout.js";
import type { PreviewPacket, StatsPacket } from "./packets.js";

export function decodePreview(view: DataView<ArrayBuffer>, header: Header & { word: "preview" }): PreviewPacket {
  const previewWidth = view.getUint32(192, true);
  const previewHeight = view.getUint32(196, true);
  const tStreamS = view.getFloat64(136, true);
  const sizes = [previewWidth, previewHeight];
  if (sizes.some((size) => size < 1 || size > MAX_PREVIEW_PX) || !Number.isFinite(tStreamS)) {
    throw new WireError(`damaged message: a picture of ${previewWidth} x ${previewHeight} px`);
  }
  const lens = coded("lens", LENSES, view.getUint8(200));
  coded("encoding", ENCODINGS, view.getUint8(201));
  const arrays = new ArrayReader(view);
  const data = arrays.take("preview", Uint8Array, view.getUint32(204, true)) as Uint8Array<ArrayBuffer>;
  arrays.close(HEADER_SIZES.preview);
  return {
    ...header,
    frameIndex: view.getBigUint64(112, true),
    tStreamS,
    tCaptureMonotonicNs: view.getBigInt64(128, true),
    ageMs: view.getUint32(108, true) / 1000,
    width: view.getUint32(144, true),
    height: view.getUint32(148, true),
    camera: intrinsics(view),
    lens,
    previewWidth,
    previewHeight,
    data,
  };
}

export function decodeStats(view: DataView<ArrayBuffer>, header: Header & { word: "stats" }): StatsPacket {
  const size = view.getUint32(108, true);
  if (size > MAX_STATS_BYTES) throw new WireError(`damaged message: stats of ${size} bytes`);
  const arrays = new ArrayReader(view);
  const bytes = arrays.take("text", Uint8Array, size);
  arrays.close(HEADER_SIZES.stats);
  let values: unknown;
  try {
    values = JSON.parse(text(bytes, "stats are"));
  } catch {
    values = undefined;
  }
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new WireError("damaged message: the stats are not a JSON object");
  }
  return { ...header, tPublishMonotonicNs: view.getBigInt64(112, true), values: values as Record<string, unknown> };
}
