"""Old module paths of this package: they still import, with a DeprecationWarning, until version 0.2."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

PACKAGE = "meshcast"
MOVED = {
    "address": "transport.address",
    "axes": "protocol.axes",
    "body": "protocol.body",
    "curve": "transport.curve",
    "decoding": "protocol.decoding",
    "delay": "transport.latency",
    "layout": "protocol.layout",
    "loss": "transport.loss",
    "packets": "protocol.packets",
    "reader": "transport.reader",
    "rotations": "protocol.rotations",
    "skinning": "protocol.skinning",
    "sockets": "transport.sockets",
}
# By old module: names that changed too.
RENAMED = {
    "decoding": {"dequantise": "dequantize"},
    "delay": {"Delay": "LatencyEstimator"},
    "layout": {"WORDS": "TOPIC_PREFIXES"},
    "loss": {"Loss": "LossCounter"},
}


class MovedModules(MetaPathFinder, Loader):
    """Finds `meshcast.OLD` and fills it with the names of the module that replaced it."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.rpartition(".")
        return ModuleSpec(fullname, self) if package == PACKAGE and name in MOVED else None

    def exec_module(self, module: ModuleType) -> None:
        old = module.__name__.rpartition(".")[2]
        new = f"{PACKAGE}.{MOVED[old]}"
        warnings.warn(f"{module.__name__} is deprecated; import {new} instead", DeprecationWarning, stacklevel=2)
        names = {name: value for name, value in vars(import_module(new)).items() if not name.startswith("__")}
        vars(module).update(names, **{name: names[now] for name, now in RENAMED.get(old, {}).items()})
