import assert from "node:assert/strict";
import { test } from "node:test";

import { RecordingFeed } from "../page/recording.js";
import type { PageServer } from "../page/server.js";
import { packet } from "./golden.js";

/** A params message of a frame. */
function message(index: number): Uint8Array {
  const made = new Uint8Array(packet("params_opencv.bin").slice(0));
  new DataView(made.buffer).setBigUint64(112, BigInt(index), true);
  return made;
}

/** An answer of the server: each message after its size and the index of its frame. */
function answer(indices: readonly number[]): ArrayBuffer {
  const parts = indices.flatMap((index) => {
    const made = message(index);
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, made.byteLength, true);
    new DataView(head.buffer).setUint32(4, index, true);
    return [head, made];
  });
  const body = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  return body.buffer;
}

/** A server of a recording with frames at these times, of which some have no params. */
function server(timesS: readonly number[], withParams: readonly number[]): PageServer {
  const streams = [{ name: "cam0", levels: ["params"], previews: false, floor: null }];
  const get = async (path: string): Promise<Response> => {
    if (path.endsWith("index.json")) return Response.json({ streams });
    if (path.includes("/times?")) return new Response(new Float64Array(timesS).buffer);
    if (path.includes("/models?")) return new Response(new ArrayBuffer(0));
    return new Response(answer(withParams), { headers: { "X-Next": `${timesS.length}` } });
  };
  return { get } as unknown as PageServer;
}

test("a moment whose frame was not recorded whole shows the frame before", async () => {
  const feed = await RecordingFeed.open(server([0, 0.1, 0.2, 0.3], [0, 1, 2]), "params", assert.fail);
  assert.equal(feed.at("cam0", 0.3), undefined, "nothing is shown before it is loaded");
  feed.advance("cam0", performance.now());
  await new Promise((done) => setImmediate(done));
  await new Promise((done) => setImmediate(done));
  assert.equal(feed.at("cam0", 0.3)?.from.frameIndex, 2n);
  assert.equal(feed.at("cam0", 0.1)?.from.frameIndex, 1n);
  const between = feed.at("cam0", 0.15)!;
  assert.deepEqual([between.from.frameIndex, between.to.frameIndex], [1n, 2n]);
});
