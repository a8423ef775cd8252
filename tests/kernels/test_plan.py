"""A plan: layers over buffers give what the reference gives, on the CPU and on CUDA, and nothing allocates per call."""

from __future__ import annotations

import ctypes
import tracemalloc
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_kernels import reference

native = pytest.importorskip("edge_kernels._native", reason="the native operators were not built")

TOLERANCE = {False: 2e-5, True: 2e-2}
JOINTS, CHANNELS, COARSE, FINE, WIDTH = 5, 8, 6, 11, 24


class Network(NamedTuple):
    """Random layers: two linear ones with a residual, a graph of joints, and a mesh of two levels."""

    linear: list[dict[str, Any]]
    conv: list[dict[str, Any]]
    place: np.ndarray


def hops(rng: np.random.Generator, rows: int, sources: int, width: int) -> list[np.ndarray]:
    count = rng.integers(1, width + 1, rows)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.int32)
    return [start, rng.integers(0, sources, start[-1]).astype(np.int32), draw(rng, start[-1], scale=0.4)]


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
        names = ("start1", "near1", "value1", "start2", "near2", "value2")
        above = rng.integers(0, sources, rows).astype(np.int32)
        return {
            "self_rows": above,
            **dict(zip(names, hops(rng, rows, sources, 6) + hops(rng, rows, sources, 15), strict=True)),
            "weight": draw(rng, 3 * channels[0], channels[1], scale=(3 * channels[0]) ** -0.5),
            "bias": draw(rng, channels[1], scale=0.3),
            "sources": sources,
            "skip_row": rng.integers(0, COARSE, rows).astype(np.int32) if skip else None,
            "skip_sources": COARSE if skip else 0,
            "channels_skip": skip,
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
    plan = module.Plan(2 * JOINTS, 3 * FINE, buffers, people, device)
    plan.linear(linear[0], 0, None, 2)
    plan.linear(linear[1], 2, None, 3)
    plan.linear(linear[1], 3, 2, 2)
    plan.copy(0, 4, 2 * JOINTS, None, (2, 5, 0))
    plan.linear(linear[2], 2, None, 4, None, (3, 5, 2))
    plan.graph_conv(conv[0], 4, None, 5)
    plan.linear(linear[3], 5, None, 6, (CHANNELS, CHANNELS, 0), (16, 16, 0))
    plan.graph_conv(conv[1], 6, None, 7)
    plan.graph_conv(conv[2], 7, 6, 5)
    plan.graph_conv(conv[3], 5, None, 1, network.place)
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
def test_every_path_equals_the_reference(
    path: Callable[[Network, np.ndarray, bool], np.ndarray], people: int, bf16: bool
) -> None:
    network, x = a_network(), keypoints(people)
    expected, got = run(reference, network, x, bf16), path(network, x, bf16)
    assert got.shape == expected.shape
    if people:
        assert np.abs(got - expected).max() <= TOLERANCE[bf16] * np.abs(expected).max()


@pytest.mark.parametrize("bf16", [False, True], ids=["float32", "bfloat16"])
def test_the_layers_one_by_one(bf16: bool) -> None:
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
    expected[:, network.place] = convs[3].features(fine, None).transpose(1, 0, 2)
    for module in (reference, native):
        got = run(module, network, x, bf16)
        assert np.abs(got - expected).max() <= TOLERANCE[bf16] * np.abs(expected).max()


@given(people=st.integers(1, 6), numbers=st.tuples(*[st.integers(1, 5)] * 3), bf16=st.booleans())
@settings(max_examples=30, deadline=None)
def test_copies_between_any_layouts(people: int, numbers: tuple[int, int, int], bf16: bool) -> None:
    nodes, width, gap = numbers
    x = draw(np.random.default_rng(0), people, nodes * width)
    stride = 2 * gap + width
    results = []
    for module in (reference, native):
        plan = module.Plan(nodes * width, nodes * width, [(nodes * stride, bf16)], people)
        plan.copy(0, 2, nodes * width, None, (width, stride, gap))
        plan.copy(2, 1, nodes * width, (width, stride, gap), None)
        results.append(np.empty_like(x))
        plan(x, results[-1])
    expected = reference.plan.from_bf16(reference.plan.to_bf16(x)) if bf16 else x
    for result in results:
        np.testing.assert_array_equal(result, expected)


def test_nothing_is_allocated_per_call() -> None:
    """Neither by NumPy nor in the C library's heap, whatever the number of people up to the plan's."""
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
def test_work(bf16: bool) -> None:
    network = a_network()
    expected, got = (planned(module, network, 4, bf16).work(3) for module in (reference, native))
    assert expected == got
    linear = sum(layer["weight"].size for layer in network.linear) + network.linear[1]["weight"].size
    assert got[0] == 3 * (linear + sum(len(layer["self_rows"]) * layer["weight"].size for layer in network.conv))
    neighbors = [(len(layer["near1"]) + len(layer["near2"])) * len(layer["weight"]) // 3 for layer in network.conv]
    assert got[1] == 3 * sum(neighbors)


def test_a_call_does_not_grow_the_heap() -> None:
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


def test_buffers_stay_what_they_were() -> None:
    """Fewer people after more, and the same ones again: nothing of a former call is left."""
    plan, network = planned(native, a_network(), 4, False), a_network()
    results = []
    for people in (2, 4, 1, 2):
        x, out = keypoints(people, seed=people), np.empty((people, FINE, 3), np.float32)
        plan(x, out)
        np.testing.assert_array_equal(out, run(native, network, x, False))
        results.append(out)
    np.testing.assert_array_equal(results[0], results[-1])


MODULES = pytest.mark.parametrize("module", [reference, native], ids=["reference", "native"])


@MODULES
def test_wrong_steps(module: Any) -> None:
    network = a_network()
    linear, conv = module.Linear(**network.linear[0], bf16=False), module.GraphConv(**network.conv[0], bf16=False)
    plan = module.Plan(2 * JOINTS, 3 * FINE, [(WIDTH, False), (JOINTS * CHANNELS, False), (JOINTS * 5, True)], 2)
    with pytest.raises(ValueError, match="buffer 2 is read before anything was written to it"):
        plan.linear(linear, 2, None, 3)
    with pytest.raises(ValueError, match="buffer 1 cannot be read"):
        plan.copy(1, 2, 3)
    with pytest.raises(ValueError, match="buffer 0 cannot be written"):
        plan.linear(linear, 0, None, 0)
    with pytest.raises(ValueError, match="there is no buffer 9"):
        plan.copy(0, 9, 10)
    with pytest.raises(ValueError, match="buffer 0 holds 10 numbers a row, not 8"):
        plan.copy(0, 2, 8)
    with pytest.raises(ValueError, match="buffer 2 has room for 24 numbers a row, not 25"):
        plan.copy(0, 2, 10, None, (2, 5, 0))
    with pytest.raises(ValueError, match="channels do not fit: 3 of 5 from 0 on, for 10 numbers"):
        plan.copy(0, 4, 10, None, (3, 5, 0))
    with pytest.raises(ValueError, match="x and out hold rows"):
        plan.copy(0, 4, 10, (2, 2, 0), (2, 5, 0))
    plan.copy(0, 4, 10, None, (2, 5, 0))
    with pytest.raises(ValueError, match="buffer 4 must be float32"):
        plan.graph_conv(conv, 4, None, 3)
    plan.linear(linear, 0, None, 2)
    with pytest.raises(ValueError, match="must not overwrite its input"):
        plan.linear(module.Linear(**network.linear[1], bf16=False), 2, None, 2)
    with pytest.raises(ValueError, match="at least one number"):
        module.Plan(1, 1, [(0, False)], 1)
    with pytest.raises(ValueError, match="people must be at least 1"):
        module.Plan(1, 1, [], 0)


@MODULES
def test_wrong_places(module: Any) -> None:
    network = a_network()
    conv = module.GraphConv(**network.conv[3], bf16=False)
    plan = module.Plan(FINE * 32, FINE * 3, [(FINE * 32, False)], 1)
    plan.copy(0, 2, FINE * 32)
    with pytest.raises(ValueError, match="give place for out"):
        plan.graph_conv(conv, 2, None, 1)
    with pytest.raises(ValueError, match="give place for out"):
        plan.graph_conv(conv, 0, None, 1, network.place)
    with pytest.raises(ValueError, match="place must be a permutation"):
        plan.graph_conv(conv, 2, None, 1, np.zeros(FINE, np.int32))
    with pytest.raises(TypeError, match="place must be int32"):
        plan.graph_conv(conv, 2, None, 1, network.place.astype(np.int64))
    with pytest.raises(ValueError, match="place must have the shape"):
        plan.graph_conv(conv, 2, None, 1, network.place[:-1])


@MODULES
def test_wrong_arrays(module: Any) -> None:
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


def test_a_device_needs_a_build_with_cuda() -> None:
    if native.CUDA:
        pytest.skip("this build has CUDA")
    for module in (reference, native):
        with pytest.raises(TypeError, match="MESHCAST_CUDA=ON"):
            module.Plan(1, 1, [], 1, device=0)
