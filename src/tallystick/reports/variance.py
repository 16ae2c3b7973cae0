"""Variance: why what was billed changed between two windows: price, volume and mix, in total and by any dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tallystick.core.dimensions import OWNED, SUBJECTS, TERMS
from tallystick.core.message import Message, note, warning
from tallystick.core.money import ratio
from tallystick.core.question import Cell, Heading, Kind, Question, Table
from tallystick.core.text import cut, window_words
from tallystick.core.time import DAY, Grain, Window
from tallystick.core.time_words import month_of, window
from tallystick.errors import InvalidQuestion
from tallystick.query.context import Context
from tallystick.query.facts import foresee
from tallystick.query.groups import OTHERS
from tallystick.query.match_shares import billed_coverage
from tallystick.query.names import apart, dim_cells, dim_headings, dims_of, directory, named
from tallystick.query.owners import unasked
from tallystick.query.pivot import Measure, Pivot
from tallystick.query.report import ChargeSum, Days, Form, Parameter, Report, Where, by, days, narrowed_by
from tallystick.query.strictness import COMPLETE
from tallystick.reports.variance_lines import effects_of
from tallystick.reports.variance_words import Namer, Part, combined, headline, is_large, mostly, share, signed, why
from tallystick.store.engine import Engine
from tallystick.tally.owners import Owners
from tallystick.tally.variance import Effects

MONEY = ("before", "after", "change", "price", "volume", "mix")

VARIANCE = Pivot(
    name="variance",
    money=True,
    dimensions=(*SUBJECTS, *OWNED, *TERMS),
    by=("model",),
    measures=tuple(Measure(name, Kind.MONEY, "USD", name) for name in MONEY),
    order="change",
    refused=dict.fromkeys(("day", "week", "month"), "it compares two windows as wholes."),
)
GROUPS = ("workspace", "product", *OWNED)
"""Dimensions whose values stand for several keys and persons."""
HEADINGS = (
    *(Heading(name, Kind.MONEY, "USD", int(name == "before")) for name in MONEY),
    Heading("growth", Kind.RATIO, drop_order=2),
    Heading("why", Kind.TEXT, drop_order=3),
)
_NOTE = (
    "price: the new use at the new effective rates, less at the old ones. volume: a key or person used more or less. "
    "mix: of a key or person other models or kinds than before, at the old rates."
)
_SPANS = "Write --against 2026-09, 2026-Q2 or 2026-09-01..2026-09-07, both days included."


def answer(engine: Engine, question: Question, now: datetime, owners: Owners | None = None) -> Table:
    """The three effects of each group from `question.against` to `question.window`, largest absolute change first.

    Columns: the dimensions of `by`, then USD `before`, `after`, `change`, `price`, `volume`, `mix`, `growth`, the
    change to `before`, a ratio, and `why` in words. `before + price + volume + mix = after` in each row and in the
    totals, to the picodollar. Raises InvalidQuestion where the question cannot be.
    """
    VARIANCE.check(question)
    owners = owners or Owners()
    if question.against is None:
        raise InvalidQuestion("A change is between two windows, and one was named.", "Name another with --against.")
    before = replace(question, window=question.against)
    dims = dims_of(engine, question)
    parts, split = effects_of(engine, (before, question), dims, owners)
    groups: dict[tuple[str, ...], list[Part]] = {}
    for part in parts:
        groups.setdefault(part.group, []).append(part)
    rows = _largest([*groups.items()], question.top, len(dims) - len(question.by))
    sum_of_parts = combined(parts)
    scope = unasked(question, owners) if question.owned else question
    if before.window.end == question.window.start:
        foresee(engine, replace(scope, window=Window(before.window.start, question.window.end)))
    coverage, covered = _coverage(engine, (replace(scope, window=before.window), scope), now)
    present = (coverage["against"]["present"], coverage["present"])
    names, words = named(engine, dims), _Words.of(engine, parts, dims)
    is_known = all(present)
    return Table(
        question,
        (*dim_headings(dims, names), *HEADINGS),
        [
            (
                *dim_cells(dict(zip(dims, group, strict=True)), names),
                *_figures(effect, present),
                words.why(own, effect) if is_known else None,
            )
            for group, own, effect in rows
        ],
        dict(zip((*MONEY, "growth"), _figures(sum_of_parts, present), strict=True)),
        (*covered, *((*split, note(_NOTE)) if is_known else ())),
        coverage,
        engine.version.identity,
        headline(sum_of_parts, (question.window, before.window), now.year, words.largest(rows, sum_of_parts))
        if is_known
        else "",
    )


@dataclass(frozen=True)
class _Words:
    """What a change is said to be of: keys, persons and models, where there are several."""

    names: Mapping[str, Namer]
    dims: tuple[str, ...]
    who: bool
    model: bool

    @classmethod
    def of(cls, engine: Engine, parts: Sequence[Part], dims: tuple[str, ...]) -> _Words:
        """Return what tells these parts apart."""
        namers = {}
        for name, ids in (("key", {part.key for part in parts}), ("actor", {part.actor for part in parts})):
            known = directory(engine, name)
            namers[name] = apart({id_: known.get(id_, id_) for id_ in ids}).__getitem__
        users, models = {(part.key, part.actor) for part in parts}, {part.model for part in parts}
        return cls({**named(engine, dims), **namers}, dims, len(users) > 1, len(models) > 1)

    def why(self, parts: Sequence[Part], effect: Effects) -> str:
        """Return why a group changed, and of whom that mostly is."""
        by_user, model = self.who and not {"key", "actor"} & {*self.dims}, self.model and "model" not in self.dims
        return "; ".join(filter(None, (why(effect), mostly(parts, self.names, who=by_user, model=model))))

    def largest(self, rows: Sequence[_Row], sum_of_rows: Effects) -> str:
        """Return what has the largest part in all: a team or the like, in it a key, a person, a model."""
        parts = [part for row in rows for part in row[1]]
        words = ""
        if {*self.dims} & {*GROUPS} and len(rows) > 1:
            group, own, effect = max(rows, key=lambda row: row[2].change if sum_of_rows.change > 0 else -row[2].change)
            if is_large(effect.change, sum_of_rows.change):
                parts = own
                names = (cut(self.names.get(dim, str)(id_)) for dim, id_ in zip(self.dims, group, strict=True))
                words = f"{share(effect.change, sum_of_rows.change)} {', '.join(names)} ({signed(effect.change)})"
        return ", ".join(filter(None, (words, mostly(parts, self.names, who=self.who, model=self.model))))


def windows(days: Days, against: str | None, now: datetime) -> tuple[Window, Window]:
    """Return what is compared and with what: a month with the one before it, or a span with as long a one before it.

    Of a month that runs the ended days are compared with the same days of the month before.

    `against` is a word for a month or another span, or `SINCE..UNTIL`. InvalidQuestion where one cannot be.
    """
    since, until, month = days
    if since is None and until is None:
        current = month_of(month, now)
        before = Grain.MONTH.around(current.start - DAY)
        if against is None and current.end > Grain.DAY.floor(now) >= current.start:  # it runs: as many days before
            current = Window(current.start, max(Grain.DAY.floor(now), Grain.DAY.after(current.start)))
            before = before & Window(before.start, before.start + (current.end - current.start))
    else:
        current = window(since, until, now, month=month)
        before = Window(current.start - (current.end - current.start), current.start)
    if against is not None:
        start, dots, end = against.partition("..")
        try:
            before = window(start, end if dots else start, now)
        except InvalidQuestion as wrong:
            raise InvalidQuestion(f"--against {against}: {wrong.what}", _SPANS) from None
    if current == before:
        raise InvalidQuestion("Both windows are the same, so nothing changed.", _SPANS)
    return current, before


_Row = tuple[tuple[str, ...], list[Part], Effects]


def _largest(groups: Sequence[tuple[tuple[str, ...], list[Part]]], top: int | None, leading: int) -> list[_Row]:
    """The groups by absolute change; past `top` the rest in one, or one for each of the `leading` dimensions."""
    rows = [(group, parts, combined(parts)) for group, parts in groups]
    rows.sort(key=lambda row: (-abs(row[2].change), row[0]))
    if top is None or len(rows) <= top:
        return rows
    rest: dict[tuple[str, ...], list[Part]] = {}
    for group, parts, _ in rows[top:]:
        rest.setdefault((*group[:leading], *(OTHERS for _ in group[leading:])), []).extend(parts)
    others = [(group, parts, combined(parts)) for group, parts in rest.items()]
    return [*rows[:top], *others]


def _coverage(
    engine: Engine, windows: tuple[Question, Question], now: datetime
) -> tuple[dict[str, Any], list[Message]]:
    """The coverage of the window, and in `against` that of the one before; what to say of both."""
    coverages: list[dict[str, Any]] = []
    beside: list[Message] = []
    for word, question in zip(("Before", "After"), windows, strict=True):
        coverage, covered = billed_coverage(engine, question, now)
        beside += [replace(message, text=f"{word}: {message.text}") for message in covered]
        coverages.append(coverage)
    old, new = coverages
    if old["present"] and new["present"] and old["present"] != new["present"]:
        of_before, of_after = (
            f"{coverage['present']} of {window_words(question.window, now.year)}"
            for coverage, question in zip(coverages, windows, strict=True)
        )
        text = f"Billed days: {of_before}, {of_after}; the change in days is volume."
        beside.insert(0, warning(text))
    return new | {"against": old}, beside


def _figures(effect: Effects, present: tuple[int, int]) -> tuple[Cell, ...]:
    """The figures of a row; of a window of which no day is known nothing is, so neither is what changed."""
    before, after = (side if days else None for side, days in zip((effect.before, effect.after), present, strict=True))
    if before is None or after is None:
        return (before, after, *(None,) * 5)
    growth = ratio(effect.change, before)
    return (before, after, effect.change, effect.price, effect.volume, effect.mix, growth)


def _ask(
    context: Context, against: str | None, days: Days, by: tuple[str, ...], where: Where, top: int | None
) -> Table:
    window, before = windows(days, against, context.now)
    question = replace(context.question("variance", by, where=where, top=top), window=window, against=before)
    return context.warned(answer(context.engine, question, context.now, context.owners_of(question)))


REPORT = Report(
    _ask,
    (
        Parameter(
            "against",
            "The month or days to compare with: 2026-08, or 2026-08-01..2026-08-15. By default the window before.",
            metavar="MONTH|SINCE..UNTIL",
        ),
        *days("the last ended month"),
        by(("model",), VARIANCE.dimensions),
        narrowed_by(VARIANCE.dimensions),
        Parameter("top", "The N largest changes, and the rest in one more row.", Form.COUNT, metavar="N"),
    ),
    "before + price + volume + mix = after, exactly. Group by any of organization, workspace, key, actor, product, "
    "team, cost_center, model, kind, tier, context, geo, speed.",
    strict=COMPLETE,
    teams=True,
    charges={
        "before": ChargeSum("billed", "billed", before=True),
        "after": ChargeSum("billed", "billed"),
        **dict.fromkeys(("change", "price", "volume", "mix", "growth"), ChargeSum(half="billed", both=True)),
    },
)
