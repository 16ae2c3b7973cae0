"""The catalog: each question is listed once, and every face follows from the list."""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from support.command import Tallystick
from support.organization import CLOCK
from tallystick import reference
from tallystick.answers import Answers
from tallystick.catalog import CATALOG, Entry, Group
from tallystick.cli import COMMANDS, cli
from tallystick.core.document import Document
from tallystick.core.question import Heading, Kind, Question, Table
from tallystick.errors import InvalidQuestion, LedgerError, TallystickError
from tallystick.formats import ENDINGS, FORMATS, Format
from tallystick.ledger import Ledger
from tallystick.query.context import Context
from tallystick.query.report import Form, Parameter, Report

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"
GIVEN: dict[str, dict[str, Any]] = {
    "anomaly": {"finding": "fc2f4c72"},
    "chargeback": {"month": "2026-11"},
    "diff": {"month": "2026-11"},
    "profile": {"dimension": "model", "value": "claude-opus-5-5"},
    "roster": {"dimension": "team"},
    "sql": {"query": "SELECT sum(billed) AS billed FROM charges"},
    "summary": {"month": "2026-11"},
    "whatif": {"geo": "us"},
}
"""What a report has to be asked with."""
OFFLINE = [listed for listed in CATALOG if not listed.report.api]


def words(listed: Entry) -> list[str]:
    """The command of a report, with what it has to be asked with."""
    given = GIVEN.get(listed.name, {})
    arguments = {parameter.name for parameter in listed.report.parameters if parameter.form is Form.ARGUMENT}
    options = [word for name, value in given.items() if name not in arguments for word in (f"--{name}", value)]
    return [listed.name, *(given[name] for name in given if name in arguments), *options]


def test_names_are_unique() -> None:
    """No two commands have one name."""
    names = [listed.name for listed in CATALOG] + [name for _, name, *_ in COMMANDS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("listed", CATALOG, ids=lambda listed: listed.name)
def test_a_method_takes_what_its_report_takes(listed: Entry) -> None:
    """The typed method of a report has its parameters, with the same defaults."""
    method = getattr(Answers, listed.name.replace("-", "_"))
    typed = {name: given.default for name, given in inspect.signature(method).parameters.items()}
    for name in ("self", "client"):
        typed.pop(name, None)
    parameters = {parameter.name: parameter for parameter in listed.report.parameters}
    assert typed.keys() == parameters.keys()
    for name, default in typed.items():
        parameter = parameters[name]
        assert (
            default is inspect.Parameter.empty
            if parameter.required
            else (parameter.value(default) == parameter.value(parameter.default))
        ), name


@pytest.mark.long
@pytest.mark.parametrize("listed", OFFLINE, ids=lambda listed: listed.name)
def test_a_report_answers_alike_by_every_face(listed: Entry, book: Ledger, tallystick: Tallystick) -> None:
    """The command prints as JSON what `Ledger.ask` gives, or says what it raises."""
    run = tallystick(*words(listed), "--json")
    try:
        answer = book.ask(listed.name, **GIVEN.get(listed.name, {}))
    except TallystickError as error:
        expected, code = error.what, {error.exit_code}
    else:
        expected, code = json.dumps(answer.written()), {0, 1}
    assert run.code in code, run.err
    assert expected in run.err or json.loads(run.out) == json.loads(expected)


@pytest.mark.parametrize(
    "listed", [listed for listed in OFFLINE if listed.name != "prices"], ids=lambda listed: listed.name
)
def test_a_report_says_that_there_is_no_ledger(listed: Entry, tmp_path: Path) -> None:
    """Where there is no ledger, every report that needs one is a LedgerError that says to sync."""
    with pytest.raises(LedgerError, match="There is no ledger"):
        Ledger(tmp_path / "none", CLOCK).ask(listed.name, **GIVEN.get(listed.name, {}))


def _loud(context: Context, word: str) -> Table:
    question = Question("shout", context.question("shout").window, ())
    return Table(question, (Heading("word", Kind.TEXT),), [(word.upper(),)], {})


def test_a_report_that_is_listed_appears_everywhere(book: Ledger, tallystick: Tallystick) -> None:
    """A report added to the catalog has a command with help and JSON, Python access and a row in the docs."""
    report = Report(_loud, (Parameter("word", "What to shout.", default="hey", metavar="WORD"),), "It is loud.")
    CATALOG.append(Entry("shout", Group.ASK, "One word, loud.", report))
    try:
        help_text = tallystick("shout", "--help").out
        run = tallystick("shout", "--word", "you", "--json")
        table = book.ask("shout")
        page = reference.markdown()
        listed = tallystick("--help").out
    finally:
        CATALOG.pop()
    assert all(text in help_text for text in ("One word, loud.", "It is loud.", "--word WORD", "What to shout."))
    assert json.loads(run.out)["rows"] == [{"word": "YOU"}]
    assert isinstance(table, Table)
    assert table.rows == [{"word": "HEY"}]
    assert "| [`shout`](#shout) | One word, loud. |" in page
    assert "What to shout. Default: `hey`." in page
    assert "shout" in listed


@pytest.mark.long
def test_a_writer_that_is_listed_appears_everywhere(
    tallystick: Tallystick, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A writer added to the list of formats is a choice of --format and the meaning of an ending."""
    module = ModuleType("tallystick.formats.shout")
    module.__dict__["as_shout"] = lambda answer: f"{len(answer.cells)} ROWS\n"
    monkeypatch.setitem(sys.modules, module.__name__, module)  # the new file and its line, as a contributor adds them
    for listing, name in ((FORMATS, "shout"), (ENDINGS, "loud")):
        monkeypatch.setitem(listing, name, Format("shout", "loud"))
    assert "shout" in tallystick("spend", "--help").out
    assert tallystick("spend", "--by", "", "--format", "shout").out == "1 ROWS\n"
    tallystick("spend", "--by", "", "--output", str(tmp_path / "spend.loud"))
    assert (tmp_path / "spend.loud").read_text(encoding="utf-8") == "1 ROWS\n"


def test_an_unknown_report_or_parameter_names_what_is_near(book: Ledger) -> None:
    """A misspelt report or parameter is InvalidQuestion that asks whether its neighbour was meant."""
    with pytest.raises(InvalidQuestion) as report:
        book.ask("spned")
    with pytest.raises(InvalidQuestion) as parameter:
        book.ask("spend", sicne="7d")
    assert (report.value.hint, parameter.value.hint) == ("Did you mean spend?", "Did you mean since?")


def test_a_misspelt_command_names_what_is_near(tallystick: Tallystick) -> None:
    """A command that is not there exits 2 and asks whether its neighbour was meant."""
    run = tallystick("spned")
    assert run.code == 2
    assert "Did you mean spend?" in run.err


@pytest.mark.long
def test_documents_and_tables_are_what_the_methods_say(book: Ledger) -> None:
    """The reports whose methods return a Document answer with one."""
    for name in ("summary", "status"):
        assert isinstance(book.ask(name, **GIVEN.get(name, {})), Document)


def test_the_reference_is_made_from_the_catalog(pytestconfig: pytest.Config) -> None:
    """docs/reference.md is what the catalog says; `--regenerate` writes it anew."""
    if pytestconfig.getoption("regenerate"):
        PAGE.write_text(reference.markdown(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == reference.markdown()


def commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """A command and its own, each by its whole name."""
    if name:
        yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for inner in command.list_commands(context):
            subcommand = command.get_command(context, inner)
            assert subcommand
            yield from commands(f"{name} {inner}".strip(), subcommand)


@pytest.mark.parametrize(("name", "command"), [pytest.param(*named, id=named[0]) for named in commands("", cli)])
def test_every_option_is_documented(name: str, command: click.Command) -> None:
    """The reference has a section for each command, which names each of its options, or the head does for all."""
    page = PAGE.read_text(encoding="utf-8")
    head, *_ = page.partition("\n## ")
    _, heading, rest = page.partition(f"\n### {name}\n")
    section, *_ = re.split(r"\n###? ", rest, maxsplit=1)
    assert heading
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert [option.opts for option in options if not any(f"`{flag}" in head + section for flag in option.opts)] == []
    assert [option.opts for option in options if not option.help] == []
