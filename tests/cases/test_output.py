"""Cases 29 and 42, attacks C3, C5, D2, D3: what goes out, and what no command may end in."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.case import KEY, Case
from support.command import Run
from support.organization import NOW
from tallystick import Ledger
from tallystick.catalog import CATALOG, Entry, Group
from tallystick.core.message import Message
from tallystick.core.question import Heading, Kind, Table
from tallystick.core.rows import Rows
from tallystick.errors import InvalidQuestion
from tallystick.formats import FORMATS
from tallystick.formats.csv_rows import write_rows as write_csv
from tallystick.formats.jsonl_rows import write_rows as write_jsonl
from tallystick.query.context import Context
from tallystick.query.report import Report
from tallystick.written_files import write_all

Tallystick = Callable[..., Run]
NAME = "a\x1b[31mb\x9bc\x00d\u202ee\u2066f\x7fg"
STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
BRIEF = ("export", "charges", "--since", "2026-11-20")


@pytest.mark.long
@pytest.mark.parametrize(
    "words",
    [
        ("spend", "--since", "2d"),
        ("schema",),
        ("--help",),
        *((*BRIEF, "--format", form) for form in ("csv", "jsonl", "parquet", "xlsx")),
    ],
)
def test_a_full_disk_is_one_message(words: tuple[str, ...], tallystick: Tallystick, monkeypatch: Any) -> None:
    """An answer that the standard output does not take is one message and exit code 2, for text and every export."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stdout", full)
        run = tallystick(*words)
        monkeypatch.undo()
    run.refused(2, "standard output cannot be written", "No space left")
    assert run.err.count("cannot be written") == 1


@pytest.mark.long
def test_a_closed_output_is_one_message(child_environment: dict[str, str], book: Ledger) -> None:
    """Where there is no standard output an answer ends with exit code 2, and a message on the error stream."""
    command = f'"$0" -W error -m tallystick export charges --since 2026-11-20 --ledger {book.path} --format "$1" >&-'
    for form in ("csv", "xlsx"):
        done = subprocess.run(  # noqa: S603 - our own command
            ["/bin/sh", "-c", command, sys.executable, form],
            env={**child_environment, "TALLYSTICK_NOW": NOW.isoformat()},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 2
        assert "standard output cannot be written" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.long
def test_notes_that_cannot_be_written_change_nothing(child_environment: dict[str, str], book: Ledger) -> None:
    """An error stream that takes nothing stops no answer, and changes no exit code."""
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "tallystick", "spend", "--format", "csv", "--ledger", str(book.path)],
            env={**child_environment, "TALLYSTICK_NOW": NOW.isoformat()},
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )
    assert done.returncode == 0
    assert done.stdout.startswith(b"workspace")


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "word"),
    [("a" * 252 + ".csv", "too long"), ("none/x.csv", "no folder"), ("", "is a folder"), ("x\0.csv", "no path")],
)
def test_a_file_that_cannot_be(tallystick: Tallystick, name: str, word: str) -> None:
    """A name that is too long, a missing folder, an odd path: a message with exit code 2, and nothing written."""
    tallystick("spend", "--format", "csv", "--output", name).refused(2, word)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.long
def test_a_name_of_250_bytes_is_written(tallystick: Tallystick) -> None:
    """A file whose name the disk takes is written, however long."""
    name = "a" * 246 + ".csv"
    assert tallystick(*BRIEF, "--output", name).code == 0
    assert tallystick("spend", "--output", name).code == 2
    assert tallystick("spend", "--output", name, "--force").code == 0
    assert [path.name for path in Path.cwd().iterdir()] == [name]


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="devices and pipes are of POSIX")
def test_only_regular_files_are_replaced(tallystick: Tallystick) -> None:
    """A device, a pipe, an open file and the target of a link are written to; what they are stays, also for root."""
    null = os.stat(os.devnull).st_ino  # noqa: PTH116 - a device
    assert tallystick("spend", "--format", "csv", "-o", os.devnull, "--force").code == 0
    assert os.stat(os.devnull).st_ino == null  # noqa: PTH116 - a device
    os.mkfifo("pipe")
    read: list[bytes] = []
    thread = threading.Thread(target=lambda: read.append(Path("pipe").read_bytes()))
    thread.start()
    assert tallystick(*BRIEF, "--format", "xlsx", "-o", "pipe", "--force").code == 0
    thread.join()
    assert read[0].startswith(b"PK")
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)
    with Path("log.csv").open("w+") as log:
        log.write("old\n")
        log.flush()
        assert tallystick("spend", "-o", f"/dev/fd/{log.fileno()}", "--format", "csv").code == 0
    assert Path("log.csv").read_text().startswith("old\nworkspace")
    Path("file.csv").write_text("old")
    Path("link.csv").symlink_to("file.csv")
    assert tallystick("spend", "-o", "link.csv", "--force").code == 0
    assert Path("link.csv").is_symlink()
    assert Path("file.csv").read_text().startswith("workspace")


def test_a_folder_of_statements_is_whole_or_not_there(tallystick: Tallystick, tmp_path: Path) -> None:
    """Teams with long names in any script have files; where one cannot be written, none is, nor the folder."""
    long = "財務部" * 27
    Path("tallystick.toml").write_text(f'[[owner]]\nworkspace = "Production"\nteam = "{long}"\n', encoding="utf-8")
    run = tallystick("statement", "--month", "2026-10", "--all", "-o", "made", "--format", "csv")
    assert run.code == 0, run.err
    assert any("財務部" in path.name for path in Path("made").iterdir())
    folder = tmp_path / "half"
    with pytest.raises(InvalidQuestion, match="cannot be written"):
        write_all(folder, {"fine.csv": b"1", "x" * 300: b"2"}, force=False)
    assert not folder.exists()
    folder.mkdir()
    (folder / "taken").mkdir()
    with pytest.raises(InvalidQuestion, match="is there already"):
        write_all(folder, {"fine.csv": b"1", "taken": b"2"}, force=True)
    assert [path.name for path in folder.iterdir()] == ["taken"]


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.text])
def test_no_name_steers_a_terminal(form: str) -> None:
    """ESC, C1, NUL, DEL and direction overrides of a name are escapes in every text format; JSON gives them back."""
    table = Table(None, (Heading("key_name", Kind.NAME),), [(NAME,), ("naïve 東京 👩\u200d💻",)], {})
    text = FORMATS[form].write(table)
    assert isinstance(text, str)
    assert not STEERING.search(text.replace("\r\n", "\n"))
    if form == "jsonl":
        assert json.loads(text.splitlines()[0]) == {"key_name": NAME}
    if form == "csv":
        assert list(csv.reader(io.StringIO(text)))[2] == ["naïve 東京 👩\u200d💻"]


@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_no_name_of_an_export_steers_a_terminal(write: Callable[[Rows, Any], None]) -> None:
    """Exports escape the same, CSV with a note; JSON lines give the name back, letter for letter."""
    batch = pa.record_batch({"key_name": pa.array([NAME, "plain"])})
    messages: list[Message] = []
    file = io.BytesIO()
    write(Rows("t", batch.schema, iter([batch]), messages, {}), file)
    text = file.getvalue().decode()
    assert not STEERING.search(text.replace("\r\n", "\n"))
    if write is write_jsonl:
        assert json.loads(text.splitlines()[0]) == {"key_name": NAME}
    else:
        assert [message for message in messages if "escapes" in message.text]


@pytest.mark.parametrize("error", [ValueError, MemoryError, RecursionError, KeyError, OSError])
def test_the_last_net(tallystick: Tallystick, error: type[Exception]) -> None:
    """Any other error is one line, exit code 70 and a private file of details, which hold no secret."""

    def planted(_: Context) -> Table:
        raise error(f"planted, with {KEY} and https://someone:hunter2@proxy.test\n and a second line")

    CATALOG.append(Entry("planted", Group.ASK, "Fail.", Report(planted)))
    try:
        run = tallystick("planted", ANTHROPIC_ADMIN_KEY=KEY)
    finally:
        CATALOG.pop()
    assert run.code == 70
    assert len(run.err.splitlines()) == 1
    assert error.__name__ in run.err
    path = Path(re.findall(r"are in (\S+)", run.err)[0])
    details = path.read_text()
    assert "Traceback" in details
    assert "Traceback" not in run.err
    assert path.stat().st_mode & 0o777 == 0o600
    for shown in (details, run.err, run.out):
        assert KEY not in shown
        assert "hunter2" not in shown


def test_ctrl_c_ends_a_query_within_a_second(book: Ledger) -> None:
    """Ctrl-C on a heavy query is heard at once, from SQL and from a stream of rows."""
    heavy = "SELECT sum(hash(a.range * b.range) % 7) FROM range(1000000) a, range(1000000) b"
    engine = book.engine()
    timer = threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine.sql(heavy)
    timer.join()
    assert time.monotonic() - before < 10  # the machine may be busy; the query alone would take minutes


@pytest.mark.long
def test_a_token_that_ends_in_mid_sync(case: Case, tmp_path: Path) -> None:
    """A sync whose token ends again and again goes on with the next that token_command prints (case 42)."""
    script = tmp_path / "print_token.py"
    count = tmp_path / "count"
    script.write_text(
        f"import pathlib\npath = pathlib.Path({str(count)!r})\n"
        "number = int(path.read_text()) + 1 if path.exists() else 1\n"
        "path.write_text(str(number))\nprint(f'opaque-token-{number}')\n"
    )
    file = tmp_path / "named.toml"
    file.write_text(f'[api]\ntoken_command = "{sys.executable} {script}"\n')
    with case.serve("42-token-that-ends/scenario.py") as world:
        run = case("sync", "--since", "2026-11-20", TALLYSTICK_CONFIG=str(file), ANTHROPIC_ADMIN_KEY="")
        billed = world.truth()["billed_usd"]
    assert run.code == 0, run.err
    assert int(count.read_text()) > 2
    spend = case("spend", "--by", "", "--since", "2026-11-20", "--format", "csv")
    assert spend.out.split() == ["billed", billed]
    files = [path for path in case.ledger.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"opaque-token" in path.read_bytes()]
    assert "opaque-token" not in run.err + run.out
