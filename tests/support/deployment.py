"""Readers for the files of deploy/, and the tools that check them."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
DASHBOARD = DEPLOY / "grafana/dashboards/meshcast.json"
ALERTS = DEPLOY / "prometheus/alerts.yml"
PATIENCE_S = 60.0
# Metrics that Prometheus itself adds to each target.
OF_PROMETHEUS = frozenset({"up"})


def tool(name: str) -> str | None:
    """A program of the virtual environment, of build/tools (.ci/tools) or of this machine."""
    folders = (Path(sys.executable).parent, ROOT / "build/tools")
    found = (str(folder / name) for folder in folders if (folder / name).is_file())
    return next(found, None) or shutil.which(name)


def needs(name: str, package: str) -> pytest.MarkDecorator:
    """Skips tests where a program is missing."""
    return pytest.mark.skipif(tool(name) is None, reason=f"needs {name}: {package}")


def run_tool(name: str, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a program, which must exist."""
    return subprocess.run(
        [tool(name) or name, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def read_yaml(path: Path) -> Any:
    """The content of a YAML file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def dashboard() -> dict[str, Any]:
    """The dashboard for Grafana."""
    return dict(json.loads(DASHBOARD.read_text(encoding="utf-8")))


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard that show data."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def dashboard_expressions() -> Iterator[tuple[str, str]]:
    """Name and PromQL of every query of the dashboard, variables of Grafana replaced by values."""
    for panel in panels():
        yield from ((panel["title"], _filled(target["expr"])) for target in panel["targets"])
    for annotation in dashboard()["annotations"]["list"]:
        yield annotation["name"], _filled(annotation["expr"])
    for variable in dashboard()["templating"]["list"]:
        match = re.fullmatch(r"label_values\((.+), *(\w+)\)", variable.get("definition", ""))
        if match is not None:
            yield variable["name"], f"count by ({match[2]}) ({_filled(match[1])})"


def alert_rules() -> list[dict[str, Any]]:
    """The alert rules for Prometheus."""
    return [rule for group in read_yaml(ALERTS)["groups"] for rule in group["rules"]]


def expressions() -> list[tuple[str, str]]:
    """Name and PromQL of every query of the dashboard and of every alert."""
    return [*dashboard_expressions(), *((rule["alert"], rule["expr"]) for rule in alert_rules())]


def _filled(expression: str) -> str:
    return expression.replace("$__rate_interval", "1m").replace("$instance", ".*").replace("$stream", ".*")


def metrics_in(expression: str) -> set[str]:
    """Names of the metrics in a PromQL expression."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"|\b(?:by|without|on|ignoring)\s*\([^)]*\)", " ", expression)
    return {name for name in re.findall(r"\b[a-zA-Z_:][\w:]*\b(?!\s*\()", bare) if name not in PROMQL_WORDS}


def labels_in(expression: str) -> set[str]:
    """Names of the labels that a PromQL expression selects or groups by."""
    selected = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", " ".join(re.findall(r"\{[^}]*\}", expression)))
    grouped = " ".join(re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression))
    return {*selected, *re.findall(r"\w+", grouped)}


PROMQL_WORDS = frozenset({"and", "or", "unless", "bool", "by", "without", "on", "ignoring", "offset", "inf", "nan"})


def load_tool(name: str) -> ModuleType:
    """A program of tools/, as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module
