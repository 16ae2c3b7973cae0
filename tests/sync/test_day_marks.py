"""Day marks are the rows of `days`, whichever of them are asked for first."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, strategies as st
from pyarrow import Table

from tallystick.core.ledger_tables import DAYS
from tallystick.store.columns import encoded
from tallystick.sync.day_marks import DayMarks, key_of

FIRST = date(2026, 1, 20)
DAYS_OF_MARKS = st.integers(0, 99).map(lambda after: FIRST + timedelta(after))
KEYS = st.tuples(st.sampled_from(["usage", "cost"]), st.sampled_from(["day", "hour"]), DAYS_OF_MARKS)


def mark(key: tuple[str, str, date], digest: str) -> dict[str, object]:
    """A row of `days`."""
    source, grain, day = key
    blank: dict[str, object] = dict.fromkeys(encoded(DAYS).names)
    state = "running" if day.day % 3 else "settled"
    return blank | {"organization": "o", "source": source, "grain": grain, "day": day, "digest": digest, "state": state}


@given(
    st.lists(KEYS, unique=True), st.lists(st.one_of(KEYS, st.just(None))), st.lists(KEYS, unique=True), st.booleans()
)
def test_marks_are_the_rows_and_what_was_taken_since(
    old: list[tuple[str, str, date]],
    asked: list[tuple[str, str, date] | None],
    new: list[tuple[str, str, date]],
    first: bool,
) -> None:
    """Each key gives its newest mark, in whichever order one, some or all are asked for and others are taken."""
    expected = {key: mark(key, "old") for key in old}
    marks = DayMarks(Table.from_pylist([*expected.values()], encoded(DAYS)))
    for taken in (first, not first):
        if taken:
            marks.take([mark(key, "new") for key in new])
            expected |= {key: mark(key, "new") for key in new}
        for key in asked:
            if key is None:
                assert dict(marks) == expected
            else:
                assert (marks.get(key), key in marks) == (expected.get(key), key in expected)
        assert [marks.knows(name) for name in ("usage", "cost")] == [
            any(key[0] == name for key in expected) for name in ("usage", "cost")
        ]
        ended = [key[2] for key in expected if key[:2] == ("usage", "day") and expected[key]["state"] == "settled"]
        assert marks.newest_ended("usage") == max(ended, default=None)
    assert {key_of(one) for one in marks.values()} == expected.keys()
