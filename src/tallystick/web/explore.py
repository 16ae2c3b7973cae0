"""Explore: any question of the catalog as a page or a file, and the search."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from tallystick.address import CHART, Address, every_row
from tallystick.catalog import CATALOG, Entry, Group, entry
from tallystick.core.document import Answer, Document
from tallystick.core.filter import EXCEPT
from tallystick.core.question import Kind, Table
from tallystick.core.text import safe
from tallystick.core.time_words import MONTHS, month_name
from tallystick.errors import InvalidQuestion, TallystickError, UnknownName
from tallystick.formats import ENDINGS
from tallystick.saved_views import SavedView, lines
from tallystick.settings_file import NAME
from tallystick.store.views import NAMED_BY
from tallystick.web.bounds import holdable
from tallystick.web.controls import Choice, Switch, controls, written
from tallystick.web.file_name import file_name
from tallystick.web.leads import leads_of
from tallystick.web.links import SUBJECTS
from tallystick.web.names import asked, names_of
from tallystick.web.page import Panel, View
from tallystick.web.pages import PAGES
from tallystick.web.panels import Shown, show
from tallystick.web.search import Hit, catalog_hits, page_hits, ranked, subjects_hits, time_hits, view_hits
from tallystick.web.series import course
from tallystick.web.tokens import LOCAL, Identity
from tallystick.web.view_list import ViewList

if TYPE_CHECKING:
    from starlette.requests import Request

    from tallystick.web.application import Dashboard
    from tallystick.web.visits import Visit

MEDIA = {
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""The media type of a file by its ending."""
CELLS = {"pdf": 50_000} | dict.fromkeys(("txt", "md", "html", "xlsx"), 300_000)
"""Cells that a file of an ending may have: to write more takes minutes. Others have all that an answer may have."""
WRITERS = 2
"""Files that are written at once."""
ROWS = 500
"""Rows that stand on a page; the files have all."""


class Explore:
    """The questions of a dashboard; `views` are the saved ones."""

    def __init__(self, dashboard: Dashboard, views: ViewList) -> None:
        self._dashboard = dashboard
        self._views = views
        self._turn = asyncio.Semaphore(WRITERS)

    async def page(self, request: Request) -> Response:
        """Answer a report of the catalog, as a page or as a file."""
        name, _, ending = request.path_params["report"].partition(".")
        address = Address.of(name, written(request.query_params.multi_items()))
        visit = self._dashboard.readers.visit()
        if ending:
            return await self._file(request, visit, address, ending)
        if visit.version is None:
            return self._dashboard.welcome(request, visit)
        question_form = controls(address, await self._names(request, visit, address))
        panel = Panel("", address, View.COURSE, 12, rows=ROWS, leads=leads_of(address), narrows=True)
        answer = (
            await self._dashboard.answer(request.state.identity, visit, address) if question_form.complete else None
        )
        return self._dashboard.html(
            request,
            "ask.html",
            visit,
            title=name,
            listed=entry(name),
            address=address,
            part=await self._part(request, visit, panel, answer),
            chart=_figures(address, answer),
            controls=question_form,
            whole=every_row(address) != address,
            files=[
                (form.ending, address.file(form.ending))
                for form in ENDINGS.values()
                if _has_rows(answer) or not form.rows
            ],
            sql=await self._sql(request, visit, address) if question_form.complete else "",
            groups=_groups(request.state.identity),
            views=self._views_of(request),
            saves=_saves(address, visit.now),
            view_name=_title(address),
            view_path=self._views.path if request.state.identity == LOCAL else NAME,
        )

    async def _part(
        self, request: Request, visit: Visit, panel: Panel, answer: Answer | TallystickError | None
    ) -> Shown | None:
        """The panel of a question: what is known to have no answer is not asked again."""
        if isinstance(answer, UnknownName):
            raise answer
        if isinstance(answer, TallystickError):
            return show(panel, (answer,), visit.now.date())
        return await self._dashboard.part(request.state.identity, visit, panel) if answer else None

    async def _names(self, request: Request, visit: Visit, address: Address) -> dict[tuple[str, str], str]:
        """The names of the ids that a question is held to."""
        dimensions = {name.removesuffix(EXCEPT) for name, _ in address.filters} & NAMED_BY.keys()
        by_dimension = await asyncio.gather(*(self.values(request, visit, address.report, name) for name in dimensions))
        return {
            (dimension, id_): safe(name)
            for dimension, names in zip(dimensions, by_dimension, strict=True)
            for id_, name in names.items()
        }

    async def values(self, request: Request, visit: Visit, report: str, dimension: str) -> dict[str, str]:
        """Return the values of a dimension, of what the reader may see; none where that cannot be asked."""
        answer = await self._dashboard.answer(request.state.identity, visit, asked(report, dimension))
        return {} if isinstance(answer, TallystickError) else names_of(answer, dimension)

    async def _sql(self, request: Request, visit: Visit, address: Address) -> str:
        """The query of a question, where it is one. It names every id that a pattern fits, so it is not for all."""
        identity = request.state.identity
        if not identity.sees_all or not entry(address.report).report.sql:
            return ""
        try:
            return await self._dashboard.query(identity, visit, address)
        except TallystickError:
            return ""

    async def _file(self, request: Request, visit: Visit, address: Address, ending: str) -> Response:
        if (form := ENDINGS.get(ending)) is None:
            raise HTTPException(404)
        answer = await self._dashboard.answer(request.state.identity, visit, every_row(address))
        if isinstance(answer, TallystickError):
            raise answer
        if isinstance(answer, Table) and answer.size > (most := CELLS.get(ending, answer.size)):
            raise InvalidQuestion(
                f"The answer has {len(answer.cells):,} rows; a .{ending} may have {most // len(answer.headings):,}.",
                "Take a .csv, or ask for fewer: group by less, fewer days, a filter, top.",
            )
        async with self._turn:
            content = await asyncio.to_thread(form.write, answer)
        headers = {"Content-Disposition": f'attachment; filename="{file_name(address, answer, ending)}"'}
        return Response(content, media_type=MEDIA[ending], headers=headers)

    async def search(self, request: Request) -> Response:
        """Answer what a text can mean; where it means one thing alone, lead there."""
        query = request.query_params.get("q", "")
        visit = self._dashboard.readers.visit()
        if visit.version is None:
            return self._dashboard.welcome(request, visit)
        hits = [*time_hits(query, visit.now), *ranked(query, await self.hits(request, visit))]
        if len(hits) == 1:
            return RedirectResponse(hits[0].url, 303)
        return self._dashboard.html(request, "search.html", visit, title="Search", query=query, hits=hits)

    def visit(self) -> Visit:
        """Return the version that readers are shown."""
        return self._dashboard.readers.visit()

    async def hits(self, request: Request, visit: Visit) -> list[Hit]:
        """Return everything that a search can lead to, but for days and months."""
        names = await asyncio.gather(*(self._known(request, visit, dimension) for dimension in SUBJECTS))
        return [
            *view_hits(self._views_of(request)),
            *subjects_hits(dict(zip(SUBJECTS, names, strict=True))),
            *page_hits(PAGES),
            *catalog_hits(PAGES),
        ]

    async def _known(self, request: Request, visit: Visit, dimension: str) -> dict[str, str]:
        """Everything of a dimension, used or not, that the reader may see."""
        roster = await self._dashboard.answer(
            request.state.identity, visit, Address("roster", (("dimension", dimension),))
        )
        if not isinstance(roster, TallystickError):
            return names_of(roster, dimension)
        return await self.values(request, visit, CATALOG[0].name, dimension)

    def _views_of(self, request: Request) -> Sequence[SavedView]:
        """The saved views; none for a reader of a part of the ledger, whose names may tell of others."""
        return self._views.views if request.state.identity.sees_all else ()


def _has_rows(answer: Answer | TallystickError | None) -> bool:
    """Whether formats of rows can hold an answer."""
    return not isinstance(answer, Document) or answer.lines is not None


def _title(address: Address) -> str:
    """A name for a view: its report and what it is asked with."""
    return " ".join((address.report, *(text for name, text in address.question.pairs if text)))


def _saves(address: Address, now: datetime) -> list[tuple[str, str]]:
    """What to write to save a view, and the same with the month that a word for it names now."""
    saves = [("", lines(_title(address), address))]
    if (word := address.text("month")) in MONTHS:
        name = month_name(word, now)
        fixed = address.having("month", name)
        saves = [(f"Moves on with the calendar ({word})", saves[0][1]), (f"Stays {name}", lines(_title(fixed), fixed))]
    return saves


def _groups(identity: Identity) -> list[tuple[Group, list[Entry]]]:
    """The reports that an identity can ask, by their groups."""
    selection = [listed for listed in CATALOG if identity.sees_all or holdable(Address(listed.name), identity)]
    return [(group, [listed for listed in selection if listed.group is group]) for group in Group]


def _figures(address: Address, answer: Any) -> Switch | None:
    """The figures that the chart of an answer can draw, where there are several."""
    if not isinstance(answer, Table) or course(answer) is None:
        return None
    names = [heading.name for heading in answer.headings if heading.kind in {Kind.MONEY, Kind.COUNT}]
    drawn = address.text(CHART) if address.text(CHART) in names else names[0]
    figures = tuple(Choice(name.replace("_", " "), address.having(CHART, name).url, name == drawn) for name in names)
    return Switch("Draw", "The figure that the chart draws.", figures) if len(names) > 1 else None
