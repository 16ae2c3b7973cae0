"""Objects of a bucket: read, put under a condition, listed, deleted; what the store refuses, as an error of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion, LedgerError, LedgerUnreachable
from tallystick.store.bucket import Bucket
from tallystick.store.faults import is_panic

if TYPE_CHECKING:
    from obstore.store import ObjectStore

Tag = Mapping[str, str]
"""What tells one state of an object from every other, as its store says it."""
_SMALL, _LARGE = "20s", "600s"
"""How long a request for a small object may take, and for a large one."""
LARGE = 1 << 20
"""Bytes from which an object is large."""
AT_ONCE = 8
"""Objects that are fetched or put at once."""
_HASH = "sha256"
"""The name of the SHA-256 of an object among what its store remembers of it."""
_REQUEST = re.compile(r"Error performing (\w+ \S+) in ")
_QUERY = re.compile(r"\?\S*")


class Changed(Exception):
    """An object is not, or no longer, as the condition of a put has it."""


class Unchanged(Exception):
    """An object is as it was."""


@dataclass(frozen=True, slots=True)
class Content:
    """What an object holds."""

    data: bytes
    tag: Tag


class Objects:
    """The objects below the URL of a ledger; LedgerUnreachable where no answer comes, LedgerError where it is no.

    Safe to share between threads.
    """

    def __init__(self, bucket: Bucket) -> None:
        try:
            import fsspec  # noqa: F401 - for questions
            from obstore.store import from_url
        except ModuleNotFoundError:
            raise InvalidQuestion(
                "A ledger in a bucket needs obstore, which is not installed.", "Run pip install 'tallystick[objects]'."
            ) from None
        self.bucket = bucket
        with self._asking(""):
            self._small, self._large = (
                from_url(
                    bucket.url,
                    client_options={"allow_http": True, "timeout": timeout, "connect_timeout": "10s"},
                    retry_config={"max_retries": 8, "retry_timeout": timedelta(seconds=bucket.patience)},
                )
                for timeout in (_SMALL, _LARGE)
            )

    def get(self, name: str, size: int = 0) -> Content | None:
        """What an object holds, of which `size` bytes are expected; None where it is not there."""
        return self._get(name, size, {})

    def newer(self, name: str, tag: Tag | None) -> Content | None:
        """What an object holds; None where it is not there. Raise Unchanged where it is as this tag says."""
        return self._get(name, 0, {"if_none_match": tag["e_tag"]} if tag and "e_tag" in tag else {})

    def hash(self, name: str) -> tuple[str, Tag] | None:
        """The SHA-256 that was put with an object, empty without any, and its tag; None where it is not there."""
        import obstore

        with self._asking(name):
            try:
                answer = obstore.get(self._small, name, options={"head": True})
            except FileNotFoundError as missing:
                self._must_be(missing)
                return None
            return dict(answer.attributes).get(_HASH, ""), _tag(answer.meta)

    def create(self, name: str, data: bytes, digest: str = "") -> Tag:
        """Put an object that is not there; raise Changed where it is."""
        return self._put(name, data, "create", digest)

    def replace(self, name: str, data: bytes, tag: Tag, digest: str = "") -> Tag:
        """Put an object in the place of that of this tag; raise Changed where it is another."""
        return self._put(name, data, tag, digest)

    def put(self, name: str, data: bytes, digest: str = "") -> Tag:
        """Put an object in the place of any."""
        return self._put(name, data, "overwrite", digest)

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects; those that are not there are deleted."""
        import obstore

        with self._asking(names[0] if names else ""):
            try:
                obstore.delete(self._small, [*names])
            except FileNotFoundError:
                for name in names if len(names) > 1 else ():
                    self.delete([name])

    def list(self) -> dict[str, int]:
        """The size of every object."""
        import obstore

        with self._asking(""):
            return {entry["path"]: entry["size"] for batch in obstore.list(self._small) for entry in batch}

    def _get(self, name: str, size: int, options: Any) -> Content | None:
        import obstore
        from obstore.exceptions import NotModifiedError

        with self._asking(name):
            try:
                answer = obstore.get(self._of(size), name, options=options)
                return Content(bytes(answer.bytes()), _tag(answer.meta))
            except NotModifiedError:
                raise Unchanged(name) from None
            except FileNotFoundError as missing:
                self._must_be(missing)
                return None

    def _put(self, name: str, data: bytes, mode: Any, digest: str) -> Tag:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        if not self.bucket.conditional:
            self._compare(name, mode)
            mode = "overwrite"
        with self._asking(name):
            try:
                attributes = {_HASH: digest} if digest else None
                return _tag(
                    obstore.put(self._of(len(data)), name, data, mode=mode, attributes=attributes, use_multipart=False)
                )
            except (AlreadyExistsError, PreconditionError):
                raise Changed(name) from None
            except FileNotFoundError as missing:
                self._must_be(missing)
                raise Changed(name) from None

    def _compare(self, name: str, mode: Any) -> None:
        """Do what a store without conditions does not; raise Changed. Another can still come between."""
        if mode == "overwrite":
            return
        now = self.hash(name)
        if (now and now[1]) != (None if mode == "create" else mode):
            raise Changed(name)

    def _of(self, size: int) -> ObjectStore:
        return self._large if size >= LARGE else self._small

    def _must_be(self, missing: FileNotFoundError) -> None:
        """Raise LedgerError where it is the bucket that is not there."""
        if re.search("NoSuchBucket|ContainerNotFound|bucket does not exist", str(missing)):
            raise LedgerError(f"There is no bucket for {self.bucket}.", "Make it first, or name another.") from None

    @contextmanager
    def _asking(self, name: str) -> Iterator[None]:
        """Turn what the store says into an error of ours."""
        from obstore.exceptions import BaseError, GenericError, PermissionDeniedError, UnauthenticatedError

        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError) as refused:
            raise LedgerError(
                f"The store of {self.bucket} refuses access to {name or 'it'}: {_reason(refused)}",
                "Credentials come from its usual environment, as AWS_ACCESS_KEY_ID: `tallystick docs object-stores`.",
            ) from None
        except GenericError as failed:
            reason = _reason(failed)
            if re.search(r"HTTP error|retries|status code: 5\d\d|timed? ?out", str(failed)):
                raise LedgerUnreachable(
                    f"The store of {self.bucket} does not answer: {reason}",
                    "Run the same again later. What was committed before stays.",
                ) from None
            raise LedgerError(
                f"The store of {self.bucket} cannot be used: {reason}",
                "`tallystick docs object-stores` says what it needs.",
            ) from None
        except BaseException as failed:
            if not isinstance(failed, BaseError) and not is_panic(failed):
                raise
            raise LedgerError(
                f"The store of {self.bucket} cannot be asked: {_reason(failed)}",
                "See to its address in the environment, as AWS_ENDPOINT_URL=https://host:port.",
            ) from None


def _tag(stated: Any) -> Tag:
    return {name: stated[name] for name in ("e_tag", "version") if stated.get(name)}


def _reason(failed: BaseException) -> str:
    """What a store said, in one line without a query, which could hold a secret."""
    line = _QUERY.sub("", str(failed).partition("\n")[0])
    request = _REQUEST.search(line)
    return safe((f"{request[1]}: {line.rpartition(' - ')[2]}" if request else line)[:300])
