from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from buckets.test_turns import add, rows
from support.bucket_server import BucketServer
from tallystick.errors import InvalidQuestion, LedgerError, LedgerUnreachable
from tallystick.store.bucket import Bucket
from tallystick.store.duplicate import Duplicate, duplicate
from tallystick.store.remote.objects import Objects
from tallystick.store.tables import Tables


def copied(source: Bucket | Path, target: Bucket | Path) -> Duplicate:
    """Copy a ledger."""
    return duplicate(Tables(source), target)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger of three versions in a folder."""
    for number in range(3):
        add(tmp_path / "folder", number)
    return tmp_path / "folder"


@pytest.mark.long
def test_a_ledger_goes_everywhere(server: BucketServer, folder: Path, here: Bucket, tmp_path: Path) -> None:
    """A ledger is copied from a folder to a bucket, to another, and to a folder; each is one that can be written to."""
    other = server.bucket(tmp_path / "other", "elsewhere/deeper")
    assert copied(folder, here) == copied(here, other)
    assert copied(other, tmp_path / "back").version == 3
    assert copied(folder, tmp_path / "beside").version == 3
    for place in (here, other, tmp_path / "back", tmp_path / "beside"):
        assert rows(place) == (3, 3)
        add(place, 9)
        assert rows(place) == (4, 4)
    assert rows(folder) == (3, 3)


def test_a_copy_is_brought_up_to_date(server: BucketServer, folder: Path, here: Bucket) -> None:
    """The same copy made again sends what is new alone; one that was written to meanwhile is not written over."""
    copied(folder, here)
    server.requests.clear()
    copied(folder, here)
    assert not [key for key in server.count("PUT") if not key.endswith("/lease")]
    add(folder, 3)
    copied(folder, here)
    assert rows(here) == (4, 4)
    assert max(count for key, count in server.count("PUT").items() if "part-" in key) == 1
    add(here, 4)
    with pytest.raises(InvalidQuestion, match="another ledger"):
        copied(folder, here)
    assert rows(here) == (5, 5)


def test_a_copy_that_was_stopped(server: BucketServer, folder: Path, here: Bucket) -> None:
    """Nobody sees part of a copy; the next one goes on, and sends nothing that is there."""
    impatient = replace(here, patience=0.1)
    server.fault = lambda method, _key: 503 if method == "PUT" and len(server.requests) > 40 else None
    with pytest.raises(LedgerUnreachable):
        copied(folder, impatient)
    server.fault = lambda _method, _key: None
    assert rows(here) == (0, 0)
    sent = [key for key in Objects(here).list() if "part-" in key or "pages/" in key]
    assert sent
    server.requests.clear()
    copied(folder, here)
    assert rows(here) == (3, 3)
    assert not server.count("PUT").keys() & {f"ledger/{key}" for key in sent}


def test_what_cannot_be_copied(folder: Path, here: Bucket, tmp_path: Path) -> None:
    """A damaged ledger, none, itself, and onto something else: each is refused, and nothing is there afterwards."""
    with pytest.raises(LedgerError, match="no ledger"):
        copied(tmp_path / "none", here)
    with pytest.raises(InvalidQuestion, match="itself"):
        copied(folder, folder)
    with pytest.raises(InvalidQuestion, match="not an empty folder"):
        copied(folder, tmp_path)
    file = next((folder / "cost").rglob("part-*.parquet"))
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    for target in (here, tmp_path / "copy"):
        with pytest.raises(LedgerError, match="damaged"):
            copied(folder, target)
    assert rows(here) == (0, 0)
    assert not (tmp_path / "copy").exists()
