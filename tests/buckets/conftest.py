from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bucket_server import ENVIRONMENT, BucketServer, bucket_server
from tallystick.store.bucket import Bucket


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[BucketServer]:
    """An S3 server on loopback with an empty bucket, named by the environment."""
    with bucket_server() as server:
        for name, value in (ENVIRONMENT | {"AWS_ENDPOINT_URL": server.url}).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def here(server: BucketServer, tmp_path: Path) -> Bucket:
    """A ledger in the bucket, as one machine has it."""
    return server.bucket(tmp_path / "here")


@pytest.fixture
def there(server: BucketServer, tmp_path: Path) -> Bucket:
    """The same ledger, as another machine has it."""
    return server.bucket(tmp_path / "there")
