"""Events as settings: what a table can say, on which days it holds, and which cannot be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tallystick.core.filter import Filter
from tallystick.errors import InvalidQuestion
from tallystick.settings import Settings
from tallystick.tally.events import Events

DAY = date(2026, 12, 24)
LAUNCH = {"reason": "Launch", "from": DAY}


def test_what_a_table_says(tmp_path: Path) -> None:
    """The [[event]] tables of the settings are read with their days, scope and exact change; the order stays."""
    file = tmp_path / "tallystick.toml"
    file.write_text(
        '[[event]]\nreason = "Launch"\nworkspace = ["b", "a"]\nfrom = 2026-12-24\nfactor = "1.5"\n'
        '[[event]]\nreason = "Holidays"\nday = [2027-01-01, "2026-12-25"]\n'
        '[[event]]\nreason = "Backfill"\nfrom = 2026-12-01\nuntil = 2026-12-08\ndollars_per_day = "-250.5"\n',
        encoding="utf-8",
    )
    launch, holidays, backfill = Settings.load(config=str(file), environment={}).events().rows
    assert (launch.reason, launch.factor, launch.dollars) == ("Launch", Decimal("1.5"), None)
    assert launch.scope == {"workspace": Filter.of("a", "b")}
    assert launch.spans == ((DAY, date.max),)
    assert holidays.spans == ((date(2026, 12, 25), date(2026, 12, 26)), (date(2027, 1, 1), date(2027, 1, 2)))
    assert (holidays.factor, holidays.dollars, holidays.scope) == (None, None, {})
    assert (backfill.dollars, backfill.spans) == (Decimal("-250.5"), ((date(2026, 12, 1), date(2026, 12, 8)),))
    assert (launch.scope_label, holidays.scope_label) == ("workspace = a or b", "everything")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"from": DAY}, "reason None"),
        ({"reason": " ", "from": DAY}, "Write what is planned"),
        ({"reason": "x"}, "either `day` or `from`"),
        ({"reason": "x", "day": DAY, "from": DAY}, "either `day` or `from`"),
        ({"reason": "x", "day": DAY, "until": DAY}, "`until` too"),
        ({"reason": "x", "day": []}, "empty list"),
        ({"reason": "x", "day": "Christmas"}, "is not a day"),
        (LAUNCH | {"until": DAY}, "ends"),
        (LAUNCH | {"until": date(2026, 12, 23)}, "ends"),
        (LAUNCH | {"factor": 1.5}, 'Write "1.5"'),
        (LAUNCH | {"factor": "-1"}, 'Write "1.5"'),
        (LAUNCH | {"dollars_per_day": 250}, 'Write "250"'),
        (LAUNCH | {"dollars_per_day": "1e3"}, 'Write "250"'),
        (LAUNCH | {"dollars_per_day": "1", "factor": "2"}, "Leave one of them out"),
        (LAUNCH | {"facter": "2"}, "Did you mean factor"),
        (LAUNCH | {"team": ""}, "team must be a text"),
        ("Launch", "not a table"),
    ],
)
def test_what_cannot_be_is_named(table: Any, words: str) -> None:
    """A table that cannot be is named by its number, with what is wrong and how to mend it."""
    with pytest.raises(InvalidQuestion) as wrong:
        Events.read([LAUNCH, table])
    assert "[[event]] 2" in str(wrong.value)
    assert words in str(wrong.value)


def test_an_event_holds_from_its_first_day_to_before_its_end() -> None:
    """`from` is the first day, `until` the first day after; a day lasts one day; without an end it never ends."""
    events = Events.read([LAUNCH | {"until": date(2026, 12, 26)}, {"reason": "x", "day": DAY}, LAUNCH])
    days = [date(2026, 12, number) for number in (23, 24, 25, 26)]
    assert [[event.holds(day) for day in days] for event in events.rows] == [
        [False, True, True, False],
        [False, True, False, False],
        [False, True, True, True],
    ]
    assert [row.table for row in events.during(date(2026, 12, 25), date(2026, 12, 31))] == [
        "[[event]] 1",
        "[[event]] 3",
    ]
    assert not events.during(date(2026, 12, 1), date(2026, 12, 23))
    assert len(events.during(date(2026, 12, 1), DAY)) == 3
    assert [row.days for row in events.rows[:2]] == [2, 1]
