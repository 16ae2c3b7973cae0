"""Opener: how DuckDB opens a file of a ledger in a bucket: it is fetched then, if it is not there yet."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from os import SEEK_CUR, SEEK_END, SEEK_SET, fstat, pread
from pathlib import Path
from threading import local
from typing import Any

from fsspec import AbstractFileSystem

from tallystick.errors import LedgerError
from tallystick.store.bucket import SCHEME
from tallystick.store.remote.reading_copy import ReadingCopy


class _File(FileIO):
    """A file that DuckDB lets go of without closing it, and reads with several threads at once.

    DuckDB seeks and then reads, so each thread has a position of its own.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._position = local()
        self._size = fstat(self.fileno()).st_size

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move the thread's position."""
        begin = {SEEK_SET: 0, SEEK_CUR: self.tell(), SEEK_END: self._size}[whence]
        self._position.offset = begin + offset
        return begin + offset

    def tell(self) -> int:
        """Return the thread's position."""
        offset: int = getattr(self._position, "offset", 0)
        return offset

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes of the thread, all that remain where no size is given."""
        offset = self.tell()
        length = self._size - offset if size is None or size < 0 else size
        data = pread(self.fileno(), length, offset)
        self._position.offset = offset + len(data)
        return data

    def __del__(self) -> None:
        """Close it."""
        self.close()


class Opener(AbstractFileSystem):  # type: ignore[misc]
    """The files of a reading copy, by their paths. DuckDB opens those alone that a question needs."""

    protocol = SCHEME
    cachable = False

    def __init__(self, reading: ReadingCopy) -> None:
        super().__init__()
        self._reading = reading
        self.failure: LedgerError | None = None
        """Why a file could not be opened, for who asked DuckDB."""

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return the size of a file, by the manifest."""
        name = self._strip_protocol(path)
        entry = self._reading.entry(name)
        if entry is None:
            raise FileNotFoundError(path)
        return {"name": name, "size": entry.size, "type": "file", "mtime": entry.written_at / 1e9}

    def glob(self, path: str, **_: Any) -> list[str]:
        """Return the path: none of ours is a pattern."""
        return [path]

    def exists(self, path: str, **_: Any) -> bool:
        """Return whether the bucket has a file."""
        return self._reading.entry(self._strip_protocol(path)) is not None

    def modified(self, path: str) -> datetime:
        """Return when a file was written."""
        return datetime.fromtimestamp(self.info(path)["mtime"], UTC)

    def _open(self, path: str, mode: str = "rb", **_: Any) -> FileIO:
        if mode != "rb":
            raise PermissionError(path)
        name = self._strip_protocol(path)
        try:
            return self._fetched(name)
        except LedgerError as failure:
            self.failure = failure
            raise

    def _fetched(self, name: str) -> FileIO:
        """Open a file, which is fetched where it is not here, or went again before it was opened."""
        while True:
            self._reading.fetch([name])
            with suppress(FileNotFoundError):
                file = _File(self._reading.folder / name)
                self._reading.opened(name)
                return file
