"""A page whose panels take long is shown before it is whole, to a browser that asks for the rest by itself."""

from __future__ import annotations

import asyncio
import gc
import re

import pytest
from starlette.testclient import TestClient

from tallystick.web import patience as module
from tallystick.web.page import Panel, ask
from tallystick.web.panels import Shown
from tallystick.web.patience import shown

NAVIGATES = {"sec-fetch-mode": "navigate"}
_REST = r'<div id="answers"[^>]* hx-get="([^"]+)"'
UNHEARD: list[object] = []
"""Errors that a log would be told."""
PANELS = [Panel(name, ask("spend")) for name in ("quick", "slow")]


async def part(panel: Panel, seconds: float, wrong: Exception | None = None) -> Shown:
    """A panel that takes some seconds, or fails then."""
    await asyncio.sleep(seconds)
    if wrong:
        raise wrong
    return Shown(panel)


def parts(*works: tuple[float, Exception | None], seconds: float | None, first: int = 0) -> list[bool]:
    """Whether each panel is late."""

    async def asked() -> list[Shown]:
        asyncio.get_running_loop().set_exception_handler(lambda _, error: UNHEARD.append(error))
        made = await shown(PANELS, [part(PANELS[0], *works[0]), part(PANELS[1], *works[1])], seconds, first)
        await asyncio.sleep(0.3)  # for what is late: nobody waits for it, and nothing is told of how it ends
        return made

    return [each.late for each in asyncio.run(asked())]


def test_what_takes_long_is_late() -> None:
    """After the time that a page may take, panels that are not there are late; without one all are waited for."""
    assert parts((0, None), (0.2, None), seconds=0.05) == [False, True]
    assert parts((0, None), (0.2, None), seconds=None) == [False, False]
    assert parts((0.2, None), (0, None), seconds=0.05, first=1) == [False, False]


def test_what_fails_late_is_no_news() -> None:
    """A panel that fails in time is the page's error; one that fails later is asked again with the whole page."""
    with pytest.raises(ValueError, match="early"):
        parts((0, ValueError("early")), (0, None), seconds=0.05)
    with pytest.raises(ValueError, match="first"):
        parts((0, ValueError("first")), (0, ValueError("second")), seconds=0.05, first=1)
    assert parts((0, None), (0.2, ValueError("late")), seconds=0.05) == [False, True]
    gc.collect()
    assert UNHEARD == []


def test_a_browser_is_shown_what_is_there(dashboard: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser's first page names what is late; it asks for that until it is there. Who waits for all is given all."""
    monkeypatch.setattr(module, "FIRST", 0.0)
    monkeypatch.setattr(module, "NEXT", 0.0)
    more = "/cache?days=7d&more=1"
    page = dashboard.get("/cache?days=7d", headers=NAVIGATES).text
    assert 'class="skeleton"' in page
    assert 'href="/cache?days=7d&amp;whole=1"' in page
    assert re.findall(_REST, page) == [more.replace("&", "&amp;")]
    further = re.findall(_REST, dashboard.get(more).text)
    assert further in ([more.replace("&more=1", "&amp;more=2")], []), "it asks again, or is whole by now"
    monkeypatch.setattr(module, "NEXT", 60.0)
    for address, headers in ((more, {}), ("/cache?days=7d&whole=1", NAVIGATES), ("/cache?days=7d", {})):
        text = dashboard.get(address, headers=headers).text
        assert "skeleton" not in text
        assert 'id="answers">' in text
        assert "Does it pay, by model" in text


def test_a_subject_that_is_not_there_is_said_at_once(dashboard: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a key that nobody has is an error in a browser too, and no page that waits for nothing."""
    monkeypatch.setattr(module, "FIRST", 0.0)
    assert dashboard.get("/key/nobody", headers=NAVIGATES).status_code == 404
