"""Owner check: what is wrong with them: spend that nobody owns, rules that catch nothing, words that nothing has."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tallystick.core.dimensions import UNKNOWN
from tallystick.core.ledger_tables import CHARGES
from tallystick.core.money import total
from tallystick.core.question import Cell, Question, Table
from tallystick.core.text import did_you_mean
from tallystick.query.coverage import cover
from tallystick.query.misspelt import known_words, unknown_values
from tallystick.query.names import dim_cells, dim_headings, named, organizations
from tallystick.query.owners import APART, answered, attribution, billed_of, messages, renaming
from tallystick.query.spelling import spellings
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.rules import FIELDS, NO_CENTER, UNOWNED, Rule

OUTSIDE = "outside this window"
"""What is said of a rule whose days do not touch the window."""
SHARED_ONLY = "only in shared rules"
"""What is said of a team that owns nothing by itself: perhaps it is misspelt."""
RENAMED = "renamed"
"""What is said of a name that changed, so that other rules match what it is of."""
HARMLESS = (OUTSIDE, SHARED_ONLY)
"""Rows that are worth a look and no problem."""


def check(engine: Engine, question: Question, owners: Owners, now: datetime) -> Table:
    """The charges that nobody owns, by whom and by model, and what is odd about the rules; no row if all is well.

    Where days are absent it is unknown whether a rule that caught nothing ever matches.
    """
    charges = attribution(engine, replace(question, by=FIELDS), owners, further=APART)
    caught = {row["rule"] for row in charges.sums(["rule"])}
    many = len(organizations(engine)) > 1
    looked = [name for name in FIELDS if many or name != "organization"]
    rows = [row for row in charges.sums(["rule", *looked]) if row["rule"] == -1]
    rows.sort(key=lambda row: (-row["billed"], [row[name] for name in looked]))
    namers = named(engine, looked)
    names = [heading.name for heading in dim_headings(looked, namers)]
    nobody = ["none"] * len(names)
    cells: list[tuple[Cell, ...]] = [
        ("no owner", "none", *dim_cells({name: row[name] for name in looked}, namers), row["rows"], row["billed"])
        for row in rows
    ]
    if any(center not in {NO_CENTER, UNOWNED} for center in owners.centers):
        cells += [
            ("no cost center", f"team {row['team']}", *nobody, row["rows"], row["billed"])
            for row in sorted(charges.sums(["team", "cost_center"]), key=lambda row: (-row["billed"], row["team"]))
            if row["cost_center"] == NO_CENTER and row["billed"]
        ]
    coverage, _ = cover(engine, CHARGES, question, now)
    absent = any(day < f"{now.date()}" for day in coverage["absent"])
    nothing: tuple[Cell, ...] = (None, None) if absent else (0, total([]))
    words = known_words(engine)
    for index, rule in enumerate(owners.rules):
        if index not in caught:
            problem = _problem(rule, question, absent=absent)
            near = "" if problem == OUTSIDE else "".join(f"; {text}" for text in unknown_values(rule, words))
            cells.append((problem, f"{rule.name}: {rule.label}{near}", *nobody, *nothing))
    cells += [
        (RENAMED, renaming(owners, change), *nobody, None, None) for change in owners.renamings(spellings(engine))
    ]
    cells += [(SHARED_ONLY, team, *nobody, *nothing) for team in _shared_only(owners)]
    return answered(
        engine,
        question,
        owners,
        now,
        ("problem", "rule", *names),
        cells,
        messages(owners, charges),
        billed_of(charges),
    )


def problems(table: Table) -> bool:
    """Whether a check found anything that is a problem."""
    return any(row[0] not in HARMLESS for row in table.cells)


def _problem(rule: Rule, question: Question, *, absent: bool) -> str:
    days = question.window.days()
    if rule.start > days[-1] or rule.end <= days[0]:
        return OUTSIDE
    return UNKNOWN if absent else "never matches"


def _shared_only(owners: Owners) -> list[str]:
    """The teams that nothing but a shared rule names, each with the rule and a team that is spelt nearly so."""
    own = {rule.teams[0][0] for rule in owners.rules if rule.how == "team"}
    shared_teams: dict[str, str] = {}
    for rule in owners.rules:
        for team, _ in rule.teams:
            hint = did_you_mean(team, sorted(own))
            shared_teams.setdefault(team, f"team {team} of {rule.name}" + f". {hint}" * bool(hint))
    return [note for team, note in shared_teams.items() if team not in own]
