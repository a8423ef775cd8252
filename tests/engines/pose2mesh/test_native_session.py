"""Pose2Mesh on the native kernels against outputs of the published implementation."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from engines.errors import ModelError
from engines.joint_sets import COCO19, HUMAN36, MANO21, JointSet
from engines.pose2mesh.arithmetic import Arithmetic
from engines.pose2mesh.config import MM_PER_M
from engines.pose2mesh.native_session import Pose2MeshKernels

CASES = [
    (COCO19, "pose2mesh_full_coco_blob"),
    (HUMAN36, "pose2mesh_full_human36_blob"),
    (MANO21, "pose2mesh_full_mano_ico"),
]


def made(goldens: Any, joints: JointSet, name: str, **options: Any) -> tuple[Pose2MeshKernels, Any]:
    golden = goldens.outputs(name)
    weights = {key: value.numpy() for key, value in goldens.weights(name).items()}
    faces, count = golden["graph.faces"], len(golden["graph.vertices"])
    return Pose2MeshKernels(weights, joints, faces, count, **options), golden


@pytest.mark.parametrize(("joints", "name"), CASES, ids=[name for _, name in CASES])
def test_pose2mesh_kernels_outputs_equal_golden(goldens: Any, joints: JointSet, name: str) -> None:
    pytest.importorskip("torch")
    network, golden = made(goldens, joints, name)
    pose2d = goldens.input(f"{name}.pose2d", 2, len(joints), 2).numpy()
    (mesh,) = network(pose2d)
    goldens.compare(mesh, golden, "mesh")
    # People beside each other, and more of them than one pass serves, do not change each other.
    (crowd,) = network(np.concatenate([pose2d] * 3))
    np.testing.assert_allclose(crowd, np.concatenate([mesh] * 3), atol=1e-6 * np.abs(mesh).max())
    (empty,) = network(pose2d[:0])
    assert empty.shape == (0, *mesh.shape[1:])
    pose = np.empty((2, len(joints), 3), np.float32)
    network.lifter(pose2d, pose)
    goldens.compare(pose * MM_PER_M, golden, "pose3d")
    padded = np.empty((2, *mesh.shape[1:]), np.float32)
    network.mesh_net(goldens.input(f"{name}.meshnet_in", 2, len(joints), 5).numpy(), padded)
    whole = golden["meshnet_only.mesh_padded"][:, golden["graph.perm_reverse"][: mesh.shape[1]]]
    assert np.abs(padded - whole).max() <= 1e-5 * np.abs(whole).max()


def test_pose2mesh_kernels_bf16_is_near_golden(goldens: Any) -> None:
    pytest.importorskip("torch")
    name = "pose2mesh_full_coco_blob"
    network, golden = made(goldens, COCO19, name, bf16=True)
    assert network.precision == "bf16"
    (mesh,) = network(goldens.input(f"{name}.pose2d", 2, 19, 2).numpy())
    error = np.abs(mesh - golden["mesh"])
    assert 1e-5 < error.max() / np.abs(golden["mesh"]).max() < 0.05
    assert error.mean() / np.abs(golden["mesh"]).mean() < 0.02


def test_pose2mesh_kernels_over_tiles_equal_those_in_vectors(goldens: Any) -> None:
    """The whole network on the code for matrix units, over emulated tiles, with an arithmetic for each network."""
    pytest.importorskip("torch")
    pytest.importorskip("edge_kernels._native", reason="the native operators were not built")
    name, tiles = "pose2mesh_full_mano_ico", Arithmetic(True, "amx_emulated")
    pose2d = goldens.input(f"{name}.pose2d", 2, 21, 2).numpy()[:1]
    exact, vectors, matrices = (
        made(goldens, MANO21, name, **options)[0](pose2d)[0]
        for options in ({}, {"bf16": True}, {"lifter": Arithmetic(True), "mesh_net": tiles})
    )
    assert 0 < np.abs(matrices - exact).max() <= 1.5 * np.abs(vectors - exact).max()


def test_pose2mesh_kernels_weights_of_another_mesh_raise(goldens: Any) -> None:
    pytest.importorskip("torch")
    weights = {key: value.numpy() for key, value in goldens.weights("pose2mesh_full_mano_ico").items()}
    golden = goldens.outputs("pose2mesh_graph_ico4")
    with pytest.raises(ModelError, match="use weights of this mesh and joint set"):
        Pose2MeshKernels(weights, MANO21, golden["graph.faces"], len(golden["graph.vertices"]))


def test_pose2mesh_kernels_pass_allocates_no_memory(goldens: Any) -> None:
    pytest.importorskip("torch")
    network, _ = made(goldens, MANO21, "pose2mesh_full_mano_ico", bf16=True, together=3)
    pose2d = np.zeros((3, 21, 2), np.float32)
    vertices = np.empty((3, network.vertex_count, 3), np.float32)
    network.plan(pose2d, vertices)
    tracemalloc.start()
    network.plan(pose2d, vertices)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2000
    with pytest.raises(ValueError, match="at most 3"):
        network.plan(np.zeros((4, 21, 2), np.float32), np.empty((4, network.vertex_count, 3), np.float32))


@pytest.mark.gpu
@pytest.mark.parametrize(("bf16", "tolerance"), [(False, 1e-4), (True, 0.05)], ids=["float32", "bfloat16"])
def test_pose2mesh_kernels_cuda_equals_cpu(goldens: Any, bf16: bool, tolerance: float) -> None:
    """From host memory, and captured in a CUDA graph from arrays on the device."""
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("this torch has no CUDA, and the test takes its arrays from torch")
    name = "pose2mesh_full_mano_ico"
    on_cpu, on_cuda = (made(goldens, MANO21, name, bf16=bf16, device=device)[0] for device in ("cpu", "cuda:0"))
    assert on_cuda.device == "cuda:0"
    pose2d = goldens.input(f"{name}.pose2d", 2, 21, 2).numpy()
    (expected,), (mesh,) = on_cpu(pose2d), on_cuda(pose2d)
    assert np.abs(mesh - expected).max() <= tolerance * np.abs(expected).max()
    there, vertices = torch.from_numpy(pose2d).cuda(), torch.zeros(mesh.shape).cuda()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        on_cuda.plan(there, vertices, torch.cuda.current_stream().cuda_stream)
    graph.replay()
    torch.cuda.synchronize()
    np.testing.assert_array_equal(vertices.cpu().numpy(), mesh)
