"""The days to come and the days that stand out: in a chart, in the table behind it, and on the pages they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from outlook.test_anomalies import DAYS_OF, USUAL, ledger, loop, rows_of
from tallystick.core.question import Heading, Kind, Question, Table
from tallystick.core.time import DAY, Window, midnight
from tallystick.settings import Settings
from tallystick.web.ahead import ahead, flagged
from tallystick.web.application import application
from tallystick.web.chart_table import chart_table
from tallystick.web.page import Panel, View, ask
from tallystick.web.panels import show
from tallystick.web.series import Course, Series, Slot
from tallystick.web.stack import LANES, lanes_of, stack

NOW = datetime(2026, 8, 21, 10, tzinfo=UTC)
"""Two days after a key ran away."""
BILLED = Heading("billed", Kind.MONEY, "USD")
FIRST = date(2026, 11, 1)
KNOWN = tuple(Slot(str(FIRST + DAY * index), "", "2.00") for index in range(4))
ASKED = ask("anomalies", where_key="a")


def drawn() -> Course:
    """Four days of two dollars."""
    return Course("day", "", BILLED, KNOWN, (Series("", "", (Decimal(2),) * 4),))


def days_of(*rows: tuple[str, str, str | None]) -> Table:
    """A forecast by day: day, method, what is expected; its ranges are a dollar and two wide."""
    names = ("expected", "low_80", "high_80", "low_50", "high_50")
    headings = (Heading("day", Kind.DIMENSION), *(Heading(name, Kind.MONEY, "USD") for name in names))
    cells = [
        (
            day,
            *(None if text is None else Decimal(text) + Decimal(off) for off in ("0", "-1", "1", "-.5", ".5")),
            method,
        )
        for day, method, text in rows
    ]
    return Table(_question("forecast"), (*headings, Heading("method", Kind.TEXT)), cells, {})


def findings(*rows: tuple[Any, ...]) -> Table:
    """Anomalies: id, state, level, subject, since, until, cause, above, seen."""
    names = ("finding", "state", "level", "subject_name", "since", "until", "cause", "above", "seen")
    return Table(_question("anomalies"), tuple(Heading(name, Kind.TEXT) for name in names), list(rows), {})


def _question(report: str) -> Question:
    return Question(report, Window(midnight(FIRST), midnight(FIRST + 30 * DAY)), ())


FORECAST = days_of(
    ("2026-11-03", "known", "2"), ("2026-11-04", "weekday level", "3"), ("2026-11-05", "weekday level", "4")
)
FOUND = findings(
    ("f1", "ended", "key", "<ci>", "2026-10-30", "2026-11-02", "more use", Decimal(9), "2026-10-30"),
    ("f2", "active", "organization", "Org", "2026-11-03", None, "price rose", Decimal(1), "2026-11-03"),
)


def test_days_to_come_are_expected_and_not_spent() -> None:
    """A day that is known keeps its column alone; one that is not has what is expected too; later ones nothing else."""
    made = ahead(drawn(), FORECAST)
    assert [slot.time for slot in made.slots][-1] == "2026-11-05"
    assert sorted(made.expected) == [3, 4]
    assert made.series[0].amounts == (*(Decimal(2),) * 4, None)
    assert made.expected[4].ranges == {80: (Decimal(3), Decimal(5)), 50: (Decimal("3.5"), Decimal("4.5"))}


def test_nothing_is_drawn_where_nothing_is_expected() -> None:
    """Of a ledger that is too young to judge by there is neither a line nor a band."""
    assert ahead(drawn(), days_of(("2026-11-05", "none", None))).slots == KNOWN


def test_a_chart_and_its_table_say_the_same() -> None:
    """What is drawn of a day to come and of an anomaly stands in words in the column's label and in the table's row."""
    made = flagged(ahead(drawn(), FORECAST), FOUND, ASKED)
    svg = stack(made, lambda slot: f"/{slot.time}", lambda *_: "/lines")
    [label] = [unescape(text) for text in re.findall(r'aria-label="(Thu 2026-11-05[^"]*)"', svg)]
    assert label.split("\n") == [
        "Thu 2026-11-05: to come", "expected 4.00 USD", "80 % range 3.00 to 5.00", "50 % range 3.50 to 4.50",
    ]  # fmt: skip
    assert svg.count('class="band p80"') == svg.count('class="band p50"') == svg.count('class="expected"') == 2
    grid = chart_table(made, lambda slot: f"/{slot.time}", lambda *_: "/lines")
    heads = [head.name for head in grid.heads]
    rows = [dict(zip(heads, (cell.text for cell in row), strict=True)) for row in grid.rows]
    assert rows[4] == {
        "day": "2026-11-05", "all": "", "expected": "4.00", "80 % range": "3.00 to 5.00", "50 % range": "3.50 to 4.50",
        "state": "to come", "anomalies": "",
    }  # fmt: skip
    assert rows[0]["anomalies"] == "<ci>: more use, 9.00 USD above expectation (ended)"
    assert "all of it: price rose" in rows[3]["anomalies"]
    assert grid.rows[4][1].url == ""


def test_an_anomaly_leads_to_its_page() -> None:
    """A bar stands above the days of a finding that the chart has, and leads to its page of the same question."""
    made = flagged(drawn(), FOUND, ASKED)
    assert [(flag.first, flag.last) for flag in made.flags] == [(0, 1), (2, 3)]
    svg = stack(made, lambda _: "", lambda *_: "")
    assert 'href="/anomaly/f1?where.key=a" aria-label="&lt;ci&gt;: more use' in svg
    assert "<ci>" not in svg
    assert 'class="flag active"' in svg


@pytest.mark.parametrize(
    ("states", "legend"),
    [
        (("ended", "new level"), ["anomaly", "new level"]),
        (("new level",), ["new level"]),
        (("expected", "new level"), ["expected, new level"]),
        (("active",), ["anomaly"]),
    ],
)
def test_a_legend_tells_a_new_level_from_an_anomaly(states: tuple[str, ...], legend: list[str]) -> None:
    """The color of what lasted or was expected has an entry of its own, only where the chart has it."""
    rows = [(f"f{index}", state, *FOUND.cells[0][2:]) for index, state in enumerate(states)]
    days = Table(
        replace(_question("spend"), by=("day",)),
        (Heading("day", Kind.DIMENSION), BILLED),
        [(slot.time, Decimal(2)) for slot in KNOWN],
        {},
    )
    panel = Panel("Spend", ask("spend", by="day"), View.COURSE, also=(ASKED,))
    body = show(panel, (days, replace(FOUND, cells=rows)), FIRST + 4 * DAY).body
    assert re.findall(r'<a href="/ask/anomalies[^"]*">([^<]+)</a></li>', body) == legend


def test_anomalies_of_the_same_days_stand_in_lanes() -> None:
    """Findings that share a day stand over each other; what finds no lane is in the table, and its day's words."""
    rows = [(f"f{index}", *FOUND.cells[0][1:]) for index in range(LANES + 2)]
    made = flagged(drawn(), replace(FOUND, cells=rows), ASKED)
    assert [len(lane) for lane in lanes_of(made.flags)] == [1] * LANES
    svg = stack(made, lambda slot: f"/{slot.time}", lambda *_: "")
    assert len(re.findall(r'class="flag ended"', svg)) == LANES
    assert svg.count("more use") > LANES * 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a ledger in which a key ran away for two days, with a team that owns it."""
    folder = tmp_path_factory.mktemp("runaway")
    text = '[[owner]]\nteam = "a"\nkey = ["key0", "key1"]\n'
    days = [day for day in DAYS_OF if day < NOW.date()]
    ledger(folder, rows_of(USUAL | {"key0": loop}, days), NOW, text)
    return folder


@pytest.fixture(scope="module")
def runaway(folder: Path) -> Iterator[TestClient]:
    """The dashboard of that ledger, two days after."""
    with dashboard_at(folder, NOW) as client:
        yield client


@contextmanager
def dashboard_at(folder: Path, now: datetime) -> Iterator[TestClient]:
    """The dashboard of the ledger in a folder, at an instant."""
    settings = Settings.load(
        ledger=str(folder / "ledger"),
        config=str(folder / "tallystick.toml"),
        environment={"TALLYSTICK_NOW": f"{now:%Y-%m-%dT%H:%M:%SZ}"},
    )
    with TestClient(application(settings), base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/key/key0", "/team/a", "/workspace/w"])
def test_each_chart_marks_the_day_and_leads_to_the_finding(runaway: TestClient, path: str) -> None:
    """The overview and the pages of key, team and workspace mark the days, and the mark leads to what explains them."""
    html = runaway.get(path).text
    assert 'class="band p80"' in html
    [url] = {unescape(url) for url in re.findall(r'<a href="(/anomaly/[^"]+)" aria-label', html)}
    page = runaway.get(url)
    assert page.status_code == 200
    assert "Key key0: more use" in page.text
    assert 'class="expected bare"' in page.text
    assert "2026-08-18" in page.text


@pytest.mark.parametrize("query", ["", "?where.workspace=w&where.workspace=w*&where.actor=*"])
def test_a_finding_leads_to_its_own_charges(runaway: TestClient, query: str) -> None:
    """Each link of a finding is of its organization and subject, and of all that the page itself is held to."""
    [row] = runaway.get("/ask/anomalies.json?since=60d").json()["rows"]
    page = runaway.get(f"/anomaly/{row['finding']}{query}").text
    own = {("where.organization", "o"), ("where.key", "key0"), *parse_qsl(query.removeprefix("?"))}
    links = {unescape(url) for url in re.findall(r'href="(/ask/(?:charges|spend)\?[^"]*since=[^"]+)"', page)}
    assert len(links) > 5
    for link in links:
        assert {pair for pair in parse_qsl(urlsplit(link).query) if pair[0].startswith("where.")} == own


def test_a_finding_that_is_not_there_has_a_page(runaway: TestClient) -> None:
    """An address of no finding is answered 404, with where those of the ledger are listed."""
    answer = runaway.get("/anomaly/00000000")
    assert answer.status_code == 404
    assert "no finding" in answer.text


@pytest.mark.parametrize(
    ("until", "last"), [("week", "2026-08-23"), ("month", "2026-08-31"), ("quarter", "2026-09-30")]
)
def test_the_forecast_page_goes_to_the_end_that_is_chosen(runaway: TestClient, until: str, last: str) -> None:
    """Its chart ends with the last day of the period, and its parts add up to its total."""
    html = runaway.get("/forecast", params={"until": until, "by": "key"}).text
    times = re.findall(r'data-tip="\w{3} (\d{4}-\d\d-\d\d): to come', html)
    assert times[-1] == last
    assert "Each key" in html


def test_a_page_begins_with_what_stands_out(folder: Path) -> None:
    """While a key runs away its page, and that of its workspace, begin with how much, since when, and why; no other."""
    with dashboard_at(folder, NOW - DAY) as client:
        firsts = [
            re.findall(r'<p class="headline">(.*?)</p>', client.get(path, params={"whole": 1}).text)[0]
            for path in ("/key/key0", "/workspace/w", "/key/key1")
        ]
    words = r'Key key0: [\d.,]+ USD above usual since 18 Aug, more use: <a href="/anomaly/\w+">'
    assert [bool(re.match(words, first)) for first in firsts] == [True, True, False]
