"""JSON: the whole answer, exact, in the shape that is promised."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from tallystick import Ledger
from tallystick.formats.json import as_json

REPORTS = ("spend", "usage", "cache")


@pytest.mark.parametrize("report", REPORTS)
def test_the_keys_are_the_promised_ones(book: Ledger, report: str) -> None:
    """An answer has exactly these keys; a headline where its report has one."""
    answer = json.loads(as_json(book.ask(report, by="workspace")))
    headline = ["headline"] if report == "cache" else []
    rest = ["columns", "rows", "totals", "warnings", "notes", "coverage", "as_of"]
    assert list(answer) == ["report", "question", *headline, *rest]
    assert answer["report"] == report
    assert all(list(column) == ["name", "kind", "unit"] for column in answer["columns"])
    names = [column["name"] for column in answer["columns"]]
    assert all(list(row) == names for row in answer["rows"])
    assert set(answer["totals"]) == {
        column["name"] for column in answer["columns"] if column["kind"] in {"money", "count", "ratio"}
    }
    assert all(isinstance(message, str) for message in answer["warnings"] + answer["notes"])


@pytest.mark.parametrize("report", REPORTS)
def test_numbers_are_never_floats(book: Ledger, report: str) -> None:
    """Money and ratios are strings without exponent, counts are integers; no number in the answer has a fraction."""

    def refuse(number: str) -> None:
        raise AssertionError(number)

    answer = json.loads(as_json(book.ask(report, by=("workspace", "day"))), parse_float=refuse)
    for column in answer["columns"]:
        for row in answer["rows"]:
            cell = row[column["name"]]
            if column["kind"] in {"money", "ratio"}:
                assert cell is None or re.fullmatch(r"-?[0-9]+\.[0-9]{2,}", cell)
            elif column["kind"] == "count":
                assert cell is None or isinstance(cell, int)


def test_money_is_exact(book: Ledger) -> None:
    """The strings are the exact amounts: they add up to the total's string."""
    answer = json.loads(as_json(book.spend(("description", "day"))))
    assert sum(Decimal(row["billed"]) for row in answer["rows"]) == Decimal(answer["totals"]["billed"])
    assert Decimal(answer["totals"]["billed"]) == book.spend().totals["billed"]


def test_usage_has_a_column_for_each_kind(book: Ledger) -> None:
    """Usage in JSON has the five kinds, then total_tokens and web_searches, each with its unit."""
    columns = json.loads(as_json(book.usage()))["columns"]
    assert [(column["name"], column["unit"]) for column in columns] == [
        ("model", None),
        ("uncached_input", "tokens"),
        ("cache_write_5m", "tokens"),
        ("cache_write_1h", "tokens"),
        ("cache_read", "tokens"),
        ("output", "tokens"),
        ("total_tokens", "tokens"),
        ("web_searches", "searches"),
    ]


def test_unknown_is_null(empty: Ledger) -> None:
    """What is not known is null in the totals, and the days are listed."""
    answer = json.loads(as_json(empty.spend()))
    assert answer["totals"] == {"billed": None}
    assert answer["rows"] == []
    assert len(answer["coverage"]["absent"]) == answer["coverage"]["days"] == 30


def test_names_come_back_exactly(book: Ledger) -> None:
    """Any name, with control or direction characters too, survives the way through JSON."""
    answer = json.loads(as_json(book.usage("key")))
    assert [row["key_name"] for row in answer["rows"]] == [row["key_name"] for row in book.usage("key").rows]


def test_an_answer_to_sql_has_the_same_keys(book: Ledger) -> None:
    """A user's own query is answered in the same shape, its report `sql` and its question null."""
    answer = json.loads(as_json(book.sql("SELECT sum(billed) AS billed FROM cost")))
    assert list(answer) == ["report", "question", "columns", "rows", "totals", "warnings", "notes", "coverage", "as_of"]
    assert (answer["report"], answer["question"]) == ("sql", None)
    assert isinstance(answer["rows"][0]["billed"], str)
