"""Unread bills: days whose bill was asked for and could not be read, which is neither billed nor late."""

from __future__ import annotations

KIND = "unread bill"
"""The kind of the notice of a source and day; the newest one of them holds."""
READ = "an answer could be read"
"""The text of the newest notice once an answer could be read; any other is why none could."""
