"""An S3 service of this machine: moto's, with failures and a bucket without permission."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FORBIDDEN = "forbidden"  # bucket
BUCKET = "archive"


class FailingApplication:
    """The WSGI application of the service: every `every`-th request of the bucket fails, 0: none.

    Attributes:
        failures: number of requests that failed.
    """

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._requests = self.failures = self.every = 0

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        bucket = environ["PATH_INFO"].lstrip("/").partition("/")[0]
        if bucket == FORBIDDEN:
            return _refused(start_response, "403 Forbidden", "AccessDenied")
        with self._lock:
            self._requests += 1
            fails = bool(self.every) and self._requests % self.every == 0
            self.failures += fails
        if fails:
            return _refused(start_response, "500 Internal Server Error", "InternalError")
        return self._inner(environ, start_response)


@contextmanager
def s3_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[FailingApplication]:
    """The service with an empty bucket, and the environment that leads to it. Skips where moto or s3fs is missing."""
    server = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = FailingApplication(server.DomainDispatcherApplication(server.create_backend_app))
    listener = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listener.server_port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        files = s3fs.S3FileSystem(skip_instance_cache=True)
        for entry in files.find(BUCKET) if files.exists(BUCKET) else ():  # the service keeps its state in the process
            files.rm_file(entry)
        if not files.exists(BUCKET):
            files.mkdir(BUCKET)
        yield application
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def _refused(start_response: Callable[..., Any], status: str, code: str) -> list[bytes]:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
