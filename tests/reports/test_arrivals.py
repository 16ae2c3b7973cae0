"""Arrivals: what was used lately and not in the weeks before; a young ledger cannot tell."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from support.spending import DAYS_OF, LAST, NOW, ledger, rows_of, steady
from tallystick import Ledger
from tallystick.core.time import DAY
from tallystick.reports.arrivals import UNUSED

OLD = {"old": steady(4_000_000)}


def arrived(book: Ledger, what: str) -> dict[str, tuple[str | None, str | None]]:
    """The status and the day before of each value of a dimension that arrived."""
    rows = book.arrivals().rows
    return {str(row["value"]): (row["status"], row["used_before"]) for row in rows if row["what"] == what}  # type: ignore[misc]


def test_a_key_is_new_or_back(tmp_path: Path) -> None:
    """A key without use in the ledger is new, one without use for more than 28 days is back; one in use is neither."""
    short, long = LAST - DAY * UNUSED, LAST - DAY * (UNUSED + 1)
    late = {name: lambda day, own=own: 1_000_000 * (day in own) for name, own in USES.items()}
    book = ledger(tmp_path, rows_of(OLD | late, DAYS_OF))
    assert arrived(book, "key") == {"new": ("new", None), "back": ("back", str(long))}
    assert short == USES["in use"][0]
    [new] = [row for row in book.arrivals().rows if row["value"] == "new"]
    assert (new["first_used"], new["billed"]) == (str(LAST), 4)


USES: dict[str, tuple[date, ...]] = {
    "new": (LAST,),
    "back": (LAST - DAY * (UNUSED + 1), LAST),
    "in use": (LAST - DAY * UNUSED, LAST),
    "gone": (LAST - DAY * 7,),
}


def test_terms_arrive_too(tmp_path: Path) -> None:
    """Long prompts, fast mode and another tier, model or workspace are told as a key is, absent values never."""
    rows = rows_of(OLD, DAYS_OF)
    terms = {"context": "200k-1M", "speed": "fast", "tier": "priority", "model": "m", "workspace": "v", "key": "old"}
    rows += [row | terms for row in rows_of(OLD, [LAST])]
    rows += [row | {"speed": "unknown", "key": "playground"} for row in rows_of(OLD, [LAST])]
    answer = ledger(tmp_path, rows).arrivals().rows
    assert {row["what"]: row["value"] for row in answer} == {name: terms[name] for name in terms if name != "key"}
    assert len(answer) == len(terms) - 1


def test_a_young_ledger_cannot_tell(tmp_path: Path) -> None:
    """Where one of the 28 days before first use is not known, nothing is new, nor back: the status is None."""
    first = LAST - timedelta(10)
    unread = [day for day in DAYS_OF if day < first]
    book = ledger(tmp_path, rows_of(OLD, [day for day in DAYS_OF if day >= first]), unread=unread)
    assert arrived(book, "key") == {}
    young = book.arrivals(since=str(first))
    assert {row["status"] for row in young.rows} == {None}
    assert any("can be new or not" in message.text for message in young.messages)


def test_one_absent_day_is_enough_not_to_tell(tmp_path: Path) -> None:
    """A day that was not read could have had the use that would make a key no news."""
    rows = rows_of({"new": lambda day: 1_000_000 * (day == LAST)}, DAYS_OF) + rows_of(OLD, DAYS_OF[:90])
    gap = LAST - DAY * 8
    book = ledger(tmp_path, [row for row in rows if row["day"] != gap], unread=[gap])
    assert arrived(book, "key") == {"new": (None, None)}


def test_nothing_arrives_where_nothing_is_used(tmp_path: Path) -> None:
    """A quiet ledger has no arrivals, and no day of it is called absent."""
    answer = ledger(tmp_path, [], NOW).arrivals()
    assert answer.rows == []
    assert {*answer.coverage["absent"]} == {str(NOW.date())}
