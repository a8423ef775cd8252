import assert from "node:assert/strict";
import { test } from "node:test";

import { type AxesName, WireError, convertFrame, convertModel, dequantise, skin } from "../src/index.js";
import { rotmat } from "../src/rotations.js";
import { EXPECTED, flat, frame, model, tolerance } from "./golden.js";
import { near } from "./near.js";

const AXES = Object.keys(EXPECTED.axes) as AxesName[];

/** A rotation by pi has two vectors and one matrix. */
function matrices(rotvecs: ArrayLike<number>): number[] {
  const found: number[] = [];
  for (let at = 0; at < rotvecs.length; at += 3) found.push(...rotmat(rotvecs[at]!, rotvecs[at + 1]!, rotvecs[at + 2]!));
  return found;
}

for (const source of AXES) {
  for (const target of AXES) {
    const expected = EXPECTED.axes[target];
    const limit = tolerance(target);

    for (const [level, array] of [["mesh", "vertices"], ["mesh-lod", "lod_vertices"]] as const) {
      test(`${level} from ${source} to ${target}`, () => {
        const found = convertFrame(frame(`${level}_${source}.bin`), target);
        assert.deepEqual([found.axes, found.unit], [target, expected.unit]);
        near(found.people.translation, flat(expected["translation"]), limit, "translation");
        near(found.people.joints, flat(expected["joints"]), limit, "joints");
        near([0, 1].flatMap((n) => [...dequantise(found.people, n)]), flat(expected[array]), limit, array);
      });
    }

    test(`params from ${source} to ${target}, skinned`, () => {
      const { people } = convertFrame(frame(`params_${source}.bin`), target);
      const body = convertModel(model(`model_${source}.bin`), target);
      const rotvecs = flat(expected["rotvecs"]);
      near(matrices(people.rotvecs), matrices(rotvecs), EXPECTED.rotation_tolerance_rad, "rotations");
      const skinned = [0, 1].map((n) => skin(body, people, n));
      // The publisher rounds rotations in each system by itself: limbs in these packets are up to three metres long.
      const room = limit * 3 * (EXPECTED.rotation_tolerance_rad / EXPECTED.tolerance);
      near(skinned.flatMap(({ vertices }) => [...vertices]), flat(expected["skinned_vertices"]), room, "vertices");
      near(skinned.flatMap(({ joints }) => [...joints]), flat(expected["skinned_joints"]), room, "joints");
    });

    test(`model from ${source} to ${target}`, () => {
      const found = convertModel(model(`model_${source}.bin`), target);
      const numbers = EXPECTED.models[`model_${target}.bin`]!;
      assert.deepEqual([found.axes, found.unit], [numbers.axes, numbers.unit]);
      near(found.restVertices, flat(numbers.rest_vertices), limit, "rest_vertices");
      near(found.rig!.restJoints, flat(numbers.rig!["rest_joints"]), limit, "rest_joints");
      near(found.rig!.shapeDirs, flat(numbers.rig!["shape_dirs"]), limit, "shape_dirs");
      near(found.rig!.jointShapeDirs, flat(numbers.rig!["joint_shape_dirs"]), limit, "joint_shape_dirs");
    });
  }
}

test("only the camera's frame can be converted", () => {
  const world = { ...frame("mesh_unity.bin"), space: "world" as const };
  assert.throws(() => convertFrame(world, "gltf"), new WireError(
    "coordinates in a world frame cannot be converted; only those in the camera's can",
  ));
});

test("skinning says what is missing", () => {
  const { people } = frame("params_gltf.bin");
  assert.throws(() => skin(model("model_bare.bin"), people, 0), /golden_body has no rig/);
  assert.throws(() => skin(model("model_gltf.bin"), { ...people, rotationCount: 5 }, 0), /does not fit/);
});
