"""Suggestions: what a text that is being typed can mean, for the search box and for a filter, as options of a list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from tallystick.catalog import entry
from tallystick.core.dimensions import canonical
from tallystick.core.text import safe
from tallystick.query.report import Form
from tallystick.web.links import SUBJECTS
from tallystick.web.names import choices
from tallystick.web.search import LONGEST, Hit, ranked, time_hits
from tallystick.web.templates import rendered

if TYPE_CHECKING:
    from starlette.requests import Request

    from tallystick.web.explore import Explore

MOST = 8
"""Options that are offered at once."""
PATH = "/suggestions"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen: what it is, its name, words beside it, and where it leads or what it filters by."""

    kind: str
    name: str
    about: str = ""
    url: str = ""
    dimension: str = ""
    value: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestions:
    """The suggestions of a dashboard, of the names that its reader may see."""

    explore: Explore

    async def answer(self, request: Request) -> Response:
        """Answer options as HTML: of a filter of a report where one is named, else of the search."""
        query = request.query_params
        text = (query.get("value") if query.get("report") else query.get("q")) or ""
        known = await (self._filters(request) if query.get("report") else self._hits(request))
        hits = {
            Hit(option.kind, option.name, option.about, option.url, aliases=option.aliases): option for option in known
        }
        text = text if len(text) <= LONGEST else ""
        order = ranked(text, hits, near=False) if text or not query.get("report") else [*hits]
        place = "filter" if query.get("report") else "search"
        options = [*self._times(text, place), *(hits[hit] for hit in order)][:MOST]
        return HTMLResponse(rendered("suggestions.html", options=options, place=place))

    async def _hits(self, request: Request) -> list[Option]:
        visit = self.explore.visit()
        hits = await self.explore.hits(request, visit) if visit.version else []
        return [Option(hit.kind, hit.name, hit.id or hit.about, hit.url, aliases=hit.aliases) for hit in hits]

    def _times(self, text: str, place: str) -> list[Option]:
        """The page of a day or a month, first as in the search that Enter opens."""
        visit = self.explore.visit()
        if place != "search" or visit.version is None:
            return []
        return [Option(hit.kind, hit.name, hit.about, hit.url) for hit in time_hits(text, visit.now)]

    async def _filters(self, request: Request) -> list[Option]:
        """The values of the dimension of the filter, then those of others that it could be on."""
        visit, query = self.explore.visit(), request.query_params
        report = entry(query["report"])
        if visit.version is None:
            return []
        parameters = report.report.parameters
        known = next((parameter.choices for parameter in parameters if parameter.form is Form.WHERE), ())
        preferred = canonical(query.get("filter", ""), known)
        dimensions = dict.fromkeys(name for name in (preferred, *SUBJECTS) if name in known)
        return [
            option
            for dimension in dimensions
            for option in _options(dimension, await self.explore.values(request, visit, report.name, dimension))
        ]


def _options(dimension: str, names: dict[str, str]) -> Iterator[Option]:
    kind = SUBJECTS.get(dimension, dimension.replace("_", " "))
    for name, id_, value in choices(names):
        yield Option(kind, safe(name), "" if name == id_ else safe(id_), dimension=dimension, value=value)
