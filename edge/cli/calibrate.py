"""`meshcast calibrate KIND`: calibrate a camera or a rig with a board, or quantize a model."""

from __future__ import annotations

import argparse

from edge.cli import calibrate_camera, calibrate_floor, calibrate_int8, calibrate_rig

KINDS = (calibrate_camera, calibrate_floor, calibrate_rig, calibrate_int8)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `calibrate` command to the command line."""
    parser = subparsers.add_parser("calibrate", help="calibrate a camera or a rig, or quantize a model to INT8")
    kinds = parser.add_subparsers(metavar="KIND", title="kinds", required=True)
    for module in KINDS:
        module.add_parser(kinds)
