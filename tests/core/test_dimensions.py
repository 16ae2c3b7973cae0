from __future__ import annotations

import pytest

from tallystick.core.dimensions import DIMENSIONS, KINDS, NAMED, USAGE
from tallystick.core.ledger_tables import PINNED, VERSIONS
from tallystick.core.records import COUNTERS, TOKENS, UsageRecord
from tallystick.core.time import Window, instant
from tallystick.errors import (
    ApiError,
    CursorExpired,
    InvalidAmount,
    InvalidQuestion,
    LedgerError,
    Refused,
    TallystickError,
    UnexpectedResponse,
    Unreachable,
)


def test_each_dimension_once() -> None:
    """Every dimension has a name of its own, and absence has a name in it: never null or empty."""
    assert len({dimension.name for dimension in DIMENSIONS}) == len(DIMENSIONS) == len(NAMED)
    assert all(dimension.absent.strip() and dimension.meaning for dimension in DIMENSIONS)
    assert {name: NAMED[name].absent for name in ("workspace", "key", "account", "service_account")} == {
        "workspace": "default",
        "key": "playground",
        "account": "none",
        "service_account": "none",
    }


def test_the_nine_dimensions_of_usage() -> None:
    """The usage report groups by nine fields and filters on the same, `context_window` in the singular."""
    assert {dimension.usage: dimension.filter for dimension in USAGE} == {
        "account_id": "account_ids",
        "api_key_id": "api_key_ids",
        "context_window": "context_window",
        "inference_geo": "inference_geos",
        "model": "models",
        "service_account_id": "service_account_ids",
        "service_tier": "service_tiers",
        "speed": "speeds",
        "workspace_id": "workspace_ids",
    }


def test_kinds_have_our_names() -> None:
    """Every documented token type and cost type has a kind of its own."""
    assert set(KINDS.values()) == {*TOKENS, "web_search", "code_execution", "session_time"}
    assert len(set(KINDS.values())) == len(KINDS)


def test_total_tokens_leave_out_searches() -> None:
    """`total_tokens` is uncached input, both writes, reads and output; searches are no tokens."""
    day = Window(instant("2026-10-01"), instant("2026-10-02"))
    assert UsageRecord(day, {}, 1, 20, 300, 4_000, 50_000, 600_000).total_tokens == 54_321
    assert (*TOKENS, "web_searches") == COUNTERS


def test_tables_are_described_once() -> None:
    """Tables and their columns have each a name of their own; each says whose data it holds."""
    assert len({table.name for table in PINNED}) == len(PINNED)
    for table in (*PINNED, VERSIONS):
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert "organization" in names
        assert set(table.partitions) <= set(names)
        assert all(column.meaning for column in table.columns)


@pytest.mark.parametrize(
    ("error", "code", "parent"),
    [
        (InvalidQuestion, 2, TallystickError),
        (Refused, 3, ApiError),
        (CursorExpired, 3, Refused),
        (Unreachable, 4, ApiError),
        (UnexpectedResponse, 5, ApiError),
        (InvalidAmount, 5, UnexpectedResponse),
        (LedgerError, 6, TallystickError),
    ],
)
def test_errors_and_their_exit_codes(error: type[TallystickError], code: int, parent: type[TallystickError]) -> None:
    """Each error has its place in the tree and its exit code, and says what happened and how to mend it."""
    assert issubclass(error, parent)
    assert error.exit_code == code
    assert str(error("It broke.", "Mend it.")) == "It broke.\nMend it."
    assert str(error("It broke.")) == "It broke."


def test_an_api_error_names_the_request() -> None:
    """The API's own id of a request stands in the text and beside it."""
    error = Refused("No.", "Yes.", status=403, request_id="req_7", code="scope")
    assert str(error) == "No. [request-id req_7]\nYes."
    assert (error.status, error.request_id, error.code) == (403, "req_7", "scope")
