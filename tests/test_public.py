from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tallystick

PROMISED = ["AdminAPI", "Ledger", "Question", "Table", "TallystickError"]
HEAVY = {"httpx2", "msgspec", "duckdb", "pyarrow", "deltalake", "pandas", "rich", "click"}


def loaded(code: str) -> set[str]:
    """The top-level modules loaded after this code, in a process of its own."""
    shown = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return set(json.loads(shown.splitlines()[-1]))


def test_the_public_face() -> None:
    """The public names are exactly those promised, and each is what it is called."""
    assert sorted(tallystick.__all__) == PROMISED
    for name in PROMISED:
        assert getattr(tallystick, name).__name__ == name


def test_the_names_with_a_star() -> None:
    """`from tallystick import *` gives these names and no other."""
    got: dict[str, object] = {}
    exec("from tallystick import *", got)  # noqa: S102 - the only way to import so
    assert sorted(name for name in got if not name.startswith("__")) == PROMISED


def test_no_other_name() -> None:
    """Another name is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="'Ledgr'"):
        _ = tallystick.Ledgr
    assert not hasattr(tallystick, "Client")


def test_every_public_name_is_documented() -> None:
    """Each public name says what it is, and so does each of its public methods."""
    for name in PROMISED:
        thing = getattr(tallystick, name)
        assert thing.__doc__
        for method, member in vars(thing).items():
            if callable(member) and not method.startswith("_"):
                assert member.__doc__, f"{name}.{method}"


def test_the_package_is_typed() -> None:
    """The package tells type checkers that it is typed."""
    assert (Path(tallystick.__file__).parent / "py.typed").exists()


def test_importing_is_light() -> None:
    """Importing tallystick imports nothing heavy, and of ours nothing but itself."""
    modules = loaded("import tallystick")
    assert not modules & HEAVY
    assert {name for name in modules if name.split(".")[0] == "tallystick"} == {"tallystick"}


@pytest.mark.parametrize("name", ["Question", "Table", "TallystickError"])
def test_values_are_light(name: str) -> None:
    """The question, the answer and the errors need none of the libraries."""
    assert not loaded(f"from tallystick import {name}") & HEAVY


def test_the_api_needs_no_ledger() -> None:
    """AdminAPI works without loading what only the ledger needs."""
    modules = loaded("from tallystick import AdminAPI")
    assert "httpx2" in modules
    assert not modules & {"duckdb", "pyarrow", "deltalake", "pandas"}


def test_settings_are_light() -> None:
    """Reading settings loads no library of HTTP or data."""
    code = "from tallystick.settings import Settings; Settings.load(environment={})"
    assert not loaded(code) & {"httpx2", "duckdb", "pyarrow", "deltalake", "pandas"}
