"""`meshcast doctor`: check the machine, and say what mends it."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from edge import console
from edge.errors import EXIT_INPUT, EXIT_WHOLE

if TYPE_CHECKING:
    from edge.doctor.finding import Finding

MARKS = {"ok": "ok     ", "note": "note   ", "warning": "warning", "error": "error  "}
TOPIC_WIDTH = 18

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
    from edge.doctor.checks import all_findings
    from edge.text import json_bytes

    findings = []
    for finding in all_findings():
        findings.append(finding)
        if not args.json:
            console.out(_lines(finding))
    if args.json:
        console.out(json_bytes([asdict(finding) for finding in findings]).decode())
    else:
        console.out(_summary(findings))
    return EXIT_INPUT if any(finding.state == "error" for finding in findings) else EXIT_WHOLE


def _lines(finding: Finding) -> str:
    line = f"{MARKS[finding.state]}  {finding.topic:<{TOPIC_WIDTH}} {finding.text}"
    return line if not finding.remedy else f"{line}\n{'':9}{'':{TOPIC_WIDTH}} -> {finding.remedy}"


def _summary(findings: list[Finding]) -> str:
    errors, warnings = (sum(finding.state == state for finding in findings) for state in ("error", "warning"))
    if not errors and not warnings:
        return "everything that is needed works"
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
