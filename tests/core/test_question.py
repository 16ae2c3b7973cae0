from __future__ import annotations

import json
from decimal import Decimal

import pyarrow as pa

from tallystick.core.filter import Filter
from tallystick.core.message import note, warning
from tallystick.core.question import Heading, Kind, Question, Table
from tallystick.core.time import Window, instant

TABLE = Table(
    question=Question(
        "spend", Window(instant("2026-10-01"), instant("2026-11-01")), ("model",), {"key": Filter.of("apikey_1")}, 3
    ),
    headings=(
        Heading("model", Kind.DIMENSION),
        Heading("billed", Kind.MONEY, "USD"),
        Heading("output", Kind.COUNT, "tokens"),
        Heading("share", Kind.RATIO),
    ),
    cells=[("claude-<b>", Decimal("1.250000000001"), 7, Decimal("0.5")), ("none", Decimal(0), None, None)],
    totals={"billed": Decimal("1.250000000001"), "output": 7},
    messages=(note("It is exact."), warning("One day is missing & named.")),
    coverage={"days": 30},
    as_of={"version": 4},
)


def test_an_answer_in_json() -> None:
    """An answer in JSON has the documented keys, money and ratios as exact strings, what is unknown as null."""
    answer = json.loads(json.dumps(TABLE.written()))
    assert list(answer) == ["report", "question", "columns", "rows", "totals", "warnings", "notes", "coverage", "as_of"]
    assert answer["report"] == "spend"
    assert answer["question"] == {
        "report": "spend",
        "since": "2026-10-01T00:00:00Z",
        "until": "2026-11-01T00:00:00Z",
        "by": ["model"],
        "where": {"key": ["apikey_1"]},
        "top": 3,
    }
    assert answer["columns"][1] == {"name": "billed", "kind": "money", "unit": "USD"}
    assert answer["rows"] == [
        {"model": "claude-<b>", "billed": "1.250000000001", "output": 7, "share": "0.50"},
        {"model": "none", "billed": "0.00", "output": None, "share": None},
    ]
    assert answer["totals"] == {"billed": "1.250000000001", "output": 7}
    assert (answer["warnings"], answer["notes"]) == (["One day is missing & named."], ["It is exact."])


def test_an_answer_in_arrow() -> None:
    """Money is an exact decimal in Arrow, also where there is no row."""
    arrow = TABLE.to_arrow()
    assert arrow.schema.field("billed").type == pa.decimal128(38, 12)
    assert arrow["billed"].to_pylist() == [Decimal("1.250000000001"), Decimal(0)]
    assert arrow["output"].to_pylist() == [7, None]
    empty = Table(TABLE.question, TABLE.headings, [], {})
    assert empty.to_arrow().schema == arrow.schema
    assert empty.rows == []


def test_an_answer_in_a_notebook() -> None:
    """What the ledger says is shown as text, never as markup."""
    shown = TABLE._repr_html_()
    assert "claude-&lt;b&gt;" in shown
    assert "missing &amp; named" in shown
    assert "<b>" not in shown
