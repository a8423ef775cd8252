import assert from "node:assert/strict";
import { test } from "node:test";

import { type AxesName, type FramePacket, decode, dequantise } from "../src/index.js";
import { EXPECTED, NAMES, flat, frame, model, packet, tolerance } from "./golden.js";
import { near } from "./near.js";

const { header } = EXPECTED;
const AXES = Object.keys(EXPECTED.axes) as AxesName[];

function vertices({ people }: FramePacket): number[] {
  return Array.from({ length: people.count }, (_, n) => [...dequantise(people, n)]).flat();
}

function checkHeader(found: FramePacket): void {
  const texts = {
    frame_index: found.frameIndex,
    t_publish_unix_ns: found.tPublishUnixNs,
    t_capture_unix_ns: found.tCaptureUnixNs,
    t_capture_monotonic_ns: found.tCaptureMonotonicNs,
    session: found.session,
    stream: found.stream,
    t_stream_s: found.tStreamS,
    age_ms: found.ageMs,
    space: found.space,
    size: [found.width, found.height],
  };
  for (const [name, value] of Object.entries(texts)) assert.equal(String(value), String(header[name]), name);
}

function checkCamera(found: FramePacket): void {
  const { K, distortion } = EXPECTED;
  assert.deepEqual(found.camera, {
    fx: K[0][0], fy: K[1][1], cx: K[0][2], cy: K[1][2], skew: K[0][1], distortion,
  });
}

for (const [name, expected] of Object.entries(EXPECTED.observed)) {
  test(`${name}: visibility and contacts`, () => {
    const { people } = frame(name);
    const visibility = expected.visibility === null ? [] : flat(expected.visibility);
    const contacts = expected.contacts === null ? [] : flat(expected.contacts);
    assert.equal(people.visibilityCount * people.count, visibility.length);
    assert.equal(people.contactCount * people.count, contacts.length);
    near([...people.visibility], visibility, 1e-7, "visibility");
    near([...people.contacts], contacts, 1e-7, "contacts");
  });
}

test("every golden packet decodes", () => {
  assert.ok(NAMES.length >= 33);
  for (const name of NAMES) assert.equal(decode(packet(name)).stream, header["stream"], name);
});

for (const [name, expected] of Object.entries(EXPECTED.mesh)) {
  test(`${name}: numbers`, () => {
    const found = frame(name);
    checkHeader(found);
    assert.equal(found.seq, BigInt(expected.seq));
    assert.equal(found.modelId, EXPECTED.bare_model_id);
    assert.equal(found.axes, "opencv");
    if (expected.camera) checkCamera(found);
    else assert.equal(found.camera, null);
    for (const key of ["ids", "scores", "translation", "joints", "keypoints"] as const) {
      assert.deepEqual([...found.people[key]], flat(expected.people[key]), key);
    }
    near(vertices(found), flat(expected.people["vertices"]), tolerance("opencv"), "vertices");
  });
}

for (const axes of AXES) {
  const expected = EXPECTED.axes[axes];
  const common = ["ids", "scores", "translation"] as const;
  for (const [level, arrays] of Object.entries({
    mesh: [...common, "joints", "keypoints"] as const,
    "mesh-lod": [...common, "joints", "keypoints"] as const,
    joints: [...common, "joints", "keypoints"] as const,
    params: [...common, "rotvecs", "shape"] as const,
  })) {
    test(`${level}_${axes}.bin: numbers`, () => {
      const found = frame(`${level}_${axes}.bin`);
      checkHeader(found);
      checkCamera(found);
      assert.deepEqual([found.word, found.axes, found.unit], [level, axes, expected.unit]);
      assert.deepEqual([found.modelId, found.seq], [expected.model_id, BigInt(expected.seq)]);
      for (const key of arrays) near(found.people[key], flat(expected[key]), tolerance(axes), key);
      if (level === "mesh") near(vertices(found), flat(expected["vertices"]), tolerance(axes), "vertices");
      if (level === "mesh-lod") near(vertices(found), flat(expected["lod_vertices"]), tolerance(axes), "lod_vertices");
      if (level === "params") near(found.people.errorMm, flat(expected["error_mm"]), 0, "error_mm");
      else assert.equal(found.people.errorMm.length, 0);
    });
  }
}

for (const [name, expected] of Object.entries(EXPECTED.models)) {
  test(`${name}: numbers`, () => {
    const found = model(name);
    assert.deepEqual(
      [found.seq, found.modelId, found.modelName, found.axes, found.unit, found.space],
      [BigInt(expected.seq), expected.model_id, expected.model_name, expected.axes, expected.unit, "body"],
    );
    assert.deepEqual(found.jointNames, expected.joint_names);
    assert.deepEqual(found.keypointNames, expected.keypoint_names);
    near(found.restVertices, flat(expected.rest_vertices), 1e-4, "rest_vertices");
    assert.deepEqual([...found.faces], flat(expected.faces));
    assert.deepEqual([...found.parents], flat(expected.parents));
    const { rig, uv, lod } = found;
    if (!expected.rig || !expected.uv || !expected.lod) {
      assert.deepEqual([rig, uv, lod], [null, null, null]);
      return;
    }
    assert.ok(rig && uv && lod);
    near(rig.restJoints, flat(expected.rig["rest_joints"]), 1e-5, "rest_joints");
    assert.deepEqual([...rig.joints], flat(expected.rig["joints"]));
    near([...rig.weights].map((level) => level / 65535), flat(expected.rig["weights"]), 1e-7, "weights");
    near(rig.shapeDirs, flat(expected.rig["shape_dirs"]), 1e-7, "shape_dirs");
    near(rig.jointShapeDirs, flat(expected.rig["joint_shape_dirs"]), 1e-5, "joint_shape_dirs");
    assert.deepEqual([...uv.coordinates], flat(expected.uv["coordinates"]));
    assert.deepEqual([...uv.faces], flat(expected.uv["faces"]));
    assert.deepEqual([...lod.vertices], flat(expected.lod["vertices"]));
    assert.deepEqual([...lod.faces], flat(expected.lod["faces"]));
  });
}

for (const [name, expected] of Object.entries(EXPECTED.status)) {
  test(`${name}: numbers`, () => {
    const found = decode(packet(name));
    assert.ok(found.word === "status");
    assert.deepEqual({ state: found.state, reason: found.reason }, expected);
    const fields = {
      stream: found.stream,
      seq: found.seq,
      session: found.session,
      model_id: found.modelId,
      next_seq: found.nextSeq,
      t_publish_unix_ns: found.tPublishUnixNs,
      t_publish_monotonic_ns: found.tPublishMonotonicNs,
    };
    for (const [key, value] of Object.entries(EXPECTED.status_header)) {
      assert.equal(String(fields[key as keyof typeof fields]), String(value), key);
    }
  });
}

test("arrays are views of the message, wherever it lies in its buffer", () => {
  const bytes = packet("mesh_2_people.bin");
  for (const offset of [4, 8, 3]) {
    const buffer = new ArrayBuffer(bytes.length + 16);
    const part = new Uint8Array(buffer, offset, bytes.length);
    part.set(bytes);
    const found = decode(part);
    assert.ok(found.word === "mesh");
    assert.equal(found.people.levels.buffer === buffer, offset % 4 === 0);
    near(vertices(found), vertices(frame("mesh_2_people.bin")), 0, `at ${offset}`);
  }
});
