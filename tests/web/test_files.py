"""Files of the dashboard: every row of an answer, and a name that says report, period and subject once each."""

from __future__ import annotations

import csv
import io

import pytest
from starlette.testclient import TestClient

from tallystick.address import Address, every_row
from tallystick.catalog import CATALOG
from tallystick.query.report import Form
from tallystick.reports.charges import MOST

LIMITED = {
    listed.name
    for listed in CATALOG
    for parameter in listed.report.parameters
    if parameter.form is Form.COUNT and parameter.default
}
"""Reports that list some rows alone where nobody says how many."""


def name_of(client: TestClient, url: str) -> str:
    """The name of a file."""
    return client.get(url).headers["content-disposition"].removeprefix('attachment; filename="').removesuffix('"')


def test_a_file_has_every_row(dashboard: TestClient) -> None:
    """A file lists every charge, where the page lists the largest and one row of others; `top` is kept as it is."""
    url = "/ask/charges.csv?since=30d"
    rows = [*csv.DictReader(io.StringIO(dashboard.get(url).text))]
    assert len(rows) > MOST
    assert not [row for row in rows if row["key"] == "others"]
    listed = [*csv.DictReader(io.StringIO(dashboard.get(f"{url}&top=3").text))]
    assert [row["key"] for row in listed][3:] == ["others"]
    assert "As a file with every row:" in dashboard.get("/ask/charges?since=30d").text


@pytest.mark.parametrize("name", sorted(LIMITED))
def test_no_report_ends_its_file_by_itself(name: str) -> None:
    """What a report limits by default is not limited in a file, and no question of another report is changed."""
    assert every_row(Address(name)) != Address(name)
    assert every_row(Address(name, (("top", "3"),))) == Address(name, (("top", "3"),))
    assert every_row(Address("spend")) == Address("spend")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/ask/chargeback.csv?month=2026-10&team=unowned", "statement-2026-10-unowned.csv"),
        ("/ask/chargeback.json?month=2026-10", "statement-2026-10.json"),
        ("/ask/summary.json?month=2026-10", "summary-2026-10.json"),
        ("/ask/spend.csv?by=model&month=2026-10", "spend-by-model-2026-10.csv"),
        (
            "/ask/spend.csv?by=day&since=3d&where.model=claude-opus-*&where.tier!=batch",
            "spend-by-day-2026-11-19-2026-11-21-claude-opus-not-batch.csv",
        ),
        ("/ask/roster.csv?dimension=model", "roster-2026-10-23-2026-11-21-model.csv"),
        ("/ask/log.csv", "log-2026-11-22.csv"),
        ("/ask/status.json", "status-2026-11-22.json"),
    ],
)
def test_a_name_says_report_period_and_subject_once(dashboard: TestClient, url: str, name: str) -> None:
    """The name of a file is its report, what it is grouped by, its period, and what it is held to, once each."""
    assert name_of(dashboard, url) == name
