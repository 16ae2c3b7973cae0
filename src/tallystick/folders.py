"""Folders: the user's own, for settings, data and state; None where there is no home that may be looked into.

A container often runs with a user id that has no home, or another user's (`HOME=/root`). What needs such a folder says
what to set in its place; nothing else stops for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

NAME = "tallystick"


def settings_folder() -> Path | None:
    """Where the user's own tallystick.toml and people.key are."""
    import platformdirs

    return _reachable(lambda: platformdirs.user_config_dir(NAME))


def data_folder() -> Path | None:
    """Where the default ledger is."""
    import platformdirs

    return _reachable(lambda: platformdirs.user_data_dir(NAME, appauthor=False))


def demo_folder() -> Path | None:
    """Where the demo's ledger is, with the settings that name it and its owners."""
    folder = data_folder()
    return folder / "demo" if folder else None


def state_folder() -> Path | None:
    """Where trusted settings files are remembered, and the details of an internal error are left."""
    import platformdirs

    return _reachable(lambda: platformdirs.user_state_dir(NAME, appauthor=False))


def cache_folder() -> Path | None:
    """Where copies of ledgers in buckets are kept."""
    import platformdirs

    return _reachable(lambda: platformdirs.user_cache_dir(NAME, appauthor=False))


def _reachable(folder: Callable[[], str]) -> Path | None:
    """The folder, there or not; None where the home is unknown, relative, or may not be looked into."""
    try:
        path = Path(folder())
    except RuntimeError:
        return None
    with suppress(FileNotFoundError, NotADirectoryError):
        try:
            path.stat()
        except PermissionError:
            return None
    return path if path.is_absolute() else None
