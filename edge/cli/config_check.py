"""The problems of a configuration that show only beside the machine: files, models, keys and names."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from edge.cli.config_merge import source_views
from edge.cli.options import access_from, cameras_from, monitoring_from, security_from
from edge.models import Models, second_pose_card
from edge.monitoring.metrics_endpoint import check_address, read_token
from edge.monitoring.observers import MonitoringConfig
from edge.pipeline import FrameCameras
from edge.run_config import PublishConfig, RunConfig
from edge.runtime.destinations import check_outputs, plan_outputs
from edge.sinks.rerun_target import check_rerun
from edge.sources.credentials import find_credentials
from edge.sources.uri import parse
from edge.wire.curve_auth import check_access
from engines.cards.card import REFINEMENTS, load_card
from engines.errors import MeshcastError
from engines.files.suggestions import unknown
from engines.heads.registry import body_for
from engines.inference.session import check_names


def problems_of(
    args: argparse.Namespace, build: Callable[[argparse.Namespace], RunConfig], *, running: bool = False
) -> list[str]:
    """What prevents a run, one line each; nothing is opened for a run, connected to or written.

    Args:
        args: the options of the run.
        build: makes the run's configuration of them.
        running: the run works already: its outputs and models are not checked again.
    """
    found = _Problems()
    for check in (security_from, monitoring_from, access_from, source_views):
        found.attempt(check, args)
    if not found.lines:
        for view in source_views(args):
            found.attempt(cameras_from, view)
    if not found.lines:
        found.attempt((lambda: build(args)) if running else (lambda: _check_run(build(args), found)))
    return list(dict.fromkeys(found.lines))


class _Problems:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def attempt(self, check: Callable[..., object], *arguments: object) -> None:
        """Call a check; its error is a problem."""
        try:
            check(*arguments)
        except MeshcastError as error:
            self.lines.append(str(error))


def _check_run(config: RunConfig, found: _Problems) -> None:
    known = len(found.lines)
    for uri in config.sources.uris:
        found.attempt(parse, uri)
    found.attempt(config.sources.playbacks)
    found.attempt(config.camera_configs)
    if len(found.lines) == known:
        found.attempt(_check_files, config)
    for camera in dict.fromkeys(config.cameras):
        found.attempt(FrameCameras, camera)
    found.attempt(find_credentials, config.sources.access.credentials)
    _check_models(config.models, found)
    if config.outputs.publish is not None:
        found.attempt(_check_publisher, config.outputs.publish)
    found.attempt(_check_monitoring, config.monitoring)


def _check_files(config: RunConfig) -> None:
    """The names of the streams, and the files that are named after them."""
    names, outputs = config.sources.stream_names(), config.outputs
    planned = plan_outputs(names, outputs.files)
    if outputs.rerun is not None:
        check_rerun(outputs.rerun)
    paths = [*(path for files in planned for path in files.paths), outputs.summary, config.monitoring.trace]
    cameras = [camera.camera for camera in config.cameras if camera.camera is not None]
    check_outputs([path for path in paths if path is not None], config.sources.uris, cameras)


def _check_models(models: Models, found: _Problems) -> None:
    found.attempt(check_names, models.backend, models.device, models.precision)
    found.attempt(load_card, models.detector, "detector")
    found.attempt(lambda: second_pose_card(models, load_card(models.pose, "pose")))
    found.attempt(lambda: body_for(load_card(models.mesh, "mesh"), models.body))
    if models.refine not in (None, *REFINEMENTS):
        found.lines.append(str(unknown("refinement", str(models.refine), REFINEMENTS)))


def _check_publisher(publish: PublishConfig) -> None:
    check_access(publish.address, publish.security)


def _check_monitoring(monitoring: MonitoringConfig) -> None:
    token = monitoring.metrics_token
    if token is not None:
        read_token(token)
    if monitoring.metrics is not None:
        check_address(monitoring.metrics, protected=token is not None or monitoring.insecure)
