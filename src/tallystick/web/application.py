"""Application: the dashboard as an ASGI application over one ledger."""

from __future__ import annotations

import asyncio
import re
import shlex
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from tallystick import __version__
from tallystick.address import Address
from tallystick.core.document import Answer
from tallystick.core.filter import pattern
from tallystick.core.question import Table
from tallystick.core.text import safe
from tallystick.errors import InvalidQuestion, LedgerError, TallystickError, UnknownName
from tallystick.settings import Settings
from tallystick.web.access import Access
from tallystick.web.assets import Assets
from tallystick.web.bounds import bounded, held
from tallystick.web.explore import Explore
from tallystick.web.gate import LOG, Gate, theme
from tallystick.web.links import SUBJECTS
from tallystick.web.live import Live
from tallystick.web.load import load
from tallystick.web.openapi import description
from tallystick.web.own_names import check, name_in, named
from tallystick.web.page import Page, Panel
from tallystick.web.pages import PAGES
from tallystick.web.panels import Shown, show
from tallystick.web.paths import without_folders
from tallystick.web.patience import patience, rest, shown
from tallystick.web.readers import Readers, VersionReader
from tallystick.web.refresh import Refresh
from tallystick.web.scrape import PATH as METRICS, Scrape
from tallystick.web.subject_pages import SUBJECT_PAGES
from tallystick.web.suggestions import PATH as SUGGESTIONS, Suggestions
from tallystick.web.team_view import has_part, not_for, panels_for
from tallystick.web.templates import rendered
from tallystick.web.tokens import LOCAL, Identity
from tallystick.web.view_list import ViewList
from tallystick.web.visits import Visit

HTTP = {
    403: ("This page is not for readers of a part of the ledger.", "Ask for a token of the whole ledger."),
    404: ("There is no such page.", "Begin at the overview."),
    405: ("This page takes no form.", "Begin at the overview."),
}
"""What is said of an HTTP status, and how to go on."""
FILE = re.compile(r"/ask/[^/]*\.(?P<ending>[^./]*)")
"""The path of an answer as a file."""
T = TypeVar("T")


class Passing(Exception):
    """A panel of which an answer failed for a reason that passes: it is shown, and not kept for the next reader."""

    def __init__(self, shown: Shown) -> None:
        super().__init__(shown)
        self.shown = shown


class Dashboard:
    """The pages over one ledger, each made of one version of it."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers

    async def page(self, request: Request) -> Response:
        """Answer a page of the list."""
        return await self._page(request, next(page for page in PAGES if page.path == request.url.path), "")

    async def subject(self, request: Request) -> Response:
        """Answer the page of one key, person, team, model or workspace."""
        if (page := SUBJECT_PAGES.get(request.path_params["kind"])) is None:
            raise HTTPException(404)
        value, identity = request.path_params["value"], request.state.identity
        dimension = next((name for name, path in SUBJECTS.items() if path == request.path_params["kind"]), "")
        if not dimension or identity.teams is None:
            return await self._page(request, page, value)
        answer = await self.answer(identity, self.readers.visit(), named(dimension, value))
        if isinstance(answer, InvalidQuestion) or pattern(value):
            raise UnknownName(f"There is no {request.path_params['kind']} {value!r} in the ledger.")
        return await self._page(request, page, value, name_in(answer, dimension))

    async def _page(self, request: Request, page: Page, value: str, name: str = "") -> Response:
        visit = self.readers.visit()
        if visit.version is None:
            return self.welcome(request, visit)
        listed = await self._listed(request, visit, page.choices(request.query_params))
        examples = page.examples(request.query_params, listed) if page.examples else ()
        panels = (*examples, *page.panels(value, request.query_params))
        identity = request.state.identity
        panels = panels_for(panels, identity)
        works = [self.part(identity, visit, panel) for panel in panels]
        parts = await shown(panels, works, patience(request), first=1 if value else 0) or [not_for(page, identity)]
        errors = {part.error for part in parts}
        if value and len(errors) == 1 and (text := errors.pop()):  # the page has nothing but why not
            raise (InvalidQuestion if parts[0].refused else LedgerError)(text)
        fields = page.form(request.query_params, listed) if page.form else ()
        title = next((part.name for part in parts if part.name), safe(name or value) or page.title)
        values: dict[str, Any] = {"title": title, "page": page, "value": safe(value), "fields": fields}
        return self.html(request, "page.html", visit, parts_shown=parts, rest=rest(request), **values)

    async def _listed(
        self, request: Request, visit: Visit, questions: tuple[Address, ...]
    ) -> tuple[Answer | None, ...]:
        """The answers that have what the form of a page chooses among."""
        answers = await asyncio.gather(*(self.answer(request.state.identity, visit, address) for address in questions))
        return tuple(None if isinstance(answer, TallystickError) else answer for answer in answers)

    async def part(self, identity: Identity, visit: Visit, panel: Panel) -> Shown:
        """Return a panel as it is shown, laid out once for each version and instant."""

        async def laid(visit: Visit) -> Shown:
            addresses = (panel.address, *panel.also)
            answers = await asyncio.gather(*(self.answer(identity, visit, address) for address in addresses))
            if isinstance(answers[0], UnknownName):
                raise answers[0]
            if panel.unknown and isinstance(answers[0], Table) and not answers[0].coverage["present"]:
                return await self.part(identity, visit, panel.unknown)
            if panel.of_rows and isinstance(answers[0], Table) and answers[0].cells:
                answers.append(await self.answer(identity, visit, panel.of_rows(answers[0])))
            part = await asyncio.to_thread(show, panel, answers, visit.now.date())
            if any(isinstance(answer, LedgerError) for answer in answers):
                raise Passing(part)
            return part

        try:
            return await self.readers.once(visit, (panel, identity.scope), laid)
        except Passing as passing:
            return passing.shown

    async def overview(self, visit: Visit) -> None:
        """Make the parts of the overview, one after the other: the second reader is for who asks meanwhile."""
        for panel in PAGES[0].panels("", {}):
            with suppress(TallystickError):
                await self.part(LOCAL, visit, panel)

    async def answer(self, identity: Identity, visit: Visit, address: Address) -> Answer | TallystickError:
        """Return the answer to a question, or why there is none."""
        try:
            return await self._ask(identity, visit, address, VersionReader.ask)
        except TallystickError as wrong:
            return wrong

    async def query(self, identity: Identity, visit: Visit, address: Address) -> str:
        """Return the query of a question; InvalidQuestion where it is not one."""
        return await self._ask(identity, visit, address, VersionReader.query)

    async def _ask(self, identity: Identity, visit: Visit, address: Address, ask: Callable[..., T]) -> T:
        """What `ask` gives of a question, of what its reader may see: all of a reader's answers pass here."""
        address = bounded(address.question, identity)
        values = address.values

        def answered(reader: VersionReader) -> T:
            if identity.teams is not None:
                check(reader, address, identity.teams)
            return ask(reader, address.report, **values)

        try:
            answer = await self.readers.ask(visit, (ask, address.url, identity.teams), answered, identity.organizations)
        except TallystickError as wrong:
            if isinstance(wrong, InvalidQuestion) and not identity.sees_all:
                wrong.hint = ""  # it can name what is another's
            raise without_folders(wrong, self.readers.settings.ledger) from None
        return held(answer, identity)

    def welcome(self, request: Request, visit: Visit) -> Response:
        """Return what is said where there is no ledger yet."""
        settings = self.readers.settings
        path = settings.ledger if request.state.identity == LOCAL else None
        elsewhere = settings.origin.get("ledger") != "default"  # a command elsewhere would make another one
        option = f" --ledger {shlex.quote(str(path))}" if path and elsewhere else ""
        return self.html(request, "welcome.html", visit, title="No ledger yet", path=path, option=option)

    async def version(self, _: Request) -> Response:
        """Say which version of the ledger is the newest."""
        return JSONResponse({"state": self.readers.visit().state})

    async def openapi(self, _: Request) -> Response:
        """Answer what a program can ask."""
        return JSONResponse(description())

    async def health(self, _: Request) -> Response:
        """Say that the process lives."""
        return PlainTextResponse("ok\n")

    async def ready(self, _: Request) -> Response:
        """Say whether the ledger can be read."""
        try:
            visit = self.readers.visit()
            if visit.version is None:
                return PlainTextResponse("no ledger\n", 503)
            await self.readers.probe(visit.version)
        except LedgerError as wrong:
            LOG.error("%s", wrong)
            return PlainTextResponse("The ledger cannot be read; the server's log says why.\n", 503)
        return PlainTextResponse("ready\n")

    def html(
        self, request: Request, template: str, visit: Visit | None, *, status: int = 200, **values: Any
    ) -> Response:
        """Return a page of a template."""
        identity = getattr(request.state, "identity", LOCAL)
        text = rendered(
            template,
            visit=visit,
            pages=[page for page in PAGES if has_part(page, identity)],
            here=request.url.path,
            parameters=request.url.query,
            release=__version__,
            form_token=getattr(request.state, "form_token", ""),
            identity=identity,
            theme=theme(request),
            **values,
        )
        return HTMLResponse(text, status)

    async def failure(self, request: Request, wrong: Exception) -> Response:
        """Answer an error with a page that says what happened and how to mend it."""
        if isinstance(wrong, HTTPException):
            status = wrong.status_code
            problem, hint = HTTP.get(status, HTTP[404])
        elif isinstance(wrong, TallystickError):
            status = 404 if isinstance(wrong, UnknownName) else 400 if isinstance(wrong, InvalidQuestion) else 503
            plain = without_folders(wrong, self.readers.settings.ledger)
            problem, hint = plain.what, plain.hint
        else:
            status, problem, hint = 500, "An internal error.", "The server's log has its details."
        if (file := FILE.fullmatch(request.url.path)) or request.url.path == SUGGESTIONS:
            if file and file["ending"] != "json":
                return PlainTextResponse(f"{problem}\n{hint}\n", status)
            return JSONResponse({"error": problem, "hint": hint}, status)
        return self.html(
            request, "error.html", None, status=status, title=problem, hint=hint, again=isinstance(wrong, LedgerError)
        )


def application(settings: Settings, access: Access | None = None, pause: timedelta | None = None) -> Starlette:
    """Return the dashboard of the ledger that the settings name, which it syncs at intervals, or when asked alone."""
    load()
    dashboard = Dashboard(Readers(settings))
    refresh = Refresh(settings, pause)
    live = Live(dashboard, refresh)
    explore = Explore(dashboard, ViewList(settings))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        refresh.start()
        following = asyncio.create_task(dashboard.readers.follow(dashboard.overview))
        yield
        following.cancel()
        await asyncio.to_thread(refresh.stop)
        await dashboard.readers.close()

    app = Starlette(
        routes=[
            *(Route(page.path, dashboard.page) for page in PAGES),
            Route("/ask/{report}", explore.page),
            Route(SUGGESTIONS, Suggestions(explore).answer),
            Route("/search", explore.search),
            Route("/sync", live.page, methods=["GET", "POST"]),
            Route("/sync/progress", live.progress),
            Route("/openapi.json", dashboard.openapi),
            Route("/version", dashboard.version),
            Route(METRICS, Scrape(dashboard.readers).answer),
            Route("/healthz", dashboard.health),
            Route("/readyz", dashboard.ready),
            Mount("/static", Assets()),
            Route("/{kind}/{value:path}", dashboard.subject),
        ],
        exception_handlers={
            HTTPException: dashboard.failure,
            TallystickError: dashboard.failure,
        },
        middleware=[
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
            Middleware(Gate, access=access or Access(), failure=dashboard.failure),
        ],
        lifespan=lifespan,
    )
    app.state.refresh = refresh
    return app
