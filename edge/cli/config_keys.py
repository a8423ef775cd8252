"""The keys of meshcast.toml: each stands for an option of `meshcast run`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge.cli.zones import EXAMPLE

SOURCE = "source"  # the tables [[source]], one for each source
URI = "sources"  # the command line's name of the sources
MODEL_FILES = ("detector", "pose", "second_pose", "mesh", "body")  # names of models, or paths of their files


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file.

    Attributes:
        name: of the key in its table.
        dest: attribute of the parsed command line that it sets.
        example: its value in the template, in TOML, where the option has no default.
        about: its description in the template; empty: the help text of the option.
    """

    name: str
    dest: str
    example: str = ""
    about: str = ""


SOURCE_KEYS = (
    Key("uri", URI, '"0"', "file, folder, camera or address, see docs/reference/sources.md; no passwords here"),
    Key("name", "stream", '"door"', "name of the stream (default: derived from uri)"),
    Key("camera", "camera", '"camera.toml"', "camera file of this source"),
    Key("fov", "fov", "75", "horizontal field of view in degrees, without a camera file"),
    Key(
        "camera_height", "camera_height", "2.4", "height of the camera above the floor in meters, without a camera file"
    ),
    Key("tilt", "tilt", "15", "how far that camera looks down, in degrees"),
    Key("zones", "ignore_zone", EXAMPLE, "polygons of the image in which people are ignored, in fractions of its size"),
    Key("pace", "pace", '"realtime"', "as in [playback], for this source alone, like the next three"),
    Key("loop", "loop"),
    Key("fps", "fps", "30"),
    Key("max_frames", "max_frames", "1000"),
)

TABLES: Mapping[str, tuple[Key, ...]] = {
    SOURCE: SOURCE_KEYS,
    "playback": (
        Key("pace", "pace", '"realtime"'),
        Key("loop", "loop"),
        Key("fps", "fps", "30"),
        Key("max_frames", "max_frames", "1000"),
        Key("decode", "decode"),
    ),
    "network": (
        Key("rtsp_transport", "rtsp_transport"),
        Key("credentials", "credentials", '"credentials.toml"'),
        Key("allow_private_redirects", "allow_private_redirects"),
    ),
    "camera": (
        Key("file", "camera", '"camera.toml"', "camera file of all sources that have none of their own"),
        Key("fov", "fov", "60", "horizontal field of view in degrees of sources without a camera file (default: 60)"),
        Key(
            *("camera_height", "camera_height", "2.4"),
            about="height above the floor in meters of cameras without a file: people get their own size",
        ),
        Key("tilt", "tilt", "15", "how far cameras with camera_height look down, in degrees (default: 0)"),
    ),
    "room": (Key("rig", "rig", '"rig.toml"'),),
    "people": (
        Key("height", "height", "1.78"),
        Key("shape", "shape", '"shapes.toml"'),
    ),
    "models": (
        Key("detector", "detector"),
        Key("pose", "pose"),
        Key("second_pose", "second_pose"),
        Key("mesh", "mesh"),
        Key("view_angle", "view_angle", "90"),
        Key("body", "body", '"smpl"'),
        Key("refine", "refine", '"dark"'),
        Key("flip_test", "flip_test"),
        Key("backend", "backend"),
        Key("device", "device"),
        Key("precision", "precision"),
        Key("dla", "dla", "0"),
        Key("threads", "threads", "4"),
    ),
    "pipeline": (
        Key("detect_every", "detect_every"),
        Key("small_people", "small_people"),
        Key("smooth", "smooth"),
        Key("zones", "ignore_zone", EXAMPLE, "zones of all sources that have none of their own"),
    ),
    "outputs": (
        Key("save", "save", '"out/{stream}.npz"'),
        Key("save_hours", "save_hours", '"Mon-Fri 07:00-19:00, Sat 09:00-13:00"'),
        Key("overlay", "overlay", '"out/{stream}.mp4"'),
        Key("overlay_encoder", "overlay_encoder"),
        Key("overlay_attention", "overlay_attention"),
        Key("record", "record", '"out/{stream}.mcap"'),
        Key("record_levels", "record_levels"),
        Key("record_every", "record_every", '"1h"'),
        Key("record_size", "record_size", '"500MB"'),
        Key("record_quota", "record_quota", '"20GB"'),
        Key("record_hours", "record_hours", '"Mon-Fri 07:00-19:00"'),
        Key("rerun", "rerun", '"out/{stream}.rrd"', "a Rerun recording: OUT.rrd, the address of a viewer, or spawn"),
        Key("rerun_image_fps", "rerun_image_fps"),
        Key("open3d", "open3d"),
        Key("summary", "summary", '"out/summary.json"'),
    ),
    "publish": (
        Key("address", "publish", '"tcp://127.0.0.1:5556"'),
        Key("axes", "axes"),
        Key("predict_ms", "predict_ms"),
        Key("preview", "preview"),
        Key("hours", "publish_hours", '"07:00-19:00"'),
    ),
    "view": (
        Key("enabled", "view"),
        Key("open", "open_page", about="open the page in a browser"),
        Key("preview_fps", "preview_fps"),
        Key("preview_size", "preview_size"),
        Key("preview_quality", "preview_quality"),
    ),
    "security": (
        Key("curve", "curve", '"server.key"'),
        Key("allow", "allow", '"clients"'),
        Key("insecure", "insecure"),
    ),
    "monitoring": (
        Key("metrics", "metrics", '"127.0.0.1:9464"'),
        Key(
            *("metrics_token_file", "metrics_token_file", '"metrics-token"'),
            about="file with the bearer token that readers of the metrics need, if other machines reach the address",
        ),
        Key("trace", "trace", '"trace.json"'),
        Key("nvtx", "nvtx"),
    ),
    "log": (
        Key("verbose", "verbose"),
        Key("format", "log_format", '"json"'),
        Key("quiet", "quiet"),
    ),
}

ABOUT: Mapping[str, str] = {
    SOURCE: "One table for each source.",
    "playback": "How all sources are read; a [[source]] may have its own values.",
    "network": "Network sources. User names and passwords belong in the file of `credentials`.",
    "camera": "The camera of all sources; a [[source]] may have its own.",
    "room": "Several calibrated cameras of one room, see docs/how-to/several-cameras.md.",
    "people": "People of known size.",
    "models": "Models and inference engine; `meshcast models` lists the names.",
    "pipeline": "Stages.",
    "outputs": "Files; {stream} stands for the stream's name.",
    "publish": "Publisher.",
    "view": "Page in the browser, and the camera's images for it and for --preview.",
    "security": "Access control of the publisher and of the metrics, see docs/how-to/security.md.",
    "monitoring": "Profiling and monitoring.",
    "log": "Messages.",
}

# Options of `meshcast run` that have no place in a file.
NOT_IN_FILE: Mapping[str, str] = {
    "help": "prints the help text",
    "config": "names the file",
}

Actions = Mapping[str, argparse.Action]


def keys() -> Iterator[tuple[str, Key]]:
    """All keys with the names of their tables."""
    for table, entries in TABLES.items():
        for key in entries:
            yield table, key


def actions_of(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """The options of a parser by the attribute that they set; of several, the one that takes a value. Without hidden
    options."""
    found: dict[str, argparse.Action] = {}
    for action in parser._actions:
        if action.help == argparse.SUPPRESS:
            continue
        if action.dest not in found or (found[action.dest].nargs == 0 and action.nargs != 0):
            found[action.dest] = action
    return found
