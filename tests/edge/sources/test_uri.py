"""Source addresses: kinds, names and error messages."""

import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from edge.errors import SourceError
from edge.redaction import redact_url
from edge.sources import open_source
from edge.sources.uri import parse
from edge.stream_names import distinct


@pytest.mark.parametrize(
    ("uri", "kind", "target", "name"),
    [
        ("rtsp://10.0.0.7:554/cam/1", "network", "rtsp://10.0.0.7:554/cam/1", "10.0.0.7_cam_1"),
        ("RTSPS://user:secret@door.example/a", "network", "rtsps://user:secret@door.example/a", "door.example_a"),
        ("http://host/clip.mp4", "http", "http://host/clip.mp4", "host_clip.mp4"),
        ("https://host:8443/live", "http", "https://host:8443/live", "host_live"),
        ("tcp://127.0.0.1:9000", "network", "tcp://127.0.0.1:9000", "127.0.0.1-9000"),
        ("udp://:9000", "network", "udp://:9000", "udp-9000"),
        ("udp://@239.1.2.3:9000", "network", "udp://@239.1.2.3:9000", "239.1.2.3-9000"),
        ("rtsp://10.0.0.7/ch1", "network", "rtsp://10.0.0.7/ch1", "10.0.0.7_ch1"),
        ("rtsp://10.0.0.7/ch2?x=s3cret", "network", "rtsp://10.0.0.7/ch2?x=s3cret", "10.0.0.7_ch2"),
        ("Rtsp://10.0.0.7", "network", "rtsp://10.0.0.7", "10.0.0.7"),
        ("HTTP://host/a b.mp4", "http", "http://host/a%20b.mp4", "host_a_b.mp4"),
        ("rtsp://a:p@ss@host/x", "network", "rtsp://a:p%40ss@host/x", "host_x"),
        ("rtsp://a:p%2Fs%23s@host/x", "network", "rtsp://a:p%2Fs%23s@host/x", "host_x"),
        ("rtsp://a:100%@host/x", "network", "rtsp://a:100%25@host/x", "host_x"),
        ("rtsp://me@host/x", "network", "rtsp://me@host/x", "host_x"),
        ("rtsp://[fd00::7]:8554/x", "network", "rtsp://[fd00::7]:8554/x", "fd00_7_x"),
        ("TCP://[::1]:9000", "network", "tcp://[::1]:9000", "1-9000"),
        ("0", "v4l2", "/dev/video0", "video0"),
        ("12", "v4l2", "/dev/video12", "video12"),
        ("/dev/video3", "v4l2", "/dev/video3", "video3"),
        ("v4l2:///dev/video2", "v4l2", "/dev/video2", "video2"),
        ("v4l2://video2", "v4l2", "/dev/video2", "video2"),
        ("csi://1", "csi", "1", "csi1"),
        ("gst: videotestsrc ! identity", "gst", "videotestsrc ! identity", "gst"),
        ("synthetic:people=2", "synthetic", "synthetic:people=2", "synthetic"),
    ],
)
def test_parse_uri_gives_kind_target_and_name(uri: str, kind: str, target: str, name: str) -> None:
    address = parse(uri)
    assert (address.kind, address.target, address.name) == (kind, target, name)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("clip.mp4", "video"),
        ("no_suffix", "video"),
        ("7", "video"),  # a path, not a camera's number
        ("a picture.JPG", "images"),
        ("", "images"),
        ("*.png", "images"),
    ],
)
def test_parse_path_selects_kind(path: str, kind: str, tmp_path: Path) -> None:
    for name in ("clip.mp4", "a picture.JPG", "7", "no_suffix"):
        (tmp_path / name).write_bytes(b"x")
    assert parse(str(tmp_path / path)).kind == kind


def test_parse_path_with_space_has_clean_name(tmp_path: Path) -> None:
    (tmp_path / "a picture.JPG").write_bytes(b"x")
    assert parse(str(tmp_path / "a picture.JPG")).name == "a_picture"


@pytest.mark.parametrize("name", ["a b.mp4", "100%.mp4", "#1?.mp4", "C:clip.mp4", "umläut.mp4"])
@pytest.mark.parametrize("prefix", ["file://", "file://localhost", "FILE://", "file:"])
def test_parse_file_uri_gives_its_path(tmp_path: Path, name: str, prefix: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    for path in (str(tmp_path / name), quote(str(tmp_path / name))):
        address = parse(prefix + path)
        assert (address.kind, address.target) == ("video", str(tmp_path / name))


def test_parse_long_addresses_have_different_short_names() -> None:
    addresses = [f"rtsp://192.168.100.101/Streaming/Channels/{channel}" for channel in (101, 102, 201)]
    addresses += [f"rtsp://a.rather.long.name.of.a.camera.example/a/rather/long/path/{channel}" for channel in (1, 2)]
    names = [parse(address).name for address in addresses]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,30}", name) for name in names)
    assert names[0].startswith("192.168.100.101_")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "b", "a"], ["a-1", "b", "a-3"]),
        (["a", "a", "a-1"], ["a-2", "a-3", "a-1"]),
        (["x" * 30] * 2, ["x" * 28 + "-1", "x" * 28 + "-2"]),
    ],
)
def test_distinct_repeated_names_get_numbers(names: list[str], expected: list[str]) -> None:
    assert distinct(names) == expected


def test_parse_name_has_no_secret() -> None:
    assert parse("rtsp://host/user=me&password=s3cret&channel=1").name == "host_user_password_channel_1"
    assert "s3cret" not in parse("rtsp://me:s3cret@host/a?token=s3cret#s3cret").name


def test_parse_label_and_repr_have_no_secret() -> None:
    for uri in ("rtsp://me:s3cret@host/a", "http://host/a?token=s3cret", "gst:rtspsrc user-pw=s3cret ! decodebin"):
        address = parse(uri)
        assert "s3cret" in address.target
        assert "s3cret" not in repr(address) + address.label


@pytest.mark.parametrize(
    "uri",
    [
        *("rtsp://admin:x/s3cret@host/a", "rtsp://admin:s3cret#x@host/a", "rtsp://admin:x?s3cret@host/a"),
        *("http://admin:s3cret#@host/a", "tcp://admin:x/s3cret@host:9000", "rtsps://admin:s3cret/@host"),
    ],
)
def test_open_source_unencoded_password_raises_without_showing_it(uri: str) -> None:
    with pytest.raises(SourceError, match="percent-encode") as caught:
        open_source(uri)
    assert "s3cret" not in str(caught.value)


def test_parse_existing_file_with_glob_characters_is_a_file(tmp_path):
    path = tmp_path / "clip[1].mp4"
    path.write_bytes(b"x")
    assert (parse(str(path)).kind, parse(str(path)).target) == ("video", str(path))


def test_parse_csi_options_are_read():
    address = parse("csi://0?width=1920&height=1080&fps=60")
    assert address.options == {"width": "1920", "height": "1080", "fps": "60"}


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "empty"),
        ("file://server/share/clip.mp4", "another machine"),
        ("rtsp://host/a\r\nX: y", "control character"),
        ("C:\\clips\\a.mp4", "no such file"),
        ("C:/clips/a.mp4", "no such file"),
        ("rtsp://[::1/x", "invalid address"),
        ("a" * 300, "no such file|cannot be accessed"),
        ("  ", "empty"),
        ("nowhere.mp4", "no such file"),
        ("webcam", "no such file"),
        ("srt://host:1", "srt://: unsupported source scheme"),
        ("rtsp://", "no host"),
        ("rtsp://host:port/x", "invalid address"),
        ("tcp://host", "no host and port"),
        ("udp://host", "no host and port"),
        ("tcp://host:99999", "invalid address"),
        ("v4l2:///tmp/x", "no device"),
        ("csi://left", "no sensor number"),
        ("csi://0?width=1280", "need each other"),
        ("csi://0?size=4", "unknown camera option"),
        ("v4l2:///dev/video0?widht=4", r"unknown camera option widht \(did you mean width\?\); choose from width, "),
        ("rstp://host/a", r"rstp://: unsupported source scheme \(did you mean rtsp://\?\); use "),
        ("ftp://host/a", r"ftp://: unsupported source scheme; use "),
        ("v4l2:///dev/video0?fps=fast", "whole number"),
        ("/dev/video9999", "no such camera"),
        ("v4l2:///dev/video9999", "no such camera"),
        ("v4l2:///dev/null", "check that it is a camera"),
        ("gst:", "no pipeline"),
    ],
)
def test_parse_invalid_uri_is_one_line(uri: str, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(uri)
    assert re.search(says, str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["a" * 5000, "a/" * 5000, "a\0b.mp4", "[a\0b]/*.png", "file:///" + "a" * 5000])
def test_open_source_impossible_path_raises(uri: str) -> None:
    with pytest.raises(SourceError, match=r"cannot be accessed|no such file or folder"):
        open_source(uri)


@pytest.mark.parametrize("uri", ["", "ftp://host/x", "nowhere.mp4"])
def test_open_source_unknown_scheme_lists_the_kinds(uri: str) -> None:
    with pytest.raises(SourceError, match=r"rtsp://.*udp://.*v4l2://.*csi://.*gst:PIPELINE.*synthetic:"):
        open_source(uri)


def test_passwords_are_not_shown():
    assert redact_url("rtsp://me:pass@host:554/a?b=c") == "rtsp://host:554/a?b=***"
    assert redact_url("udp://@239.0.0.1:5000") == "udp://239.0.0.1:5000"
    with pytest.raises(SourceError) as caught:
        open_source("rtsp://me:hidden@host:nonsense/x")
    assert "hidden" not in str(caught.value)


def test_import_sources_loads_no_heavy_library():
    code = "import sys, edge.sources; print(sorted({'av', 'cv2', 'gi', 'zmq', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
