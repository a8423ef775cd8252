"""Skinning: reference, CPU and CUDA agree, with each other and with the definition in float64."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edge_kernels
from edge_kernels import Skinning, SkinningModel, reference
from edge_kernels.reference.skinning import workspace_floats
from meshcast.protocol.quantization import dequantize, quantize

Run = Callable[..., None]
VERTICES, JOINTS, BOUNDS = 5, 6, 7  # arguments of the operator


def on_cuda(model: SkinningModel, *arrays: np.ndarray | None) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    constants = SkinningModel(*(torch.from_numpy(array).cuda() for array in model))
    device = [None if array is None else torch.from_numpy(array).cuda() for array in arrays]
    stream = torch.cuda.current_stream()
    edge_kernels.skinning(constants, *device, stream=stream.cuda_stream)
    stream.synchronize()
    for array, result in zip(arrays[3:], device[3:], strict=True):
        if array is not None:
            array[:] = result.cpu().numpy()


PATHS = [
    pytest.param(reference.skinning, id="reference"),
    pytest.param(edge_kernels.skinning, id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
]


class Parts(NamedTuple):
    """A body of random numbers."""

    v_template: np.ndarray
    shape_dirs: np.ndarray
    pose_dirs: np.ndarray | None
    weights: np.ndarray
    joint_regressor: np.ndarray
    parents: np.ndarray


class People(NamedTuple):
    rotations: np.ndarray
    shape: np.ndarray
    translation: np.ndarray | None


def a_body(rng: np.random.Generator, vertices: int, joints: int, shapes: int, *, pose: bool, dense: bool) -> Parts:
    weights = rng.random((vertices, joints)) + 1e-3
    if not dense:  # the joints that a vertex knows lie near each other, as its place in the list does
        near = np.arange(vertices)[:, None] * joints // vertices - np.arange(joints)
        weights *= (near >= 0) & (near < 4)
    regressor = rng.random((joints, vertices))
    return Parts(
        rng.normal(0, 0.5, (vertices, 3)).astype(np.float32),
        rng.normal(0, 0.02, (vertices, 3, shapes)).astype(np.float32),
        rng.normal(0, 0.003, (vertices, 3, 9 * (joints - 1))).astype(np.float32) if pose else None,
        (weights / weights.sum(1, keepdims=True)).astype(np.float32),
        (regressor / regressor.sum(1, keepdims=True)).astype(np.float32),
        np.array([-1, *(rng.integers(0, joint) for joint in range(1, joints))]),
    )


def some_people(rng: np.random.Generator, people: int, joints: int, shapes: int, *, placed: bool = True) -> People:
    rotations, _ = np.linalg.qr(rng.normal(0, 1, (people, joints, 3, 3)))
    rotations *= np.linalg.det(rotations)[..., None, None]
    return People(
        rotations.astype(np.float32),
        rng.normal(0, 1, (people, shapes)).astype(np.float32),
        rng.normal(0, 1, (people, 3)).astype(np.float32) if placed else None,
    )


def by_definition(body: Parts, people: People) -> tuple[np.ndarray, np.ndarray]:
    """SMPL eq. 2 to 4, 8 and 9, person by person and joint by joint."""
    all_vertices, all_joints = [], []
    for person, (rotations, shape) in enumerate(zip(people.rotations, people.shape, strict=True)):
        rest = body.v_template + body.shape_dirs.astype(np.float64) @ shape
        rest_joints = body.joint_regressor @ rest
        if body.pose_dirs is not None:
            rest = rest + body.pose_dirs @ (rotations[1:] - np.eye(3)).ravel()
        world, joints = [rotations[0].astype(np.float64)], [rest_joints[0]]
        for joint, parent in enumerate(body.parents[1:], 1):
            world.append(world[parent] @ rotations[joint])
            joints.append(joints[parent] + world[parent] @ (rest_joints[joint] - rest_joints[parent]))
        vertices = np.zeros_like(rest)
        for joint, weights in enumerate(body.weights.T):
            vertices += weights[:, None] * ((rest - rest_joints[joint]) @ world[joint].T + joints[joint])
        place = np.zeros(3) if people.translation is None else people.translation[person]
        all_vertices.append(vertices + place)
        all_joints.append(joints + place)
    count, joints = people.rotations.shape[:2]
    return np.reshape(all_vertices, (count, len(body.weights), 3)), np.reshape(all_joints, (count, joints, 3))


def arguments(skin: Skinning, people: People, kind: Any) -> list[Any]:
    """The operator's, with outputs of not-a-number; `kind` is the dtype of the vertices."""
    count, joints = people.rotations.shape[:2]
    quantized = kind == np.uint16
    columns = workspace_floats(len(skin.model.template), joints, skin.model.pose_dirs.shape[1], quantized)
    workspace = np.full((count, columns + 3), np.nan, np.float32)
    vertices = np.full((count, skin.vertices, 3), 7 if quantized else np.nan, kind)
    bounds = np.full((count, 2, 3), np.nan, np.float32) if quantized else None
    return [skin.model, *people, workspace, vertices, np.full((count, joints, 3), np.nan, np.float32), bounds]


@pytest.mark.parametrize("run", PATHS)
@pytest.mark.parametrize("storage", ["float32", "int16"])
@pytest.mark.parametrize(
    ("people", "vertices", "joints", "shapes", "pose", "dense", "placed"),
    [
        (1, 1000, 24, 10, True, False, True),
        (1, 1000, 24, 10, False, False, False),
        (2, 97, 16, 10, True, True, False),
        (3, 96, 5, 1, True, False, True),
        (5, 31, 3, 4, True, True, True),
        (7, 33, 24, 10, True, False, True),
        (38, 65, 24, 10, True, False, True),
        (67, 270, 24, 10, True, False, True),
        (70, 40, 55, 20, True, True, False),
        (1, 1, 1, 0, True, True, True),
        (2, 300, 52, 300, True, False, True),
        (0, 40, 4, 2, True, True, True),
    ],
)
def test_skinning_every_path_equals_the_definition(
    run: Run,
    rng: np.random.Generator,
    storage: Any,
    people: int,
    vertices: int,
    joints: int,
    shapes: int,
    pose: bool,
    dense: bool,
    placed: bool,
) -> None:
    body = a_body(rng, vertices, joints, shapes, pose=pose, dense=dense)
    who = some_people(rng, people, joints, shapes, placed=placed)
    skin = Skinning(*body, storage=storage)
    expected, expected_joints = by_definition(body, who)
    for kind, error in ((np.float32, 1e-5), (np.float16, 6e-3)):
        called = arguments(skin, who, kind)
        run(*called)
        np.testing.assert_allclose(called[VERTICES], expected, atol=error, rtol=0)
        np.testing.assert_allclose(called[JOINTS], expected_joints, atol=1e-5, rtol=0)
    called = arguments(skin, who, np.uint16)
    run(*called)
    low, step = called[BOUNDS][:, 0], called[BOUNDS][:, 1]
    if people:
        np.testing.assert_allclose(low, expected.min(1), atol=1e-5)
        assert (called[VERTICES].min(1) == 0).all()
        assert vertices == 1 or (called[VERTICES].max(1) == 65535).all()
        np.testing.assert_allclose(
            dequantize(low, step, called[VERTICES]), expected, atol=step.max() / 2 + 1e-5, rtol=0
        )


@pytest.mark.parametrize("people", [1, 3, 40])
def test_skinning_quantized_equals_the_wire_encoder(rng: np.random.Generator, people: int) -> None:
    body = a_body(rng, 500, 24, 10, pose=True, dense=False)
    skin, who = Skinning(*body), some_people(rng, people, 24, 10)
    vertices, joints = skin(*who)
    levels, bounds, same_joints = skin.quantized(*who)
    for got, wanted in zip((bounds[:, 0], bounds[:, 1], levels), quantize(vertices), strict=True):
        np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(joints, same_joints)


def test_skinning_float16_output_rounds_like_numpy(rng: np.random.Generator) -> None:
    """All kinds of magnitudes: too large, normal, subnormal and ties, through a body that moves nothing."""
    numbers = np.concatenate(
        [
            rng.normal(0, 1, 3000) * 10.0 ** rng.integers(-9, 6, 3000),
            np.arange(-40, 40) * 2.0**-25,
            [65504, 65519, 65520, 65535, 1e30, -1e30, 0, 6.1035e-5, 6.0976e-5, 1 + 2**-11, 1 + 3 * 2**-11],
        ]
    ).astype(np.float32)
    v_template = np.zeros((len(numbers), 3), np.float32)
    v_template[:, 0] = numbers
    body = Parts(
        v_template,
        np.zeros((len(numbers), 3, 0), np.float32),
        None,
        np.ones((len(numbers), 1), np.float32),
        np.zeros((1, len(numbers)), np.float32),
        np.array([-1]),
    )
    out = np.empty((1, len(numbers), 3), np.float16), np.empty((1, 1, 3), np.float32)
    Skinning(*body)(np.eye(3, dtype=np.float32)[None, None], np.zeros((1, 0), np.float32), out=out)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(out[0][0, :, 0], numbers.astype(np.float16))


@pytest.mark.parametrize("run", PATHS)
def test_skinning_nonfinite_person_does_not_affect_the_others(run: Run, rng: np.random.Generator) -> None:
    skin, who = Skinning(*a_body(rng, 70, 6, 3, pose=True, dense=True)), some_people(rng, 3, 6, 3)
    good = arguments(skin, who, np.uint16)
    run(*good)
    who.rotations[1, 4, 0, 0] = np.nan
    called = arguments(skin, who, np.uint16)
    run(*called)
    assert np.isnan(called[BOUNDS][1]).all()
    assert not called[VERTICES][1].any()
    for output, wanted in zip(called[VERTICES:], good[VERTICES:], strict=True):
        np.testing.assert_array_equal(output[[0, 2]], wanted[[0, 2]])
    called = arguments(skin, who, np.float32)
    run(*called)
    assert np.isnan(called[VERTICES][1]).any()
    assert np.isfinite(called[VERTICES][[0, 2]]).all()


@pytest.mark.parametrize("run", PATHS)
def test_skinning_flat_body_is_at_level_zero(run: Run, rng: np.random.Generator) -> None:
    body = a_body(rng, 40, 1, 0, pose=False, dense=True)
    body.v_template[:, 1] = 0.25
    called = arguments(
        Skinning(*body), People(np.eye(3, dtype=np.float32)[None, None], body.shape_dirs[:1, 0], None), np.uint16
    )
    run(*called)
    assert not called[VERTICES][0, :, 1].any()
    assert called[BOUNDS][0, :, 1].tolist() == [0.25, 0]


@given(seed=st.integers(0, 2**32 - 1), people=st.integers(1, 9), vertices=st.integers(1, 100), joints=st.integers(1, 9))
def test_skinning_root_rotation_turns_the_whole_body(seed: int, people: int, vertices: int, joints: int) -> None:
    """Turning the root turns everything about it; a person does not depend on the others; in any storage."""
    rng = np.random.default_rng(seed)
    body = a_body(rng, vertices, joints, 3, pose=bool(seed % 2), dense=bool(seed % 3))
    skin = Skinning(*body, storage="int16" if seed % 5 == 0 else "float32")
    who = some_people(rng, people, joints, 3)
    assert who.translation is not None
    posed, posed_joints = skin(who.rotations, who.shape)
    moved, moved_joints = skin(*who)
    np.testing.assert_allclose(moved, posed + who.translation[:, None], atol=1e-5)
    alone, alone_joints = skin(*(array[-1:] for array in who))
    np.testing.assert_allclose(alone, moved[-1:], atol=1e-5)
    np.testing.assert_array_equal(alone_joints, moved_joints[-1:])
    turn = some_people(rng, 1, 1, 0).rotations[0, 0]
    who.rotations[:, 0] = turn @ who.rotations[:, 0]
    turned, _ = skin(who.rotations, who.shape)
    root = posed_joints[:, :1]
    np.testing.assert_allclose(turned, (posed - root) @ turn.T + root, atol=2e-5)


def test_skinning_with_out_accepts_strided_inputs_and_allocates_no_arrays(rng: np.random.Generator) -> None:
    skin, who = Skinning(*a_body(rng, 3000, 24, 10, pose=False, dense=False)), some_people(rng, 4, 24, 10)
    assert who.translation is not None
    expected, _ = skin(*(array[::2] for array in who))
    np.testing.assert_array_equal(skin(*who)[0][::2], expected)
    out = np.empty((4, 3000, 3), np.float32), np.empty((4, 24, 3), np.float32)
    assert skin(*who, out=out) is out
    tracemalloc.start()
    skin(*who, out=out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4096  # views of arrays, no arrays
    np.testing.assert_array_equal(out[0][::2], expected)


@pytest.mark.gpu
@pytest.mark.parametrize("people", [1, 5, 70])
def test_skinning_captured_in_a_graph_equals_a_call(rng: np.random.Generator, people: int) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    skin, who = Skinning(*a_body(rng, 700, 24, 10, pose=True, dense=False)), some_people(rng, people, 24, 10)
    other = some_people(rng, people, 24, 10)
    model, *rest = arguments(skin, who, np.uint16)
    device = [SkinningModel(*(torch.from_numpy(array).cuda() for array in model))]
    device += [torch.from_numpy(array).cuda() for array in rest]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        edge_kernels.skinning(*device, stream=torch.cuda.current_stream().cuda_stream)
    for array, value in zip(device[1:4], other, strict=True):
        array.copy_(torch.from_numpy(value))
    graph.replay()
    torch.cuda.synchronize()
    _, bounds, joints = skin.quantized(*other)
    np.testing.assert_allclose(device[JOINTS].cpu().numpy(), joints, atol=1e-5)
    np.testing.assert_allclose(device[BOUNDS].cpu().numpy(), bounds, atol=1e-5)


def test_skinning_from_several_threads_equals_one_thread(rng: np.random.Generator) -> None:
    skin = Skinning(*a_body(rng, 700, 24, 10, pose=True, dense=False))
    crowds = [some_people(rng, 1 + i, 24, 10) for i in range(4)]
    expected = [skin(*crowd)[0] for crowd in crowds]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            for got, wanted in zip(pool.map(lambda crowd: skin(*crowd)[0], crowds), expected, strict=True):
                np.testing.assert_array_equal(got, wanted)


def good(kind: Any = np.float32) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    skin = Skinning(*a_body(rng, 40, 3, 2, pose=True, dense=True))
    names = ["model", "rotations", "shape", "translation", "workspace", "vertices", "joints", "bounds"]
    return dict(zip(names, arguments(skin, some_people(rng, 2, 3, 2), kind), strict=True))


@pytest.mark.parametrize("run", PATHS[:2])
@pytest.mark.parametrize(
    ("name", "array", "error", "message"),
    [
        ("template", np.zeros((2, 3, 32)), TypeError, "template must be float32, not float64"),
        (
            "shape_dirs",
            np.zeros((2, 1, 3, 32), np.float32),
            ValueError,
            r"shape_dirs must have the shape \(2, 2, 3, 32\)",
        ),
        ("pose_dirs", np.zeros((2, 18, 3, 32), np.int32), TypeError, "pose_dirs must be float32, not int32"),
        ("pose_dirs", np.zeros((2, 9, 3, 32), np.float32), ValueError, "pose_dirs must have 0 or 18 directions, not 9"),
        ("pose_scale", np.zeros((3, 3, 32), np.float32), ValueError, r"pose_scale must have the shape \(2, 3, 32\)"),
        ("starts", np.zeros(2, np.int32), ValueError, r"starts must have the shape \(3\)"),
        ("bones", np.zeros(6, np.int64), TypeError, "bones must be int32, not int64"),
        ("weights", np.zeros((5, 32), np.float32), ValueError, r"weights must have the shape \(6, 32\), not \(5, 32\)"),
        ("joint_template", np.zeros((4, 3), np.float32), ValueError, r"joint_template must have the shape \(3, 3\)"),
        ("joint_dirs", np.zeros((3, 3, 4), np.float32)[..., ::2], ValueError, "joint_dirs must be C-contiguous"),
        ("parents", np.zeros(3, np.uint16), TypeError, "parents must be int32, not uint16"),
        ("rotations", np.zeros((2, 3, 3, 3)), TypeError, "rotations must be float32, not float64"),
        ("shape", np.zeros((3, 2), np.float32), ValueError, r"shape must have the shape \(2, \*\), not \(3, 2\)"),
        ("translation", np.zeros((2, 4), np.float32), ValueError, r"translation must have the shape \(2, 3\)"),
        ("workspace", np.zeros((2, 65), np.float32), ValueError, "workspace must have at least 66 columns, not 65"),
        ("vertices", np.zeros((2, 40, 3)), TypeError, "vertices must be float32, float16 or uint16, not float64"),
        ("vertices", np.zeros((2, 32, 3), np.float32), ValueError, "vertices must be 33 to 64, not 32"),
        ("vertices", np.zeros((2, 40, 6), np.float32)[..., ::2], ValueError, "vertices must be C-contiguous"),
        ("vertices", np.zeros((2, 40, 3), np.uint16), ValueError, "bounds must be given with uint16 vertices"),
        ("joints", np.zeros((2, 3, 3), np.float16), TypeError, "joints must be float32, not float16"),
        ("bounds", np.zeros((2, 2, 3), np.float32), ValueError, "bounds must be given with uint16 vertices"),
    ],
)
def test_skinning_invalid_argument_is_named_in_the_error(
    run: Run, name: str, array: np.ndarray, error: type[Exception], message: str
) -> None:
    changed = good()
    if name in SkinningModel._fields:
        changed["model"] = changed["model"]._replace(**{name: array})
    else:
        changed[name] = array
    with pytest.raises(error, match=message):
        run(**changed)


@pytest.mark.parametrize("run", PATHS[:2])
def test_skinning_read_only_or_overlapping_outputs_raise(run: Run) -> None:
    for name in ("workspace", "vertices", "joints", "bounds"):
        locked = good(np.uint16)
        locked[name].flags.writeable = False
        with pytest.raises(TypeError):
            run(**locked)
    shared = good()
    shared["joints"] = shared["vertices"].ravel()[:18].reshape(2, 3, 3)
    with pytest.raises(ValueError, match=r"(joints|vertices) must not overlap (vertices|joints)"):
        run(**shared)
    shared = good()
    shared["workspace"] = np.zeros((2, 66), np.float32)
    shared["rotations"] = shared["workspace"].ravel()[:54].reshape(2, 3, 3, 3)
    with pytest.raises(ValueError, match="workspace must not overlap rotations"):
        run(**shared)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("v_template", np.zeros((0, 3), np.float32), "a body needs vertices and joints, not 0 and 2"),
        ("shape_dirs", np.zeros((9, 2), np.float32), r"shape_dirs must have the shape \(9, 3, 2\), not \(9, 2\)"),
        ("pose_dirs", np.zeros((9, 3, 8), np.float32), r"pose_dirs must have the shape \(9, 3, 9\), not \(9, 3, 8\)"),
        ("weights", np.zeros((9, 3), np.float32), r"weights must have the shape \(9, 2\), not \(9, 3\)"),
        ("joint_regressor", np.zeros((9, 2), np.float32), r"joint_regressor must have the shape \(2, 9\)"),
        ("parents", np.array([-1, 1]), "parents must come before their joints"),
    ],
)
def test_skinning_arrays_of_another_body_raise(
    rng: np.random.Generator, name: str, value: np.ndarray, message: str
) -> None:
    body = a_body(rng, 9, 2, 2, pose=True, dense=True)._replace(**{name: value})
    with pytest.raises(ValueError, match=message):
        Skinning(*body)


def test_skinning_call_with_a_wrong_shape_names_the_right_one(rng: np.random.Generator) -> None:
    body = a_body(rng, 9, 2, 3, pose=True, dense=True)
    skin, who = Skinning(*body), some_people(rng, 1, 2, 3)
    with pytest.raises(ValueError, match=r"rotations must have the shape \(N, 2, 3, 3\)"):
        skin(who.rotations[:, :1], who.shape)
    with pytest.raises(ValueError, match=r"shape must have the shape \(N, 3\)"):
        skin(who.rotations, who.shape[:, :2])
    with pytest.raises(ValueError, match=r"vertices must have the shape \(N, 9, 3\)"):
        skin(*who, out=(np.empty((1, 8, 3), np.float32), np.empty((1, 2, 3), np.float32)))
    with pytest.raises(TypeError, match="rotations must be float32, not float64"):
        skin(who.rotations.astype(float), who.shape)
    with pytest.raises(ValueError, match="storage must be float32 or int16, not float8"):
        Skinning(*body, storage="float8")


def test_skinning_former_name_of_the_model_warns() -> None:
    skin = Skinning(*a_body(np.random.default_rng(0), 9, 2, 2, pose=True, dense=True))
    with pytest.warns(DeprecationWarning, match="use Skinning.model"):
        assert skin.constants is skin.model
