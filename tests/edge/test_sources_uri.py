"""What a source is called, and what is told to someone who calls it wrongly."""

import subprocess
import sys

import pytest

from edge.errors import SourceError
from edge.sources import open_source
from edge.sources.uri import parse, redacted


@pytest.mark.parametrize(
    ("uri", "kind", "target", "name"),
    [
        ("rtsp://10.0.0.7:554/cam/1", "network", "rtsp://10.0.0.7:554/cam/1", "10.0.0.7"),
        ("RTSPS://user:secret@door.example/a", "network", "RTSPS://user:secret@door.example/a", "door.example"),
        ("http://host/clip.mp4", "http", "http://host/clip.mp4", "host"),
        ("https://host:8443/live", "http", "https://host:8443/live", "host"),
        ("tcp://127.0.0.1:9000", "network", "tcp://127.0.0.1:9000", "127.0.0.1-9000"),
        ("udp://:9000", "network", "udp://:9000", "udp-9000"),
        ("udp://@239.1.2.3:9000", "network", "udp://@239.1.2.3:9000", "239.1.2.3-9000"),
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
def test_kinds(uri: str, kind: str, target: str, name: str) -> None:
    address = parse(uri)
    assert (address.kind, address.target, address.name) == (kind, target, name)


def test_paths(tmp_path):
    for name in ("clip.mp4", "a picture.JPG", "7", "no_suffix"):
        (tmp_path / name).write_bytes(b"x")
    assert parse(str(tmp_path / "clip.mp4")).kind == "video"
    assert parse(f"file://{tmp_path}/clip.mp4").target == str(tmp_path / "clip.mp4")
    assert parse(str(tmp_path / "7")).kind == "video"  # a path, not a camera's number
    assert parse(str(tmp_path / "no_suffix")).kind == "video"
    assert parse(str(tmp_path)).kind == "pictures"
    assert parse(str(tmp_path / "*.png")).kind == "pictures"
    picture = parse(str(tmp_path / "a picture.JPG"))
    assert (picture.kind, picture.name) == ("pictures", "a_picture")


def test_an_existing_file_with_glob_characters_is_that_file(tmp_path):
    path = tmp_path / "clip[1].mp4"
    path.write_bytes(b"x")
    assert (parse(str(path)).kind, parse(str(path)).target) == ("video", str(path))


def test_camera_options():
    address = parse("csi://0?width=1920&height=1080&fps=60")
    assert address.options == {"width": "1920", "height": "1080", "fps": "60"}


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("nowhere.mp4", "no such file"),
        ("webcam", "no such file"),
        ("srt://host:1", "srt:// is no kind of source"),
        ("rtsp://", "names no host"),
        ("rtsp://host:port/x", "not a valid address"),
        ("tcp://host", "names no host and port"),
        ("udp://host", "names no host and port"),
        ("tcp://host:99999", "not a valid address"),
        ("v4l2:///tmp/x", "names no device"),
        ("csi://left", "names no sensor"),
        ("csi://0?width=1280", "go together"),
        ("csi://0?size=4", "no option"),
        ("v4l2:///dev/video0?fps=fast", "whole number"),
        ("/dev/video9999", "no such camera"),
        ("v4l2:///dev/video9999", "no such camera"),
        ("v4l2:///dev/null", "is it a camera"),
        ("gst:", "names no pipeline"),
    ],
)
def test_nonsense_is_one_clear_line(uri: str, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(uri)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("uri", ["a" * 5000, "a/" * 5000, "a\0b.mp4", "[a\0b]/*.png", "file:///" + "a" * 5000])
def test_path_that_no_file_can_have_is_refused(uri: str) -> None:
    with pytest.raises(SourceError, match="a source is"):
        open_source(uri)


@pytest.mark.parametrize("uri", ["", "ftp://host/x", "nowhere.mp4"])
def test_the_kinds_are_listed(uri: str) -> None:
    with pytest.raises(SourceError, match=r"rtsp://.*udp://.*v4l2://.*csi://.*gst:PIPELINE.*synthetic:"):
        open_source(uri)


def test_passwords_are_not_shown():
    assert redacted("rtsp://me:pass@host:554/a?b=c@d") == "rtsp://host:554/a?b=c@d"
    assert redacted("udp://@239.0.0.1:5000") == "udp://239.0.0.1:5000"
    with pytest.raises(SourceError) as caught:
        open_source("rtsp://me:hidden@host:nonsense/x")
    assert "hidden" not in str(caught.value)


def test_importing_the_package_is_light():
    code = "import sys, edge.sources; print(sorted({'av', 'cv2', 'gi', 'zmq', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
