import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";

import { Client, type ClientOptions, WireError } from "../src/index.js";
import { Clock } from "./clock.js";
import { packet } from "./golden.js";

/** Stands for a browser's WebSocket: the test says what comes. */
class Wire {
  static made: Wire[] = [];
  readyState = 0;
  binaryType = "";
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    Wire.made.push(this);
  }

  close(): void {
    this.readyState = 3;
  }

  breaks(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  brings(...messages: Uint8Array<ArrayBuffer>[]): void {
    this.readyState = 1;
    for (const message of messages) this.onmessage?.({ data: message.buffer });
  }
}

/** Of the golden packets, on the publisher's monotonic clock. */
const CAPTURED_NS = 4_968_750_000n;

interface Changes {
  readonly seq?: number;
  readonly session?: number;
  readonly nextSeq?: number;
  readonly tCaptureNs?: bigint;
}

function changed(name: string, { seq, session, nextSeq, tCaptureNs }: Changes): Uint8Array<ArrayBuffer> {
  const bytes = packet(name);
  const view = new DataView(bytes.buffer);
  if (seq !== undefined) view.setBigUint64(56, BigInt(seq), true);
  if (session !== undefined) view.setUint32(72, session, true);
  if (nextSeq !== undefined) view.setBigUint64(112, BigInt(nextSeq), true);
  if (tCaptureNs !== undefined) view.setBigInt64(128, tCaptureNs, true);
  return bytes;
}

const mesh = (seq: number, session = 1): Uint8Array<ArrayBuffer> => changed("mesh_opencv.bin", { seq, session });

function connect(context: TestContext, options: Partial<ClientOptions> = {}): { client: Client; wire: Wire } {
  Wire.made = [];
  const webSocket = Wire as unknown as typeof WebSocket;
  const client = new Client("ws://host:1", { levels: ["mesh"], ...options, webSocket });
  context.after(() => client.close());
  return { client, wire: Wire.made[0]! };
}

test("the choice is in the address", (context) => {
  const { wire } = connect(context, { levels: ["mesh-lod", "params"], stream: "cam0" });
  assert.equal(wire.url, "ws://host:1/stream?levels=mesh-lod%2Cparams&stream=cam0");
  assert.equal(wire.binaryType, "arraybuffer");
});

test("only the newest of each topic is handed out, once", (context) => {
  const { client, wire } = connect(context);
  wire.brings(mesh(1), mesh(2), changed("params_opencv.bin", { seq: 2, session: 1 }), mesh(3));
  assert.deepEqual(client.take().map(({ word, seq }) => [word, seq]), [["mesh", 3n], ["params", 2n]]);
  assert.deepEqual(client.take(), []);
  assert.equal(client.streams.get("golden-cam.0")?.skipped, 2);
});

test("a frame that a newer one has overtaken is left out and counts no loss", (context) => {
  const { client, wire } = connect(context);
  wire.brings(mesh(5), mesh(7), mesh(6));
  assert.deepEqual(client.take().map(({ seq }) => seq), [7n]);
  wire.brings(mesh(8), mesh(8));
  assert.deepEqual(client.take().map(({ seq }) => seq), [8n]);
  const state = client.streams.get("golden-cam.0");
  assert.deepEqual([state?.received, state?.lost, state?.skipped], [5, 1, 3]);
});

test("what was lost is counted, also at the end, and a new session starts anew", (context) => {
  const { client, wire } = connect(context);
  const lost = (): number | undefined => client.streams.get("golden-cam.0")?.lost;
  wire.brings(mesh(10), mesh(13));
  assert.equal(lost(), 2);
  wire.brings(changed("status_live.bin", { nextSeq: 20, session: 1 }));
  assert.equal(lost(), 2);
  const end = changed("status_ended.bin", { nextSeq: 20, session: 1 });
  wire.brings(end, end);
  assert.equal(lost(), 8);
  assert.equal(client.streams.get("golden-cam.0")?.state, "ended");
  assert.equal(client.streams.get("golden-cam.0")?.reason, "the end of clip “ä”.mp4");
  wire.brings(mesh(0, 2), mesh(2, 2));
  assert.equal(lost(), 9);
  assert.equal(client.streams.get("golden-cam.0")?.state, "live");
});

test("a frame goes with the model of its number, in the axes asked for", (context) => {
  const { client, wire } = connect(context, { axes: "gltf" });
  wire.brings(packet("mesh_unreal.bin"));
  const [frame] = client.take();
  assert.ok(frame);
  assert.deepEqual([frame.axes, frame.unit], ["gltf", "m"]);
  assert.equal(client.model(frame), undefined);
  wire.brings(packet("model_bare.bin"));
  assert.equal(client.model(frame), undefined);
  wire.brings(packet("model_unreal.bin"));
  assert.equal(client.model(frame)?.axes, "gltf");
});

test("what has waited for more than half a second is left out", (context) => {
  const { client, wire } = connect(context);
  const at = (seq: number, tCaptureNs: bigint) => changed("mesh_opencv.bin", { seq, session: 1, tCaptureNs });
  wire.brings(at(1, 9_000_000_000n), at(2, 8_000_000_000n));
  assert.deepEqual(client.take().map(({ seq }) => seq), [1n]);
  assert.ok(client.streams.get("golden-cam.0")!.delayMs > 900);
});

test("damaged messages are said and the stream goes on", (context) => {
  const errors: WireError[] = [];
  const { client, wire } = connect(context, { onError: (error) => errors.push(error) });
  wire.brings(Uint8Array.of(1, 2, 3), changed("mesh_opencv.bin", { seq: 1 }).slice(0, 300));
  const damaged = mesh(2);
  damaged.set([255, 255], 200);
  wire.brings(damaged);
  assert.deepEqual(client.take(), []);
  wire.brings(mesh(3));
  assert.equal(client.take().length, 1);
  assert.equal(errors.length, 3);
});

test("a broken connection is tried again, more and more slowly", (context) => {
  const clock = new Clock(context);
  context.mock.method(Math, "random", () => 1);
  const { client, wire } = connect(context);
  wire.brings(mesh(1));
  wire.breaks();
  const waits: number[] = [];
  for (let attempt = 2; attempt < 10; attempt++) {
    let waited = 0;
    for (; Wire.made.length < attempt; waited += 50) clock.pass(50);
    waits.push(waited);
    Wire.made.at(-1)!.breaks();
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  clock.pass(5000);
  const waitedNs = BigInt(performance.now()) * 1_000_000n;
  Wire.made.at(-1)!.brings(changed("mesh_opencv.bin", { seq: 5, session: 1, tCaptureNs: CAPTURED_NS + waitedNs }));
  assert.ok(client.connected);
  assert.equal(client.take()[0]?.seq, 5n);
  assert.equal(client.streams.get("golden-cam.0")?.lost, 3);
});

test("a connection that says nothing is replaced, a closed client stays closed", (context) => {
  const clock = new Clock(context);
  const { client, wire } = connect(context);
  wire.brings(mesh(1));
  clock.pass(2000);
  assert.equal(client.silent, false);
  clock.pass(2000);
  assert.equal(client.silent, true);
  assert.equal(Wire.made.length, 1);
  clock.pass(8000);
  assert.equal(wire.readyState, 3);
  assert.equal(Wire.made.length, 2);
  client.close();
  clock.pass(60000);
  assert.equal(Wire.made.length, 2);
});
