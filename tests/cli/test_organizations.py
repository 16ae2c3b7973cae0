"""Several organizations on the command line: each is named with what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import Tallystick
from support.switchboard import Switchboard, tables, variables, worlds
from support.wire import NOW
from tallystick.sim import serve

NAMES = ("North", "South")


@pytest.mark.long
def test_a_sync_names_each_organization(tallystick: Tallystick, tmp_path: Path) -> None:
    """A line says what was done of each, the refused one with the reason and code 3; `check` and `--plan` name each."""
    api = Switchboard(worlds(NAMES), refused=("North",))
    file = tmp_path / "t.toml"
    file.write_text(f'ledger = "several"\n{tables(NAMES)}')
    with serve(api) as server:
        environment = {
            **variables(NAMES),
            "TALLYSTICK_CONFIG": str(file),
            "TALLYSTICK_LEDGER": str(tmp_path / "several"),
            "TALLYSTICK_BASE_URL": server.url,
            "TALLYSTICK_NOW": NOW.isoformat(),
        }
        days = ("--since", "2026-11-20", "--source", "reports")
        run = tallystick("sync", *days, **environment)
        assert (run.code, run.out) == (3, "")
        assert "left out: North. " in run.err
        assert "North: not read; it stays as it was." in run.err
        assert "South: 3 days changed, " in run.err
        named = tallystick("sync", *days, "--organization", "South", **environment)
        assert (named.code, "North" in named.err) == (0, False)
        tallystick("sync", "--organization", "Nroth", **environment).refused(2, "Nroth", "North")
        plan = tallystick("sync", "--plan", **environment)
        assert [line for line in plan.out.splitlines() if line.endswith(":")] == ["North:", "South:"]
        checked = tallystick("check", **environment)
        assert (checked.code, "[[organization]] South:" in checked.out) == (3, True)
        assert "North was never read in full" in tallystick("status", **environment).out
        assert "never" not in tallystick("spend", "--by", "organization", **environment).out
    secrets = run.err + run.out + checked.out + checked.err + named.err
    assert "sk-ant-admin01-of" not in secrets
