"""Hold what is installed against the database of known vulnerabilities; say so where that cannot be asked."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from components import components


def verdict(report: str, asked: int) -> tuple[int, str]:
    """Return the exit code and what to say of a report of pip-audit in JSON, empty where it could ask nothing.

    What it skips is not checked: a report without a vulnerability is no good word where nothing was.
    """
    parts = json.loads(report)["dependencies"] if report else []
    checked = [part for part in parts if "skip_reason" not in part]
    known = [
        f"{part['name']} {part['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none yet'}"
        for part in checked
        for found in part["vulns"]
    ]
    if not checked:
        return 0, "SKIPPED: the database of vulnerabilities cannot be asked here. Nothing was checked."
    count = f"{len(checked)} of {asked} packages were checked, {len(known)} vulnerabilities are known."
    return int(bool(known)), "\n".join([*known, count])


def main() -> int:
    """Ask for each package that is installed; 1 where a vulnerability is known."""
    pins = [f"{part.name}=={part.version}" for part in components() if part.kind == "pypi"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requirements.txt"
        path.write_text("\n".join(pins) + "\n", encoding="utf-8")
        words = ["--requirement", str(path), "--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json"]
        done = subprocess.run([sys.executable, "-m", "pip_audit", *words], capture_output=True, text=True, check=False)
    code, text = verdict(done.stdout, len(pins))
    print(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
