"""Month so far: the billed days of a month beside the same days of the last, and beside what was usual before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from tallystick.core.money import EXACT, ratio, rounded, total
from tallystick.core.text import day_spans
from tallystick.core.time import DAY, Grain, Window, midnight
from tallystick.outlook.daily_spend import Basis, Day
from tallystick.outlook.forecast import forecast


@dataclass(frozen=True)
class MonthSoFar:
    """What is compared: `known` are the days of the month, of the month before it and of those that say what is usual.

    `blank`: nothing of the month is known.
    """

    month: Window
    known: Sequence[Day]
    blank: bool = False

    @cached_property
    def _billed(self) -> list[Day]:
        days = {*self.month.days()}
        return [day for day in self.known if day.day in days and day.basis is Basis.BILLED]

    @cached_property
    def _earlier(self) -> list[date]:
        """The days of the same numbers in the month before."""
        numbers = {day.day.day for day in self._billed}
        return [day for day in Grain.MONTH.around(self.month.start - DAY).days() if day.day in numbers]

    @cached_property
    def _before(self) -> Decimal | None:
        """What the days of the same numbers in the month before were billed; None where one is not known."""
        days = {*self._earlier}
        earlier = [day for day in self.known if day.day in days]
        known = earlier and all(day.basis is Basis.BILLED for day in earlier)
        return total([day.billed for day in earlier]) if known else None

    @property
    def _spent(self) -> Decimal:
        return total([day.billed for day in self._billed])

    @property
    def _growth(self) -> Decimal | None:
        """The change from the days before to those of the same numbers; a longer month has further ones."""
        if self._before is None:
            return None
        numbers = {day.day for day in self._earlier}
        spent = total([day.billed for day in self._billed if day.day.day in numbers])
        return ratio(EXACT.subtract(spent, self._before), self._before)

    @property
    def against(self) -> str:
        """The change against the same days of the last month, and whether that is usual; without any the last month."""
        if not self._billed:
            last = MonthSoFar(Grain.MONTH.around(self.month.start - DAY), self.known)
            bill = f"; {last.month.start:%B}: {rounded(last._spent):,}" if last._is_whole else ""
            return f"no day is billed yet{bill}"
        if self._before is None:
            return f"{len(self._billed)} billed days"
        days = f"{day_spans(self._earlier, self.month.start.year)}"
        if not self._spent and not self._before:
            return f"as on {days}"
        change = f"{rounded(self._growth * 100, 1):+} %" if self._growth is not None else "new"
        words = {"above": ", high", "within": ", usual", "below": ", low", None: ""}[self._place]
        return f"{change} against {days} ({rounded(self._before):,}){words}"

    @property
    def _is_whole(self) -> bool:
        """Whether every day of the month is billed."""
        return len(self._billed) == len(self.month.days())

    @property
    def headline(self) -> str:
        """Whether the month is like the last and as usual, in a sentence; nothing where no day of it is billed.

        Of a whole month it says what that came to, and whether it is as usual.
        """
        if not self._billed or self.blank:
            return ""
        words = []
        if self._is_whole:
            came = f"{self.month.start:%B} came to {rounded(self._spent):,} USD"
            usual = self._usual
            return f"{came}, {self._place} {_range(usual)}." if usual else f"{came}."
        if self._growth is not None:
            percent = rounded(self._growth * 100, 1)
            size = f"{abs(percent)} % {'less' if percent < 0 else 'more'} than" if percent else "as much as"
            words.append(f"{size} on the same days of {self.month.start - DAY:%B}")
        if usual := self._usual:
            words.append(f"{self._place} {_range(usual)}")
        return f"{self.month.start:%B} so far: {', '.join(words)}." if words else ""

    @property
    def _place(self) -> str | None:
        """Where the days are to the usual range: above, below or within; None where none is known."""
        if self.blank or (usual := self._usual) is None:
            return None
        low, high = usual
        return "above" if self._spent > high else "below" if self._spent < low else "within"

    @cached_property
    def _usual(self) -> tuple[Decimal, Decimal] | None:
        """The 80 % range in which these days were to be expected on the first of the month, by the days before it."""
        start, last = self.month.start, self._billed[-1].day
        days = Window(start, midnight(last) + DAY)
        if len(days.days()) != len(self._billed):
            return None
        return forecast([day for day in self.known if day.day < start.date()], days, start).ranges.get(80)


def _range(usual: tuple[Decimal, Decimal]) -> str:
    low, high = usual
    return f"the usual range ({rounded(low, 0):,} to {rounded(high, 0):,} USD)"
