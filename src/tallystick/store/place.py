"""Place of a ledger: a folder, or a bucket whose files are read in one folder here and written in another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tallystick.errors import LedgerError
from tallystick.store.bucket import SCHEME, Bucket

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from tallystick.store.remote.remote import Remote


class Place:
    """Where a ledger is. `root` is the folder that is in use, `name` how messages call the ledger.

    A writer waits `patience` seconds for another, and is told so every `reminder` seconds.
    """

    def __init__(self, place: Path | Bucket, patience: float, reminder: float) -> None:
        self.place = place
        self.name = f"{place}"
        self.remote = _remote(place) if isinstance(place, Bucket) else None
        self.root = place.reading if isinstance(place, Bucket) else place
        self._patience = patience
        self._reminder = reminder
        path = self.root.resolve().as_posix()
        if unquote(path) != path or any(letter in path for letter in "[]\\"):
            raise LedgerError(
                f"A folder called {path} cannot hold a ledger: Delta Lake reads its name as another.",
                "Name one without brackets, backslashes and percent codes.",
            )

    @property
    def source(self) -> Remote | None:
        """The bucket whose files may not be here yet; None for a folder, and while its writer works, who has all."""
        return self.remote if self.remote and not self.remote.working else None

    def refresh(self) -> None:
        """Bring what is read of a bucket to its newest state."""
        if remote := self.source:
            remote.reading.refresh()

    def fetch(self, files: Iterable[str | Path]) -> None:
        """Bring files of a bucket that are not here yet."""
        if remote := self.source:
            remote.fetch(files)

    def fetch_all(self) -> None:
        """Bring every file of a bucket."""
        if remote := self.source:
            remote.reading.fetch_all()

    @contextmanager
    def turn(self, waiting: Callable[[str], None] | None = None, *, lenient: bool = False) -> Iterator[None]:
        """Hold the turn of writers of a bucket: what is written into `root` meanwhile is published at the end.

        Turns within a turn are part of it. A folder has none: who writes there takes its lock. With `lenient` files
        that the bucket has lost are left out, to be mended.
        """
        if (remote := self.source) is None:
            yield
            return
        with remote.turn(waiting, self._patience, self._reminder, lenient=lenient) as folder:
            reading, self.root = self.root, folder
            self.forget_root()
            try:
                yield
            finally:
                self.root = reading
                self.forget_root()

    def mirror(self, root: Path, check: Callable[[], None], waiting: Callable[[str], None] | None) -> None:
        """Let a bucket have exactly what a folder has, in one turn and one commit; nothing where `check` raises."""
        if self.remote:
            self.remote.mirror(root, check, waiting, self._patience, self._reminder)

    def publish(self, *, erasing: bool = False) -> None:
        """Let readers of a bucket see what was written so far; with `erasing` what went is deleted there at once."""
        if self.remote:
            self.remote.publish(erasing=erasing)

    def attach(self, duck: DuckDBPyConnection) -> list[str]:
        """Let DuckDB open the files; what the paths of them begin with."""
        if (remote := self.remote) is None:
            return [f"{self.root.resolve()}"]
        duck.register_filesystem(remote.opener)
        return [*map(str, remote.folders), f"{SCHEME}://"]

    def address(self, path: str | Path) -> str:
        """The path of a file or folder of the ledger for others: where it is on this machine, or its URL."""
        if self.remote is None:
            return Path(path).absolute().as_posix()  # a link may stand for a path with a space
        return f"{self.name}/{self.remote.path(path)}"

    def addresses(self, files: Sequence[str]) -> list[str]:
        """The paths of files as DuckDB is to open them; those of a bucket the newest month first, which is asked most.

        DuckDB opens the first of a table in any case.
        """
        if (remote := self.source) is None:
            return [*files]
        return sorted((remote.address(file) for file in files), reverse=True)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Raise what kept a file of a bucket from being opened, in place of what DuckDB makes of it."""
        try:
            yield
        except Exception:
            if (remote := self.source) and (failure := remote.opener.failure):
                remote.opener.failure = None
                raise failure from None
            raise

    def forget_root(self) -> None:
        """Begin to read in another folder."""


def _remote(bucket: Bucket) -> Remote:
    from tallystick.store.remote.remote import Remote

    return Remote(bucket)
