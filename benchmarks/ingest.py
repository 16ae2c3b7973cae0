"""From pages in memory to a committed ledger: processor time beside a decode of the same bytes, and peak memory.

    python benchmarks/ingest.py [--quick] [--runs 3]

The same canned answers (120 days of 2,000 rows, or 30 of 500) are read, each way in a process of its own:
- decode, the floor: msgspec decodes the bytes into typed structs and throws them away;
- sync: to the committed ledger (control totals, archive, checks, Delta), with and without the time in the tally;
- least: what the format asks of any code, part by part (`least.py`);
- cookbook: requests, json, dictionaries, csv, floats and all, as the published notebook reads one report.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
from canned import DAY, DIALECTS, DIMENSIONS, SOURCES, TODAY, Canned, text
from client import in_memory, sync
from figures import Figure, Spent, child, peak, run
from least import BEFORE, Parts, of_pages, of_rows

Maybe = str | None


class Lifetimes(msgspec.Struct):
    """Cache writes of a row."""

    ephemeral_5m_input_tokens: int
    ephemeral_1h_input_tokens: int


class Tools(msgspec.Struct):
    """Uses of tools of a row."""

    web_search_requests: int


class Counts(msgspec.Struct):
    """Counters of a row."""

    uncached_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    cache_creation: Lifetimes
    server_tool_use: Tools


class OlderRow(Counts):
    """A row of the older dialect."""

    account_id: Maybe = None
    api_key_id: Maybe = None
    service_account_id: Maybe = None
    workspace_id: Maybe = None
    model: Maybe = None
    service_tier: Maybe = None
    context_window: Maybe = None
    inference_geo: Maybe = None
    speed: Maybe = None


class Bucket(msgspec.Struct):
    """A day of the older dialect."""

    starting_at: str
    ending_at: str
    results: list[OlderRow]


class Group(msgspec.Struct):
    """What a row of the newer dialect is of."""

    actor: msgspec.Raw = msgspec.Raw(b"null")
    api_key_id: Maybe = None
    workspace_id: Maybe = None
    model: Maybe = None
    product: Maybe = None
    service_tier: Maybe = None
    context_window: Maybe = None
    inference_geo: Maybe = None
    speed: Maybe = None


class NewerRow(msgspec.Struct):
    """A row of the newer dialect."""

    starting_at: str
    ending_at: str
    usage: Counts
    group: Group


class OlderPage(msgspec.Struct):
    """A page of the older dialect."""

    data: list[Bucket]
    has_more: bool
    next_page: Maybe


class RawRow(msgspec.Struct):
    """A row of the newer dialect whose group is left as it is written, for groups are few."""

    starting_at: str
    ending_at: str
    usage: Counts
    group: msgspec.Raw


class RawPage(msgspec.Struct):
    """A page of such rows."""

    data: list[RawRow]


class NewerPage(msgspec.Struct):
    """A page of the newer dialect."""

    data: list[NewerRow]
    has_more: bool
    next_page: Maybe


PAGES = {"older": OlderPage, "newer": NewerPage}


def usage_pages(canned: Canned, dialect: str) -> list[bytes]:
    """The pages that hold all rows once, as a sync asks for them."""
    newer = dialect == "newer"
    groups = "&".join(f"group_by[]={name}" for name in (*DIMENSIONS, *(["actor"] if newer else [])))
    limit = "time_bucket_width=1d&limit=1000" if newer else "limit=20"
    target = f"/v1/organizations/{canned.reports[0]}?starting_at={{}}&ending_at={{}}&{limit}&{groups}"
    pages, start = [], canned.first
    while start < TODAY:
        end = min(start + DAY * 20, TODAY)
        address, token = target.format(text(start), text(end)), None
        while True:
            pages.append(canned.answer(address + (f"&page={token}" if token else "")))
            token = msgspec.json.decode(pages[-1], type=PAGES[dialect]).next_page
            if token is None:
                break
        start = end
    return pages


def decode(dialect: str, rows: str, days: str) -> dict[str, float]:
    """Decode the pages that hold all rows, and throw them away."""
    canned = DIALECTS[dialect](int(rows), int(days))
    decoder, spent = msgspec.json.Decoder(PAGES[dialect]), Spent()
    for page in usage_pages(canned, dialect):
        with spent:
            decoder.decode(page)
    return {"seconds": spent.processor, "peak": peak()}


def least(dialect: str, rows: str, days: str) -> dict[str, float]:
    """The seconds of each part that no code can leave out."""
    canned, parts = DIALECTS[dialect](int(rows), int(days)), Parts()
    of_pages(parts, usage_pages(canned, dialect), OlderPage if dialect == "older" else RawPage)
    of_rows(parts, canned, dialect, int(days))
    return parts.seconds


def ingest(dialect: str, rows: str, days: str) -> dict[str, float]:
    """Sync into a new ledger from answers in memory."""
    import tallystick.ledger
    import tallystick.sync.run  # noqa: F401 - imported before the clock starts, as the floor's library is
    from tallystick.outlook import sync_record
    from tallystick.sync.charging import Charging

    canned = DIALECTS[dialect](int(rows), int(days))
    whole, tally, outlook = Spent(), Spent(), Spent()

    def watched(spent: Spent, call: Callable[..., Any]) -> Callable[..., Any]:
        def watch(*arguments: object, **options: object) -> object:
            with spent:
                return call(*arguments, **options)

        return watch

    since = f"{canned.first:%Y-%m-%d}"
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(Charging, "charge", watched(tally, Charging.charge)),
        mock.patch.object(sync_record, "write", watched(outlook, sync_record.write)),
        whole,
    ):
        outcome = sync(Path(folder) / "ledger", since, SOURCES[dialect], transport=in_memory(canned.answer))
    assert outcome.rows >= int(rows) * int(days), outcome
    return {
        "seconds": whole.processor - canned.seconds - outlook.processor,
        "tally": tally.processor,
        "outlook": outlook.processor,
        "peak": peak(),
    }


def cookbook(rows: str, days: str) -> dict[str, float]:
    """requests, json, dictionaries, csv: one report of the older dialect, from answers in memory."""
    import requests

    canned = DIALECTS["older"](int(rows), int(days))

    class Memory(requests.adapters.BaseAdapter):
        def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
            response = requests.Response()
            response.status_code, response._content = 200, canned.answer(request.path_url)  # noqa: SLF001
            return response

        def close(self) -> None:
            """Nothing is open."""

    spent, lines, token = Spent(), list[dict[str, object]](), None
    parameters = {"starting_at": text(canned.first), "ending_at": text(TODAY), "limit": 31, "group_by[]": DIMENSIONS}
    with spent, requests.Session() as session, tempfile.NamedTemporaryFile("w", newline="") as file:
        session.mount("http://", Memory())
        while token or not lines:
            address = f"http://127.0.0.1/v1/organizations/{canned.reports[0]}"
            page = session.get(address, params=parameters | ({"page": token} if token else {})).json()
            lines += (_line(bucket["starting_at"][:10], row) for bucket in page["data"] for row in bucket["results"])
            token = page["next_page"]
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    assert len(lines) == int(rows) * int(days)
    return {"seconds": spent.processor - canned.seconds, "peak": peak()}


def _line(day: str, row: dict[str, Any]) -> dict[str, object]:
    """A row of the notebook's file."""
    writes = row["cache_creation"]
    return {
        "date": day,
        **{name: row.get(name, "") for name in DIMENSIONS},
        "uncached": row["uncached_input_tokens"],
        "output": row["output_tokens"],
        "cache_read": row["cache_read_input_tokens"],
        "cache_creation": writes["ephemeral_5m_input_tokens"] + writes["ephemeral_1h_input_tokens"],
    }


def benchmark(arguments: argparse.Namespace) -> None:
    """Measure both dialects, each way in processes of its own."""
    rows, days = (500, 30) if arguments.quick else (2000, 120)
    goals = (None, None, None) if arguments.quick else (2.5, 5, 400)  # of these pages: fewer are mostly fixed cost
    for dialect in DIALECTS:
        subject = f"{dialect} dialect, {days} days x {rows:,} rows"
        shape = (dialect, rows, days)
        floors = [child(__file__, "decode", *shape)["seconds"] for _ in range(max(3, arguments.runs))]
        floor = sorted(floors)[len(floors) // 2]
        Figure("ingest", subject, "decode alone, the floor", "s", floors).show()
        runs = [child(__file__, "ingest", *shape) for _ in range(arguments.runs)]
        before = [result["seconds"] - result["tally"] for result in runs]
        Figure("ingest", subject, "pages to ledger", "s", [result["seconds"] for result in runs]).show()
        Figure("ingest", subject, "forecasts and findings", "s", [result["outlook"] for result in runs]).show()
        Figure(
            "ingest", subject, "before the tally, to floor", "x", [result / floor for result in before], goals[0]
        ).show()
        Figure(
            "ingest", subject, "with the tally, to floor", "x", [result["seconds"] / floor for result in runs], goals[1]
        ).show()
        Figure("ingest", subject, "peak memory", "MB", [result["peak"] for result in runs], goals[2]).show()
        parts = [child(__file__, "least", *shape) for _ in range(arguments.runs)]
        for part in parts[0]:
            Figure("ingest", subject, f"least: {part}", "s", [result[part] for result in parts]).show()
        for name, kept in (("before the tally", BEFORE), ("with the tally", [*parts[0]])):
            ratios = [sum(result[part] for part in kept) / floor for result in parts]
            Figure("ingest", subject, f"least possible, {name}, to floor", "x", ratios).show()
        if dialect == "older":
            runs = [child(__file__, "cookbook", rows, days) for _ in range(arguments.runs)]
            ratios = [result["seconds"] / floor for result in runs]
            Figure("ingest", subject, "cookbook (one report to CSV, floats), to floor", "x", ratios).show()


if __name__ == "__main__":
    run(__doc__, {"decode": decode, "ingest": ingest, "least": least, "cookbook": cookbook}, benchmark)
