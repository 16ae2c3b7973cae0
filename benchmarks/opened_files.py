"""Opened files: which files of a folder are opened meanwhile, by the kernel's own word (inotify, Linux alone)."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from typing import Self

_OPEN, _IS_FOLDER, _LOST = 0x20, 0x40000000, 0x4000
_HEAD = struct.Struct("iIII")
"""An event: the watch, what happened, a cookie, the length of the name that follows."""


class OpenedFiles:
    """The Parquet files below a folder that this or any process opens inside its `with`, logs left out."""

    def __init__(self, folder: Path) -> None:
        self.paths: set[Path] = set()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(os.O_NONBLOCK)
        self._folders = {}
        for path in (folder, *(path for path in folder.rglob("*") if path.is_dir() and path.name != "_delta_log")):
            watch = self._libc.inotify_add_watch(self._handle, bytes(path), _OPEN)
            if watch < 0:
                raise OSError(ctypes.get_errno(), "inotify cannot watch", str(path))
            self._folders[watch] = path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while events := self._read():
            start = 0
            while start < len(events):
                watch, mask, _cookie, length = _HEAD.unpack_from(events, start)
                start += _HEAD.size
                assert not mask & _LOST, "more files were opened than the kernel remembers"
                name = events[start : start + length].rstrip(b"\0").decode()
                start += length
                if not mask & _IS_FOLDER and name.endswith(".parquet"):
                    self.paths.add(self._folders[watch] / name)
        os.close(self._handle)

    def _read(self) -> bytes:
        try:
            return os.read(self._handle, 1 << 20)
        except BlockingIOError:
            return b""
