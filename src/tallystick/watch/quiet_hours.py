"""Quiet hours: the hours of a zone in which only what is critical goes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from tallystick.errors import InvalidQuestion

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_HINT = 'Write quiet = "22:00-07:00" and zone = "Europe/Berlin".'


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to before `end` by the clocks of a zone; over midnight where the end is the earlier one."""

    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def read(cls, where: str, hours: str, zone: str) -> QuietHours:
        """Return the quiet hours of `22:00-07:00`; InvalidQuestion says what cannot be, and `where`."""
        if not (match := _HOURS.fullmatch(hours)) or match.groups()[:2] == match.groups()[2:]:
            raise InvalidQuestion(f"{where}: quiet {hours!r} are no hours.", _HINT)
        try:
            zone_info = ZoneInfo(zone)
        except (ValueError, OSError, KeyError):
            raise InvalidQuestion(f"{where}: there is no zone {zone!r}.", _HINT) from None
        start, end = hours.split("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end), zone_info)

    def has(self, now: datetime) -> bool:
        """Return whether an instant lies in them."""
        local = now.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end
