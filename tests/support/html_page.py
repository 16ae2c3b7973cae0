"""A page read as a browser reads it: its links, its tables, and whatever could run."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class HtmlPage(HTMLParser):
    """The links, the tables as texts of cells, the `figures` in their bodies, the texts, and what must not be."""

    source: str
    links: list[str] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    figures: list[list[list[str]]] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._cell = self._figure = False
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note links, rows and cells, and what could run."""
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        elif tag == "table":
            self.tables.append([])
            self.figures.append([])
        elif tag == "tr":
            self.tables[-1].append([])
            self.figures[-1].append([])
        elif tag in {"td", "th"}:
            self._cell = True
            self.tables[-1][-1].append("")
            self._figure = tag == "td" and "figure" in (given.get("class") or "")
            if self._figure:
                self.figures[-1][-1].append("")
        outside = tag in {"script", "iframe", "object", "embed", "img", "base"} and not (
            tag == "script" and (given.get("src") or "").startswith("/static/")
        )
        handlers = [name for name in given if name.startswith("on") or name in {"style", "srcdoc"}]
        led = [text for text in (given.get("href"), given.get("action")) if text and not text.startswith(("/", "#"))]
        self.active += [tag] * outside + handlers + led

    def handle_endtag(self, tag: str) -> None:
        """Note where a cell ends."""
        if tag in {"td", "th"}:
            self._cell = False

    def handle_data(self, data: str) -> None:
        """Note a text, of a cell where it stands in one."""
        self.texts.append(data)
        if self._cell:
            self.tables[-1][-1][-1] += data
            if self._figure:
                self.figures[-1][-1][-1] += data
