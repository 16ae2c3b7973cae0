"""Novelties: what an answer may hold that no client has heard of: fields, values of enums, kinds of actor."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tallystick.sim.world.tariff import MODELS

Body = dict[str, Any]

_DATED = re.compile(r"(?P<name>.+)-[0-9]{8}")
ALIASES: Mapping[str, str] = {model: match["name"] for model in MODELS if (match := _DATED.fullmatch(model))}
"""Model ids with a date and the same ids without (drift)."""


def rows_of(body: Body) -> Iterator[Body]:
    """The rows of a page, in buckets or not."""
    for entry in body["data"]:
        yield from entry.get("results", [entry])


def extra_fields(body: Body) -> None:
    """Fields and enum values that no client has heard of, at every level."""
    body["data_quality"] = {"score": 97}
    for entry in body["data"]:
        entry["bucket_label"] = "simulated"
    for row in rows_of(body):
        for part in (row, row.get("group"), row.get("usage"), row.get("cost")):
            if part is not None:
                part["carbon_grams"] = "0.0125"
        group = row.get("group", row)
        if group.get("cost_type") == "code_execution":
            group["cost_type"] = "quantum_execution"
        if group.get("product") == "claude_console":
            group["product"] = "claude_holodeck"
        if group.get("actor") and group["actor"]["type"] == "service_account_actor":
            group["actor"] = {"type": "robot_actor", "robot_id": group["actor"]["service_account_id"]}


def token_counter(body: Body) -> None:
    """A third lifetime of cache writes, as large as that of an hour; the newer dialect's `total_tokens` holds it."""
    for row in rows_of(body):
        usage = row.get("usage", row)
        if "cache_creation" in usage:
            tokens = usage["cache_creation"]["ephemeral_1h_input_tokens"]
            usage["cache_creation"]["ephemeral_24h_input_tokens"] = tokens
            if "total_tokens" in usage:
                usage["total_tokens"] += tokens


def value(name: str, known: str, new: str) -> Callable[[Body], None]:
    """A value of a dimension in the place of another, wherever it stands."""

    def edit(body: Body) -> None:
        for row in rows_of(body):
            group = row.get("group", row)
            if group.get(name) == known:
                group[name] = new
                if group.get("description"):
                    group["description"] = f"{new.replace('_', ' ').title()} Usage"

    return edit


def actors(body: Body) -> None:
    """People as teams: a kind of actor, and a field that tells them apart, which no client has heard of."""
    for row in rows_of(body):
        actor = row.get("group", {}).get("actor")
        if actor and actor["type"] == "user_actor":
            digest = hashlib.sha256(actor["user_id"].encode()).hexdigest()
            row["group"]["actor"] = {"type": "team_actor", "team_id": f"team_01{digest[:22]}", "name": actor["name"]}


def undated_models(body: Body) -> None:
    """Models by their ids without a date."""
    for row in rows_of(body):
        group = row.get("group", row)
        if group.get("model") in ALIASES:
            group["model"] = ALIASES[group["model"]]
