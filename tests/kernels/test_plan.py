"""ExecutionPlan: equals the reference on the CPU and on CUDA, and a call allocates nothing."""

from __future__ import annotations

import ctypes
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import edge_kernels
from edge_kernels import CsrMatrix, SkipRows, reference

native = pytest.importorskip("edge_kernels._native", reason="the native operators were not built")

TOLERANCE = {False: 2e-5, True: 2e-2}
JOINTS, CHANNELS, COARSE, FINE, WIDTH = 5, 8, 6, 11, 24


class Network(NamedTuple):
    """Random layers: two linear ones with a residual, a graph of joints, and a mesh of two levels."""

    linear: list[dict[str, Any]]
    conv: list[dict[str, Any]]
    output_permutation: np.ndarray


def random_csr(rng: np.random.Generator, rows: int, sources: int, width: int) -> CsrMatrix:
    count = rng.integers(1, width + 1, rows)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    indices = rng.integers(0, sources, indptr[-1]).astype(np.int32)
    return CsrMatrix(indptr, indices, draw(rng, indptr[-1], scale=0.4))


def draw(rng: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return rng.normal(0, scale, shape).astype(np.float32)


def a_network(seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)

    def linear(inputs: int, outputs: int, activated: bool = False) -> dict[str, Any]:
        return {
            "weight": draw(rng, outputs, inputs, scale=inputs**-0.5),
            "bias": draw(rng, outputs),
            "scale": draw(rng, inputs) if activated else None,
            "shift": draw(rng, inputs) if activated else None,
            "relu": activated,
        }

    def conv(rows: int, sources: int, channels: tuple[int, int], skip: int = 0) -> dict[str, Any]:
        above = rng.integers(0, sources, rows).astype(np.int32)
        return {
            "self_rows": above,
            "one_hop": random_csr(rng, rows, sources, 6),
            "two_hops": random_csr(rng, rows, sources, 15),
            "weight": draw(rng, 3 * channels[0], channels[1], scale=(3 * channels[0]) ** -0.5),
            "bias": draw(rng, channels[1], scale=0.3),
            "sources": sources,
            "skip": SkipRows(rng.integers(0, COARSE, rows).astype(np.int32), COARSE, skip) if skip else None,
            "relu": channels[1] > 3,
        }

    return Network(
        [
            linear(2 * JOINTS, WIDTH),
            linear(WIDTH, WIDTH, activated=True),
            linear(WIDTH, 3 * JOINTS),
            linear(JOINTS * CHANNELS, COARSE * 16),
        ],
        [
            conv(JOINTS, JOINTS, (5, CHANNELS)),
            conv(COARSE, COARSE, (16, 40)),
            conv(FINE, COARSE, (40, 32), skip=16),
            conv(FINE, FINE, (32, 3)),
        ],
        rng.permutation(FINE).astype(np.int32),
    )


def planned(module: Any, network: Network, people: int, bf16: bool, device: int = -1) -> Any:
    """Every kind of step, every layout."""
    linear = [module.Linear(**layer, bf16=bf16, device=device) for layer in network.linear]
    conv = [module.GraphConv(**layer, bf16=bf16, device=device) for layer in network.conv]
    room = FINE * 40
    buffers = [(WIDTH, False), (WIDTH, False), (JOINTS * 5, bf16), *[(room, bf16)] * 3]
    plan = module.ExecutionPlan(2 * JOINTS, 3 * FINE, buffers, people, device)
    plan.linear(linear[0], 0, None, 2)
    plan.linear(linear[1], 2, None, 3)
    plan.linear(linear[1], 3, 2, 2)
    plan.copy(0, 4, 2 * JOINTS, None, (2, 5, 0))
    plan.linear(linear[2], 2, None, 4, None, (3, 5, 2))
    plan.graph_conv(conv[0], 4, None, 5)
    plan.linear(linear[3], 5, None, 6, (CHANNELS, CHANNELS, 0), (16, 16, 0))
    plan.graph_conv(conv[1], 6, None, 7)
    plan.graph_conv(conv[2], 7, 6, 5)
    plan.graph_conv(conv[3], 5, None, 1, network.output_permutation)
    return plan


def keypoints(people: int, seed: int = 1) -> np.ndarray:
    return draw(np.random.default_rng(seed), people, JOINTS, 2)


def run(module: Any, network: Network, x: np.ndarray, bf16: bool, device: int = -1) -> np.ndarray:
    out = np.full((len(x), FINE, 3), 7, np.float32)
    planned(module, network, max(len(x), 1), bf16, device)(x, out)
    return out


def on_cuda(network: Network, x: np.ndarray, bf16: bool) -> np.ndarray:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    plan = planned(native, network, max(len(x), 1), bf16, device=0)
    there, out = torch.from_numpy(x).cuda(), torch.full((len(x), FINE, 3), 7.0).cuda()
    stream = torch.cuda.current_stream()
    plan(there, out, stream.cuda_stream)
    stream.synchronize()
    return np.asarray(out.cpu().numpy())


PATHS = [
    pytest.param(lambda network, x, bf16: run(native, network, x, bf16), id="cpu"),
    pytest.param(on_cuda, id="cuda", marks=pytest.mark.gpu),
    pytest.param(
        lambda network, x, bf16: run(native, network, x, bf16, device=0), id="cuda-host", marks=pytest.mark.gpu
    ),
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("people", [0, 1, 3, 4])
def test_plan_every_path_equals_the_reference(
    path: Callable[[Network, np.ndarray, bool], np.ndarray], people: int, bf16: bool
) -> None:
    network, x = a_network(), keypoints(people)
    expected, got = run(reference, network, x, bf16), path(network, x, bf16)
    assert got.shape == expected.shape
    if people:
        assert np.abs(got - expected).max() <= TOLERANCE[bf16] * np.abs(expected).max()


@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
def test_plan_equals_its_layers_one_by_one(bf16: bool) -> None:
    """What the plan does, written out with transposed arrays."""
    network, x = a_network(3), keypoints(2)
    layers = [reference.Linear(**layer, bf16=bf16) for layer in network.linear]
    convs = [reference.GraphConv(**layer, bf16=bf16) for layer in network.conv]
    store = reference.plan.to_bf16 if bf16 else np.asarray
    load = reference.plan.from_bf16 if bf16 else np.asarray

    def linear(layer: Any, rows: np.ndarray, residual: np.ndarray | None = None) -> np.ndarray:
        out = np.empty((len(rows), layer.shape[0]), np.float32)
        layer(np.ascontiguousarray(rows), residual, out)
        return out

    wide = linear(layers[0], x.reshape(2, -1))
    wide = linear(layers[1], linear(layers[1], wide), wide)
    pose = linear(layers[2], wide).reshape(2, JOINTS, 3)
    features = store(np.ascontiguousarray(np.concatenate([x, pose], -1).transpose(1, 0, 2)))
    joints = load(store(convs[0].features(features, None))).transpose(1, 0, 2)
    coarse = store(linear(layers[3], joints.reshape(2, -1)).reshape(2, COARSE, 16).transpose(1, 0, 2))
    fine = store(convs[2].features(store(convs[1].features(coarse, None)), coarse))
    expected = np.empty((2, FINE, 3), np.float32)
    expected[:, network.output_permutation] = convs[3].features(fine, None).transpose(1, 0, 2)
    for module in (reference, native):
        got = run(module, network, x, bf16)
        assert np.abs(got - expected).max() <= TOLERANCE[bf16] * np.abs(expected).max()


@given(people=st.integers(1, 6), numbers=st.tuples(*[st.integers(1, 5)] * 3), bf16=st.booleans())
@settings(max_examples=30, deadline=None)
def test_plan_copies_between_any_layouts_are_exact(people: int, numbers: tuple[int, int, int], bf16: bool) -> None:
    nodes, width, gap = numbers
    x = draw(np.random.default_rng(0), people, nodes * width)
    stride = 2 * gap + width
    results = []
    for module in (reference, native):
        plan = module.ExecutionPlan(nodes * width, nodes * width, [(nodes * stride, bf16)], people)
        plan.copy(0, 2, nodes * width, None, (width, stride, gap))
        plan.copy(2, 1, nodes * width, (width, stride, gap), None)
        results.append(np.empty_like(x))
        plan(x, results[-1])
    expected = reference.plan.from_bf16(reference.plan.to_bf16(x)) if bf16 else x
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_plan_call_allocates_no_arrays() -> None:
    """For any number of people up to the plan's."""
    plan = planned(native, a_network(), 4, True)
    calls = [(keypoints(people), np.empty((people, FINE, 3), np.float32)) for people in (4, 1, 3)]
    for x, out in calls:
        plan(x, out)
    tracemalloc.start()
    for _ in range(20):
        for x, out in calls:
            plan(x, out)
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < calls[0][1].nbytes
    assert current < 1000
    assert plan.bytes == planned(reference, a_network(), 4, True).bytes


@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
def test_plan_work_counts_products_and_sums(bf16: bool) -> None:
    network = a_network()
    expected, got = (planned(module, network, 4, bf16).work(3) for module in (reference, native))
    assert expected == got
    linear = sum(layer["weight"].size for layer in network.linear) + network.linear[1]["weight"].size
    assert got[0] == 3 * (linear + sum(len(layer["self_rows"]) * layer["weight"].size for layer in network.conv))
    entries = [len(layer["one_hop"].indices) + len(layer["two_hops"].indices) for layer in network.conv]
    neighbors = [count * len(layer["weight"]) // 3 for count, layer in zip(entries, network.conv, strict=True)]
    assert got[1] == 3 * sum(neighbors)


def test_plan_call_does_not_grow_the_heap() -> None:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("this C library does not count its heap")

    class Counts(ctypes.Structure):
        _fields_ = (
            *[(f"field{i}", ctypes.c_size_t) for i in range(7)],
            ("used", ctypes.c_size_t),
            *[(f"more{i}", ctypes.c_size_t) for i in range(2)],
        )

    libc.mallinfo2.restype = Counts
    plan, x, out = planned(native, a_network(), 4, False), keypoints(4), np.empty((4, FINE, 3), np.float32)
    plan(x, out)

    def growth() -> int:
        before = libc.mallinfo2().used
        for _ in range(100):
            plan(x, out)
        return int(libc.mallinfo2().used - before)

    assert min(growth() for _ in range(5)) < out.nbytes  # other threads of this process use the heap now and then


def test_plan_call_is_independent_of_former_calls() -> None:
    """Fewer people after more, and the same ones again."""
    plan, network = planned(native, a_network(), 4, False), a_network()
    results = []
    for people in (2, 4, 1, 2):
        x, out = keypoints(people, seed=people), np.empty((people, FINE, 3), np.float32)
        plan(x, out)
        np.testing.assert_array_equal(out, run(native, network, x, False))
        results.append(out)
    np.testing.assert_array_equal(results[0], results[-1])


@pytest.fixture(params=[reference, native], ids=["reference", "native"])
def module(request: pytest.FixtureRequest) -> Any:
    """Both implementations."""
    return request.param


class Steps(NamedTuple):
    """A plan with two float32 buffers of its own and a bfloat16 one, and layers to add to it."""

    plan: Any
    linear: Any
    square: Any
    conv: Any


@pytest.fixture
def steps(module: Any) -> Steps:
    network = a_network()
    buffers = [(WIDTH, False), (JOINTS * CHANNELS, False), (JOINTS * 5, True)]
    return Steps(
        module.ExecutionPlan(2 * JOINTS, 3 * FINE, buffers, 2),
        module.Linear(**network.linear[0], bf16=False),
        module.Linear(**network.linear[1], bf16=False),
        module.GraphConv(**network.conv[0], bf16=False),
    )


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (lambda s: s.plan.linear(s.linear, 2, None, 3), "buffer 2 is read before anything was written to it"),
        (lambda s: s.plan.copy(1, 2, 3), "buffer 1 cannot be read"),
        (lambda s: s.plan.linear(s.linear, 0, None, 0), "buffer 0 cannot be written"),
        (lambda s: s.plan.copy(0, 9, 10), "there is no buffer 9"),
        (lambda s: s.plan.copy(0, 2, 8), "buffer 0 holds 10 numbers a row, not 8"),
        (lambda s: s.plan.copy(0, 2, 10, None, (2, 5, 0)), "buffer 2 has room for 24 numbers a row, not 25"),
        (lambda s: s.plan.copy(0, 4, 10, None, (3, 5, 0)), "channels do not fit: 3 of 5 from 0 on, for 10 numbers"),
        (lambda s: s.plan.copy(0, 4, 10, (2, 2, 0), (2, 5, 0)), "x and out hold rows"),
    ],
    ids=["unwritten", "read-out", "write-x", "no-buffer", "held", "room", "channels", "rows"],
)
def test_plan_step_that_does_not_fit_raises(steps: Steps, add: Callable[[Steps], None], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        add(steps)


def test_plan_graph_conv_of_a_buffer_of_another_type_raises(steps: Steps) -> None:
    steps.plan.copy(0, 4, 10, None, (2, 5, 0))
    with pytest.raises(ValueError, match="buffer 4 must be float32"):
        steps.plan.graph_conv(steps.conv, 4, None, 3)


def test_plan_linear_over_its_own_input_raises(steps: Steps) -> None:
    steps.plan.linear(steps.linear, 0, None, 2)
    with pytest.raises(ValueError, match="must not overwrite its input"):
        steps.plan.linear(steps.square, 2, None, 2)


def test_plan_without_room_or_people_raises(module: Any) -> None:
    with pytest.raises(ValueError, match="at least one number"):
        module.ExecutionPlan(1, 1, [(0, False)], 1)
    with pytest.raises(ValueError, match="people must be at least 1"):
        module.ExecutionPlan(1, 1, [], 0)


def test_plan_invalid_output_permutation_raises(module: Any) -> None:
    network = a_network()
    conv = module.GraphConv(**network.conv[3], bf16=False)
    plan = module.ExecutionPlan(FINE * 32, FINE * 3, [(FINE * 32, False)], 1)
    plan.copy(0, 2, FINE * 32)
    with pytest.raises(ValueError, match="pass output_permutation for out"):
        plan.graph_conv(conv, 2, None, 1)
    with pytest.raises(ValueError, match="pass output_permutation for out"):
        plan.graph_conv(conv, 0, None, 1, network.output_permutation)
    with pytest.raises(ValueError, match="output_permutation must be a permutation"):
        plan.graph_conv(conv, 2, None, 1, np.zeros(FINE, np.int32))
    with pytest.raises(TypeError, match="output_permutation must be int32"):
        plan.graph_conv(conv, 2, None, 1, network.output_permutation.astype(np.int64))
    with pytest.raises(ValueError, match="output_permutation must have the shape"):
        plan.graph_conv(conv, 2, None, 1, network.output_permutation[:-1])


def test_plan_invalid_arrays_raise(module: Any) -> None:
    plan, x = planned(module, a_network(), 2, False), keypoints(2)
    out = np.empty((2, FINE, 3), np.float32)
    with pytest.raises(TypeError, match="x must be float32"):
        plan(x.astype(np.float64), out)
    with pytest.raises(ValueError, match="x must have rows of 10 numbers, not 8"):
        plan(x[:, :4].copy(), out)
    with pytest.raises(ValueError, match="out must have as many rows as x"):
        plan(x, out[:1])
    with pytest.raises(ValueError, match="x must be C-contiguous"):
        plan(np.asfortranarray(x), out)
    with pytest.raises(ValueError, match="x has 3 rows, the plan is made for at most 2"):
        plan(keypoints(3), np.empty((3, FINE, 3), np.float32))
    memory = np.zeros((2, FINE, 3), np.float32)
    with pytest.raises(ValueError, match="out must not overlap x"):
        plan(memory.reshape(-1)[: x.size].reshape(x.shape), memory)
    out.setflags(write=False)
    with pytest.raises(TypeError):
        plan(x, out)


def test_plan_on_a_device_without_cuda_raises() -> None:
    if native.CUDA:
        pytest.skip("this build has CUDA")
    for module in (reference, native):
        with pytest.raises(TypeError, match="MESHCAST_CUDA=ON"):
            module.ExecutionPlan(1, 1, [], 1, device=0)


def test_former_names_of_the_package_warn_and_are_the_new_classes() -> None:
    with pytest.warns(DeprecationWarning, match="use edge_kernels.ExecutionPlan"):
        assert edge_kernels.Plan is edge_kernels.ExecutionPlan
    with pytest.warns(DeprecationWarning, match="use edge_kernels.SkinningModel"):
        assert edge_kernels.SkinningConstants is edge_kernels.SkinningModel
