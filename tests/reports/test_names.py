"""Names and conditions: ids and names beside each other, and answers held to some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from support.ledgers import open_ledger
from support.organization import FIRST, NASTY, TODAY, small_world
from support.tables import column, total
from tallystick import Ledger
from tallystick.core.money import total as exact
from tallystick.errors import InvalidQuestion
from tallystick.sim import World


def test_names_stand_beside_ids(book: Ledger, golden_world: World) -> None:
    """A dimension holds the id, its name stands in the next column, exactly as the directory has it."""
    table = book.spend("workspace")
    assert [heading.name for heading in table.headings] == ["workspace", "workspace_name", "billed"]
    organization = golden_world.organization
    expected = {workspace.id: workspace.name for workspace in organization.workspaces} | {
        "default": organization.default.name
    }
    assert all(row["workspace_name"] == expected[str(row["workspace"])] for row in table.rows)
    names = {row["key"]: row["key_name"] for row in book.usage("key", since=f"{FIRST}").rows}
    for key in organization.keys:
        if key.id in names:
            assert names[key.id] == (key.id if key.deleted else key.name)
    assert set(NASTY) & set(names.values())


def test_two_keys_of_one_name_stay_two_rows(book: Ledger, golden_world: World) -> None:
    """Two keys called `staging` are two rows, told apart by their ids, which stand beside the name."""
    ids = {key.id for key in golden_world.organization.keys if key.name == "staging"}
    rows = [row for row in book.usage("key", since=f"{FIRST}").rows if row["key_name"] == "staging"]
    assert len(ids) == 2
    assert {row["key"] for row in rows} == ids


def test_a_condition_by_a_name_takes_all_that_bear_it(book: Ledger, golden_world: World) -> None:
    """`key=staging` asks for both keys of that name, `key=<id>` for one."""
    ids = [key.id for key in golden_world.organization.keys if key.name == "staging"]
    by_name = book.usage("key", f"{FIRST}", where={"key": "staging"})
    by_ids = book.usage("key", f"{FIRST}", where={"key": ids})
    assert set(column(by_name, "key")) == set(ids)
    assert by_name.rows == by_ids.rows
    assert column(book.usage("key", f"{FIRST}", where={"key": ids[0]}), "key") == [ids[0]]


def test_values_of_one_dimension_add_up(book: Ledger) -> None:
    """Several values of a dimension are either-or: their answer is the sum of the single ones."""
    models = [str(model) for model in column(book.spend("model"), "model") if model != "none"][:2]
    single = [total(book.spend((), where={"model": model}), "billed") for model in models]
    assert total(book.spend((), where={"model": models}), "billed") == exact(single)


def test_conditions_on_two_dimensions_hold_together(book: Ledger) -> None:
    """Conditions on different dimensions are as-well-as."""
    rows = book.spend(("workspace", "model")).rows
    row = next(row for row in rows if row["workspace_name"] == "Production" and row["model"] != "none")
    table = book.spend((), where={"workspace": "Production", "model": str(row["model"])})
    assert total(table, "billed") == row["billed"]


@pytest.mark.long
@pytest.mark.parametrize("name", ["workspace", "model", "kind", "tier", "context", "geo", "speed", "cost_type"])
def test_every_value_that_spend_shows_can_be_asked_for(book: Ledger, name: str) -> None:
    """Each id in a column of spend, `none`, `unknown` and `default` too, is a condition with that row's amount."""
    for row in book.spend(name).rows:
        assert total(book.spend((), where={name: str(row[name])}), "billed") == row["billed"]


def test_spend_can_be_held_to_a_model_without_usage_by_day(only_hours: Ledger) -> None:
    """A ledger that keeps usage by the hour alone answers spend by model all the same."""
    row = only_hours.spend("model", "2d").rows[0]
    assert total(only_hours.spend((), "2d", where={"model": str(row["model"])}), "billed") == row["billed"]


def test_the_priority_note_needs_no_usage_by_day(only_hours: Ledger) -> None:
    """A ledger that keeps usage by the hour alone warns of priority tokens in spend all the same."""
    assert [note for note in only_hours.usage((), "2026-11-20").notes if "priority tier" in note]
    assert [note for note in only_hours.spend((), "2026-11-20").notes if "priority tier" in note]


@pytest.mark.long
@pytest.mark.parametrize(("report", "name"), [("usage", "key"), ("usage", "actor"), ("usage", "workspace")])
def test_every_name_that_is_shown_can_be_asked_for(book: Ledger, report: str, name: str) -> None:
    """What stands in a name column, the name of what is absent too, is understood by --where."""
    for row in book.ask(report, by=name).rows:
        assert row[name] in column(book.ask(report, by=name, where={name: str(row[f"{name}_name"])}), name)


@pytest.mark.parametrize(
    ("where", "near"),
    [
        ({"workspace": "Producton"}, "Production"),
        ({"key": "stagin"}, "staging"),
        ({"model": "claude-opus-5-4"}, "claude-opus-5-5"),
        ({"tier": "prioritty"}, "priority"),
    ],
)
def test_a_misspelt_name_is_an_error_with_a_suggestion(book: Ledger, where: Mapping[str, str], near: str) -> None:
    """A name or id that nothing bears is an error, never an answer of zero, and the nearest is suggested."""
    with pytest.raises(InvalidQuestion) as wrong:
        book.usage((), f"{FIRST}", where=where)
    assert next(iter(where.values())) in wrong.value.what
    assert near in wrong.value.hint


def test_a_workspace_that_spent_nothing_is_known(book: Ledger, golden_world: World) -> None:
    """A workspace of the directory without any cost is zero by its name and by its id alike."""
    quiet = small_world().organization.workspaces[-1]
    for value in (quiet.name, quiet.id):
        table = book.spend("workspace", "2026-11-15", "2026-11-15", {"workspace": value})
        assert (table.rows, table.totals) == ([], {"billed": 0}), value
    assert golden_world.organization.workspaces[-1].id == quiet.id


@pytest.mark.long
def test_an_id_is_stronger_than_a_name(tmp_path: Path) -> None:
    """A key that is named like another key's id does not stand in its way: asked by id, the id is meant."""
    world = small_world()
    first, second, *rest = world.organization.keys
    world.organization = replace(world.organization, keys=(first, replace(second, name=first.id), *rest))
    book = open_ledger(tmp_path / "ledger", world, TODAY.replace(day=15))
    assert first.id in column(book.usage("key", where={"key": first.id}), "key")
