"""`meshcast doctor`: check the machine, and say what mends it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.errors import EXIT_INPUT, EXIT_WHOLE

if TYPE_CHECKING:
    from edge.doctor.finding import Finding, State

MARKS = {"ok": "ok     ", "note": "note   ", "warning": "warning", "error": "error  "}
TOPIC_WIDTH = 18
MAX_PROBLEMS = 5  # of a configuration file

EPILOG = """\
examples:
  meshcast doctor
  meshcast doctor --json > report.json       attach it to a bug report

Engines, drivers and cameras are tried in processes of their own: a crash or a hang is reported, and the other checks go
on. The exit code is 1 if there is an error, something without which Meshcast does not run, otherwise 0.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `doctor` command to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="check Python, engines, drivers, cameras, folders and models of this machine",
        description="Check this machine. Each finding that needs something names the command that mends it.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run all checks and print the findings. Returns the exit code."""
    from edge.doctor.checks import IN_PROCESS, all_findings
    from edge.text import json_bytes

    findings = []
    for finding in all_findings((*IN_PROCESS, configuration)):
        findings.append(finding)
        if not args.json:
            console.out(_lines(finding))
    if args.json:
        console.out(json_bytes([asdict(finding) for finding in findings]).decode())
    else:
        console.out(_summary(findings))
    return EXIT_INPUT if any(finding.state == "error" for finding in findings) else EXIT_WHOLE


def configuration() -> Iterator[Finding]:
    """The configuration file that a run would take, or that lies in the current folder."""
    from edge.cli.config import problems_in
    from edge.cli.config_merge import IN_CURRENT_FOLDER, VARIABLE
    from edge.doctor.finding import Finding
    from edge.text import one_line
    from engines.errors import MeshcastError

    named = os.environ.get(VARIABLE)
    path = Path(named) if named else IN_CURRENT_FOLDER
    if not named and not path.is_file():
        return
    state: State = "error" if named else "warning"
    try:
        problems = problems_in(path)
    except MeshcastError as error:
        yield Finding("configuration", state, one_line(str(error)), f"mend it, or: meshcast config init {path}")
        return
    for problem in problems[:MAX_PROBLEMS]:
        yield Finding("configuration", state, one_line(problem), f"mend it, then: meshcast config check {path}")
    if not problems:
        yield Finding("configuration", "ok", f"{path} has no problems")


def _lines(finding: Finding) -> str:
    line = f"{MARKS[finding.state]}  {finding.topic:<{TOPIC_WIDTH}} {finding.text}"
    return line if not finding.remedy else f"{line}\n{'':9}{'':{TOPIC_WIDTH}} -> {finding.remedy}"


def _summary(findings: list[Finding]) -> str:
    errors, warnings = (sum(finding.state == state for finding in findings) for state in ("error", "warning"))
    if not errors and not warnings:
        return "everything that is needed works"
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
