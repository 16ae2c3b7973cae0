"""Orders: what a [[deliver]] of the settings can be, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Tallystick
from support.deliveries import OWNERS, SCREEN, World
from support.spending import NOW, ledger
from tallystick.core.time import Grain
from tallystick.delivery.period import named_period
from tallystick.errors import InvalidQuestion

BASE = {"name": "daily", "ask": "spend --by key", "every": "day", "format": "csv", "folder": "out"}
VIEW = '[[view]]\nname = "Opus"\naddress = "/ask/spend?by=key&where.model=claude-opus-*&chart=billed"\n'
CHANNELS = f"""{SCREEN}
[[channel]]
name = "lead"
kind = "stdout"
teams = ["payments"]
[[channel]]
name = "alerts"
kind = "webhook"
url = "https://x.example.test"
secret = "s"
body = "alertmanager"
"""


def table(**fields: object) -> str:
    """The text of a [[deliver]], without the fields that are None."""
    lines = []
    for name, value in (BASE | fields).items():
        if value is not None:
            text = "[" + ", ".join(f'"{each}"' for each in value) + "]" if isinstance(value, list) else f'"{value}"'
            lines.append(f"{name} = {text}")
    return "[[deliver]]\n" + "\n".join(lines) + "\n"


def world(tmp_path: Path, text: str) -> World:
    """A ledger of nothing with these settings."""
    ledger(tmp_path, [], text=OWNERS + VIEW + CHANNELS + text)
    return World(tmp_path)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"formt": "csv"}, "holds 'formt', which no delivery has. Did you mean format?"),
        ({"name": None}, "has no name"),
        ({"every": "weekly"}, "every cannot be 'weekly'. Did you mean week?"),
        ({"format": "excel"}, "format cannot be 'excel'."),
        ({"format": None}, "a folder needs a format"),
        ({"folder": None}, "goes nowhere"),
        ({"to": "scren"}, "there is no channel 'scren'. Did you mean screen?"),
        ({"to": "alerts"}, "the body of Alertmanager"),
        ({"ask": None}, "must either ask a question or name a view"),
        ({"view": "Opus"}, "must either ask a question or name a view"),
        ({"ask": None, "view": "Opos"}, "there is no [[view]] 'Opos'. Did you mean Opus?"),
        ({"ask": "spending"}, "[[deliver]] 1: There is no report 'spending'."),
        ({"ask": "statement"}, '`statement` is no report. Write ask = "chargeback"'),
        ({"ask": "spend --since 7d"}, "`every` says the days, and the question has since"),
        ({"once": "closed"}, "only months are closed"),
        ({"once": "settled"}, "once cannot be 'settled'."),
        ({"ask": "usage", "teams": "each"}, "`usage` cannot be held to a team"),
        ({"ask": "spend --where team=ops", "teams": "each"}, "names a team in its question too"),
        ({"ask": "spend --where Teams!=ops", "teams": "each"}, "names a team in its question too"),
        ({"ask": "summary --team ops", "teams": "each"}, "names a team in its question too"),
        ({"teams": []}, "teams must be a text or a list of texts, none empty"),
        ({"teams": ["a*"]}, "has a * or ?, which would let in others"),
        ({"to": "lead"}, "has every team's figures, and lead takes single teams"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, object], words: str, tmp_path: Path) -> None:
    """A [[deliver]] that cannot be is an error that names the table, what is wrong, and what is near it."""
    with pytest.raises(InvalidQuestion) as wrong:
        world(tmp_path, table(**fields)).orders()
    assert words in str(wrong.value).replace("\n", " ")


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    """A name is of one delivery, and so is what it makes of a file's name: none replaces another's files."""
    for name in ("daily", "Daily", "daily!"):
        with pytest.raises(InvalidQuestion, match=f"'{name}' would name files as 'daily' does"):
            world(tmp_path, table() + table(name=name)).orders()


@pytest.mark.parametrize(
    ("fields", "day", "url", "needs"),
    [
        ({}, "2026-09-08", "/ask/spend?by=key&since=2026-09-08&until=2026-09-08", "2026-09-08"),
        ({"every": "week"}, "2026-08-31", "/ask/spend?by=key&since=2026-08-31&until=2026-09-06", "2026-08-31"),
        ({"every": "month"}, "2026-08-01", "/ask/spend?by=key&month=2026-08", "2026-08-01"),
        ({"ask": "summary", "every": "week"}, "2026-08-31", "/ask/summary?month=2026-09", "2026-08-31"),
        ({"ask": "summary"}, "2026-09-08", "/ask/summary?month=2026-09", "2026-09-01"),
        ({"ask": "keys --top 5"}, "2026-09-08", "/ask/keys?top=5&since=2026-09-08&until=2026-09-08", "2026-09-08"),
        ({"ask": "findings"}, "2026-09-08", "/ask/findings", "2026-09-08"),
        (
            {"ask": None, "view": "Opus", "every": "month"},
            "2026-08-01",
            "/ask/spend?by=key&where.model=claude-opus-*&month=2026-08",
            "2026-08-01",
        ),
    ],
)
def test_a_question_is_asked_of_its_period(
    fields: dict[str, object], day: str, url: str, needs: str, tmp_path: Path
) -> None:
    """A report of days is asked of the period, one of months of the month so far, any other as it is now."""
    [order] = world(tmp_path, table(**fields)).orders()
    period = named_period(order.every, None, NOW)
    assert f"{period.start.date()}" == day
    assert order.question(period).url == url
    window = order.needs(period)
    assert (f"{window.start.date()}", window.end) == (needs, period.window.end)


def test_a_team_is_a_filter_or_a_parameter(tmp_path: Path) -> None:
    """A question is held to a team by the parameter of its report, or by a filter as the dashboard's token has it."""
    text = table(teams="each", every="month", folder="a") + table(
        name="b", ask="chargeback", teams=["search"], every="month", format="pdf"
    )
    spend, statement = world(tmp_path, text).orders()
    period = named_period(Grain.MONTH, None, NOW)
    assert spend.question(period, "search").url == "/ask/spend?by=key&month=2026-08&where.team=search"
    assert statement.question(period, "search").url == "/ask/chargeback?month=2026-08&team=search"


def test_a_file_of_anybody_delivers_nothing(
    tallystick: Tallystick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a settings file of the working folder delivers needs trust: it could write the ledger's figures anywhere."""
    made = world(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    made.write(table())
    for words in (("watch", "--once"), ("deliveries",), ("deliveries", "try", "daily")):
        tallystick(*words, "--ledger", str(tmp_path / "ledger")).refused(2, "not trusted", "deliver")


@pytest.mark.parametrize("text", ['[[owner]]\nteam = "search"\nkey = "*"\n', "[[view]]\n", 'ledger = "../ledger"\n'])
def test_a_file_of_anybody_decides_nothing_of_what_is_delivered(
    text: str, tallystick: Tallystick, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own [[deliver]] needs trust in the folder's file where that one says whose figures are whose."""
    world(tmp_path, "")
    own, folder = tmp_path / "own" / "tallystick", tmp_path / "cloned"
    for path in (own, folder):
        path.mkdir(parents=True)
    (own / "tallystick.toml").write_text(table(teams="each"), encoding="utf-8")
    (folder / "tallystick.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.delenv("TALLYSTICK_LEDGER", raising=False)
    monkeypatch.chdir(folder)
    named = () if text.startswith("ledger") else ("--ledger", str(tmp_path / "ledger"))
    tallystick("deliveries", *named).refused(2, "not trusted", "[[deliver]]")
    if not named:
        assert tallystick("deliveries", "--ledger", str(tmp_path / "ledger")).code == 0
