"""Notebook: a Table as a piece of HTML between others, a Document as its page in a frame; both fit light and dark."""

from __future__ import annotations

from html import escape
from importlib.resources import files

from tallystick.core.document import Answer, Document
from tallystick.formats.html import as_html, rendered
from tallystick.formats.page import laid

MOST = 100
"""Rows of a Table that a notebook shows."""


def as_notebook(answer: Answer) -> str:
    """The answer as people read it: title, units, rounded figures, totals, warnings and notes; every text escaped."""
    if isinstance(answer, Document):
        page = escape(as_html(answer), quote=True)
        return f'<iframe title="{escape(answer.title)}" srcdoc="{page}" {_FRAME}></iframe>'
    source = files("tallystick.formats").joinpath("notebook.html").read_text("utf-8")
    return rendered(source, laid(answer) | {"most": MOST, "question": answer.question})


_FRAME = 'sandbox="" style="width: 100%; height: 48rem; border: 1px solid rgba(128, 128, 128, .4)"'
