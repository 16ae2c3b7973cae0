"""Dispatch: what waits, what is delivered once, to whom, and what is skipped."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pypdf
import pytest

from support.deliveries import OWNERS, SCREEN, World, lines
from support.spending import DAYS_OF, FIRST, NOW, USUAL, ledger, rows_of
from tallystick.core.causes import NOT_BILLED_YET
from tallystick.core.time import DAY
from tallystick.delivery.dispatch import Sent, decide
from tallystick.delivery.event import Step, delivery_events, write
from tallystick.delivery.parcel import parcels
from tallystick.delivery.period import last_ended
from tallystick.watch.attempts import LEASE

AUGUST = date(2026, 8, 1)
SHOPS = """
[[deliver]]
name = "by key"
ask = "spend --by key"
every = "day"
format = "csv"
folder = "out"
"""
STATEMENTS = """
[[deliver]]
name = "statements"
ask = "chargeback"
every = "month"
format = "pdf"
folder = "out"
teams = "each"
"""


def world(tmp_path: Path, text: str, unread: list[date] | None = None, days: list[date] | None = None) -> World:
    """A ledger of six keys over a hundred days."""
    ledger(
        tmp_path, rows_of(USUAL, DAYS_OF if days is None else days), text=OWNERS + SCREEN + text, unread=unread or []
    )
    return World(tmp_path)


def rows(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return [*csv.DictReader(io.StringIO(content.decode("utf-8-sig")))]


def pdf_text(content: bytes) -> str:
    """The words of a PDF."""
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def test_a_complete_day_is_delivered_once(tmp_path: Path) -> None:
    """The last ended day goes into the folder once, with its own figures, whoever looks again."""
    made = world(tmp_path, SHOPS)
    first, again, later = made.round(), made.round(), made.round(NOW + timedelta(hours=5))
    assert lines(first) == [f"delivered: by key, 8 Sep 2026, to {tmp_path / 'out' / 'by-key-2026-09-08.csv'}."]
    assert again == later == []
    [(name, content)] = made.files().items()
    assert name == "by-key-2026-09-08.csv"
    expected = {row["key"]: row["billed"] for row in rows_of(USUAL, [date(2026, 9, 8)])}
    assert {row["key"]: Decimal(row["billed"]) for row in rows(content)} == expected
    [row] = made.book().ask("deliveries").rows
    assert (row["state"], row["to"], row["changed"]) == ("delivered", "by-key-2026-09-08.csv", Decimal(0))


def test_what_is_not_complete_waits_and_says_for_what(tmp_path: Path) -> None:
    """A month waits for its absent days, by name, in `watch` and `deliveries`; it is delivered once they are there."""
    missing = [date(2026, 8, 30), date(2026, 8, 31)]
    made = world(tmp_path, STATEMENTS, unread=missing, days=[day for day in DAYS_OF if day not in missing])
    assert lines(made.round()) == ["waiting: statements, August 2026: absent: 30 and 31 Aug."]
    [row] = made.book().ask("deliveries").rows
    assert (row["period"], row["state"], row["reason"]) == ("2026-08", "waiting", "absent: 30 and 31 Aug")
    assert made.files() == {}
    ledger(tmp_path, rows_of(USUAL, missing), text=(tmp_path / "tallystick.toml").read_text())
    assert len(made.round()) == 3
    assert [*made.files()] == [f"statements-2026-08-{team}.pdf" for team in ("ops", "payments", "search")]


def test_a_day_without_a_bill_waits(tmp_path: Path) -> None:
    """A day whose use is there and whose bill is not is not delivered: it is not billed yet."""
    late = date(2026, 9, 8)
    made = world(tmp_path, SHOPS, days=[day for day in DAYS_OF if day != late])
    unbilled = [row | {"billed": None, "cause": NOT_BILLED_YET} for row in rows_of(USUAL, [late])]
    ledger(tmp_path, unbilled, text=(tmp_path / "tallystick.toml").read_text())
    assert lines(made.round()) == ["waiting: by key, 8 Sep 2026: not billed yet: 8 Sep."]


def test_each_team_gets_its_own(tmp_path: Path) -> None:
    """A team's file has its keys and its amount, and no other team's keys, names or amounts."""
    made = world(
        tmp_path, STATEMENTS + SHOPS.replace('"by key"', '"keys"').replace('"day"', '"month"') + 'teams = "each"'
    )
    made.round()
    files = made.files()
    august = [AUGUST + DAY * index for index in range(31)]
    teams = {"payments": ("key0", "key1"), "search": ("key2",), "ops": ("key3", "key4", "key5")}
    for team, keys in teams.items():
        amount = sum((row["billed"] for row in rows_of(USUAL, august) if row["key"] in keys), Decimal(0))
        text = pdf_text(files[f"statements-2026-08-{team}.pdf"])
        assert f"{amount:,.2f}" in text
        listed = rows(files[f"keys-2026-08-{team}.csv"])
        assert sum(Decimal(row["billed"]) for row in listed) == amount
        assert {row["key"] for row in listed} == {*keys}
        for other, foreign in teams.items():
            if other != team:
                theirs = sum((row["billed"] for row in rows_of(USUAL, august) if row["key"] in foreign), Decimal(0))
                assert not [word for word in (other, *foreign, f"{theirs:,.2f}") if word in text.replace("others", "")]


@pytest.mark.parametrize("question", ["summary", "spend --by workspace,key", "variance"])
def test_a_teams_answer_names_no_other(question: str, tmp_path: Path) -> None:
    """Whatever report is held to a team, neither its file nor its words name another team or its keys."""
    text = STATEMENTS.replace('"chargeback"', f'"{question}"').replace('"pdf"', '"json"') + 'to = "screen"\n'
    made = world(tmp_path, text)
    made.round()
    files = made.files()
    assert [*files] == [f"statements-2026-08-{team}.json" for team in ("ops", "payments", "search")]
    for part in (files["statements-2026-08-search.json"].decode(), made.printed[-1]):
        for foreign in ("payments", "ops", "key0", "key1", "key3", "key4", "key5"):
            assert f'"{foreign}"' not in part
            assert f" {foreign}" not in part


def test_a_channel_of_a_team_gets_that_team_alone(tmp_path: Path) -> None:
    """A lead's channel is sent the file of the lead's team, and the analyst's channel those of all."""
    lead = '[[channel]]\nname = "lead"\nkind = "stdout"\nteams = ["search"]\nrules = []\n'
    text = lead + STATEMENTS.replace('folder = "out"', 'to = ["lead", "screen"]')
    said = lines(world(tmp_path, text).round())
    assert said == [
        "delivered: statements of ops, August 2026, to screen.",
        "delivered: statements of payments, August 2026, to screen.",
        "delivered: statements of search, August 2026, to lead.",
        "delivered: statements of search, August 2026, to screen.",
    ]


def test_missed_periods_are_delivered_in_order_and_old_ones_skipped(tmp_path: Path) -> None:
    """After days without a watcher each of the last eight days is delivered, and the report names what is skipped."""
    made = world(tmp_path, SHOPS)
    begun = datetime.combine(date(2026, 8, 20), NOW.timetz())
    assert len(made.round(begun)) == 1
    assert [step.parcel.period.name for step in made.round() if isinstance(step, Sent)] == [
        f"2026-09-{day:02}" for day in range(1, 9)
    ]
    answer = made.book().ask("deliveries")
    [warning] = answer.warnings
    assert warning.startswith("by key: 12 periods were skipped, 2026-08-20 to 2026-08-31")
    assert [row["period"] for row in answer.rows] == ["2026-09-08"]
    assert len(made.book().ask("deliveries", every=True).rows) == 9


def test_who_is_added_later_gets_nothing_of_the_past(tmp_path: Path) -> None:
    """A channel and a team that come into the settings after a period was delivered are sent nothing of it."""
    text = STATEMENTS.replace('folder = "out"', 'to = "screen"')
    made = world(tmp_path, text)
    assert len(made.round()) == 3
    second = '[[channel]]\nname = "second"\nkind = "stdout"\n'
    owners = '[[owner]]\nteam = "new"\nkey = "key0"\n' + OWNERS.replace('"key0", ', "")
    made.write(owners + SCREEN + second + text.replace('"screen"', '["screen", "second"]'))
    assert made.round(NOW + DAY) == []


def test_a_changed_order_sends_nobody_what_was_decided_for_others(tmp_path: Path) -> None:
    """What was decided for a team is not sent once a delivery is of all teams, nor to a channel that left the team."""
    hook = 'kind = "webhook"\nurl = "http://127.0.0.1:1"\nsecret = "s"\nallow_private = true\n'
    lead = f'[[channel]]\nname = "lead"\n{hook}'
    text = STATEMENTS.replace('folder = "out"', 'to = "lead"')
    made = world(tmp_path, lead + text)
    assert len(made.round()) == 3
    later = NOW + timedelta(hours=2)
    made.write(OWNERS + lead + text.replace('teams = "each"', ""))
    assert made.round(later) == []
    made.write(OWNERS + lead + 'teams = ["search"]\n' + text)
    assert [step.parcel.team for step in made.round(later) if isinstance(step, Sent)] == ["search"]


def test_what_stands_alike_is_one_row(tmp_path: Path) -> None:
    """`deliveries` counts the teams and files of a period, --all lists each; what moved is summed once a team."""
    made = world(tmp_path, STATEMENTS + 'to = "screen"\n')
    made.round()
    day = date(2026, 8, 31)
    restated = [row | {"billed": row["billed"] + 1} for row in rows_of(USUAL, [day])]
    ledger(tmp_path, restated, text=(tmp_path / "tallystick.toml").read_text())
    [row] = made.book().ask("deliveries").rows
    assert (row["team"], row["state"], row["to"], row["changed"]) == ("3 teams", "delivered", "screen, 3 files", 6)
    single = made.book().ask("deliveries", every=True).rows
    assert len(single) == 6
    assert {row["team"]: row["changed"] for row in single} == {"payments": 2, "search": 1, "ops": 3}


def test_quiet_hours_hold(tmp_path: Path) -> None:
    """In the quiet hours of a channel nothing is delivered to it; after them it is."""
    quiet = 'quiet = "09:00-12:00"\nzone = "UTC"\n'
    made = world(tmp_path, quiet + SHOPS.replace('folder = "out"', 'to = "screen"'))
    assert made.round() == []
    assert lines(made.round(NOW + timedelta(hours=3))) == ["delivered: by key, 8 Sep 2026, to screen."]


def test_a_late_day_does_not_keep_the_next_ones(tmp_path: Path) -> None:
    """A day that is absent waits by itself: the days after it are delivered, and it once it is there."""
    missing = date(2026, 9, 7)
    made = world(tmp_path, SHOPS, unread=[missing], days=[day for day in DAYS_OF if day != missing])
    made.round(datetime.combine(missing, NOW.timetz()))
    said = lines(made.round())
    assert said[0] == "waiting: by key, 7 Sep 2026: absent: 7 Sep."
    assert "8 Sep 2026" in said[1]
    ledger(tmp_path, rows_of(USUAL, [missing]), text=(tmp_path / "tallystick.toml").read_text())
    assert [*made.files()] == ["by-key-2026-09-06.csv", "by-key-2026-09-08.csv"]
    made.round()
    assert "by-key-2026-09-07.csv" in made.files()


def test_a_restatement_is_told_and_not_sent(tmp_path: Path) -> None:
    """What changed after a delivery stands in `deliveries` in dollars, and nothing is sent by itself."""
    made = world(tmp_path, SHOPS)
    made.round()
    day = date(2026, 9, 8)
    restated = [row | {"billed": row["billed"] * 2} for row in rows_of(USUAL, [day])]
    ledger(tmp_path, restated, text=(tmp_path / "tallystick.toml").read_text())
    assert made.round() == []
    [row] = made.book().ask("deliveries").rows
    assert row["changed"] == sum((row["billed"] for row in rows_of(USUAL, [day])), Decimal(0))
    assert "changed is what" in made.book().ask("deliveries").notes[0]


def test_a_hostile_team_stays_in_the_folder(tmp_path: Path) -> None:
    """Names of teams make file names that lie in the folder, differ from each other, and steer nothing."""
    teams = ("../../etc/passwd", "a/b", "a-b", "A-B", "\u202ecod", "CON", "x" * 300, "..")
    owners = "".join(
        f'[[owner]]\nteam = """{team}"""\nkey = "key{index % 6}"\n' for index, team in enumerate(teams[:6])
    )
    text = owners + SCREEN + STATEMENTS.replace('"each"', str(list(teams)).replace("'", '"'))
    ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=text)
    made = World(tmp_path)
    made.round()
    names = [*made.files()]
    assert len({name.casefold() for name in names}) == len(names) == 6
    assert all(name.startswith("statements-2026-08-") and len(name.encode()) < 200 for name in names)
    assert {path.name for path in tmp_path.iterdir()} == {"ledger", "out", "tallystick.toml"}
    assert not [name for name in names if "\u202e" in name or "/" in name]
    failed = [row["reason"] for row in made.book().ask("deliveries").rows if row["state"] == "trying"]
    assert len(failed) == 2
    assert all("No team" in str(reason) or "team" in str(reason) for reason in failed)


def test_a_team_with_a_star_lets_nobody_else_in(tmp_path: Path) -> None:
    """A team whose name is a pattern gets nothing rather than what others spent."""
    owners = '[[owner]]\nteam = "se*"\nkey = "key0"\n[[owner]]\nteam = "search"\nkey = "key1"\n'
    text = owners + STATEMENTS.replace('"chargeback"', '"spend --by key"')
    ledger(tmp_path, rows_of(USUAL, DAYS_OF), text=text)
    made = World(tmp_path)
    said = lines(made.round())
    assert [*made.files()] == ["statements-2026-08-search.pdf"]
    assert "which would let in others" in said[0]


def test_watchers_that_share_a_ledger_deliver_once(tmp_path: Path) -> None:
    """What one watcher decided or sends is left to it by others; what it died of is sent once more, and no more."""
    made = world(tmp_path, SHOPS + 'to = "screen"\n')
    [order] = made.orders()
    decide(made.book().context(), made.tables, order, last_ended(order.every, NOW), NOW, "a watcher")
    for number in range(2):
        now = NOW + LEASE * number
        due = [parcel for parcel in parcels([order], delivery_events(made.tables)) if parcel.channel]
        with made.tables.writing() as writer:
            write(writer, [due[0].event(Step.SENDING, now, "another machine 1 -")])
        assert not [line for line in lines(made.round(now + timedelta(minutes=1))) if "to screen" in line]
    assert made.printed == []
    assert lines(made.round(NOW + LEASE * 3)) == []
    failed = [row for row in made.book(NOW + LEASE * 3).ask("deliveries").rows if row["state"] == "failed"]
    assert [row["reason"] for row in failed] == ["sent twice without an answer"]


def test_a_failing_question_keeps_no_other_waiting(tmp_path: Path) -> None:
    """A delivery whose format or question cannot be is refused with its reason; others are delivered."""
    text = SHOPS + SHOPS.replace('"by key"', '"page"').replace("spend --by key", "status").replace('"csv"', '"parquet"')
    said = lines(world(tmp_path, text).round())
    assert len(said) == 2
    assert said[0].startswith("delivered: by key")
    assert said[1] == (
        "refused: page, 8 Sep 2026, to page-2026-09-08.parquet: A status is no single table of rows. It is tried again."
    )


def test_the_first_days_of_a_ledger_are_absent(tmp_path: Path) -> None:
    """A month that the ledger does not reach back to waits, and says so."""
    made = world(tmp_path, STATEMENTS)
    now = datetime.combine(FIRST, NOW.timetz())
    assert lines(made.round(now)) == ["waiting: statements, May 2026: absent: 1 to 31 May."]
