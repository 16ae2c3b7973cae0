"""Charges: the single charges that an answer is made of, the largest first, each with the state of its day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.ledger_tables import CHARGES, USED
from tallystick.core.message import Message, note
from tallystick.core.money import EXACT, total
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.records import REQUESTS, State
from tallystick.core.select import Select, identifier, select
from tallystick.query import gaps
from tallystick.query.conditions import among, within
from tallystick.query.context import Context
from tallystick.query.coverage import states_of
from tallystick.query.filters import column, wanted
from tallystick.query.grouping import tallied
from tallystick.query.groups import OTHERS
from tallystick.query.match_shares import billed_coverage
from tallystick.query.names import dim_cells, dim_headings, named, organizations
from tallystick.query.owners import known, owned_charges, unasked
from tallystick.query.pivot import Measure, Pivot
from tallystick.query.pivot_report import STRICT
from tallystick.query.report import WINDOW, Days, Form, Parameter, Report, Where, narrowed_by
from tallystick.query.spelling import formerly
from tallystick.query.unpriced import unpriced
from tallystick.store.session import scratch

MOST = 200
"""Charges that an answer lists where nobody says how many."""
TEXT = 20
"""Charges that a terminal shows."""
HALVES = {"billed": "billed IS NOT NULL", "used": "quantity IS NOT NULL"}
"""The halves of a bill that a charge can have, and what holds of one that has it."""
_CHOICES = tuple(HALVES)
_MONEY = ("list", "priced", "billed", "discount")
_FIGURES = ("quantity", *_MONEY)
_WHOLE = ("quantity", "list", "priced", "discount")
"""Figures whose sum is unknown where a charge does not know it; what was not billed is not unknown."""
PIVOT = Pivot(
    name="charges",
    money=True,
    dimensions=(*SUBJECTS, *TERMS, "method", "cause", *OWNED),
    by=(),
    measures=tuple(Measure(name, Kind.MONEY, "USD", name) for name in _MONEY),
    order="billed",
)
_DIMS = ("day", "workspace", "key", "actor", "model", "kind")
_FURTHER = ("product", "tier", "context", "geo", "speed")
"""Dimensions that stand last."""
_DROP_ORDERS = dict.fromkeys(("context", "geo", "speed", "product"), 9) | {
    **dict.fromkeys(("unit", "discount"), 8),
    **dict.fromkeys(("tier", "list"), 6),
    **dict.fromkeys(("actor", "priced"), 4),
    **dict.fromkeys(("method", "cause"), 3),
    **dict.fromkeys(("quantity", "workspace"), 2),
    "state": 1,
}
_ENDS = ("method", "cause", "state")
_HEADINGS = (
    Heading("quantity", Kind.COUNT),
    Heading("unit", Kind.TEXT),
    *(Heading(name, Kind.MONEY, "USD") for name in _MONEY),
    *(Heading(name, Kind.TEXT) for name in _ENDS),
)
_ORDER = "abs(coalesce(billed, priced, 0)) DESC"


def answer(context: Context, question: Question, half: str | None) -> Table:
    """The charges of a question's window and filters, at most `question.top`, the rest in one row; of one `half`.

    Columns: dimensions, `quantity` in `unit`, USD `list`, `priced`, `billed`, `discount`, then `method`, `cause` and
    the `state` of the day. `billed` is None where nothing was billed, any other figure where it is unknown; of rows
    together it is the sum of what is known, any other figure unknown where a charge does not know it. By team and cost
    center a charge that is shared is a row for each, with its exact part. Raises InvalidQuestion.
    """
    PIVOT.check(question)
    engine = context.engine
    tallied(engine)
    source = _Source(context, question, half)
    sums = source.sums()
    rows = source.rows()
    count = sums["charges"]
    states = {**states_of(engine, USED, question), **states_of(engine, CHARGES, question)}
    owners = [name for name in OWNED if name in question.where]
    several = "organization" not in question.where and len(organizations(engine)) > 1
    dims = (_DIMS[0], *(("organization",) if several else ()), *owners, *_DIMS[1:])
    names = named(engine, dims)
    cells = [
        (
            *dim_cells({dim: str(row[dim]) for dim in dims}, names),
            *_figures(row),
            *_words(row, states),
            *(str(row[dim]) for dim in _FURTHER),
        )
        for row in rows
    ]
    if count > len(rows):
        rest = _figures(_rest(sums, rows))
        cells.append((*dim_cells(dict.fromkeys(dims, OTHERS), names), *rest, *(OTHERS,) * (len(_ENDS) + len(_FURTHER))))
    by = unasked(question, context.owners).by if owners else question.by
    coverage, covered = billed_coverage(engine, replace(question, by=by), context.now)
    coverage["unpriced"], nameless = unpriced(engine, question, context.owners if owners else None)
    is_known = coverage["present"] > gaps.late_days(coverage) or sums["billed"] is not None
    headings = (*dim_headings(dims, names), *_HEADINGS, *dim_headings(_FURTHER, ()))
    table = Table(
        question,
        tuple(replace(heading, drop_order=_DROP_ORDERS.get(heading.name, 0)) for heading in headings),
        cells,
        _totals(sums, is_known=is_known),
        (*_left_out(count, len(rows)), *covered, *nameless, *formerly(engine, question.where)),
        coverage,
        engine.version.identity,
    )
    return context.warned(table)


class _Source:
    """Where the charges of a question are read: the ledger, or a session that has them split by their owners."""

    def __init__(self, context: Context, question: Question, half: str | None) -> None:
        self._question = question
        self._engine = engine = context.engine
        self._split: pa.Table | None = None
        conditions = wanted(engine, CHARGES, question.where_but(*OWNED))
        table = f"ledger.{CHARGES.name}"
        if question.owned:
            known(question, context.owners)
            self._split = parts = owned_charges(engine, context.owners, question)
            for name, owner in question.where_of(*OWNED).items():
                conditions.append(among(name, sorted(filter(owner.takes, parts[name].unique().to_pylist()))))
            table = "parts"
        conditions += [HALVES[half]] if half else []
        conditions += [] if "kind" in question.where else [f"kind <> '{REQUESTS}'"]  # a count, which nobody is billed
        self._base = select().from_(table).where(within(question.window, months=True), *conditions)

    def sums(self) -> dict[str, Any]:
        """How many charges there are, and of each figure its sum and how many know it."""
        counts = (f"count({identifier(name)}) AS known_{name}" for name in _FIGURES)
        sums = (f"sum({identifier(name)}) AS {identifier(name)}" for name in _FIGURES)
        about = ("count(*) AS charges", "min(unit) AS unit", "count(DISTINCT unit) AS units")
        return self._rows_of(self._base.select(*about, *counts, *sums))[0]

    def rows(self) -> list[dict[str, Any]]:
        """The largest charges."""
        dims = (*_DIMS, *_FURTHER, "organization", *(name for name in OWNED if self._split is not None))
        figures = (*map(identifier, _FIGURES), "unit", "method", "cause")
        query = self._base.select(*(f"{column(name)} AS {name}" for name in dims), *figures)
        query = query.order_by(_ORDER, *dims, "quantity")
        return self._rows_of(query.limit(self._question.top) if self._question.top else query)

    def _rows_of(self, query: Select) -> list[dict[str, Any]]:
        if self._split is None:
            return self._engine.rows(query)
        with scratch() as duck:
            duck.register("parts", self._split)
            rows: list[dict[str, Any]] = duck.sql(str(query)).to_arrow_table().to_pylist()
        return rows


def _figures(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    return row["quantity"], row["unit"], *(row[name] for name in _MONEY)


def _words(row: Mapping[str, Any], states: Mapping[date, State]) -> tuple[Cell, ...]:
    """How a charge was billed, why it has one half, and the state of its day where every organization has one."""
    state = states.get(date.fromisoformat(row["day"]))
    return row["method"], row["cause"], None if state is None else str(state)


def _totals(sums: Mapping[str, Any], *, is_known: bool) -> dict[str, Cell]:
    """The totals of all charges; quantities of several units have none."""
    nothing = (Decimal(0) if is_known else None) if not sums["charges"] else None
    totals: dict[str, Cell] = {
        name: sums[name] if sums["charges"] and sums[f"known_{name}"] == sums["charges"] else nothing
        for name in _WHOLE
        if name != "quantity" or sums["units"] == 1
    }
    return totals | {"billed": sums["billed"] if sums["charges"] else nothing}


def _rest(sums: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of the charges that are not among the rows."""
    rest: dict[str, Any] = {"unit": sums["unit"] if sums["units"] == 1 else OTHERS}
    for name in _FIGURES:
        listed = [row[name] for row in rows if row[name] is not None]
        count = sums[f"known_{name}"] - len(listed)
        is_known = count if name == "billed" else count == sums["charges"] - len(rows)
        rest[name] = EXACT.subtract(sums[name], total(listed)) if is_known else None
    if rest["quantity"] is not None:
        rest["quantity"] = int(rest["quantity"]) if sums["units"] == 1 else None
    return rest


def _left_out(count: int, listed: int) -> Iterator[Message]:
    if count > listed:
        yield note(
            f"The {listed:,} largest of {count:,} charges are listed, the others as one row. A larger top lists more."
        )


def _ask(context: Context, days: Days, where: Where, half: str | None, top: int) -> Table:
    return answer(context, context.question("charges", (), days, where, top), half)


REPORT = Report(
    _ask,
    (
        *WINDOW,
        narrowed_by(PIVOT.dimensions),
        Parameter(
            "half", "Only charges that were billed, or only those that were used.", Form.CHOICE, choices=_CHOICES
        ),
        Parameter(
            "top", f"The N largest rows, and the rest in one more. {MOST} by default.", Form.COUNT, MOST, metavar="N"
        ),
    ),
    "A charge is a line of the bill matched to a user of it: every report sums charges. Those that were not billed say "
    "why. By team or cost center a shared charge is a row for each, with its exact part.",
    strict=STRICT,
    teams=True,
    text_rows=TEXT,
)
