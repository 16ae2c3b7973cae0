"""Bucket: where a ledger is in an object store, and where its copies are on this machine."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tallystick.errors import InvalidQuestion

SCHEMES = ("s3", "gs", "az", "abfss")
"""How the URL of a ledger in an object store begins."""
SCHEME = "tallystick"
"""How the address of a file of such a ledger begins for DuckDB, which asks for it when it opens it."""
LEASE = 60.0
"""Seconds after which a writer that is heard of no more has lost its turn."""
MOST_BYTES = 20 << 30
"""Bytes of rows and pages that a machine keeps for questions."""
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9.-]*")


@dataclass(frozen=True, slots=True)
class Bucket:
    """The URL of a ledger in an object store. Credentials and the store's address come from the environment.

    `cache` is the folder of all copies on this machine; of what questions fetch it keeps `most_bytes`. `conditional`
    says that the store must honor conditions of a put. A writer that is not heard of for `lease` seconds loses its
    turn; a request is tried again for `patience` seconds.
    """

    url: str
    cache: Path
    conditional: bool = True
    most_bytes: int = MOST_BYTES
    lease: float = LEASE
    patience: float = 60.0

    @classmethod
    def of(cls, url: str, cache: Path, *, conditional: bool = True, most_bytes: int = MOST_BYTES) -> Bucket:
        """The bucket of a URL; InvalidQuestion where it cannot hold a ledger."""
        scheme, _, rest = url.partition("://")
        name = rest.partition("/")[0]
        if scheme not in SCHEMES:
            raise InvalidQuestion(
                f"A ledger cannot be kept at {scheme}://.",
                "Name a folder, or a bucket: s3://bucket/path, gs://bucket/path, az://container/path.",
            )
        if not (_ACCOUNT if scheme == "abfss" else _CONTAINER).fullmatch(name) or re.search(r"[?#%\\\[\]\s]", rest):
            form = (
                "abfss://container@account.dfs.core.windows.net/path"
                if scheme == "abfss"
                else f"{scheme}://bucket/path"
            )
            raise InvalidQuestion(
                f"The ledger's URL is not of the form {form}.",
                "It holds no credentials, query or escapes: the environment has the credentials.",
            )
        return cls(url.rstrip("/"), cache, conditional, most_bytes)

    def __str__(self) -> str:
        """Return the URL."""
        return self.url

    @property
    def folder(self) -> Path:
        """The folder of the copies of this ledger."""
        return self.cache / hashlib.sha256(self.url.encode()).hexdigest()[:16]

    @property
    def reading(self) -> Path:
        """The folder of what questions need."""
        return self.folder / "reading"

    @property
    def working(self) -> Path:
        """The folder in which a writer has the whole ledger."""
        return self.folder / "working"
