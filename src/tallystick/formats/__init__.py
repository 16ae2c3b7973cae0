"""Formats: Table to text. Each is one file; they are listed once, here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tallystick.core.question import Table
from tallystick.formats.csv import as_csv
from tallystick.formats.json import as_json
from tallystick.formats.table import as_table

FORMATS: Mapping[str, Callable[[Table], str]] = {"table": as_table, "json": as_json, "csv": as_csv}
"""Every writer, by the name that `--format` takes."""
