"""Faults of the content: one field, one row or one bucket that is not what it should be."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from faults.endpoints import Endpoint, Json
from faults.fault import Fault, of_json
from faults.proxy import Change, Request
from faults.values import (
    AMOUNT_VALUES,
    COUNT_VALUES,
    CURRENCIES,
    DATE_VALUES,
    ENUM_VALUES,
    MISSING,
    OBJECT_VALUES,
    RAW,
    TEXT_VALUES,
    Value,
    always,
)

REPORTS = ("dense", "sparse", "code")
LISTS = (*REPORTS, "ids", "tokens")


def _parent(row: Any, path: Sequence[str]) -> Any:
    for name in path[:-1]:
        if isinstance(row, list):
            row = row[int(name)] if row else None
        elif isinstance(row, dict):
            row = row.get(name)
    return row


def replaced(row: Json, path: str, value: Value) -> bool:
    """Set the dotted path of a row to `value(what it is)`; whether it was there."""
    names = path.split(".")
    parent = _parent(row, names)
    if not isinstance(parent, dict) or names[-1] not in parent:
        return False
    new = value(parent[names[-1]])
    if new is MISSING:
        del parent[names[-1]]
    else:
        parent[names[-1]] = new
    return True


def _unquoted(body: Any) -> str:
    return json.dumps(body).replace(f'"{RAW}', "").replace(f'{RAW}"', "")


def _field(path: str, value: Value, *, every: bool = False) -> Change:
    """Spoil a field of the first row that has it, or of all rows."""

    def change(body: Json, _request: Request, endpoint: Endpoint) -> str | None:
        rows = endpoint.rows(body) if not path.startswith("^") else endpoint.buckets(body)
        done = 0
        for row in rows:
            done += replaced(row, path.lstrip("^"), value)
            if done and not every:
                break
        return _unquoted(body) if done else None

    return of_json(change)


def _valued(kind: str, path: str, values: Sequence[tuple[str, Value, bool]], label: str = "") -> Iterator[Fault]:
    for name, value, harmless in values:
        yield Fault(f"{label or path} {name}", kind, _field(path, value), harmless=harmless)


def _all(values: Sequence[tuple[str, Value]], *, harmless: bool) -> list[tuple[str, Value, bool]]:
    return [(name, value, harmless) for name, value in values]


def of_fields(endpoint: Endpoint) -> Iterator[Fault]:
    """Every fault of a field that this endpoint has.

    The first field of a class gets every value, the others some. Of a directory nothing may change a figure.
    """
    directory = not endpoint.report
    some_counts = (*COUNT_VALUES[:3], COUNT_VALUES[4], COUNT_VALUES[7])
    for index, path in enumerate(endpoint.counts):
        yield from _valued("count", path, some_counts if index else COUNT_VALUES)
    for index, path in enumerate(endpoint.amounts):
        yield from _valued("amount", path, AMOUNT_VALUES[: 8 if index else None])
    if endpoint.currency:
        yield from _valued("currency", endpoint.currency, CURRENCIES)
        small = _field(endpoint.currency, always("usd"), every=True)
        yield Fault("currency usd", "currency", small, harmless=True)
    for index, path in enumerate(endpoint.texts):
        keyed = endpoint.name == "workspaces" and path == "id"  # figures stand under it, so it is no mere name
        harmless = directory and endpoint.family != "object" and not keyed
        yield from _valued("text", path, _all(TEXT_VALUES[: 4 if index else None], harmless=harmless))
    for path in endpoint.enums:
        yield from _valued("enum", path, _all(ENUM_VALUES, harmless=directory))
    for path in endpoint.objects:
        absent = path.rpartition(".")[2] in ("server_tool_use", "cache_creation")
        for fault in _valued("object", path, _all(OBJECT_VALUES, harmless=directory)):
            yield replace(fault, news=absent and fault.name.endswith(("null", "missing")))  # no use of it
    for index, path in enumerate(endpoint.dates):
        where = f"^{path}" if endpoint.family == "dense" else path
        yield from _valued("date", where, _all(DATE_VALUES[: 5 if index else None], harmless=directory), path)


def _data(change: Callable[[list[Any]], list[Any] | None]) -> Change:
    """Change the list of buckets or entries; nothing is spoiled where it is empty."""

    def spoil(body: Json, _request: Request, _endpoint: Endpoint) -> Json | None:
        data = body.get("data")
        new = change(data) if isinstance(data, list) and data else None
        return None if new is None else body | {"data": new}

    return of_json(spoil)


def _lists(change: Callable[[list[Any]], list[Any]]) -> Change:
    """Change the rows of every bucket that has some, or the rows of a sparse answer."""

    def spoil(body: Json, _request: Request, endpoint: Endpoint) -> Json | None:
        done = False
        for rows in endpoint.lists(body):
            if rows:
                rows[:] = change(copy.deepcopy(rows))
                done = True
        return body if done else None

    return of_json(spoil)


def _yesterday(body: Json, _request: Request, endpoint: Endpoint) -> Json | None:
    """Leave nothing of 27 November: an empty bucket, or no row."""
    buckets = [
        entry for entry in endpoint.buckets(body) if "2026-11-27" in str(entry.get("starting_at", entry.get("date")))
    ]
    for entry in buckets:
        if endpoint.family == "dense":
            entry["results"] = []
        else:
            body["data"].remove(entry)
    return body if buckets else None


def _row(rows: list[Any], **fields: Any) -> list[Any]:
    """Add a row like the first one, but for these fields (`__` for a dot)."""
    new = copy.deepcopy(rows[0])
    for name, value in fields.items():
        replaced(new, name.replace("__", "."), always(value))
    return [*rows, new]


def _kind(
    name: str, change: Change, *families: str, harmless: bool = False, telling: bool = False, news: bool = False
) -> Fault:
    return Fault(name, "rows", change, harmless=harmless, families=families or LISTS, telling=telling, news=news)


_ELSEWHERE = "99999999-0000-4000-8000-000000000000"
"""An organization that is not ours."""
_STRANGER = {"type": "robot_actor", "robot_id": "robot_01"}
_COUNTER = _lists(lambda rows: [row | {"thinking_tokens": 12_345} for row in rows])
_COUNTER_NEWER = _lists(
    lambda rows: [
        row | {"usage": row["usage"] | {"thinking_tokens": 12_345}} if "usage" in row else row for row in rows
    ]
)

ROWS = (
    _kind("all rows gone", _lists(lambda _: []), *REPORTS),
    _kind("the list emptied", _data(lambda _: [])),
    _kind("the list halved", _data(lambda data: data[: len(data) // 2])),
    _kind("yesterday empty", of_json(_yesterday), *REPORTS),
    _kind("first entry gone", _data(lambda data: data[1:])),
    _kind("last entry gone", _data(lambda data: data[:-1])),
    _kind("first entry again", _data(lambda data: [data[0], *data])),
    _kind("all again", _data(lambda data: data * 2)),
    _kind("in another order", _data(lambda data: data[::-1]), harmless=True),
    _kind("first row gone", _lists(lambda rows: rows[1:]), *REPORTS),
    _kind("last row gone where there are two", _lists(lambda rows: rows[: max(1, len(rows) - 1)]), *REPORTS),
    _kind("a row again", _lists(lambda rows: [*rows, rows[-1]]), *REPORTS),
    _kind("rows in another order", _lists(lambda rows: rows[::-1]), *REPORTS, harmless=True),
    _kind("unknown fields in rows", _lists(lambda rows: [row | {"more": {"a": [1]}} for row in rows]), harmless=True),
    _kind("a null among the rows", _lists(lambda rows: [*rows, None])),
    _kind("a number among the rows", _lists(lambda rows: [7, *rows])),
    _kind("an empty object among the rows", _lists(lambda rows: [*rows, {}])),
    _kind("results null", _field("^results", always(None)), "dense"),
    _kind("results missing", _field("^results", always(MISSING)), "dense"),
    _kind("results an object", _field("^results", always({})), "dense"),
    _kind(
        "a credit", _lists(lambda rows: _row(rows, amount="-30.5", cost__amount="-30.5")), "dense", "sparse", news=True
    ),
    _kind("a new token counter", _COUNTER, "dense", telling=True),
    _kind("a new token counter, newer", _COUNTER_NEWER, "sparse", telling=True),
    _kind(
        "a new cost_type",
        _lists(lambda rows: _row(rows, cost_type="audio", group__cost_type="audio", token_type=None)),
        "dense",
        "sparse",
    ),
    _kind("an unknown actor", _field("group.actor", always(_STRANGER), every=True), "sparse"),
    _kind("an unknown actor in Claude Code", _field("actor", always(_STRANGER)), "code"),
    _kind("an actor without e-mail", _field("actor", always({"type": "user_actor", "email_address": None})), "code"),
    _kind(
        "another organization in rows",
        _field("organization_id", always(_ELSEWHERE), every=True),
        "code",
        telling=True,
    ),
    _kind("numeric tags", _field("tags", always({"team": 7, "x": None})), "ids", harmless=True),
    _kind("names null", _field("name", always(None), every=True), "ids", harmless=True),
    _kind("one id twice, two names", _data(lambda data: [*data, data[0] | {"name": "Twin"}]), "ids", harmless=True),
)


def faults_of(endpoint: Endpoint) -> list[Fault]:
    """Every fault of content that this endpoint can have."""
    directory = endpoint.family in ("ids", "tokens", "object")
    general = [fault for fault in ROWS if fault.suits(endpoint)]
    if directory:  # no figure is in it, so none may change
        general = [Fault(fault.name, fault.kind, fault.change, harmless=True) for fault in general]
    return [*of_fields(endpoint), *general]
