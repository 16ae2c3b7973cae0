"""The commands that ask: their words, their answers, their files."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from support.command import Run, lines
from tallystick import Ledger, Table
from tallystick.core.question import written
from tallystick.formats import FORMATS
from tallystick.store.views import VIEWS

Tallystick = Callable[..., Run]
REPORTS = ("spend", "usage", "cache")


@pytest.mark.long
@pytest.mark.parametrize(
    ("report", "form"),
    [("spend", form) for form in FORMATS] + [(report, "json") for report in REPORTS if report != "spend"],
)
def test_the_command_writes_what_python_answers(tallystick: Tallystick, book: Ledger, report: str, form: str) -> None:
    """The command line computes nothing: it prints the Table that Python answers; messages of rows stand beside."""
    table = book.ask(report, by=("workspace", "month"), since="2026-10")
    expected = FORMATS[form].write(table)
    to_file = ("--output", "answer") if isinstance(expected, bytes) else ()
    run = tallystick(report, "--by", "workspace,month", "--since", "2026-10", "--format", form, *to_file)
    wrote = "tallystick: wrote answer\n" if to_file else ""
    assert (run.code, run.err) == (0, (messages(table) if FORMATS[form].rows else "") + wrote)
    assert (Path("answer").read_bytes() if to_file else run.out) == expected


def messages(table: Table) -> str:
    """What is said of a table on the error stream where its format has no place for it."""
    warnings = [f"tallystick: warning: {text}\n" for text in table.warnings]
    return "".join((*warnings, *(f"tallystick: note: {text}\n" for text in table.notes)))


def test_words_become_a_question(tallystick: Tallystick) -> None:
    """--by, --since, --until, --where (repeated, or with commas) and --top stand in the question as they were meant."""
    run = tallystick(
        "spend", "--by", " model , day ", "--since", "2026-10", "--until", "2026-10", "--top", "3", "--format", "json",
        "--where", "workspace=Production", "--where", "tier=standard,workspace=default",
    )  # fmt: skip
    assert run.json["question"] == {
        "report": "spend",
        "since": "2026-10-01T00:00:00Z",
        "until": "2026-11-01T00:00:00Z",
        "by": ["model", "day"],
        "where": {"workspace": ["Production", "default"], "tier": ["standard"]},
        "top": 3,
    }
    assert len(run.json["rows"]) == 4


def test_grouping_by_nothing(tallystick: Tallystick) -> None:
    """`--by ''` is one row."""
    answer = tallystick("spend", "--by", "", "--format", "json").json
    assert answer["rows"] == [answer["totals"]]


@pytest.mark.long
def test_every_workspace_can_be_asked_for_by_its_name(tallystick: Tallystick, book: Ledger) -> None:
    """--where takes any name that the answer shows, with commas, quotes and equal signs in it too."""
    for row in book.spend("workspace").rows:
        run = tallystick("spend", "--where", f"workspace={row['workspace_name']}", "--format", "json")
        assert [row["workspace"] for row in run.json["rows"]] == [row["workspace"]]


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("spend", "--by", "key,description"), ("key", "description", "matched")),
        (("spend", "--by", "description", "--where", "actor=x"), ("actor", "matched")),
        (("spend", "--by", "hour"), ("hour", "UTC day")),
        (("usage", "--by", "minute"), ("minute", "hour")),
        (("spend", "--by", "colour"), ("colour", "Choose among", "workspace")),
        (("spend", "--by", "model,model"), ("twice",)),
        (("spend", "--since", "lately"), ("'lately'", "mtd")),
        (("spend", "--since", "2026-11-31"), ("'2026-11-31'", "2026-10-01")),
        (("spend", "--until", "9999-13"), ("'9999-13'",)),
        (("spend", "--since", "2026-11-10", "--until", "2026-11-01"), ("2026-11-10", "--until")),
        (("spend", "--where", "Production"), ("'Production'", "DIM=VALUE")),
        (("spend", "--where", "=x"), ("'=x'", "DIM=VALUE")),
        (("spend", "--where", "model="), ("'model='", "DIM=VALUE")),
        (("spend", "--where", "key=x"), ("key", "'x'", "apikey_")),
        (("spend", "--where", "day=2026-11-01"), ("--since",)),
        (("spend", "--where", "model=claude-opus-5-4"), ("claude-opus-5-4", "claude-opus-5-5")),
        (("spend", "--where", "workspace=Producton"), ("Producton", "Production")),
        (("spend", "--top", "0"), ("--top",)),
        (("spend", "--top", "many"), ("many",)),
        (("spend", "--format", "xml"), ("xml", "json")),
        (("spend", "--nonsense"), ("--nonsense",)),
        (("spent",), ("spent",)),
        (("spend", "--config", "nowhere.toml"), ("nowhere.toml",)),
        (("spend", "--ledger", "ftp://host/ledger"), ("ftp://", "folder")),
        (("spend", "--output", "no/such/folder/x.csv"), ("no/such/folder/x.csv",)),
        (("schema", "nowhere"), ("nowhere", "usage")),
        (("sql", "DELETE FROM cost"), ("reads",)),
        (("sql", "SELECT * FROM nowhere"), ("nowhere", "schema")),
        (("sync", "--plan", "--since", "lately"), ("lately",)),
        (("sync", "--grain", "minute"), ("minute",)),
        (("sync",), ("ANTHROPIC_ADMIN_KEY", "tallystick demo")),
        (("check",), ("ANTHROPIC_ADMIN_KEY",)),
    ],
    ids=" ".join,
)
def test_wrong_words_exit_2(tallystick: Tallystick, words: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Asked wrongly exits 2, prints no answer, and says what was wrong and how to mend it."""
    tallystick(*words).refused(2, *expected)


def test_wrong_settings_exit_2(tallystick: Tallystick) -> None:
    """Settings that cannot be are asked wrongly too, and named."""
    tallystick("spend", TALLYSTICK_NOW="today").refused(2, "TALLYSTICK_NOW")
    Path("tallystick.toml").write_text("ledgre = 'x'\n", encoding="utf-8")
    tallystick("spend").refused(2, "tallystick.toml", "ledgre")
    Path("tallystick.toml").write_text("not toml", encoding="utf-8")
    tallystick("spend").refused(2, "tallystick.toml")


def test_an_end_beyond_the_calendar_is_no_traceback(tallystick: Tallystick) -> None:
    """The last month of the calendar as an end is the running day, as any other end in the future."""
    assert tallystick("spend", "--until", "9999-12").code == 0


@pytest.mark.parametrize("words", [("spend",), ("usage", "--by", "day"), ("sql", "SELECT 1"), ("rebuild", "x")])
def test_no_ledger_exits_6(tallystick: Tallystick, words: tuple[str, ...]) -> None:
    """Without a ledger the exit code is 6, its place is named and `tallystick sync` too."""
    tallystick(*words, "--ledger", "nowhere").refused(6, "nowhere", "sync")
    assert not Path("nowhere").exists()


def test_a_damaged_ledger_exits_6(tallystick: Tallystick, book: Ledger, tmp_path: Path) -> None:
    """A ledger with a file lost is an error of the ledger that names the way out, not a traceback and not a sum."""
    damaged = tmp_path / "damaged"
    shutil.copytree(book.path, damaged)
    for file in (damaged / "day_sums").rglob("*.parquet"):
        file.unlink()
    tallystick("spend", "--ledger", str(damaged)).refused(6, str(damaged))


def test_a_file_in_the_place_of_a_ledger_exits_6(tallystick: Tallystick) -> None:
    """A ledger cannot be made where a file is: exit 6, before any request."""
    Path("occupied").write_text("", encoding="utf-8")
    run = tallystick(
        "sync", "--ledger", "occupied", ANTHROPIC_ADMIN_KEY="sk-ant-admin01-x", TALLYSTICK_BASE_URL="http://127.0.0.1:9"
    )
    run.refused(6, "occupied")


@pytest.mark.long
def test_output_writes_the_file_whole(tallystick: Tallystick, book: Ledger) -> None:
    """--output writes what would have been printed, byte for byte, and says only the messages and its name."""
    printed = tallystick("spend", "--format", "csv").out
    run = tallystick("spend", "--format", "csv", "--output", "spend.csv")
    assert (run.code, run.out, run.err) == (0, "", messages(book.spend()) + "tallystick: wrote spend.csv\n")
    assert Path("spend.csv").read_bytes().decode() == printed


@pytest.mark.long
def test_an_ending_that_no_writer_has_is_refused(tallystick: Tallystick) -> None:
    """A spreadsheet that would be a table of text is refused with the known endings, unless --format is said."""
    tallystick("spend", "-o", "out.ods").refused(2, ".ods", ".xlsx", ".csv", ".json", "--format")
    assert not Path("out.ods").exists()
    for words in (("-o", "out.ods", "--format", "csv"), ("-o", "out.txt"), ("-o", "out")):
        assert tallystick("spend", *words).code == 0


@pytest.mark.long
@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_what_is_no_text_is_not_for_a_terminal(
    tallystick: Tallystick, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """A format of bytes is refused on a terminal with exit 2, and written whole to the file that --output names."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    tallystick("spend", "--format", form).refused(2, "terminal", "--output")
    assert tallystick("spend", "-o", f"spend.{form}").code == 0
    assert Path(f"spend.{form}").read_bytes()[:4] == {"xlsx": b"PK\x03\x04", "parquet": b"PAR1"}[form]


@pytest.mark.long
def test_a_price_for_nobody_is_said(tallystick: Tallystick) -> None:
    """A model that only one's own price list names is said on the error stream, with the file and what is near it."""
    own = "[[modifier]]\nname = 'a'\nfrom = 2030-10-01\nfactor = '0.9'\nmodels = ['claude-sonet-5-5']\n"
    Path("ours.toml").write_text(own, encoding="utf-8")
    Path("tallystick.toml").write_text('prices = "ours.toml"\n', encoding="utf-8")
    for words in (("spend",), ("prices",), ("whatif",)):
        run = tallystick(*words)
        assert run.code == 0
        for word in ("ours.toml", "claude-sonet-5-5", "Did you mean claude-sonnet-5-5"):
            assert word in run.err
    assert tallystick("usage").err == ""
    Path("ours.toml").write_text(own.replace("claude-sonet-5-5", "claude-sonnet-5-5"), encoding="utf-8")
    assert tallystick("spend").err == ""


def test_output_replaces_nothing_unless_forced(tallystick: Tallystick) -> None:
    """An existing file stays as it is and the exit code is 2; with --force it is replaced whole."""
    Path("spend.json").write_text("precious " * 1000, encoding="utf-8")
    tallystick("spend", "--format", "json", "-o", "spend.json").refused(2, "spend.json", "--force")
    assert Path("spend.json").read_text(encoding="utf-8") == "precious " * 1000
    assert tallystick("spend", "--format", "json", "-o", "spend.json", "--force").code == 0
    assert json.loads(Path("spend.json").read_text(encoding="utf-8"))["report"] == "spend"


def test_a_question_that_fails_leaves_the_file_alone(tallystick: Tallystick) -> None:
    """With --force too, a file is touched only when there is an answer to put there."""
    Path("spend.csv").write_text("precious", encoding="utf-8")
    tallystick("spend", "--by", "hour", "-o", "spend.csv", "--force").refused(2)
    assert Path("spend.csv").read_text(encoding="utf-8") == "precious"


@pytest.mark.long
@pytest.mark.parametrize("report", REPORTS)
def test_the_query_can_be_seen_and_run(tallystick: Tallystick, report: str) -> None:
    """--sql shows the query, which `tallystick sql` answers with the same figures."""
    query = tallystick(report, "--by", "model", "--sql").out
    assert query.startswith("SELECT")
    shown, answer = tallystick("sql", query, "--format", "json").json, tallystick(report, "--format", "json").json
    measure = {"spend": "billed", "usage": "output", "cache": "cache_read"}[report]
    assert sum(Decimal(row[measure]) for row in shown["rows"]) == Decimal(answer["totals"][measure])


def test_what_follows_the_query_is_said(tallystick: Tallystick) -> None:
    """Where --sql is not all of the answer, a comment below the query says what is done to its rows."""
    assert (
        tallystick("spend", "--by", "team", "--sql")
        .out.splitlines()[-1]
        .startswith("-- After it the rules of the owners")
    )
    assert tallystick("cache", "--sql").out.splitlines()[-1].startswith("-- After it the price lists")
    assert "--" not in tallystick("spend", "--sql").out


@pytest.mark.long
def test_an_end_includes_what_it_names(tallystick: Tallystick, book: Ledger) -> None:
    """--until 2026-10-31 includes the 31st, as --until 2026-10 does; --month 2026-10 and last-month are both ends."""
    billed = written(book.spend((), "2026-10-01", date(2026, 10, 31)).totals["billed"])
    for words in (
        ("--since", "2026-10-01", "--until", "2026-10-31"),
        ("--since", "2026-10", "--until", "2026-10"),
        ("--month", "2026-10"),
        ("--month", "last-month"),
        ("--since", "last-month"),
    ):
        run = tallystick("spend", *words, "--format", "json")
        assert run.json["question"]["until"] == "2026-11-01T00:00:00Z"
        assert (run.json["totals"]["billed"], "exclusive" in run.out) == (billed, False)


@pytest.mark.long
@pytest.mark.parametrize(
    "command",
    [
        *(
            ("spend",),
            ("usage",),
            ("cache",),
            ("reconcile",),
            ("whatif", "--batch", "0.4"),
            ("claude-code",),
            ("keys",),
        ),
        *(("owners",), ("crosscheck",), ("export", "charges"), ("variance",), ("sync", "--plan")),
    ],
    ids=lambda words: words[0],
)
def test_time_is_asked_in_one_way(tallystick: Tallystick, command: tuple[str, ...]) -> None:
    """Each command that takes time takes --since, --until and --month, in the same words, and refuses the same."""
    options = tallystick(*command[:2], "--help").out if command[0] == "export" else tallystick(command[0], "--help").out
    assert "last-month" in " ".join(options.split())
    for words in (("--since", "2026-Q3", "--until", "last-month"), ("--month", "last-month"), ("--since", "ytd")):
        run = tallystick(*command, *words)
        assert run.code == 0, run.err
    tallystick(*command, "--month", "2026-10", "--since", "7d").refused(2, "--month")
    tallystick(*command, "--month", "2026-Q3").refused(2, "'2026-Q3' is not a month", "last-month")
    tallystick(*command, "--since", "last week").refused(2, "Did you mean last-week")
    tallystick(*command, "--until", "2026-10-01T00:00:00Z").refused(2, "Write the day: 2026-10-01.")


@pytest.mark.long
def test_strict_is_about_what_may_be_billed(tallystick: Tallystick) -> None:
    """Use without a price for which the bill has nothing is said and fails no --strict; `reconcile` has one too."""
    run = tallystick("spend", "--since", "2026-11-18", "--until", "2026-11-20", "--strict")
    assert "have no list price and were not billed" in run.out
    assert run.code == 0
    assert tallystick("reconcile", "--since", "2026-11-18", "--until", "2026-11-20", "--strict").code == 0
    assert tallystick("reconcile", "--since", "2026-09", "--strict").code == 1


@pytest.mark.long
def test_sql_in_every_format(tallystick: Tallystick) -> None:
    """`sql` answers in table, JSON and CSV, to the screen or a file."""
    query = "SELECT model, sum(billed) AS billed FROM cost WHERE model = 'claude-opus-5-5' GROUP BY model"
    row = tallystick("sql", query, "--format", "json").json["rows"][0]
    assert list(csv.reader(io.StringIO(tallystick("sql", query, "--format", "csv").out)))[1] == list(row.values())
    assert row["billed"] in tallystick("sql", query).out
    assert tallystick("sql", query, "-o", "x.txt").out == ""
    assert row["billed"] in Path("x.txt").read_text(encoding="utf-8")


def test_the_schema_names_every_column(tallystick: Tallystick) -> None:
    """`schema` prints every view with its meaning, every column with its type and meaning; of one view if so asked."""
    words = [line.split() for line in lines(tallystick("schema"))]
    for view in VIEWS:
        assert f"{view.name}: {view.meaning}".split() in words
        single = [line.split() for line in lines(tallystick("schema", view.name))]
        for name, kind, meaning in view.columns:
            assert [name, kind, *meaning.split()] in single
            assert [name, kind, *meaning.split()] in words
    assert len([line for line in lines(tallystick("schema", "cost")) if line]) == 1 + len(
        next(view for view in VIEWS if view.name == "cost").columns
    )


@pytest.mark.long
def test_rebuild_makes_the_same_ledger(tallystick: Tallystick) -> None:
    """`rebuild` makes a ledger from the archived pages alone that answers the same; it refuses a folder in use."""
    run = tallystick("rebuild", "again")
    assert (run.code, run.err) == (0, "")
    assert "again" in run.out
    for report in REPORTS:
        old, new = (tallystick(report, "--format", "json", *options).json for options in ((), ("--ledger", "again")))
        assert (new["rows"], new["totals"], new["coverage"]) == (old["rows"], old["totals"], old["coverage"])
    tallystick("rebuild", "again").refused(2, "again", "empty")
