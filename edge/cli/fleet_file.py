"""Reads fleet.toml: the tables of meshcast.toml, [fleet], and what each camera takes of its node."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.cli import run as run_command
from edge.cli.config_check import problems_of
from edge.cli.config_file import parse_config
from edge.cli.config_keys import SOURCE
from edge.cli.config_merge import merged, source_views
from edge.cli.options import security_from
from edge.errors import ConfigError
from edge.fleet.config import LOOPBACK, MAX_CAMERAS, CameraSpec, FleetConfig, PortRange, Resources, check_cameras
from edge.wire.curve_auth import check_access
from engines.errors import MeshcastError
from engines.files.suggestions import did_you_mean
from engines.files.toml_file import one_line, read_toml
from meshcast.transport.address import check_address

FLEET = "fleet"
REFERENCE = "docs/how-to/fleet.md"
RESOURCE_KEYS = ("cpus", "gpus", "resources")
FLEET_KEYS = ("publish", "ray", "host", "ports", "standby", *RESOURCE_KEYS)
MAX_STANDBY = 64
CPUS = 2.0
# Tables and keys of meshcast.toml that one camera of many cannot have.
NOT_HERE = {
    "outputs": "cameras of a fleet write no files; record the site's address with meshcast record",
    "room": "fuse the cameras of the site's address with meshcast fuse",
}
NOT_HERE_KEYS = {
    ("publish", "address"): "the site's address is publish in [fleet]",
    ("view", "enabled"): "open the site's address with meshcast view",
    ("view", "open"): "open the site's address with meshcast view",
    ("monitoring", "trace"): "trace a single camera with meshcast run",
    ("monitoring", "nvtx"): "profile a single camera with meshcast run",
}


def read_fleet(path: Path) -> FleetConfig:
    """Read the file of a fleet.

    Raises:
        ConfigError: the file cannot be read, or something in it cannot be used; the first problem in one line.
    """
    problems, config = check_fleet(path)
    if problems or config is None:
        more = f" (and {len(problems) - 1} more)" if problems[1:] else ""
        raise ConfigError(f"{problems[0]}{more}")
    return config


def check_fleet(path: Path) -> tuple[list[str], FleetConfig | None]:
    """All problems of a file, and the fleet if there are none. Raises ConfigError when it cannot be read."""
    content = dict(read_toml(path, "a fleet", ConfigError))
    reader = _Reader(path)
    fleet = reader.table(FLEET, content.pop(FLEET, None))
    content = reader.without_foreign(content)
    own = reader.resources_of_sources(content)
    file = parse_config(path, content, run_command.actions())
    problems = [
        *reader.problems,
        *(line.replace("docs/reference/configuration.md", REFERENCE) for line in file.problems),
    ]
    if problems:
        return problems, None
    args = merged(run_command.options_parser().parse_args([]), file)
    try:
        config = _config(args, fleet, reader, own)
    except MeshcastError as error:
        return [*reader.problems, f"{path}: {error}"], None
    return reader.problems, config


def _config(
    args: argparse.Namespace, fleet: Mapping[str, Any], reader: _Reader, own: list[Mapping[str, Any]]
) -> FleetConfig | None:
    """Raises MeshcastError. None after problems of the reader."""
    defaults = reader.resources(FLEET, fleet, Resources(cpus=CPUS))
    if "publish" not in fleet:
        reader.problem(f"{FLEET}.publish", 'missing; add publish = "tcp://127.0.0.1:5556", the address of the site')
    texts = {name: reader.text(f"{FLEET}.{name}", fleet.get(name, "")) for name in ("publish", "ray", "host")}
    ports = reader.ports(f"{FLEET}.ports", fleet.get("ports"))
    standby = reader.whole(f"{FLEET}.standby", fleet.get("standby", 0), MAX_STANDBY)
    security = security_from(args)
    if not reader.problems:
        check_address(texts["publish"])
        check_access(texts["publish"], security)
    if len(args.sources) > MAX_CAMERAS:
        raise ConfigError(f"{len(args.sources)} cameras: a fleet has at most {MAX_CAMERAS}; make one for each site")
    views = source_views(args)
    views = views if len(views) == len(args.sources) else [argparse.Namespace(**vars(args)) for _ in args.sources]
    cameras = []
    for number, (view, uri, table) in enumerate(zip(views, args.sources, own, strict=True)):
        resources = reader.resources(f"{SOURCE}[{number + 1}]", table, defaults)
        name = args.stream[number] if args.stream else ""
        camera = _camera(view, uri, name, resources, reader)
        if camera is not None:
            cameras.append(camera)
    if reader.problems:
        return None
    check_cameras(cameras)
    count = None if ports is None else ports.last - ports.first + 1
    if not texts["ray"] and count is not None and count < len(cameras):
        raise ConfigError(f"fleet.ports: {ports} has {count} ports for {len(cameras)} cameras; give it more")
    return FleetConfig(
        publish=texts["publish"],
        cameras=tuple(cameras),
        security=security,
        ray=texts["ray"],
        host=texts["host"] or LOOPBACK,
        ports=ports,
        standby=standby,
        metrics=args.metrics,
        metrics_token=args.metrics_token_file,
    )


def _camera(view: argparse.Namespace, uri: str, name: str, resources: Resources, reader: _Reader) -> CameraSpec | None:
    """None after problems of the reader."""
    replaced = {
        "sources": [uri],
        "stream": [name] if name else [],
        "own": (),
        "config": None,
        "publish": f"tcp://{LOOPBACK}:0",
        "metrics": None,
        "metrics_token_file": None,
        "curve": None,
        "allow": None,
        "insecure": False,
        "quiet": True,
        "threads": view.threads or max(1, int(resources.cpus)),
    }
    alone = argparse.Namespace(**{**vars(view), **replaced})
    for line in problems_of(alone, run_command.run_config):
        if f"{reader.path}: {line}" not in reader.problems:  # one of all cameras
            reader.problems.append(f"{reader.path}: {line}")
    if reader.problems:
        return None
    run = run_command.run_config(alone)
    return CameraSpec(run.sources.stream_names()[0], run, resources)


class _Reader:
    """Reads what meshcast.toml has not, and collects the problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []

    def problem(self, subject: str, text: str) -> None:
        """Add a problem."""
        self.problems.append(f"{self.path}: {one_line(subject, 120)}: {text}")

    def table(self, name: str, value: object) -> Mapping[str, Any]:
        """The table of the fleet, without keys that do not exist."""
        if not isinstance(value, dict):
            self.problem(name, "missing; add [fleet] with publish, the address of the site")
            return {}
        for key in value:
            if key not in FLEET_KEYS:
                self.problem(f"{name}.{key}", f"no such key{did_you_mean(key, FLEET_KEYS)}; see {REFERENCE}")
        return {key: entry for key, entry in value.items() if key in FLEET_KEYS}

    def without_foreign(self, content: dict[str, Any]) -> dict[str, Any]:
        """The other tables, without those that a fleet has not."""
        for table, remedy in NOT_HERE.items():
            if content.pop(table, None) is not None:
                self.problem(table, f"not in the file of a fleet; {remedy}")
        for (table, key), remedy in NOT_HERE_KEYS.items():
            if isinstance(content.get(table), dict) and key in content[table]:
                self.problem(f"{table}.{key}", f"not in the file of a fleet; {remedy}")
                content[table] = {name: value for name, value in content[table].items() if name != key}
        return content

    def resources_of_sources(self, content: dict[str, Any]) -> list[Mapping[str, Any]]:
        """Takes the keys about resources out of the sources."""
        sources = content.get(SOURCE)
        if not isinstance(sources, list) or not all(isinstance(source, dict) for source in sources):
            return []
        content[SOURCE] = [
            {key: value for key, value in source.items() if key not in RESOURCE_KEYS} for source in sources
        ]
        return [{key: source[key] for key in RESOURCE_KEYS if key in source} for source in sources]

    def resources(self, subject: str, table: Mapping[str, Any], defaults: Resources) -> Resources:
        """The resources in a table."""
        custom = table.get("resources")
        if custom is not None and not isinstance(custom, dict):
            self.problem(f"{subject}.resources", "is not a table; write resources = { NAME = AMOUNT }")
            custom = None
        return Resources(
            cpus=self._amount(f"{subject}.cpus", table.get("cpus", defaults.cpus)),
            gpus=self._amount(f"{subject}.gpus", table.get("gpus", defaults.gpus)),
            custom=defaults.custom
            if custom is None
            else tuple(sorted((name, self._amount(f"{subject}.resources.{name}", custom[name])) for name in custom)),
        )

    def text(self, subject: str, value: object) -> str:
        """A text of one line."""
        if not isinstance(value, str) or any(ord(letter) < 32 for letter in value):
            self.problem(subject, f"{one_line(repr(value), 60)} is not a string; write it in quotes")
            return ""
        return value

    def ports(self, subject: str, value: object) -> PortRange | None:
        """A range of ports, as "FIRST-LAST" or a number."""
        if value is None:
            return None
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", str(value)) if not isinstance(value, bool) else None
        if match is not None:
            first, last = int(match[1]), int(match[2] or match[1])
            if 1 <= first <= last <= 65535:
                return PortRange(first, last)
        self.problem(subject, f'{one_line(repr(value), 60)} is no range of ports; write it as "5600-5699"')
        return None

    def whole(self, subject: str, value: object, most: int) -> int:
        """A whole number from 0 to `most`."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.problem(subject, f"{one_line(repr(value), 60)} is not a whole number from 0 to {most}")
            return 0
        return value

    def _amount(self, subject: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 4096:
            self.problem(subject, f"{one_line(repr(value), 60)} is not a number from 0 to 4096")
            return 0.0
        return float(value)
