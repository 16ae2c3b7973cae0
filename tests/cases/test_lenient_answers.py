from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO

import pytest

from support.case import Case
from support.command import Run

SINCE = ("--since", "2026-11-20")


def rows(run: Run) -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    assert run.code == 0, run.err
    return list(csv.DictReader(StringIO(run.out)))


def billed(case: Case) -> Decimal:
    """What was billed in all."""
    [row] = rows(case("spend", "--by", "", *SINCE, "--format", "csv"))
    return Decimal(row["billed"])


def tokens(case: Case) -> int:
    """The tokens that were used in all."""
    [row] = rows(case("usage", "--by", "", *SINCE, "--format", "csv"))
    return int(row["total_tokens"])


@pytest.mark.long
def test_a_negative_amount_leaves_its_day_readable(case: Case) -> None:
    """A refund or credit that no filter names is found as a remainder below zero, and its day is kept."""
    with case.serve("02-negative-group-newer/scenario.py"):
        assert case("sync", "--without-claude-code", "--source", "analytics", *SINCE).code == 0
        days = rows(case("spend", "--by", "day", *SINCE, "--format", "csv"))
    amounts = {row["day"]: Decimal(row["billed"]) for row in days if row["billed"]}
    assert sum(amounts.values()) == Decimal("41.95")
    assert amounts["2026-11-22"] == Decimal("3.2075")
    assert amounts["2026-11-23"] == Decimal("4.5025")
    assert amounts["2026-11-25"] == Decimal("5.7025")


@pytest.mark.long
def test_actors_of_a_new_type_stay_apart(case: Case) -> None:
    """Actors of a type that does not exist yet are told apart by all that is known of them."""
    with case.serve("05-unknown-actors-merged/scenario.py"):
        synced = case("sync", "--without-claude-code", "--source", "analytics", *SINCE)
        spend = rows(case("spend", "--by", "actor", *SINCE, "--format", "csv"))
    names = {row["actor_name"]: Decimal(row["billed"]) for row in spend}
    assert names["Data team"] == 3
    assert names["Ops team"] == 9
    assert "team_actor" in synced.err + synced.out
    assert "team_id" in synced.err + synced.out


@pytest.mark.long
@pytest.mark.parametrize(
    ("amount", "estimated"),
    [
        ("1e-05", "0.0000001"),
        ("230.00000000000003", "2.3"),
        ("null", ""),
        ("1e400", ""),
        ("NaN", None),
    ],
)
def test_an_estimate_ends_no_sync(case: Case, amount: str, estimated: str | None) -> None:
    """An estimate of Claude Code is kept exactly, rounded to twelve places, or unknown; never a reason to stop."""
    with case.serve("22-claude-code-number/scenario.py") as world:
        world.code["2026-11-24"][0]["model_breakdown"][0]["estimated_cost"]["amount"] = f"@{amount}@"
        synced = case("sync", "--source", "reports", "--since", "2026-11-23")
        assert synced.code == (0 if estimated is not None else 5), synced.err
        day_rows = rows(case("claude-code", "--by", "day", "--since", "2026-11-23", "--format", "csv"))
    days = {row["day"]: row["estimated"] for row in day_rows}
    if estimated is not None:
        assert days["2026-11-24"].rstrip("0") == estimated
        assert Decimal(days["2026-11-25"]) == Decimal("2.3")


@pytest.mark.long
def test_a_row_without_an_email_is_kept(case: Case) -> None:
    """A row of Claude Code of a deleted account is kept under an actor of its own, and so are the others."""
    with case.serve("23-claude-code-actor/scenario.py"):
        synced = case("sync", "--source", "reports", "--since", "2026-11-23")
        assert synced.code == 0, synced.err
        person_rows = rows(case("claude-code", "--by", "person", "--since", "2026-11-23", "--format", "csv"))
    sessions = {row["person"]: row["sessions"] for row in person_rows}
    assert sessions == {"user_01A": "6", "unattributed": "3"}
    assert "no e-mail" in synced.out + synced.err


@pytest.mark.long
@pytest.mark.parametrize("variant", ["scenario", "variant_tags", "variant_workspace"])
def test_an_odd_entry_of_the_directory_stops_no_bill(case: Case, variant: str) -> None:
    """An entry of the directory that is odd stands by its id with an issue; the bill is read."""
    with case.serve(f"24-directory-stops-the-bill/{variant}.py"):
        synced = case("sync", "--without-claude-code", *SINCE)
        assert synced.code == 0, synced.err
        assert billed(case) == Decimal("45.66")
    subject = {"scenario": "apikey_01N", "variant_tags": "wrkspc_01A", "variant_workspace": "wrkspc_01N"}[variant]
    assert subject in synced.out + synced.err


@pytest.mark.long
def test_a_count_beyond_bounds_is_a_clear_error(case: Case) -> None:
    """A count of 2^63 is refused, with its field and path and exit code 5."""
    with case.serve("26-count-beyond-64-bit/scenario.py"):
        synced = case("sync", "--without-claude-code", "--source", "reports", *SINCE)
    assert synced.code == 5
    assert "output_tokens" in synced.err
    assert "$.data[" in synced.err


@pytest.mark.long
def test_a_null_list_price_is_unknown(case: Case) -> None:
    """A bill without list prices is read; what it costs at list price is unknown and an issue says so."""
    with case.serve("27-optional-field-newer/scenario.py"):
        synced = case("sync", "--without-claude-code", "--source", "analytics", *SINCE)
        assert synced.code == 0, synced.err
        assert billed(case) == Decimal("45.66")
        assert tokens(case) == 27_760_000
    assert "list_amount" in synced.out + synced.err


@pytest.mark.long
def test_a_page_of_html_says_what_it_is(case: Case) -> None:
    """A 200 with HTML is an error that says its type and size, and that something else may answer there."""
    with case.serve("30-answer-that-is-no-report/scenario.py"):
        synced = case("sync", *SINCE)
    assert synced.code == 5
    assert "text/html, 45 bytes" in synced.err
    assert "--base-url" in synced.err
    assert "proxy" in synced.err


@pytest.mark.long
def test_what_passes_is_tried_again(case: Case) -> None:
    """An overloaded_error under 200 and an answer that is cut off are asked for again, and the bill is read."""
    with case.serve("53-passing-faults/scenario.py"):
        synced = case("sync", "--without-claude-code", "--source", "analytics", *SINCE)
        assert synced.code == 0, synced.err
        assert billed(case) == Decimal("45.66")
        assert tokens(case) == 27_760_000


@pytest.mark.long
def test_a_grouping_that_is_refused_loses_no_usage(case: Case) -> None:
    """A dimension that the usage report is not given by is unknown, with a remark; all tokens are read."""
    with case.serve("25-grouping-refused/scenario.py"):
        synced = case("sync", "--without-claude-code", *SINCE)
        assert synced.code == 0, synced.err
        assert tokens(case) == 27_760_000
    assert "not given by account here" in synced.err


@pytest.mark.long
def test_a_new_tier_is_left_to_the_remainder(case: Case) -> None:
    """A tier that the filter refuses comes under its own name, as what is left of the answer without a filter."""
    with case.serve("51-tier-refused/scenario.py"):
        synced = case("sync", "--without-claude-code", *SINCE)
        assert synced.code == 0, synced.err
        tiers = rows(case("usage", "--by", "tier,context", *SINCE, "--format", "csv"))
    assert {(row["tier"], row["context"]): int(row["total_tokens"]) for row in tiers} == {
        ("standard", "0-200k"): 27_760_000,
        ("standard", "200k-1M"): 300_000,
        ("batch", "0-200k"): 700_000,
        ("turbo", "0-200k"): 500_000,
    }


@pytest.mark.long
def test_refusals_of_the_newer_dialect_lose_nothing(case: Case) -> None:
    """A filter and a grouping that the newer dialect refuses leave every token and cent in place."""
    with case.serve("52-filter-refused-newer/scenario.py"):
        synced = case("sync", "--without-claude-code", "--source", "analytics", *SINCE)
        assert synced.code == 0, synced.err
        assert billed(case) == Decimal("46.86")
        assert tokens(case) == 28_860_000
        keys = rows(case("usage", "--by", "key", *SINCE, "--format", "csv"))
    assert "not given by key here" in synced.err
    assert [(row["key"], row["key_name"]) for row in keys] == [("unknown", "Unknown")]


@pytest.mark.long
@pytest.mark.parametrize("source", ["reports", "analytics"])
def test_tokens_of_a_new_kind_are_named(case: Case, source: str) -> None:
    """Tokens of a kind that is not known are named beside each count of tokens, and --strict fails for them."""
    with case.serve("04-new-token-counter/scenario.py"):
        case("sync", "--without-claude-code", "--source", source, *SINCE)
        usage = case("usage", "--by", "", *SINCE, "--strict")
        assert usage.code == 1
        assert "27,760,000" in usage.out
        assert "400,000 tokens more" in usage.out + usage.err
        verified = case("verify")
    assert "400,000 tokens more than are shown, of kinds" in verified.out + verified.err
    if source == "reports":  # the newer dialect of this scenario bills none of it
        assert verified.code == 1
        assert "4.8" in verified.out
