"""Passwords never appear in messages."""

from __future__ import annotations

import pytest

from edge.redaction import redact_path, redact_text, redact_url, secrets_of

SECRET = "s3cret"


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://admin:s3cret@host/a",
        "rtsp://admin:x@s3cret@host/a",
        "rtsp://admin:x/s3cret@host/a",
        "rtsp://admin:12/s3cret@host/a",
        "rtsp://admin:x?s3cret@host/a",
        "rtsp://admin:s3cret#x@host/a",
        "rtsp://admin:x#s3cret@host/a",
        "rtsp://admin:x@s3cret/y@host/a",
        "rtsp://admin:x@a?s3cret@host/a",
        "rtsp:///admin:s3cret@host/a",
        "rtsp://admin:s3cret%40host/a",
        "rtsp://admin:s3cret",
        "rtsp://admin:my s3cret@host/a",
        "rtsps://admin:s3cret@[fe80::1%25eth0]:322/a",
        "http://host/live?user=admin&pwd=s3cret",
        "http://host/live?a=1;password=s3cret",
        "http://host/live?token=s3cret#t=1",
        "http://host/live?sp=r&sig=s3cret",
        "http://host/live?s3cret",
        "http://host/live#s3cret",
        "https://host/x?X-Amz-Credential=s3cret&X-Amz-Signature=s3cret",
        "https://host/x?accessToken=s3cret",
        "http://host/token=s3cret/live.m3u8",
        "rtsp://host/user=admin&password=s3cret&channel=1&stream=0.sdp",
        "rtsp://host:554/user=admin_password=a_s3cret_channel=1_stream=0.sdp",
    ],
)
def test_redact_url_with_a_secret_hides_it(url: str) -> None:
    assert SECRET not in redact_url(url)
    assert SECRET not in redact_text(f'"{url}": connection refused')


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://host:554/Streaming/Channels/101", "rtsp://host:554/Streaming/Channels/101"),
        ("rtsp://me:x@host/a?channel=1&subtype=0", "rtsp://host/a?channel=1&subtype=0"),
        ("rtsp://host/a?channel=1&pwd=x", "rtsp://host/a?channel=1&pwd=***"),
        ("rtsp://[::1]:554/a@b", "rtsp://[::1]:554/a@b"),
        (
            "rtsp://host/user=x_password=y_channel=1_stream=0.sdp",
            "rtsp://host/user=***_password=***_channel=1_stream=0.sdp",
        ),
        ("udp://@239.0.0.1:5000", "udp://239.0.0.1:5000"),
        ("rtsp://user:12/34@host/a", "rtsp://***@host/a"),
    ],
)
def test_redact_url_keeps_what_tells_sources_apart(url: str, shown: str) -> None:
    assert redact_url(url) == shown


@pytest.mark.parametrize(
    "text",
    [
        "rtspsrc location=rtsp://admin:s3cret@host/a ! decodebin",
        'rtspsrc location="rtsp://admin:my s3cret@host/a" ! decodebin',
        "rtspsrc location=rtsp://host/a user-id=s3cret user-pw=s3cret ! decodebin",
        'souphttpsrc user-pw = "my s3cret" location=http://host ! decodebin',
        "srtsrc passphrase=s3cret ! decodebin",
        "rtspsrc user-pw=(string)s3cret ! decodebin",
        "souphttpsrc proxy-pw='a s3cret' ! decodebin",
        "Could not open rtsp://admin:s3cret@host/a. Not authorized",
    ],
)
def test_redact_text_hides_addresses_and_properties(text: str) -> None:
    assert SECRET not in redact_text(text)


def test_redact_text_of_a_pipeline_keeps_the_rest() -> None:
    text = "videotestsrc pattern=ball ! x264enc key-int-max=15 ! appsink"
    assert redact_text(text) == text
    assert redact_text("a source is rtsp://, rtsps://, gst:PIPELINE") == "a source is rtsp://, rtsps://, gst:PIPELINE"
    assert redact_text("rtsp://me:x@host/a: refused.") == "rtsp://host/a: refused."


def test_redact_text_hides_secrets_that_a_library_repeats() -> None:
    pipeline = 'rtspsrc location=rtsp://me:s3cret@host/a user-pw="other one" ! fakesink'
    said = 'could not set property "user-pw" to "other one" of me:s3cret'
    assert redact_text(said, secrets_of(pipeline)) == 'could not set property "user-pw" to "***" of ***'


@pytest.mark.parametrize("text", ["admin:s3cret@host/a", "rtsp:/admin:s3cret@host/a", "rtsp//admin:s3cret@host"])
def test_redact_path_of_a_mistyped_address_hides_the_password(text: str) -> None:
    assert SECRET not in redact_path(text)


@pytest.mark.parametrize("text", ["nowhere.mp4", "C:\\clips\\a.mp4", "a b.mp4", "clip@2x.png", "12:30.mp4"])
def test_redact_path_of_a_path_is_that_path(text: str) -> None:
    assert redact_path(text) == text
