"""README and docs show only what a command printed: each console block is run; `--regenerate` writes it anew."""

from __future__ import annotations

import io
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec import structs
from rich.console import Console
from rich.text import Text

from support.wire import KEY
from tallystick.cli import main
from tallystick.core.price_entries import UNITS, Model, Modifier, Price
from tallystick.sim import Simulator, World, serve
from tallystick.tally.prices_in_force import Prices

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURE = ROOT / "docs" / "pictures" / "spend.svg"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BLOCK = re.compile(r"```console\n\$ (?P<command>tallystick [^\n]*)\n(?P<output>.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The surroundings of the README's commands: a simulated organization at a pinned time, synced."""
    simulator = Simulator(World(start=date(2026, 7, 1), end=NOW.date()), clock=lambda: NOW)
    with serve(simulator) as server:
        variables = {
            "TALLYSTICK_LEDGER": str(tmp_path_factory.mktemp("readme") / "ledger"),
            "TALLYSTICK_BASE_URL": server.url,
            "TALLYSTICK_NOW": "2026-11-22T09:30:00Z",
            "COLUMNS": "80",  # whatever terminal the tests run in
            "ANTHROPIC_ADMIN_KEY": KEY,
        }
        assert "days changed" in printed("tallystick sync", variables)
        yield variables


def printed(command: str, environment: dict[str, str]) -> str:
    """Everything a command prints; in this process, for other tests prove that a process prints the same."""
    output = io.StringIO(newline=None)  # a pipe read as text has plain line ends too
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(output):
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", shlex.split(command))
        with suppress(SystemExit):
            main()
    return output.getvalue()


@pytest.mark.long
@pytest.mark.parametrize("page", [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")])
def test_console_blocks_are_what_the_commands_print(
    page: Path, environment: dict[str, str], pytestconfig: pytest.Config
) -> None:
    """Each console block of a page holds exactly what its command prints."""
    text = page.read_text(encoding="utf-8")
    assert text.count("```console") == len(BLOCK.findall(text))
    anew = BLOCK.sub(
        lambda block: f"```console\n$ {block['command']}\n{printed(block['command'], environment)}```", text
    )
    if pytestconfig.getoption("regenerate"):
        page.write_text(anew, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == anew


@pytest.mark.parametrize("page", ["prices.md", "tally.md"])
def test_own_price_files_of_the_pages_can_be_read(page: str) -> None:
    """Each price file that a page shows is read on top of the public list, and names no model that nobody knows."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    [own] = re.findall(r"```toml\n(# our-prices\.toml.*?)```", text, re.DOTALL)
    assert Prices.with_own(own, name="our-prices.toml").unknown(()) == []


def test_every_field_of_a_price_file_is_explained() -> None:
    """docs/prices.md names each field that an entry can have, and each kind of token or service."""
    text = (ROOT / "docs" / "prices.md").read_text(encoding="utf-8")
    fields = {field.encode_name for entry in (Model, Price, Modifier) for field in structs.fields(entry)}
    for word in (*fields, *UNITS):
        assert f"`{word}`" in text, word


@pytest.mark.long
def test_picture_shows_what_the_commands_print(environment: dict[str, str], pytestconfig: pytest.Config) -> None:
    """The README's picture is drawn from what two commands print."""
    console = Console(file=io.StringIO(), record=True, width=112)
    for command in ("tallystick spend --by workspace", "tallystick cache --by model --top 6"):
        console.print(Text(f"$ {command}", style="bold green"))
        console.print(Text(printed(command, environment)))
    svg = console.export_svg(title="tallystick", unique_id="tallystick")
    if pytestconfig.getoption("regenerate"):
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(svg, encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == svg
