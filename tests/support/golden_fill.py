"""Deterministic fill of a network's state_dict and of its inputs (numpy only).

Every array is a function of (salt, name, shape) alone: no hidden state, no order dependence.
Only RandomState.random_sample is used (a frozen MT19937 stream), so values are bit-identical
on every numpy >= 1.24 and every platform. "Uniform with std s" means U(-s*sqrt(3), s*sqrt(3)).
"""

import json
import zlib
from fnmatch import fnmatchcase

import numpy as np


def _uniform(name, shape, salt):
    rs = np.random.RandomState(zlib.crc32((str(salt) + "|" + name).encode("utf-8")))
    n = int(np.prod(shape, dtype=np.int64)) if len(shape) else 1
    return rs.random_sample(n).reshape(shape)  # float64 in [0, 1)


def value(key, shape, dtype="float32", salt="public"):
    """The array for one state_dict entry. `key` is the key WITHOUT any module./model. prefix."""
    shape = tuple(int(s) for s in shape)
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    u = _uniform(key, shape, salt)
    s3 = 3.0**0.5
    if leaf == "running_var":
        v = 0.5 + u  # U(0.5, 1.5)
    elif leaf == "running_mean":
        v = (2.0 * u - 1.0) * (0.1 * s3)  # std 0.1
    elif len(shape) >= 2:
        fan_in = int(np.prod(shape[1:], dtype=np.int64))
        v = (2.0 * u - 1.0) * (0.8 * s3 / fan_in**0.5)  # std 0.8/sqrt(fan_in)
    elif len(shape) == 0 or leaf == "weight":
        v = 0.5 + u  # norm gains and 0-d tensors: U(0.5, 1.5)
    else:
        v = (2.0 * u - 1.0) * (0.2 * s3)  # biases and other vectors: std 0.2
    return v.astype(dtype)


def load_keys(path):
    """A *.keys.json document: {"keys": [[key, shape, dtype], ...], "fill_scale": {pattern: factor}, ...}."""
    with open(path) as f:
        return json.load(f)


def fill(doc, salt="public"):
    """{key: array} for a keys document. Entries whose key matches a fill_scale pattern (shell
    wildcards) are multiplied by its factor: keeps signals and attention maps informative."""
    out = {}
    for k, s, d in doc["keys"]:
        v = value(k, s, d, salt)
        for pattern, factor in doc.get("fill_scale", {}).items():
            if fnmatchcase(k, pattern):
                v = (v.astype("float64") * factor).astype(d)
        out[k] = v
    return out


def inputs(name, shape, salt="public", dtype="float32"):
    """A network input: zero-mean, unit-variance uniform noise."""
    return ((2.0 * _uniform("input:" + name, tuple(shape), salt) - 1.0) * 3.0**0.5).astype(dtype)


def positions(name, size, n=4096):
    """Sorted flat (C-order) positions of a big output that a golden keeps; the same for every salt."""
    if size <= n:
        return np.arange(size)
    return np.unique((_uniform("pos:" + name, (n,), "positions") * size).astype(np.int64))
