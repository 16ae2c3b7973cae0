"""Watchers: by whose name another one tells whether it lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.watch import watcher as module
from tallystick.watch.watcher import is_dead, watcher


def test_a_watcher_that_ended_is_dead() -> None:
    """A process of this machine that ended is known to be dead; this one, and one of another machine, is not."""
    name = "from tallystick.watch.watcher import watcher; print(watcher())"
    ended = subprocess.run([sys.executable, "-c", name], capture_output=True, text=True, check=True)  # noqa: S603
    assert is_dead(ended.stdout.strip())
    assert not is_dead(watcher())
    assert not is_dead(f"elsewhere {ended.stdout.strip().partition(' ')[2]}")
    assert is_dead(f"{watcher().rpartition(' ')[0]} 1")


def test_containers_of_one_name_do_not_take_each_other_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watcher in another container, or on another machine of the same name, is not known to be dead."""
    for index, (boot, numbers) in enumerate([("a", "pid:[1]"), ("a", "pid:[2]"), ("b", "pid:[1]")]):
        place = tmp_path / str(index)
        (place / "sys/kernel/random").mkdir(parents=True)
        (place / "sys/kernel/random/boot_id").write_text(boot)
        (place / "self/ns").mkdir(parents=True)
        (place / "self/ns/pid").symlink_to(numbers)
    monkeypatch.setattr(module, "PROC", tmp_path / "0")
    ended = watcher().replace(f" {os.getpid()} ", " 999999999 ")
    assert is_dead(ended)
    for other in ("1", "2"):
        monkeypatch.setattr(module, "PROC", tmp_path / other)
        assert not is_dead(ended)
