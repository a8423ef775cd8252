"""Dashboard and alerts use the metrics that a run exports, and Prometheus accepts both."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from edge.monitoring.clients import Clients
from edge.monitoring.prometheus_server import MetricsServer
from edge.room.watch import WatchConfig
from edge.timing import Timings
from tests.support.deployment import (
    ALERTS,
    DEPLOY,
    OF_PROMETHEUS,
    alert_rules,
    dashboard,
    dashboard_expressions,
    expressions,
    labels_in,
    metrics_in,
    needs,
    panels,
    read_yaml,
    run_tool,
)
from tests.support.paths import ROOT

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "info": ("_info",), "histogram": ("_bucket", "_sum", "_count")}
TARGET_LABELS = {"job", "instance"}
needs_promtool = needs("promtool", "the package prometheus")


@pytest.fixture(scope="module")
def exported() -> dict[str, set[str]]:
    """The metrics of a run by name, each with its labels."""
    models: Any = SimpleNamespace(timings=Timings(), sessions={}, uses={})
    names = {}
    with MetricsServer("127.0.0.1:0") as server:
        room: Any = SimpleNamespace(health=list, silent=[], latencies_s=[])
        server.watch([], models, Clients(lambda: 0, lambda: 0), room)
        for family in server._endpoint._registry.collect():
            labels = set(getattr(family, "_labelnames", ())) | ({"le"} if family.type == "histogram" else set())
            names.update({family.name + suffix: labels for suffix in SUFFIXES[family.type]})
    return names


def test_expressions_are_found() -> None:
    assert len(list(dashboard_expressions())) > 25
    assert len(alert_rules()) == 13


@pytest.mark.parametrize(("name", "expression"), expressions())
def test_expression_uses_exported_metrics_and_their_labels(
    exported: dict[str, set[str]], name: str, expression: str
) -> None:
    metrics = metrics_in(expression)
    assert metrics
    assert metrics <= exported.keys() | OF_PROMETHEUS, name
    labels = set().union(*(exported.get(metric, set()) for metric in metrics))
    assert labels_in(expression) <= labels | TARGET_LABELS, name


def test_every_metric_of_a_stream_is_on_the_dashboard(exported: dict[str, set[str]]) -> None:
    shown = set().union(*(metrics_in(expression) for _, expression in dashboard_expressions()))
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    streams = {re.sub("_(bucket|sum|count)$", "", name) for name, labels in exported.items() if "stream" in labels}
    assert streams - families == {"meshcast_stream_running"}


def test_reference_lists_every_metric(exported: dict[str, set[str]]) -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
    documented: set[str] = set()
    for row in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE):
        first, *others = re.findall(r"`(\w+)`", row)
        stem = first.removesuffix("_total").rpartition("_")[0]
        documented |= {first, *(stem + name if name.startswith("_") else name for name in others)}
    wanted = {re.sub("_(bucket|sum|count)$", "", name) for name in exported if name.startswith("meshcast")}
    assert wanted <= documented


def test_legends_use_labels_that_the_expression_leaves(exported: dict[str, set[str]]) -> None:
    for panel in panels():
        for target in panel["targets"]:
            grouped = re.search(r"\bby \(([^)]*)\)", target["expr"])
            left = set(re.findall(r"\w+", grouped[1])) if grouped else TARGET_LABELS.union(*exported.values())
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= left, panel["title"]


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    every = dashboard()["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    cells = [
        (x, y)
        for panel in every
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23


def test_panels_use_the_data_source_that_is_chosen() -> None:
    assert {panel["datasource"]["uid"] for panel in panels()} == {"${datasource}"}
    source = read_yaml(DEPLOY / "grafana/provisioning/datasources/prometheus.yaml")["datasources"][0]
    chosen = next(variable for variable in dashboard()["templating"]["list"] if variable["name"] == "datasource")
    assert chosen["current"] == {"selected": True, "text": source["name"], "value": source["uid"]}


def test_alerts_say_what_to_do() -> None:
    for rule in alert_rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"] != rule["annotations"]["description"]
        assert not rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["description"].endswith(".")


def test_every_alert_has_a_test_that_fires_and_one_that_does_not() -> None:
    tests = [
        test for group in read_yaml(DEPLOY / "prometheus/alerts_test.yml")["tests"] for test in group["alert_rule_test"]
    ]
    fires = {test["alertname"] for test in tests if test.get("exp_alerts")}
    assert fires == {rule["alert"] for rule in alert_rules()}


@needs_promtool
def test_promtool_accepts_the_configuration_and_its_rules() -> None:
    done = run_tool("promtool", "check", "config", DEPLOY / "prometheus/prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_alerts_fire_as_their_tests_say() -> None:
    done = run_tool("promtool", "test", "rules", DEPLOY / "prometheus/alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_accepts_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [{"record": f"dashboard:{i}", "expr": text} for i, (_, text) in enumerate(dashboard_expressions())]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = run_tool("promtool", "check", "rules", tmp_path / "rules.yml")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("expression", "metrics", "labels"),
    [
        ('sum by (a, le) (rate(m_bucket{b=~"x", c!="y"}[5m])) > 0.5', {"m_bucket"}, {"a", "le", "b", "c"}),
        ("rate(m_total[1m]) > 0 unless rate(n_total[1m]) > 0", {"m_total", "n_total"}, set()),
        ("sum(m == bool 0) and on(s) up", {"m", "up"}, {"s"}),
    ],
)
def test_metrics_and_labels_of_an_expression(expression: str, metrics: set[str], labels: set[str]) -> None:
    assert metrics_in(expression) == metrics
    assert labels_in(expression) == labels


def test_thresholds_of_the_dashboard_are_those_of_the_alerts() -> None:
    steps = {panel["title"]: panel["fieldConfig"]["defaults"]["thresholds"]["steps"] for panel in panels()}
    limits = {rule["alert"]: float(rule["expr"].rpartition("> ")[2]) for rule in alert_rules() if "> " in rule["expr"]}
    assert steps["Latency, 95 %"][-1]["value"] == limits["MeshcastLatencyHigh"]
    assert steps["Dropped images"][-1]["value"] == limits["MeshcastFramesDropped"]
    assert limits["MeshcastRoomClockOff"] == WatchConfig().offset_limit_s


def test_alert_rules_are_read_by_the_configuration() -> None:
    assert read_yaml(DEPLOY / "prometheus/prometheus.yml")["rule_files"] == [ALERTS.name]
