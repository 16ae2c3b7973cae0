"""Pictures in Chromium: what is written in a chart can be read, light and dark, on a telephone and a wide screen."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium

from browser.conftest import visiting
from tallystick.formats.picture import GRID, INK, PALE, SHADES

pytestmark = pytest.mark.browser
PATHS = ("/", "/ask/chargeback?month=2026-10", "/ask/summary?month=2026-10", "/ask/spend?by=day,model", "/reconcile")
"""Pages with a chart: the stacked columns, bars and columns of a Document, the steps of a reconciliation."""
LEAST, CONTRAST = 8.5, 4.5
"""Pixels of the type in a chart, and its contrast to what it stands on, at least."""
TEXTS = """() => {
    const channel = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })
    const light = (color) => {
        canvas.fillStyle = color
        canvas.fillRect(0, 0, 1, 1)
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => channel(value / 255))
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const ground = (element) => {
        for (let each = element; each; each = each.parentElement) {
            const color = getComputedStyle(each).backgroundColor
            if (color !== "rgba(0, 0, 0, 0)") return color
        }
        return "white"
    }
    const shown = [...document.querySelectorAll("main svg text")].filter((text) => text.getClientRects().length)
    return shown.map((text) => {
        const style = getComputedStyle(text)
        const [a, b] = [light(style.fill), light(ground(text.closest("svg").parentElement))]
        const scale = text.getScreenCTM().a
        return [text.textContent, parseFloat(style.fontSize) * scale, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
                style.fontFamily === getComputedStyle(document.body).fontFamily]
    })
}"""


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("path", PATHS)
def test_what_a_chart_says_can_be_read(chromium: Chromium, hostile: str, path: str, width: int, look: Any) -> None:
    """Every name and amount in a chart is large enough, stands out from its ground, in the letters of the page."""
    with visiting(chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=look), hostile) as visit:
        page = visit.open(path)
        texts = page.evaluate(TEXTS)
        assert texts or path == "/reconcile"
        for text, size, contrast, is_own in texts:
            assert size >= LEAST, (text, size)
            assert contrast >= CONTRAST, (text, contrast)
            assert is_own, text


def test_every_color_of_paper_has_one_of_the_page(chromium: Chromium, hostile: str) -> None:
    """No color of a picture on paper is left on a page: each has one that light and dark both have."""
    with visiting(chromium.new_context(), hostile) as visit:
        page = visit.open("/ask/chargeback?month=2026-10")
        for attribute, colors in (("fill", (*SHADES, INK, PALE)), ("stroke", (GRID, PALE))):
            for color in colors:
                element = "line" if attribute == "stroke" else "text" if color in {INK, PALE} else "path"
                seen = page.evaluate(
                    """([element, attribute, color]) => {
                        const group = document.querySelector(".sheet svg g")
                        const mark = document.createElementNS("http://www.w3.org/2000/svg", element)
                        mark.setAttribute(attribute, color)
                        group.append(mark)
                        const bare = document.createElement("i")
                        bare.style.color = color
                        return [getComputedStyle(mark)[attribute], getComputedStyle(bare).color]
                    }""",
                    [element, attribute, color],
                )
                assert seen[0] != seen[1], color
