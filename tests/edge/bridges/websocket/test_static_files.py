"""The files of the page that the bridge serves."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from edge.bridges.websocket.endpoint import Endpoint, tls_context
from edge.bridges.websocket.server import Bridge
from edge.bridges.websocket.static_files import StaticFiles
from edge.errors import PublishError
from tests.support.websocket_bridge import HERE, PATIENCE_S, Upstream, answer, join, mesh_lod, running


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/", b"this is index.html", "text/html; charset=utf-8"),
        ("/index.html?x=1", b"this is index.html", "text/html; charset=utf-8"),
        ("/a.js", b"this is a.js", "text/javascript; charset=utf-8"),
        ("/b.css", b"this is b.css", "text/css; charset=utf-8"),
        ("/c%2ejson", b"this is c.json", "application/json"),
        ("/d.unknown", b"this is d.unknown", "application/octet-stream"),
        ("/sub/", b"this is sub/index.html", "text/html; charset=utf-8"),
        ("/sub/../a.js", b"this is a.js", "text/javascript; charset=utf-8"),
    ],
)
def test_static_files_page_is_served(upstream: Upstream, page: Path, path: str, body: bytes, kind: str) -> None:
    with running(Bridge(upstream.address, HERE, page=StaticFiles(page))) as url:
        code, headers, found = answer(url, path)
    assert (code, found, headers["content-type"]) == (200, body, kind)
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/sub/../../secret.txt",
        "/../page-too/secret.txt",
        "/link.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/..%5csecret.txt",
        "/a.js%00.html",
        "/" + "x" * 5000,
        "secret.txt",
        "/streams",
    ],
)
def test_static_files_other_paths_are_not_found(upstream: Upstream, page: Path, path: str) -> None:
    with running(Bridge(upstream.address, HERE, page=StaticFiles(page))) as url:
        code, _, body = answer(url, path)
    assert code == 404
    assert body == b"not found; the stream is at /stream\n"


def test_bridge_without_page_serves_stream_only(upstream: Upstream, tmp_path: Path) -> None:
    with running(Bridge(upstream.address, HERE)) as url:
        assert answer(url, "/")[0] == 404
        assert answer(url, "/stream")[0] == 426
    with pytest.raises(PublishError, match=r"index\.html is missing"):
        StaticFiles(tmp_path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of this test")
def test_bridge_tls_serves_page_and_stream(upstream: Upstream, tmp_path: Path, page: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *words, *names, *files], check=True, capture_output=True)
    listen = Endpoint.parse("127.0.0.1:0", tls=tls_context(str(certificate), str(key)))
    with running(Bridge(upstream.address, listen, page=StaticFiles(page))) as url:
        assert url.startswith("wss://")
        upstream.asked(2)
        with join(url, ssl=ssl.create_default_context(cafile=str(certificate))) as browser:
            upstream.asked(1)
            good = upstream.send(mesh_lod(0))
            assert browser.recv(PATIENCE_S) == good
    with pytest.raises(PublishError, match="invalid certificate or key"):
        tls_context(str(certificate), str(certificate))
    with pytest.raises(PublishError, match="No such file"):
        tls_context(str(tmp_path / "none.pem"), str(key))
