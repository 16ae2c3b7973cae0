"""Two organizations in one ledger: kept apart by `organization`, covered by what both have."""

from __future__ import annotations

import json
from datetime import date

import pytest

from support.organization import FIRST, TWO_SINCE, Truth
from support.tables import column, total
from tallystick import Ledger
from tallystick.sim import World
from tallystick.watch.judgement import judge
from tallystick.watch.rule import Rule

LAST = date(2026, 11, 20)


def test_each_organization_has_its_own_bill(two: Ledger, truth: Truth, other_world: World) -> None:
    """By organization, each row is what that organization was billed, whatever else the ledger holds."""
    table = two.spend("organization", f"{TWO_SINCE}", f"{LAST}")
    by_organization = {row["organization"]: row["billed"] for row in table.rows}
    assert by_organization == {
        truth.world.organization.id: truth.billed(TWO_SINCE, LAST),
        other_world.organization.id: Truth(other_world).billed(TWO_SINCE, LAST),
    }


@pytest.mark.long
def test_an_organization_can_be_asked_for_alone(two: Ledger, book: Ledger, truth: Truth) -> None:
    """Held to the first organization, the ledger of two answers as the ledger of one."""
    where = {"organization": truth.world.organization.id}
    for report in ("spend", "usage", "cache"):
        alone, among = book.ask(report, by="model"), two.ask(report, by="model", where=where)
        assert among.rows == alone.rows
        assert among.totals == alone.totals
        assert among.coverage == alone.coverage
        assert (*among.warnings, *among.notes) == (*alone.warnings, *alone.notes)


def test_days_that_one_organization_lacks_are_absent(two: Ledger) -> None:
    """A day counts as present only where every organization asked about has it."""
    table = two.spend("organization", "2026-11-08", "2026-11-11")
    assert table.coverage["absent"] == ["2026-11-08", "2026-11-09"]
    assert len(table.rows) == 2


def test_a_finding_says_of_which_organization_it_is(two: Ledger) -> None:
    """What two organizations have under one id are two findings: the subject of each holds its organization."""
    rule = Rule(
        "any", f"spend --by workspace --since {TWO_SINCE}", "billed > 0", "", subject=("workspace",), whole=False
    )
    subjects = [json.loads(each.subject) for each in judge(two.context(), rule).cases]
    assert len({tuple(subject.items()) for subject in subjects}) == len(subjects)
    assert len({subject["organization"] for subject in subjects if subject["workspace"] == "default"}) == 2


def test_a_part_of_the_bill_is_no_unknown(two: Ledger, truth: Truth) -> None:
    """Rows and totals agree: where one organization's days are there and shown, the total is not unknown."""
    table = two.spend("organization", f"{FIRST}", "2026-10-07")
    assert column(table, "billed") == [truth.billed(FIRST, date(2026, 10, 7))]
    assert total(table, "billed") == truth.billed(FIRST, date(2026, 10, 7))


def test_default_workspaces_of_two_organizations_are_told_apart(two: Ledger) -> None:
    """By workspace, the default workspaces of two organizations are not one row under one name."""
    table = two.spend("workspace", f"{TWO_SINCE}", f"{LAST}")
    two_rows = column(table, "workspace").count("default") == 2
    assert two_rows or [text for text in (*table.warnings, *table.notes) if "organization" in text]


def test_status_says_whose_a_row_is(two: Ledger) -> None:
    """Where two organizations have a row of one name, each says of which it is; no name stands twice."""
    document = two.status()
    for section in document.sections[1:3]:
        assert section.table
        dim = section.table.headings[0].name
        texts = [str(row[dim]) for row in section.table.rows]
        assert len({*texts}) == len(texts)
        others = [text for text in texts if text.startswith("others (Simulated & Daughters (…")]
        assert len(others) == 2
