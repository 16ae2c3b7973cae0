"""Help: every command has it, it names the defaults, and it is quick."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version

import click
import pytest

from support.command import Run
from support.tables import REPORTS
from tallystick import Ledger
from tallystick.cli import cli
from tallystick.core.time_words import EXAMPLES

Tallystick = Callable[..., Run]


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it, the groups and the root too."""
    yield path, group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


EVERY = list(commands())


@pytest.mark.parametrize(
    ("path", "command"), EVERY, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_every_command_has_help(tallystick: Tallystick, path: tuple[str, ...], command: click.Command) -> None:
    """`--help` and `-h` exit 0 and say what the command does and what each of its options is for."""
    run = tallystick(*path, "--help")
    assert (run.code, run.err) == (0, "")
    assert run.out == tallystick(*path, "-h").out.replace(" -h ", " --help ")
    assert command.help
    assert command.help.split(".")[0].split()[0] in run.out
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.opts[0] in run.out


@pytest.mark.parametrize(
    ("path", "command"), EVERY, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_help_says_the_defaults(tallystick: Tallystick, path: tuple[str, ...], command: click.Command) -> None:
    """Each option that does something when it is left out says in its help what that is."""
    text = " ".join(tallystick(*path, "--help").out.split())
    for option in command.params:
        if isinstance(option, click.Option) and isinstance(option.default, str | int) and not option.is_flag:
            assert f"[default: {option.default}]" in text, option.name
    for name in ("since", "until", "at"):
        for option in command.params:
            if isinstance(option, click.Option) and option.name == name:
                assert "default" in (option.help or "") or option.show_default, f"{path} --{name}"


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_help_of_a_report_lists_its_dimensions(tallystick: Tallystick, report: object) -> None:
    """A report's help lists what it can be grouped by."""
    out = " ".join(tallystick(report.name, "--help").out.split())  # type: ignore[attr-defined]
    assert ", ".join(report.dimensions) in out  # type: ignore[attr-defined]


def test_the_first_help_shows_the_way_in(tallystick: Tallystick) -> None:
    """The first help names the demo, the key, the words for time and the exit codes; the version is the package's."""
    out = " ".join(tallystick("--help").out.split())
    for word in ("tallystick demo", "ANTHROPIC_ADMIN_KEY", "0 done", "6 the ledger"):
        assert word in out
    assert {*EXAMPLES} <= {*out.split()}
    assert tallystick("--version").out.split()[-1] == version("tallystick")


def test_no_word_of_the_help_is_cut(tallystick: Tallystick) -> None:
    """The list of commands says each one's purpose whole."""
    assert "..." not in tallystick("--help").out.partition("Start:")[2]


@pytest.mark.long
@pytest.mark.parametrize("words", [["--help"], ["spend", "--help"], ["sync", "--help"], ["sim", "serve", "--help"]])
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """Help is there at once: no engine, no HTTP, no table library is imported for it."""
    heavy = ("duckdb", "pyarrow", "httpx2", "rich", "deltalake", "msgspec", "pandas", "numpy")
    code = (
        "import sys\nfrom tallystick.cli import main\n"
        f"sys.argv = ['tallystick', *{words!r}]\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        f"print('heavy:', [it for it in {heavy!r} if it in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        *(["spend"], ["spend", "--by", "day,model", "--format", "json"], ["spend", "--by", "team"]),
        *(["usage"], ["keys"], ["cache"], ["whatif", "--batch", "0.5"], ["owners"]),
    ],
)
def test_a_question_imports_what_it_needs(book: Ledger, words: list[str]) -> None:
    """A question that sums is answered without Delta Lake, Arrow, pandas and HTTP."""
    heavy = ("pyarrow", "numpy", "pandas", "httpx2", "deltalake")
    code = (
        "import sys\nfrom tallystick.cli import main\n"
        f"sys.argv = ['tallystick', *{words!r}, '--ledger', {str(book.path)!r}]\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code\n"
        f"print('\\nheavy:', [it for it in {heavy!r} if it in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.splitlines()[-1] == "heavy: []"
