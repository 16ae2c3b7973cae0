"""A real S3 server on loopback: requests are counted, and fail, lag or ignore conditions where a test wants them to."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tallystick.store.bucket import Bucket

NAME = "ledgers"
"""The bucket."""
Environ = dict[str, Any]
Answer = Iterable[bytes]


@dataclass
class BucketServer:
    """An S3 server. `requests` are (method, key) as they came; `fault` may answer in its place, by a status.

    `loses` says that the answer of a request that is carried out does not come through.
    """

    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str, str], int | None] = lambda _method, _key: None
    loses: Callable[[str, str], bool] = lambda _method, _key: False
    has_conditions: bool = True
    lag: float = 0.0
    app: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Answer:
        """Answer one request; one at a time, for moto looks and puts in two steps."""
        method, key = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(f"/{NAME}").lstrip("/")
        self.requests.append((method, key))
        time.sleep(self.lag)
        if (status := self.fault(method, key)) is not None:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            environ["wsgi.input"].read(length)
            start(f"{status} Fault", [("Content-Length", "0")])
            return [b""]
        if not self.has_conditions:
            for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
                environ.pop(name, None)
        loses = self.loses(method, key)
        with self._lock:
            answer: Answer = self.app(environ, (lambda *_: lambda _: None) if loses else start)
        if loses:
            start("503 Lost", [("Content-Length", "0")])
            return [b""]
        return answer

    def count(self, method: str) -> Counter[str]:
        """How often each key was asked for by this method."""
        return Counter(key for each, key in self.requests if each == method)

    def bucket(self, cache: Path, path: str = "ledger", **options: Any) -> Bucket:
        """A ledger at a path of the bucket, with its copies in a folder."""
        return Bucket(f"s3://{NAME}/{path}", cache, **{"patience": 2.0, **options})


ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
"""What every client is told by its environment, beside AWS_ENDPOINT_URL."""


@contextmanager
def bucket_server() -> Iterator[BucketServer]:
    """An S3 server with an empty bucket."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, *_: Any) -> None:
            """Say nothing."""

    made = BucketServer(app=DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, made, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    request = urllib.request.Request(f"{made.url}/moto-api/reset", method="POST")  # noqa: S310 - our own
    urllib.request.urlopen(request).close()  # noqa: S310
    urllib.request.urlopen(urllib.request.Request(f"{made.url}/{NAME}", method="PUT")).close()  # noqa: S310
    made.requests.clear()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
