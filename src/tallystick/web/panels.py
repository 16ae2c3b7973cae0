"""Panels: a panel of a page with its answer, ready for a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup

from tallystick.address import CHART
from tallystick.core.document import Answer, Document
from tallystick.core.question import Table
from tallystick.core.text import cut, minute, safe
from tallystick.errors import InvalidQuestion, TallystickError
from tallystick.formats.shown import shown
from tallystick.web.advice import Advice, advice
from tallystick.web.ahead import ahead, flagged
from tallystick.web.chart_table import chart_table
from tallystick.web.drawings import DRAWINGS, rows
from tallystick.web.finding_view import finding_course, lines_of, of_subject
from tallystick.web.grid import Grid, grid
from tallystick.web.links import finding, held, lines, narrowed
from tallystick.web.marks import Mark, marks
from tallystick.web.page import Panel, View
from tallystick.web.reasons import Reason, reasons
from tallystick.web.series import AHEAD, Course, Series, Slot, course
from tallystick.web.sheets import Sheet, sheets
from tallystick.web.stack import STATES, Charges, Deeper, stack
from tallystick.web.templates import rendered
from tallystick.web.tiles import Tile, tiles
from tallystick.web.trends import Trend, trends

EARLIER = 28
"""Days between a day of a chart and the one that it stands beside: the same weekday."""
BEFORE = "4 weeks before"
STALE = timedelta(days=1)
"""Data that ends before the day so long ago is old."""
NO_BEFORE = "The days before are not in the ledger: there is nothing to compare with."
HEADED = (View.FIGURES, View.TOTALS, View.REASONS, View.PART)
"""The views that begin with the headline of their answer."""
EVERY = 10**6
"""More values than any answer has: none is drawn as one of others."""


@dataclass(frozen=True, slots=True)
class Legend:
    """One series of a chart: its color's number, its name, where it leads."""

    number: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a template places of an answer. `chart` is SVG whose texts are escaped; `error` stands in its place.

    `behind` is the table of the chart, `trends` are small lines by the rows of the grid. `body` is all of it as HTML.
    """

    panel: Panel
    body: str = ""
    chart: str = ""
    legend: tuple[Legend, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    before: str = ""
    expected: bool = False
    ranges: str = ""
    flags: str = ""
    """Where the findings of a chart that has flags are listed."""
    flag_states: frozenset[str] = frozenset()
    """The states of these findings."""
    behind: Grid | None = None
    grid: Grid | None = None
    trends: tuple[Trend | None, ...] = ()
    title: str = ""
    subtitle: str = ""
    headline: str = ""
    """The answer in a sentence, of the views that begin with it."""
    stale: bool = False
    tiles: tuple[Tile, ...] = ()
    advice: tuple[Advice, ...] = ()
    reasons: tuple[Reason, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    refused: bool = False
    """Whether the error is of the question, which no later reader can be answered."""
    name: str = ""
    """What the page is of, where the panel tells it."""
    late: bool = False
    """Whether it is still worked out."""
    lacks: str = ""
    """What is not there, and what to do about it."""
    marks: tuple[Mark, ...] = ()
    drawing: Any = None
    """What the view draws, where that is neither a table nor a chart of columns."""


def show(panel: Panel, answers: Sequence[Answer | TallystickError], today: date) -> Shown:
    """Return a panel as its view shows the answers to its address and to what it asks beside, and its HTML."""
    return bodied(_show(panel, answers, today))


def bodied(part: Shown) -> Shown:
    """Return a panel with its HTML, which is made once for all readers."""
    return replace(part, body=Markup(rendered("panel.html", part=part)))  # noqa: S704 - each text is escaped there


def _show(panel: Panel, answers: Sequence[Answer | TallystickError], today: date) -> Shown:
    answer, *beside = answers
    if isinstance(answer, TallystickError):
        refused = isinstance(answer, InvalidQuestion)
        text = " ".join(safe(part) for part in (answer.what, answer.hint) if part)
        return Shown(panel, lacks=text) if panel.may_lack else Shown(panel, error=text, refused=refused)
    tables = [table for table in beside if isinstance(table, Table)]
    is_headed = panel.heads or (panel.view in HEADED and not panel.silent) or not panel.title
    headline = safe(answer.headline) if is_headed else ""
    part = Shown(
        panel,
        headline=headline,
        warnings=_texts(answer.warnings),
        notes=_texts(answer.notes),
        marks=marks(answer, today),
    )
    if draw := DRAWINGS.get(panel.view):
        return replace(part, drawing=draw(panel, answer))
    if isinstance(answer, Document):
        return _document(part, answer, tables, today)
    return _table(part, answer, tables, today)


def _table(part: Shown, answer: Table, beside: Sequence[Table], today: date) -> Shown:
    panel = part.panel
    if panel.view is View.REASONS:
        causes = reasons(answer, panel.address)
        unknown = not causes and answer.cells and answer.totals.get("before") is None
        return replace(
            part, reasons=causes, grid=grid(answer, panel.address, panel.rows), lacks=NO_BEFORE if unknown else ""
        )
    part = replace(part, grid=rows(panel, answer))
    if panel.view is View.TREND and beside:
        by_value = trends(course(beside[0], today, EVERY))
        return replace(part, trends=tuple(by_value.get(str(row[0])) for row in answer.cells))
    selection = answer.of_columns(panel.columns) if panel.columns else answer
    figure = panel.address.text(CHART)
    if panel.view is View.COURSE and (drawn := course(selection, today, figure=figure)):
        return _course(part, _beside(drawn, panel, beside), answer)
    return part


def _beside(drawn: Course, panel: Panel, tables: Sequence[Table]) -> Course:
    """A chart with what its panel asks beside: the days four weeks before, the days to come, what stands out."""
    addresses = {address.report: address for address in panel.also}
    for table in tables:
        match table.question.report if table.question else "":
            case "forecast":
                drawn = ahead(drawn, table)
            case "anomalies" as report:
                drawn = flagged(drawn, table, addresses[report])
            case _:
                drawn = drawn.against(table, EARLIER, BEFORE)
    return drawn


def _document(part: Shown, document: Document, tables: Sequence[Table], today: date) -> Shown:
    if part.panel.view is View.FIGURES:
        return replace(
            part,
            tiles=tiles(part.panel.address.report, document, today, next(iter(tables), None)),
            title=safe(document.title) if document.name == "status" and not part.panel.address.pairs else "",
            name=safe(document.title) if document.name in {"profile", "anomaly"} else "",
            subtitle="" if document.name == "profile" else _fresh(document),
            stale=str(document.facts.get("data_until") or "9") < str(today - STALE),
        )
    if part.panel.view is View.ATTENTION:
        listed = [*_findings(part.panel, tables, today)]
        others = (advice(str(text)) for text in document.facts.get("attention", ()))
        known = {item.finding for item in listed}
        items = (*listed, *(item for item in others if item.finding not in known))
        return replace(part, advice=tuple(sorted(items, key=lambda item: item.ended)))
    if part.panel.view is View.DAYS:
        return _finding(part, document, today)
    report = part.panel.address.report
    return replace(
        part,
        title=safe(document.title),
        subtitle=safe(document.subtitle),
        tiles=tiles(report, document, today),
        sheets=sheets(report, document),
    )


def _findings(panel: Panel, tables: Sequence[Table], today: date) -> Iterable[Advice]:
    """The anomalies of this month, each with its page."""
    for table in tables:
        above = next(heading for heading in table.headings if heading.name == "above")
        for row in table.rows:
            if row["state"] != "expected" and str(row["until"] or today) >= f"{today:%Y-%m}":
                since, ended = date.fromisoformat(str(row["since"])), row["until"] is not None
                amount = shown(row["above"], above)
                when = f"{'' if ended else 'since '}{since.day} {since:%b}"
                about = f"{cut(str(row['subject_name']))}: {amount} USD above usual{',' * ended} {when}"
                id_ = str(row["finding"])
                yield Advice(safe(about), finding(id_, panel.also[0]), id_, ended)


def _fresh(document: Document) -> str:
    """How far the data goes, and when it was last read."""
    texts = [
        f"{word} {minute(datetime.fromisoformat(text))}"
        for name, word in (("data_until", "Data complete up to"), ("last_sync_at", "last sync"))
        if (text := document.facts.get(name))
    ]
    words = ", ".join(texts) or safe(document.subtitle)
    return words[:1].upper() + words[1:]


def _finding(part: Shown, document: Document, today: date) -> Shown:
    address, facts = part.panel.address, document.facts
    if (drawn := finding_course(document, address, today)) is None:
        return part

    def deeper(slot: Slot) -> str:
        return of_subject(address, facts, "spend", slot.time, slot.time).having("by", "model,kind").url

    return _drawn(part, drawn, deeper, lambda slot, _: lines_of(address, facts, slot.time, slot.time))


def _course(part: Shown, drawn: Course, table: Table) -> Shown:
    address = part.panel.address
    beside = {source.report: source.url for source in part.panel.also}

    def deeper(slot: Slot) -> str:
        if slot.state == AHEAD:
            return beside["forecast"]
        return narrowed(address, drawn.grain, slot.time, table.question.wall if table.question else None)

    def charges(slot: Slot, series: Series | None) -> str:
        if slot.state == AHEAD:
            return ""
        group = {drawn.grain: slot.time}
        if series and drawn.dimension:
            group[drawn.dimension] = series.value
        return lines(table.question, drawn.figure.name, group, group) if table.question else ""

    return replace(
        _drawn(part, drawn, deeper, charges),
        flags=beside["anomalies"] if drawn.flags else "",
        flag_states=frozenset(flag.state for flag in drawn.flags),
    )


def _drawn(part: Shown, drawn: Course, deeper: Deeper, charges: Charges) -> Shown:
    return replace(
        part,
        chart=stack(drawn, deeper, charges),
        legend=tuple(_legend(part.panel, drawn)),
        states={slot.state: STATES[slot.state] for slot in drawn.slots if slot.state not in {"", AHEAD}},
        before=drawn.before if drawn.earlier else "",
        expected=bool(drawn.expected),
        ranges=", 50 and 80 % range" if any(expectation.ranges for expectation in drawn.expected.values()) else "",
        behind=chart_table(drawn, deeper, charges),
    )


def _texts(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(safe(str(text)) for text in texts)


def _legend(panel: Panel, drawn: Course) -> Iterable[Legend]:
    if not drawn.dimension:
        return
    for number, series in enumerate(drawn.series):
        lead = held if panel.narrows else narrowed
        yield Legend(number, series.name, lead(panel.address, drawn.dimension, series.value))
