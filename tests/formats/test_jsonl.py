"""JSON Lines: the rows of the JSON answer, one a line."""

from __future__ import annotations

import json

import pytest

from tallystick import Ledger, Table
from tallystick.core.question import Heading, Kind
from tallystick.formats.json import as_json
from tallystick.formats.jsonl import as_jsonl


@pytest.mark.parametrize("report", ["spend", "usage", "cache"])
def test_the_lines_are_the_rows_of_the_json_answer(book: Ledger, report: str) -> None:
    """Each line is one row, the very object that the JSON answer has; nothing else is among them."""
    table = book.ask(report, by=("workspace", "day"))
    lines = as_jsonl(table).removesuffix("\n").split("\n")
    assert [json.loads(line) for line in lines] == json.loads(as_json(table))["rows"]


@pytest.mark.parametrize("name", ["two\nlines", "=1+1", '"}', "\x1b[31m", "\u202e", "x" * 300])
def test_any_name_stays_on_its_line(name: str) -> None:
    """No name breaks its line, and each comes back exactly."""
    text = as_jsonl(Table(None, (Heading("key_name", Kind.NAME),), [(name,)], {}))
    assert text.count("\n") == 1
    assert json.loads(text) == {"key_name": name}


def test_an_answer_without_rows_has_no_lines(empty: Ledger) -> None:
    """Without rows there is no line: an unknown is not a line of zeros."""
    assert not as_jsonl(empty.spend())
