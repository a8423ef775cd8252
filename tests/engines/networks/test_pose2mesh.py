"""Pose2Mesh against outputs of the published implementation with the same weights."""

import json

import numpy as np
import pytest
from scipy import sparse

torch = pytest.importorskip("torch")

from engines.body.body import open_body  # noqa: E402
from engines.body.mesh_graph import rescaled_laplacian  # noqa: E402
from engines.joint_sets import COCO19, HUMAN36, MANO21, SMPL24  # noqa: E402
from engines.networks.pose2mesh import GraphProduct, PoseNet, build  # noqa: E402
from tests.support import golden_fill  # noqa: E402
from tests.support.paths import GOLDEN  # noqa: E402


def weights(name):
    document = golden_fill.load_keys(GOLDEN / f"{name}.keys.json")
    return {key: torch.from_numpy(value) for key, value in golden_fill.fill(document).items()}


def shapes(name):
    return {key: tuple(shape) for key, shape, _ in json.loads((GOLDEN / f"{name}.keys.json").read_text())["keys"]}


def network_input(name, *shape):
    return torch.from_numpy(golden_fill.inputs(name, shape))


def assert_golden(actual, golden):
    assert actual.shape == golden.shape
    assert np.abs(actual.numpy() - golden).max() <= 1e-5 * np.abs(golden).max()


@pytest.fixture(
    scope="module",
    params=[
        (COCO19, "pose2mesh_full_coco_blob"),
        (HUMAN36, "pose2mesh_full_human36_blob"),
        (MANO21, "pose2mesh_full_mano_ico"),
    ],
    ids=["coco", "human36", "hand"],
)
def network(request):
    """One network at a time, with its golden outputs and file name: 280 MB of weights each."""
    joint_set, name = request.param
    golden = np.load(GOLDEN / f"{name}.npz")
    network = build(joint_set, golden["graph.faces"], len(golden["graph.vertices"]))
    network.load_state_dict(weights(name), strict=True)
    return network.eval(), golden, name


def test_pose2mesh_outputs_equal_golden(network):
    model, golden, name = network
    joints = golden["pose3d"].shape[1]
    with torch.no_grad():
        out = model(network_input(f"{name}.pose2d", 2, joints, 2))
    assert_golden(out.pose3d, golden["pose3d"])
    assert_golden(out.mesh_padded, golden["mesh_padded"])
    assert_golden(out.mesh, golden["mesh"])


def test_pose2mesh_graph_network_equals_golden(network):
    model, golden, name = network
    joints = golden["pose3d"].shape[1]
    with torch.no_grad():
        padded = model.pose2mesh(network_input(f"{name}.meshnet_in", 2, joints, 5))
    assert_golden(padded, golden["meshnet_only.mesh_padded"])


def test_pose2mesh_mesh_loss_has_no_lifter_gradient(network):
    model, golden, name = network
    out = model(network_input(f"{name}.pose2d", 1, golden["pose3d"].shape[1], 2))
    first = [model.pose2mesh.cl[0].weight, model.pose_lifter.w1.weight]
    graph, lifter = torch.autograd.grad(out.mesh.abs().sum(), first, allow_unused=True)
    assert graph.abs().max() > 0
    assert lifter is None


@pytest.mark.parametrize(("joint_set", "name"), [(COCO19, "coco"), (HUMAN36, "human36")])
def test_posenet_outputs_equal_golden(joint_set, name):
    name = f"pose2mesh_posenet_{name}"
    lifter = PoseNet(len(joint_set))
    lifter.load_state_dict(weights(name), strict=True)
    with torch.no_grad():
        pose3d = lifter.eval()(network_input(f"{name}.pose2d", 2, 2 * len(joint_set)))
    assert_golden(pose3d, np.load(GOLDEN / f"{name}.npz")["pose3d"])


@pytest.mark.parametrize(("joint_set", "name"), [(COCO19, "coco"), (SMPL24, "smpl")])
def test_build_body_network_has_the_published_shapes(joint_set, name):
    """The open body has SMPL's vertex count, and its graph is padded to the same sizes."""
    body = open_body()
    state = build(joint_set, body.faces, len(body.v_template)).state_dict()
    assert {key: tuple(value.shape) for key, value in state.items()} == shapes(f"pose2mesh_full_{name}")


def test_build_hand_network_has_the_published_names():
    """MANO's mesh is not free, so only fc, whose size follows from the mesh, may differ."""
    published, tested = shapes("pose2mesh_full_mano"), shapes("pose2mesh_full_mano_ico")
    assert {key for key in published if published[key] != tested.get(key)} == {
        "pose2mesh.fc.weight",
        "pose2mesh.fc.bias",
    }
    assert published.keys() == tested.keys()


@pytest.mark.parametrize("gather", [False, True])
def test_graph_product_equals_matrix_product(gather):
    rng = np.random.default_rng(1)
    lower = np.tril(rng.random((40, 40)) < 0.1, -1).astype(float)
    matrix = rescaled_laplacian(sparse.csr_array(lower + lower.T))
    x = torch.from_numpy(rng.standard_normal((40, 6)).astype(np.float32))
    product = GraphProduct(matrix, gather)
    np.testing.assert_allclose(product(x).numpy(), matrix.toarray() @ x.numpy(), atol=1e-5)
    assert not product.state_dict()


def test_pose2mesh_direct_has_the_same_weights_and_convolves_at_the_finest_level():
    golden = np.load(GOLDEN / "pose2mesh_full_mano_ico.npz")
    mesh = golden["graph.faces"], len(golden["graph.vertices"])
    coarse, direct = (build(MANO21, *mesh, width=8, divide=8, coarse_to_fine=each).eval() for each in (True, False))
    direct.load_state_dict(coarse.state_dict(), strict=True)
    rows = {True: [], False: []}
    for each, network in ((True, coarse), (False, direct)):
        for conv in network.pose2mesh.cl:
            conv.register_forward_pre_hook(lambda _, inputs, kept=rows[each]: kept.append(len(inputs[0])))
    with torch.no_grad():
        first, second = (network(torch.ones(1, 21, 2)).mesh for network in (coarse, direct))
    assert first.shape == second.shape == (1, mesh[1], 3)
    assert set(rows[False][3:]) == {max(rows[True])}
    assert min(rows[True][3:]) < max(rows[True]) / 4
