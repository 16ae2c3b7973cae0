"""Cut: the ledger that a kill or a power cut leaves in the middle of a command, as a copy; the command goes on."""

from __future__ import annotations

import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock

from tallystick.store.disk import fsync


class Cut:
    """Syncs files as a ledger asks, and copies its folder to `copy` before the sync number `moment`, from 0.

    With `power` every file that was not synced as it is then is empty in the copy, as after a power cut; else it is as
    a killed process leaves it. `done` says whether the moment came.
    """

    def __init__(self, root: Path, copy: Path, moment: int, *, power: bool) -> None:
        self.root, self.copy, self.power = root, copy, power
        self._left = moment
        self._synced = {path.stat().st_ino: _digest(path) for path in _files(root)}
        self._lock = Lock()
        self.done = False

    def __call__(self, path: Path) -> None:
        """Sync a file or a folder, after the copy where its moment is now."""
        with self._lock:
            if self._left == 0:
                self._make()
            self._left -= 1
            fsync(path)
            if path.is_file():
                self._synced[path.stat().st_ino] = _digest(path)

    def _make(self) -> None:
        for path in _files(self.root):
            target = self.copy / path.relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # another thread has renamed it
                lost = self.power and self._synced.get(path.stat().st_ino) != _digest(path)
                shutil.copy2(path, target)
                if lost:
                    target.write_bytes(b"")
        self.done = True


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()] if root.exists() else []


def _digest(path: Path) -> bytes:
    return sha256(path.read_bytes()).digest()
