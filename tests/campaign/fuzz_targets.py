"""Every reader of files and messages from others: valid samples, and how a damaged one is read."""

from __future__ import annotations

import functools
import io
import pickle
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from engines.errors import MeshcastError
from engines.files.memory_budget import job_budget
from tests.campaign.fuzz_mutation import Sample, archive, plain, recording, safetensors
from tests.campaign.fuzz_servers import ask_bridge, ask_metrics, metrics_samples, websocket_samples
from tests.support.paths import WIRE, ZOO


@dataclass(frozen=True, slots=True)
class FuzzTarget:
    """A reader: `read` gets the path of a file with the bytes, which it may refuse with a MeshcastError only."""

    name: str
    suffix: str
    samples: Callable[[], tuple[Sample, ...]]
    read: Callable[[Path], object]


def _npz(packed: bool = False, **arrays: Any) -> Sample:
    out = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(out, **arrays)
    return archive(out.getvalue(), pack=zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)


def _body(vertices: int = 12) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    weights = rng.random((vertices, 24))
    return {
        "v_template": rng.random((vertices, 3)),
        "shapedirs": rng.random((vertices, 3, 10)),
        "weights": weights / weights.sum(1, keepdims=True),
        "J_regressor": np.full((24, vertices), 1 / vertices),
        "kintree_table": np.stack([np.arange(-1, 23), np.arange(24)]),
        "f": np.arange(9).reshape(3, 3).astype(np.uint32),
    }


def _bodies() -> tuple[Sample, ...]:
    return _npz(**_body()), _npz(True, **_body())


def _pickled_bodies() -> tuple[Sample, ...]:
    held = _body()
    held["J_regressor"] = sparse.csc_matrix(held["J_regressor"])
    return tuple(plain(pickle.dumps(held, protocol)) for protocol in (0, 2, 4))


def _checkpoints() -> tuple[Sample, ...]:
    import torch
    from safetensors.torch import save

    content = {"a.weight": torch.zeros(3, 4), "b": torch.arange(4, dtype=torch.int64)}
    wrapped = {"epoch": 3, "state_dict": content, "log": [0.5, np.float64(0.25)], "array": np.zeros(3)}
    out = io.BytesIO()
    torch.save(wrapped, out)
    legacy = io.BytesIO()
    torch.save(wrapped, legacy, _use_new_zipfile_serialization=False)
    return archive(out.getvalue()), plain(legacy.getvalue()), safetensors(save(content))


def _truth() -> tuple[Sample, ...]:
    from edge.evaluation.limbs import LIMBS

    names = np.array(LIMBS)
    arrays = {
        "joint_names": names,
        "a_joints_cam_m": np.zeros((2, len(names), 3)),
        "a_K": np.eye(3),
        "a_dist": np.zeros(5),
    }
    return (_npz(**arrays),)


def _mcap_message(channel: int, message: bytes) -> bytes:
    body = struct.pack("<HIQQ", channel, 0, 1_800_000_000_000_000_000, 0) + message
    return struct.pack("<BQ", 5, len(body)) + body


def _mcap_channel(number: int, words: bytes) -> bytes:
    def text(value: bytes) -> bytes:
        return struct.pack("<I", len(value)) + value

    tags = text(b"axes") + text(b"opencv")
    body = struct.pack("<HH", number, 0) + text(words) + text(b"meshcast") + struct.pack("<I", len(tags)) + tags
    return struct.pack("<BQ", 4, len(body)) + body


def _recordings() -> tuple[Sample, ...]:
    names = ("model_opencv.bin", "params_opencv.bin", "mesh_opencv.bin", "status_live.bin")
    messages = [(WIRE / name).read_bytes() for name in names]
    records = [_mcap_channel(index, message[:40]) for index, message in enumerate(messages)]
    records += [_mcap_message(index, message) for index, message in enumerate(messages)]
    return recording(tuple(records), "zstd"), recording(tuple(records), "")


def _messages() -> tuple[Sample, ...]:
    return tuple(plain(path.read_bytes()) for path in sorted(WIRE.glob("*.bin")))


def _keys() -> tuple[Sample, ...]:
    import zmq

    public, secret = b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID", b"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs"
    assert zmq.curve_public(secret) == public
    head = b'metadata\n    name = "a"\ncurve\n    public-key = "' + public + b'"\n'
    return plain(head + b'    secret-key = "' + secret + b'"\n'), plain(head)


def _uris() -> tuple[Sample, ...]:
    texts = (
        "rtsp://user:pass@camera:554/stream?a=b#c",
        "http://[::1]:8080/a.m3u8",
        "v4l2:///dev/video0?width=640&height=480&fps=30",
        "csi://0?fps=30",
        "tcp://host:1234",
        "file:///a%20b.mp4",
        "synthetic:people=2&seed=1",
        "gst:videotestsrc ! appsink",
    )
    return tuple(plain(text.encode()) for text in texts)


def _queries() -> tuple[Sample, ...]:
    return plain(b"levels=mesh-lod,params&stream=cam0"), plain(b"levels=mesh&stream=%41&x=1&y=2")


def _cards() -> tuple[Sample, ...]:
    return tuple(plain(path.read_bytes()) for path in sorted(ZOO.glob("*.toml"))[:4])


def _cameras() -> tuple[Sample, ...]:
    matrix = (
        b"width = 640\nheight = 480\nK = [[500.0, 0, 320], [0, 500.0, 240], [0, 0, 1]]\ndistortion = [0, 0, 0, 0, 0]\n"
    )
    return plain(matrix), plain(b"width = 640\nheight = 480\nfx = 500\nfy = 500\ncx = 320.5\ncy = 240\n")


def _read_card(path: Path) -> object:
    from engines.cards.card import load_card

    return load_card(path)


def _onnx() -> tuple[Sample, ...]:
    """The parts of two small models: what describes inputs, outputs and weights, whole."""
    from onnx import TensorProto, helper, numpy_helper

    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["N", 3, 8, 8])]
    outputs = [helper.make_tensor_value_info("out", TensorProto.FLOAT, ["N", 3, 8, 8])]
    inside = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "scale")
    beside = numpy_helper.from_array(np.ones((1, 3, 1, 1), np.float32), "scale")
    beside.ClearField("raw_data")
    beside.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights.bin"), ("offset", "0"), ("length", "12")):
        beside.external_data.add(key=key, value=value)
    node = helper.make_node("Mul", ["images", "scale"], ["out"])
    graphs = [helper.make_graph([node], "g", inputs, outputs, [weights]) for weights in (inside, beside)]
    return tuple(plain(helper.make_model(graph).SerializeToString()) for graph in graphs)


def _inspect_onnx(path: Path) -> object:
    from engines.errors import ModelError
    from engines.onnx_file.external_data import data_files, embedded
    from engines.onnx_file.signature import read_signature

    data = path.read_bytes()
    try:
        return read_signature(data), data_files(data), embedded(data, lambda name: bytes(12))
    except ValueError as error:  # what their callers turn into one of the errors for users
        raise ModelError(" ".join(str(error).split())) from None


def _read_camera(path: Path) -> object:
    from calibration.camera import Camera

    return Camera.load(path)


def _read_body(path: Path) -> object:
    from engines.importing.body_file import read_body

    return read_body(path)


def _read_mean(path: Path) -> object:
    from engines.body.mean_parameters import read_mean_parameters

    return read_mean_parameters(path)


def _read_truth(path: Path) -> object:
    from edge.evaluation.truth import load_truth

    return load_truth(path, "a", (640, 480))


def _read_checkpoint(path: Path) -> object:
    from engines.importing.checkpoint import is_checkpoint, read_checkpoint

    is_checkpoint(path)
    return read_checkpoint(path)


def _read_recording(path: Path) -> object:
    from edge.recording.mcap_file import Recording

    return sum(len(each.message) for each in Recording(path))


def _export(path: Path) -> object:
    from edge.recording.export.animation import read_animations
    from edge.recording.mcap_file import Recording

    return read_animations(Recording(path))


def _read_message(path: Path) -> object:
    from meshcast.transport.reader import Reader

    return Reader("a").read(path.read_bytes(), 0.0)


def _read_keys(path: Path) -> object:
    from meshcast.transport.curve import read_keys, read_public

    path.chmod(0o600)
    return read_public(path), read_keys(path)


def _read_uri(path: Path) -> object:
    from edge.sources.uri import parse

    return parse(path.read_bytes().decode("utf-8", "surrogateescape"))


def _read_query(path: Path) -> object:
    from edge.bridges.websocket.client_queue import ClientSelection

    return ClientSelection.parse(path.read_bytes().decode("latin-1")).topics()


def _mean() -> tuple[Sample, ...]:
    return (
        _npz(pose=np.tile([1.0, 0, 0, 1, 0, 0], 24), shape=np.zeros(10)),
        _npz(pose=np.zeros((24, 3)), shape=np.zeros(10)),
    )


def _kept_bodies() -> tuple[Sample, ...]:
    from engines.importing.body_file import body_bytes, read_body

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.npz"
        path.write_bytes(_bodies()[0].whole())
        return (archive(body_bytes(read_body(path))),)


def _read_kept_body(path: Path) -> object:
    from engines.body.body import load_body

    return load_body(path)


TARGETS = {
    target.name: target
    for target in (
        FuzzTarget("card", ".toml", _cards, _read_card),
        FuzzTarget("onnx", ".onnx", _onnx, _inspect_onnx),
        FuzzTarget("camera", ".toml", _cameras, _read_camera),
        FuzzTarget("body-npz", ".npz", _bodies, _read_body),
        FuzzTarget("body-pickle", ".pkl", _pickled_bodies, _read_body),
        FuzzTarget("kept-body", ".npz", _kept_bodies, _read_kept_body),
        FuzzTarget("mean-parameters", ".npz", _mean, _read_mean),
        FuzzTarget("truth", ".npz", _truth, _read_truth),
        FuzzTarget("checkpoint", ".pth", _checkpoints, _read_checkpoint),
        FuzzTarget("recording", ".mcap", _recordings, _read_recording),
        FuzzTarget("export", ".mcap", _recordings, _export),
        FuzzTarget("message", ".bin", _messages, _read_message),
        FuzzTarget("keys", ".key", _keys, _read_keys),
        FuzzTarget("uri", ".txt", _uris, _read_uri),
        FuzzTarget("websocket-query", ".txt", _queries, _read_query),
        FuzzTarget("websocket-request", ".txt", websocket_samples, ask_bridge),
        FuzzTarget("metrics-request", ".txt", metrics_samples, ask_metrics),
    )
}


@functools.cache
def samples_of(name: str) -> tuple[Sample, ...]:
    """The samples of a target, made once."""
    return TARGETS[name].samples()


BUDGET = 64 << 20
# What their errors repeat was typed; the command line makes it one line.
TYPED = ("uri", "websocket-query")
# Valid, and refused all the same for what is beside the file or not in it.
REFUSED = ("card", "keys", "uri", "export")


def attempt(target: FuzzTarget, path: Path, data: bytes) -> str:
    """Read a file with these bytes as `target` does; returns the error that it is refused with, "" where it is not.

    Raises what the reader raises other than a MeshcastError, and ValueError for a message that is none.
    """
    path.write_bytes(data)
    try:
        with job_budget(BUDGET), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            target.read(path)
    except MeshcastError as error:
        message = str(error)
        if not message or ("\n" in message and target.name not in TYPED):
            raise ValueError(f"a message that is not one line: {message!r}") from error
        return message
    return ""
