"""View list: the saved views of the settings, read anew when a settings file changes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tallystick.errors import InvalidQuestion
from tallystick.saved_views import SavedView, saved_views
from tallystick.settings import Settings
from tallystick.settings_file import NAME
from tallystick.web.gate import LOG


class ViewList:
    """The saved views; raises InvalidQuestion where those at the start cannot be."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._paths = settings.paths or (Path(NAME).absolute(),)
        self._stamps = self._stamped()
        self._views = saved_views(settings.tables("view"))

    @property
    def views(self) -> Sequence[SavedView]:
        """The views as the files have them now; those of before where a file cannot be read, which the log says."""
        if (stamps := self._stamped()) != self._stamps:
            self._stamps = stamps
            try:
                self._views = saved_views(Settings.load(**self._settings.arguments).tables("view"))
            except InvalidQuestion as wrong:
                LOG.error("%s", wrong)
        return self._views

    @property
    def path(self) -> Path:
        """The settings file to write a view into: the one that is there, else that of the working folder."""
        return next((path for path in self._paths if path.exists()), self._paths[0])

    def _stamped(self) -> list[tuple[int, int] | None]:
        """When each settings file was written, and its size; None where there is none."""
        return [_stamp(path) for path in self._paths]


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
