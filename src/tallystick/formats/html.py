"""HTML: one page that stands by itself: no script, no network; read on a screen or a phone, printed on A4 or Letter."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from tallystick.core.document import Answer
from tallystick.formats.page import laid


def as_html(answer: Answer) -> str:
    """The answer as a page for people, rounded as `shown` has it; style and pictures are inside.

    Jinja escapes every text; the SVG of a picture alone goes in as it is: `picture` escaped its texts.
    """
    source = files("tallystick.formats").joinpath("page.html").read_text("utf-8")
    return rendered(source, laid(answer)) + "\n"


def rendered(source: str, values: Mapping[str, Any]) -> str:
    """A template with its values, each escaped."""
    from jinja2 import Environment, StrictUndefined

    jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return jinja.from_string(source).render(values)
