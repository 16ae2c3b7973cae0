"""A snapshot says what the reports say, and nothing of what is unknown."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from support.ledgers import OpenLedger
from support.organization import CLOCK, NASTY
from tallystick import Ledger
from tallystick.core.document import Document
from tallystick.core.money import total
from tallystick.core.question import Table
from tallystick.core.text import inert
from tallystick.ledger_reader import LedgerReader
from tallystick.metrics.listing import METRICS
from tallystick.metrics.metric import Metric
from tallystick.metrics.questions import REST, TOP, Questions
from tallystick.metrics.snapshot import Snapshot
from tallystick.settings import Settings


def rows(reader: LedgerReader, report: str, **values: object) -> list[dict[str, object]]:
    """The rows of an answer."""
    answer = reader.ask(report, **values)
    assert isinstance(answer, Table)
    return answer.rows


@pytest.fixture(scope="module")
def snapshot(book: Ledger) -> Snapshot:
    """The metrics of the small organization."""
    return Snapshot.of(book)


def test_cost_is_what_spend_says(book: Ledger, snapshot: Snapshot) -> None:
    """Yesterday and the month so far are the figures of `spend`, exact."""
    for window in ("yesterday", "mtd"):
        [row] = rows(book, "spend", by="", since=window)
        assert snapshot.value("tallystick_cost_usd", window) == row["billed"]


@pytest.mark.parametrize("dimension", ["model", "workspace", "team", "key"])
def test_a_dimension_adds_up_to_the_whole(snapshot: Snapshot, dimension: str) -> None:
    """The series of a dimension, the rest among them, add up to what was billed, to the last place."""
    [series] = [known for metric, known in snapshot.families if metric.name == f"tallystick.{dimension}.cost"]
    parts = [figure for (window, _), figure in series.items() if window == "mtd"]
    assert total(parts) == snapshot.value("tallystick_cost_usd", "mtd")
    assert len(parts) <= TOP + 1


def test_what_is_unknown_has_no_sample(snapshot: Snapshot) -> None:
    """Today has no bill yet: its cost is absent, not zero; its use without a bill is there."""
    assert snapshot.value("tallystick_cost_usd", "today") is None
    unbilled = snapshot.value("tallystick_unbilled_cost_usd", "today")
    assert unbilled is not None
    assert unbilled > 0


def test_an_empty_ledger_has_no_figure_of_money(empty: Ledger) -> None:
    """Of a ledger that has nothing no cost, no forecast and no residual is known."""
    known = {metric.name for metric, series in Snapshot.of(empty).families if series}
    assert not {name for name in known if "cost" in name or "residual" in name or "usage" in name}
    assert "tallystick.build" in known


def test_tokens_are_what_usage_says(book: Ledger, snapshot: Snapshot) -> None:
    """Each model and kind of today is the figure of `usage`."""
    for row in rows(book, "usage", by="model", since="today"):
        for kind in ("uncached_input", "cache_write_5m", "cache_write_1h", "cache_read", "output"):
            assert snapshot.value("tallystick_usage_tokens", "today", str(row["model"]), kind) == row[kind]


def test_the_forecast_has_its_ranges(book: Ledger, snapshot: Snapshot) -> None:
    """What is expected and the ends of each range are those of `forecast`."""
    [row] = rows(book, "forecast")
    for bound in ("expected", "low_50", "high_50", "low_80", "high_80", "low_95", "high_95"):
        assert snapshot.value("tallystick_forecast_cost_usd", bound) == row[bound]


def test_budgets_that_are_written_alike_are_no_sum(book: Ledger, tmp_path: Path) -> None:
    """A budget of two teams and one of a team whose name reads the same each have their own amount."""
    file = tmp_path / "tallystick.toml"
    keys = [str(row["key"]) for row in rows(book, "spend", by="key", since="mtd") if str(row["key"]).startswith("api")]
    owners = "".join(
        f'[[owner]]\nteam = "{team}"\nkey = "{key}"\n' for team, key in zip(("a", "b", "a or b"), keys, strict=False)
    )
    budgets = '[[budget]]\nteam = ["a", "b"]\namount = "10"\n[[budget]]\nteam = "a or b"\namount = "20"\n'
    file.write_text(owners + budgets)
    settings = Settings.load(ledger=str(book.path), config=str(file), environment={})
    snapshot = Snapshot.of(OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings))
    [series] = [known for metric, known in snapshot.families if metric.name == "tallystick.budget.limit"]
    assert sorted(series.values()) == [10, 20]


def test_residuals_are_those_of_reconcile(book: Ledger, snapshot: Snapshot) -> None:
    """Every known cause has its amount, an unknown one no sample."""
    for row in rows(book, "reconcile", since="mtd"):
        if row["cause"] not in {"billed", "priced"}:
            assert snapshot.value("tallystick_residual_usd", "mtd", str(row["cause"])) == row["amount"]


def test_days_are_counted_by_state(book: Ledger, snapshot: Snapshot) -> None:
    """Each state counts the days that `days` lists in it; together they are all days of the window."""
    listed = [str(row["bill"]) for row in rows(book, "days", since="mtd")]
    [series] = [known for metric, known in snapshot.families if metric.name == "tallystick.day_states"]
    month = {state: count for (window, half, state), count in series.items() if (window, half) == ("mtd", "bill")}
    assert month == {state: Decimal(listed.count(state)) for state in month}
    assert total([*month.values()]) == len(listed)


def test_freshness_is_that_of_status(book: Ledger, snapshot: Snapshot) -> None:
    """The last sync, the last success and the age of the data are the instants of `status`."""
    status = book.ask("status")
    assert isinstance(status, Document)
    [organization] = book.organizations()
    for name, fact in (
        ("last_sync", "last_sync_at"),
        ("last_success", "last_success_at"),
        ("data_until", "data_until"),
    ):
        known = status.facts[fact]
        instant = int(datetime.fromisoformat(known).timestamp()) if known else None
        assert snapshot.value(f"tallystick_{name}_timestamp_seconds", organization) == instant


def test_requests_are_those_of_the_last_sync(full: Path) -> None:
    """Of a ledger that was synced twice the answers of the second sync alone are counted."""
    reader = LedgerReader(full, CLOCK)
    query = "SELECT reading FROM pages WHERE source = '{}' ORDER BY reading"
    success = [row["reading"] for row in rows(reader, "sql", query=query.format("success"))]
    first = max(row["reading"] for row in rows(reader, "sql", query=query.format("names")))  # type: ignore[type-var]
    pages = (
        f"SELECT count(*) AS pages FROM pages WHERE reading BETWEEN {first} AND {success[-1]} AND source <> 'success'"  # noqa: S608 - our own numbers
    )
    [row] = rows(reader, "sql", query=pages)
    [organization] = reader.organizations()
    assert len(success) == 2
    assert Snapshot.of(reader).value("tallystick_last_success_requests", organization) == row["pages"]


def test_names_stand_on_series_of_their_own(book: Ledger, snapshot: Snapshot) -> None:
    """A key's name is on its info series alone, and cannot steer a terminal."""
    names = {row["key"]: row["key_name"] for row in rows(book, "spend", by="key", since="mtd", top=TOP)}
    [series] = [known for metric, known in snapshot.families if metric.series == "tallystick_key_info"]
    shown = dict(series)
    assert {*NASTY} & {*names.values()}
    for key, name in names.items():
        value = key if key != "others" else REST
        assert (value, inert(str(name)) if value != REST else REST) in shown


def test_budgets_are_those_of_the_settings(book: Ledger, tmp_path: Path) -> None:
    """Each budget has its limit, what is left, the share used and its forecast."""
    config = tmp_path / "tallystick.toml"
    config.write_text('[[budget]]\nname = "all"\namount = "100"\nevery = "month"\n', encoding="utf-8")
    settings = Settings.load(config=str(config), ledger=str(book.path), environment={})
    reader = OpenLedger(settings.ledger, CLOCK, settings.price_lists(), settings)
    [row] = rows(reader, "budget")
    snapshot, subject = Snapshot.of(reader), ("all", str(row["scope"]), str(row["period"]))
    assert snapshot.value("tallystick_budget_limit_usd", *subject) == row["budget"] == 100
    assert snapshot.value("tallystick_budget_left_usd", *subject) == row["left"]
    assert snapshot.value("tallystick_budget_used_ratio", *subject) == row["used"]
    assert snapshot.value("tallystick_budget_forecast_usd", *subject, "high_80") == row["high"]


def test_a_refused_report_takes_no_other_with_it(book: Ledger, tmp_path: Path) -> None:
    """A budget of a key that nobody has leaves its own metrics out, says so, and leaves all others."""
    config = tmp_path / "tallystick.toml"
    config.write_text('[[budget]]\namount = "100"\nevery = "month"\nkey = "nobody"\n', encoding="utf-8")
    settings = Settings.load(config=str(config), ledger=str(book.path), environment={})
    snapshot = Snapshot.of(LedgerReader(settings.ledger, CLOCK, settings.price_lists(), settings))
    assert snapshot.value("tallystick_report_answered", "budget") == 0
    assert snapshot.value("tallystick_report_answered", "spend") == 1
    assert snapshot.value("tallystick_cost_usd", "mtd") is not None


def test_values_written_alike_are_one_series(book: Ledger) -> None:
    """A team called as the rest is called is added to it: no series is told twice, and no cent is lost."""
    samples = [(("mtd", REST), Decimal("1.5")), (("mtd", "a"), 2), (("mtd", REST), Decimal("0.25"))]
    metric = Metric("tallystick.test", "A test.", "", lambda _: samples, ("window", "team"))
    from tallystick.metrics.snapshot import _series

    assert _series(metric, Questions(book)) == {("mtd", REST): Decimal("1.75"), ("mtd", "a"): 2}


def test_findings_are_counted_by_state(copy: Path) -> None:
    """After a watch each rule that found something has a count in each state, zeros too."""
    environment = {"TALLYSTICK_NOW": "2026-11-22T12:00:00Z"}
    settings = Settings.load(ledger=str(copy), environment=environment)
    Ledger.of(settings).watch(who="a test")
    reader = LedgerReader(settings.ledger, settings.clock(), settings.price_lists(), settings)
    found = rows(reader, "findings", every=True)
    assert found
    snapshot, first = Snapshot.of(reader), found[0]
    subject = (str(first["rule"]), str(first["severity"]))
    alike = [row for row in found if (row["rule"], row["severity"], row["state"]) == (*subject, "open")]
    assert snapshot.value("tallystick_findings", *subject, "open") == len(alike)
    assert snapshot.value("tallystick_findings", *subject, "resolved") == 0


def test_metrics_write_nothing(copy: Path) -> None:
    """No file of the ledger is new or changed after a snapshot: no forecast and no finding is written down."""
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()}
    Snapshot.of(LedgerReader(copy, CLOCK))
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*") if path.is_file()} == before


def test_names_follow_the_conventions() -> None:
    """Every series begins with tallystick_, ends with its unit, and no two have one name."""
    names = [metric.series for metric in METRICS]
    assert len({*names}) == len(names)
    for metric in METRICS:
        assert metric.series.startswith("tallystick_")
        assert metric.series.endswith("_info" if metric.info else metric.unit or metric.series)
        assert metric.help.endswith(".")
