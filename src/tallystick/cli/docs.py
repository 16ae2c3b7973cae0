"""`tallystick docs`: the pages of the documentation in a terminal.

The pages come with the package (`tallystick/docs`); of a clone of the repository they are its folder `docs`.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import ClassVar

import click

from tallystick.cli import options, output
from tallystick.core.text import did_you_mean
from tallystick.errors import InvalidQuestion

INDEX = "index.md"
"""The page that lists the others, each with a line."""
WIDEST = 100
"""Columns of a page on a wide terminal: longer lines are hard to read."""
_LISTED = re.compile(r"^- \[(?P<name>[\w-]+)\]\((?P=name)\.md\): (?P<summary>.+)$")
_PICTURE = re.compile(r"!\[[^]]*\]\([^)]*\)\n*")
_LINK = re.compile(r"\[(?P<text>[^]]+)\]\((?P<page>[\w-]+\.md)?(?:#[\w-]+)?\)")


@dataclass(frozen=True, slots=True)
class Topic:
    """One page: its name, the heading that it is listed under, and what it is about."""

    name: str
    group: str
    summary: str


@click.command()
@click.argument("topic", required=False)
def docs(topic: str | None) -> None:
    """Show a page of the documentation; without TOPIC, list the pages."""
    if topic is None:
        output.say(_listing())
        return
    names = [listed.name for listed in topics()]
    if topic not in names:
        hint = f"{did_you_mean(topic, names)} `tallystick docs` lists the topics.".strip()
        raise InvalidQuestion(f"There is no topic {topic!r}.", hint)
    columns = options.columns()
    text = _drawn(page(topic), min(columns or WIDEST, WIDEST), styled=sys.stdout.isatty())
    if sys.stdout.isatty():
        click.echo_via_pager(text, color=True)
    else:
        output.say(text, nl=False)


def topics() -> list[Topic]:
    """Return every page in the order of the index."""
    listed_topics, group = [], ""
    for line in _folder().joinpath(INDEX).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            group = line.removeprefix("## ")
        elif match := _LISTED.match(line):
            listed_topics.append(Topic(match["name"], group, match["summary"]))
    return listed_topics


def page(topic: str) -> str:
    """Return a page as Markdown for a terminal: no picture, and a link to another page names its topic."""

    def linked(match: re.Match[str]) -> str:
        name = (match["page"] or "").removesuffix(".md")
        return match["text"] if name in {"", match["text"].strip("`")} else f"{match['text']} (`docs {name}`)"

    text = _folder().joinpath(f"{topic}.md").read_text(encoding="utf-8")
    return _LINK.sub(linked, _PICTURE.sub("", text))


def _folder() -> Traversable:
    """Return the folder of the pages: that of the package, else that of the clone which it runs from."""
    installed = files("tallystick").joinpath("docs")
    return installed if installed.is_dir() else Path(__file__).parents[3] / "docs"


def _listing() -> str:
    """Return the topics by group, as the commands of the help are listed."""
    formatter = click.HelpFormatter(width=options.columns() or WIDEST)
    pages = topics()
    for group in dict.fromkeys(topic.group for topic in pages):
        with formatter.section(group):
            formatter.write_dl([(topic.name, topic.summary) for topic in pages if topic.group == group])
    return f"{formatter.getvalue().lstrip()}\nRead one: tallystick docs TOPIC"


def _drawn(text: str, width: int, *, styled: bool) -> str:
    """Return Markdown set for a terminal of that width; code keeps its lines, and no word of a table is cut."""
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.markdown import CodeBlock, Markdown, TableElement
    from rich.table import Table
    from rich.text import Text

    class Verbatim(CodeBlock):
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            yield Text(str(self.text).rstrip(), style="cyan", no_wrap=True, overflow="ignore")

    class Folded(TableElement):
        def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
            for part in super().__rich_console__(console, options):
                for column in part.columns if isinstance(part, Table) else ():
                    column.overflow = "fold"
                yield part

    class Page(Markdown):
        elements: ClassVar = {
            **Markdown.elements,
            "fence": Verbatim,
            "code_block": Verbatim,
            "table_open": Folded,
        }

    console = Console(width=width, force_terminal=styled, color_system="standard" if styled else None)
    with console.capture() as capture:
        console.print(Page(text, hyperlinks=False), crop=False)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
