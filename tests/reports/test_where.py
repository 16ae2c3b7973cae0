"""--where: patterns, what is left out, and words for dimensions, in every report."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from support.command import Run
from support.organization import FIRST
from support.tables import column, total
from tallystick import Ledger
from tallystick.errors import InvalidQuestion

Tallystick = Callable[..., Run]
SINCE = f"{FIRST}"


@pytest.mark.long
@pytest.mark.parametrize("name", ["workspace", "key", "model", "kind", "tier", "team", "organization"])
def test_what_is_taken_and_what_is_left_add_up(owned: Ledger, name: str) -> None:
    """What is held to a value and what leaves it out are the whole, to the last place."""
    everything = owned.spend((), SINCE).totals["billed"]
    for value in column(owned.spend(name, SINCE), name)[:3]:
        part, rest = (owned.spend((), SINCE, where={dim: value}).totals["billed"] for dim in (name, f"{name}!"))
        assert (part or Decimal(0)) + (rest or Decimal(0)) == everything
        assert value not in column(owned.spend(name, SINCE, where={f"{name}!": value}), name)


@pytest.mark.long
def test_patterns_take_all_that_fit(book: Ledger) -> None:
    """`claude-opus-*` is every model that begins so, in either case; a pattern fits ids and names."""
    amounts = {row["model"]: row["billed"] for row in book.spend("model", SINCE).rows}
    for value in ("claude-opus-*", "CLAUDE-OPUS-*", "*-opus-?-?*"):
        fitting = {name: amount for name, amount in amounts.items() if name.startswith("claude-opus-")}
        rows = book.spend("model", SINCE, where={"model": value}).rows
        assert {row["model"]: row["billed"] for row in rows} == fitting
    both = {"model": "claude-*", "model!": ["claude-opus-*", "claude-haiku-*"]}
    rest = {name for name in amounts if name.startswith("claude-") and name.split("-")[1] not in {"opus", "haiku"}}
    assert {*column(book.spend("model", SINCE, where=both), "model")} == rest
    names = {row["workspace_name"] for row in book.spend("workspace", SINCE, where={"workspace": "p*"}).rows}
    assert names == {
        row["workspace_name"] for row in book.spend("workspace", SINCE).rows if row["workspace_name"][0] == "P"
    }


@pytest.mark.parametrize(
    "where",
    [
        {"model!": "claude-opus-55"}, {"workspace!": "Producton"}, {"key": "zz*"}, {"key!": "zz*"},
        {"team": "coder"}, {"team!": "coder"}, {"team": "zz*"},
    ],
)  # fmt: skip
def test_a_filter_that_nothing_fits_is_refused(owned: Ledger, where: dict[str, str]) -> None:
    """A misspelt name is refused where it is left out too: it would leave out nothing, and look as if it had."""
    with pytest.raises(InvalidQuestion) as wrong:
        owned.spend((), SINCE, where=where)
    assert next(iter(where.values())) in wrong.value.what
    assert wrong.value.hint


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [
        *(
            ("spend",),
            ("usage",),
            ("cache",),
            ("reconcile",),
            ("whatif", "--batch", "0.4"),
            ("variance",),
            ("forecast",),
        ),
        *(("export", "charges"), ("export", "usage")),
    ],
    ids=" ".join,
)
def test_every_command_takes_the_same_filters(tallystick: Tallystick, command: tuple[str, ...]) -> None:
    """Patterns, `!=` and aliases are taken by each command that filters; near misses are named, with exit code 2."""
    run = tallystick(*command, "--where", "Models=claude-opus-*,workspace_id!=Product*")
    assert run.code == 0, run.err
    tallystick(*command, "--where", "modle=claude-opus-5-5").refused(2, "modle", "Did you mean model")
    tallystick(*command, "--where", "model!=claude-opus-55").refused(2, "Did you mean", "claude-opus-5-5")


def test_filters_stand_in_the_answer(tallystick: Tallystick) -> None:
    """The question of an answer shows filters under their names, what is left out with a `!`."""
    answer: dict[str, Any] = tallystick(
        "spend", "--by", "api_keys", "--where", "workspaces!=product*,key!=Staging", "--json"
    ).json
    assert answer["question"]["by"] == ["key"]
    assert answer["question"]["where"] == {"workspace!": ["product*"], "key!": ["Staging"]}
    assert "staging" not in {row["key_name"] for row in answer["rows"]}


@pytest.mark.long
def test_dimensions_by_their_everyday_words(tallystick: Tallystick, book: Ledger) -> None:
    """--by and --where take aliases and plurals; a near miss is answered with what was meant."""
    assert book.spend(["api_keys", "Date"]).written() == book.spend(["key", "day"]).written()
    assert total(book.usage("service-tiers", where={"service_tier!": "batch"}), "output") > 0
    tallystick("spend", "--by", "workspce").refused(2, "'workspce'", "Did you mean workspace?")
    tallystick("spend", "--by", "key,api_key").refused(2, "twice")
    tallystick("diff", "2026-10", "--by", "modle").refused(2, "Did you mean model")
    tallystick("keys", "--where", "atention=idle").refused(2, "Did you mean attention")


@pytest.mark.long
def test_keys_by_their_columns(tallystick: Tallystick) -> None:
    """`keys` filters its own columns in the same way."""
    every, active = (
        {row["key"]: row["status"] for row in tallystick("keys", *words, "--json").json["rows"]}
        for words in ((), ("--where", "status!=active"))
    )
    assert active == {key: status for key, status in every.items() if status != "active"}
    assert 0 < len(active) < len(every)
    named = tallystick("keys", "--where", "key_name=STAG*", "--json").json["rows"]
    assert {row["key_name"] for row in named} == {"staging"}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("spned",), "spend"), (("spend", "--sinc", "7d"), "--since"), (("spend", "--format", "jsn"), "json"),
        (("export", "charge"), "charges"), (("sync", "--grain", "hours"), "hour"), (("sim", "srve"), "serve"),
        (("forecast", "--until", "quater"), "quarter"), (("spend", "--mounth", "2026-10"), "--month"),
    ],
    ids=str,
)  # fmt: skip
def test_did_you_mean(tallystick: Tallystick, words: tuple[str, ...], meant: str) -> None:
    """A misspelt command, option or choice is answered with what was meant, and exit code 2."""
    tallystick(*words).refused(2, "Did you mean", meant)
