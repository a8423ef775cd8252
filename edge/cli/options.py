"""Options and argument types that several commands share, and the functions that read the values of the options."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.models import Models
    from edge.monitoring.observers import MonitoringConfig
    from edge.pipeline import CameraConfig
    from edge.sources import Access
    from edge.stages.config import BodyShapeConfig
    from edge.wire.curve_auth import Security
    from meshcast.transport.curve import Curve


@dataclass(frozen=True, slots=True)
class IntegerRange:
    """Argument type: an integer from `low` to `high`, both included."""

    low: int = 1
    high: int | None = None

    def __call__(self, text: str) -> int:
        """Parse the argument. Raises ArgumentTypeError."""
        try:
            number = int(text)
        except ValueError:
            number = self.low - 1
        if number < self.low or (self.high is not None and number > self.high):
            upper = "up" if self.high is None else f"to {self.high}"
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {self.low} {upper}")
        return number


@dataclass(frozen=True, slots=True)
class FloatRange:
    """Argument type: a finite number from `low` to `high`, both included; `above` excludes `low` itself."""

    low: float = 0.0
    high: float = math.inf
    above: bool = False

    def __call__(self, text: str) -> float:
        """Parse the argument. Raises ArgumentTypeError."""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        good = math.isfinite(number) and self.low <= number <= self.high and not (self.above and number == self.low)
        if not good:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number {self._range()}")
        return number

    def _range(self) -> str:
        if self.above:
            return f"above {self.low:g}" + ("" if self.high == math.inf else f", at most {self.high:g}")
        return f"from {self.low:g} " + ("up" if self.high == math.inf else f"to {self.high:g}")


positive = IntegerRange(1)
seconds = FloatRange(0, 1e9, above=True)
frame_rate = FloatRange(0.001, 10_000)
camera_height = FloatRange(0, 100, above=True)
tilt = FloatRange(-90, 90)
person_height = FloatRange(0.5, 2.5)


def add_log_options(parser: argparse.ArgumentParser) -> None:
    """--verbose and --log-format, which are valid before and after the command."""
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log which backend runs each model, and other details",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json"),
        default=argparse.SUPPRESS,
        help="format of the log on standard error: text (time and level unless it is a terminal) or one JSON object "
        "per line",
    )


def add_camera_options(parser: argparse.ArgumentParser) -> None:
    """--camera and --fov, for commands that run the pipeline; `cameras_from` reads them."""
    group = parser.add_argument_group("camera")
    group.add_argument(
        "--camera",
        type=Path,
        metavar="CAMERA.toml",
        action="append",
        default=[],
        help="calibrated camera; give one for all sources or one for each",
    )
    group.add_argument(
        "--fov",
        type=float,
        metavar="DEG",
        help="horizontal field of view in degrees when no --camera is given (default: 60)",
    )
    group.add_argument(
        "--camera-height",
        type=camera_height,
        metavar="M",
        help="height of the camera above the floor in meters when no --camera is given: people get their own size",
    )
    group.add_argument(
        "--tilt",
        type=tilt,
        metavar="DEG",
        help="how far the camera of --camera-height looks down, in degrees (default: 0)",
    )


def cameras_from(args: argparse.Namespace) -> tuple[CameraConfig, ...]:
    """The cameras of `add_camera_options`. Raises UsageError for options that do not go together."""
    from edge.pipeline import CameraConfig

    if args.camera and args.camera_height is not None:
        raise UsageError("--camera-height: a camera file has the pose itself; write camera_height and tilt into it")
    if args.tilt is not None and args.camera_height is None:
        raise UsageError("--tilt: needs the camera's height above the floor too; add --camera-height M")
    return tuple(
        CameraConfig(
            camera,
            args.fov,
            camera_height_m=args.camera_height,
            tilt_deg=args.tilt or 0.0,
            ignored=tuple(getattr(args, "ignore_zone", ())),
        )
        for camera in args.camera or [None]
    )


def add_body_options(parser: argparse.ArgumentParser) -> None:
    """--height and --shape, for commands that run the pipeline; `body_shape_from` reads them."""
    group = parser.add_argument_group("people")
    group.add_argument(
        "--height",
        type=person_height,
        metavar="M",
        help="stature of all people in meters, for example 1.78 (default: estimated if the floor is known, else 1.70)",
    )
    group.add_argument(
        "--shape",
        type=Path,
        metavar="FILE",
        help="body shapes that are known, for all people or by id: TOML, JSON or .npz (default: estimated)",
    )


def body_shape_from(args: argparse.Namespace) -> BodyShapeConfig:
    """The settings of `add_body_options`.

    Raises:
        UsageError: both options are given.
        ShapeFileError: the file has no valid shapes.
    """
    from edge.stages.config import BodyShapeConfig
    from engines.body.given_shapes import GivenShapes

    if args.height is not None and args.shape is not None:
        raise UsageError("--height: contradicts --shape, which has the stature; remove one of the two")
    return BodyShapeConfig(height_m=args.height, shapes=None if args.shape is None else GivenShapes.load(args.shape))


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Models, backend and device, for commands that run the pipeline; `models_from` reads them."""
    group = parser.add_argument_group("models")
    group.add_argument(
        "--detector", default="nanodet_g", metavar="NAME", help="detector (default: %(default)s); see meshcast models"
    )
    group.add_argument("--pose", default="movenet_thunder", metavar="NAME", help="2D pose model (default: %(default)s)")
    group.add_argument(
        "--second-pose",
        default="auto",
        metavar="NAME",
        help="pose model that corrects the first one every few frames, or none (default: efficientpose_i for MoveNet)",
    )
    group.add_argument("--mesh", default="pose2mesh_open", metavar="NAME", help="mesh model (default: %(default)s)")
    group.add_argument(
        "--view-angle",
        type=FloatRange(-360, 360),
        default=0.0,
        metavar="DEGREES",
        help="with --mesh imphmr: imagine people from a camera that has moved around them to its right (default: 0)",
    )
    group.add_argument(
        "--body",
        metavar="NAME",
        help="body model for mesh models that have none (default: first imported body, else the bundled body)",
    )
    group.add_argument(
        "--refine",
        metavar="NAME",
        help="refinement of heatmap peaks: none, quarter or dark (default: set by the pose model's card)",
    )
    group.add_argument(
        "--flip-test", action="store_true", help="average each pose with the pose of the mirrored crop (slower)"
    )
    group.add_argument(
        "--backend",
        default="auto",
        metavar="NAME",
        help="openvino, onnxruntime, torch, tensorrt, tensorrt_rtx or torch_tensorrt (default: best for the device)",
    )
    group.add_argument(
        "--device", default="auto", metavar="NAME", help="cpu or cuda:N (default: the first usable GPU, else cpu)"
    )
    group.add_argument(
        "--precision",
        default="auto",
        metavar="NAME",
        help="precision of detector and pose model: fp32, bf16, fp16 or int8 (default: set by each model's card)",
    )
    group.add_argument(
        "--dla",
        type=int,
        choices=(0, 1),
        help="run the detector on this deep learning accelerator of a Jetson Orin, with TensorRT (default: on the GPU)",
    )
    group.add_argument("--threads", type=positive, metavar="N", help="inference threads (default: all cores)")
    group.add_argument(
        "--detect-every",
        type=positive,
        default=8,
        metavar="N",
        help="run the detector on every Nth frame, more seldom while nothing changes (default: %(default)s; 1: always)",
    )
    group.add_argument(
        "--small-people",
        action="store_true",
        help="also run the detector on tiles of large images, to find people from about 25 pixels (slower)",
    )
    group.add_argument(
        "--smooth",
        choices=("off", "light", "strong"),
        default="light",
        help="temporal smoothing and foot locking: light follows people within 33 ms, strong is steadier and slower "
        "(default: %(default)s)",
    )
    group.add_argument("--no-smooth", dest="smooth", action=_NoSmooth, help="deprecated: use --smooth off")


class _NoSmooth(argparse.Action):
    """The former spelling of --smooth off."""

    def __init__(self, option_strings: list[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=settings.get("help"))

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object) -> None:
        from edge import console

        console.warn("--no-smooth is deprecated; use --smooth off")
        namespace.smooth = "off"


def models_from(args: argparse.Namespace) -> Models:
    """The models of `add_model_options`."""
    from edge.models import Models

    fields = Models.__dataclass_fields__
    return Models(**{name: getattr(args, "view_angle" if name == "view_deg" else name) for name in fields})


def add_network_source_options(parser: argparse.ArgumentParser) -> None:
    """--rtsp-transport, --credentials and --allow-private-redirects; `access_from` reads them."""
    group = parser.add_argument_group("network sources (docs/how-to/security.md)")
    group.add_argument(
        "--rtsp-transport",
        choices=("auto", "tcp", "udp"),
        default="auto",
        help="transport of RTSP media (default: TCP, or UDP if the camera refuses TCP)",
    )
    group.add_argument(
        "--credentials",
        type=Path,
        metavar="FILE",
        help="TOML file with user names and passwords per host, readable by you only (default: $MESHCAST_CREDENTIALS)",
    )
    group.add_argument(
        "--allow-private-redirects",
        action="store_true",
        help="allow redirects and playlists of HTTP sources to point to private addresses",
    )


def access_from(args: argparse.Namespace) -> Access:
    """The settings of `add_network_source_options`."""
    from edge.sources import Access

    return Access(args.rtsp_transport, args.credentials, args.allow_private_redirects)


def add_address_argument(parser: argparse.ArgumentParser) -> None:
    """ADDRESS, for commands that connect to a publisher."""
    parser.add_argument("address", metavar="ADDRESS", help="address of the publisher, for example tcp://127.0.0.1:5556")


def add_subscriber_options(parser: argparse.ArgumentParser) -> None:
    """ADDRESS and --stream, for commands that subscribe to a publisher."""
    add_address_argument(parser)
    parser.add_argument(
        "--stream", default="", metavar="NAME", help="name of the only stream to receive (default: all streams)"
    )


def add_client_curve_options(parser: argparse.ArgumentParser) -> None:
    """--curve and --server, for commands that connect to a publisher; `curve_from` reads them."""
    group = parser.add_argument_group("connecting to an encrypted publisher (docs/how-to/security.md)")
    group.add_argument(
        "--curve", type=Path, metavar="CLIENT.key", help="your secret key, whose public key the publisher authorizes"
    )
    group.add_argument("--server", type=Path, metavar="SERVER.pub", help="public key of the publisher")


def curve_from(args: argparse.Namespace) -> Curve | None:
    """The keys of `add_client_curve_options`. Raises UsageError for one without the other, KeyFileError for a file
    without a key."""
    from meshcast.transport.curve import Curve, read_keys, read_public

    if args.curve is None and args.server is None:
        return None
    if args.curve is None:
        raise UsageError("--server: needs your own key too; add --curve CLIENT.key, made by meshcast keys new NAME")
    if args.server is None:
        raise UsageError("--curve: needs the publisher's public key too; add --server SERVER.pub")
    return Curve(read_keys(args.curve), read_public(args.server))


def add_server_curve_options(parser: argparse.ArgumentParser) -> None:
    """--curve, --allow and --insecure, for commands that publish; `security_from` reads them."""
    group = parser.add_argument_group("access control (docs/how-to/security.md)")
    group.add_argument("--curve", type=Path, metavar="SERVER.key", help="encrypt with this key (see meshcast keys)")
    group.add_argument("--allow", type=Path, metavar="FOLDER", help="folder with the .pub files of authorized clients")
    group.add_argument("--insecure", action="store_true", help="allow unencrypted access from any host")


def security_from(args: argparse.Namespace) -> Security:
    """The settings of `add_server_curve_options`. Raises UsageError for options that do not go together, KeyFileError
    for a file without a key."""
    from edge.wire.curve_auth import Security
    from meshcast.transport.curve import read_keys

    if args.curve is None:
        if args.allow is not None:
            raise UsageError(
                "--allow: needs a server key too; add --curve SERVER.key, made by meshcast keys new server"
            )
        return Security(insecure=args.insecure)
    if args.insecure:
        raise UsageError("--insecure: contradicts --curve; remove one of the two")
    if args.allow is None:
        raise UsageError("--curve: needs the authorized clients too; add --allow FOLDER with their .pub files")
    return Security(read_keys(args.curve), args.allow)


def add_monitoring_options(parser: argparse.ArgumentParser) -> None:
    """--trace, --metrics, --metrics-token-file and --nvtx; `monitoring_from` reads them."""
    group = parser.add_argument_group("profiling and monitoring")
    group.add_argument(
        "--trace", type=Path, metavar="OUT.json", help="write a trace of every stage of every frame for ui.perfetto.dev"
    )
    add_metrics_options(group)
    group.add_argument("--nvtx", action="store_true", help="mark every stage with an NVTX range for NVIDIA profilers")


def add_metrics_options(group: argparse._ArgumentGroup) -> None:
    """--metrics and --metrics-token-file."""
    group.add_argument(
        "--metrics",
        metavar="HOST:PORT",
        help="serve Prometheus metrics and health checks (/healthz, /readyz) over HTTP, for example 127.0.0.1:9464",
    )
    group.add_argument(
        "--metrics-token-file",
        type=Path,
        metavar="FILE",
        help="require the bearer token in FILE to read the metrics; a public --metrics address needs it or --insecure",
    )


def monitoring_from(args: argparse.Namespace) -> MonitoringConfig:
    """The settings of `add_monitoring_options` (with --insecure of the access control). Raises UsageError."""
    from edge.monitoring.observers import MonitoringConfig

    if args.metrics_token_file is not None and args.metrics is None:
        raise UsageError("--metrics-token-file: needs --metrics HOST:PORT")
    return MonitoringConfig(args.trace, args.nvtx, args.metrics, args.metrics_token_file, args.insecure)
